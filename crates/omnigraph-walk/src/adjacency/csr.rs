//! The base of an adjacency: all edges of one version as compressed sparse rows, in both directions.
//!
//! Outgoing rows follow one another in canonical order, and an edge's *place* is its position there. An incoming row
//! names its edges by place, so that the address of each edge is held once.

use super::column::Column;
use super::index::{Index, Lookup};
use super::row::{Addresses, Segment};
use crate::edge::{Edge, Side};

/// Compressed sparse rows. About twenty bytes an edge, and eight a node where it is dense.
#[derive(Debug)]
pub(crate) struct Csr {
    /// Rows of the sources.
    pub(crate) out: Index,
    /// The target of each edge, by place.
    pub(crate) targets: Column<u32>,
    /// The address of each edge, by place.
    pub(crate) addresses: Column<u64>,
    /// Rows of the targets.
    pub(crate) into: Index,
    /// The source of each edge, in the order of incoming rows.
    pub(crate) sources: Column<u32>,
    /// The place of each edge, in the order of incoming rows.
    pub(crate) places: Column<u32>,
    /// One more than the greatest ordinal of a source and of a target.
    pub(crate) bounds: [u32; 2],
}

impl Csr {
    /// In time linear in edges and ordinals, but for the order within a row.
    pub(crate) fn build(edges: Vec<Edge>) -> Self {
        Self::of_sorted(&sort(edges))
    }

    /// From edges in canonical order.
    pub(crate) fn of_sorted(edges: &[Edge]) -> Self {
        let bounds = bounds(edges);
        let out = Index::of_sorted(edges.iter().map(|edge| edge.from), edges.len(), bounds[0] as usize);
        let (into, sources, places) = incoming(edges, bounds[1] as usize);
        Self {
            out,
            targets: edges.iter().map(|edge| edge.to).collect::<Vec<_>>().into(),
            addresses: edges.iter().map(|edge| edge.address).collect::<Vec<_>>().into(),
            into,
            sources: sources.into(),
            places: places.into(),
            bounds,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.targets.as_slice().len()
    }

    /// What a merge into this base has to move: entries of rows and of indexes.
    pub(crate) fn weight(&self) -> usize {
        self.bytes() / size_of::<u64>()
    }

    pub(crate) fn bytes(&self) -> usize {
        let indexes = self.out.bytes() + self.into.bytes();
        indexes + self.targets.bytes() + self.sources.bytes() + self.places.bytes() + self.addresses.bytes()
    }

    /// The rows of one side, ready to be read.
    pub(crate) fn rows(&self, side: Side) -> BaseRows<'_> {
        let all = self.addresses.as_slice();
        match side {
            Side::Out => BaseRows {
                index: self.out.lookup(),
                others: self.targets.as_slice(),
                addresses: Addresses::Direct(all),
            },
            Side::In => BaseRows {
                index: self.into.lookup(),
                others: self.sources.as_slice(),
                addresses: Addresses::Through { places: self.places.as_slice(), all },
            },
        }
    }
}

/// The rows of one side of a base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BaseRows<'a> {
    pub(crate) index: Lookup<'a>,
    others: &'a [u32],
    addresses: Addresses<'a>,
}

impl<'a> BaseRows<'a> {
    /// All rows in one piece.
    pub(crate) fn all(&self) -> Segment<'a> {
        Segment::new(self.others, self.addresses)
    }

    #[inline]
    pub(crate) fn row(&self, node: u32) -> Segment<'a> {
        self.all().part(self.index.range(node))
    }

    /// Reads the ends of the rows of some nodes. The reads do not wait for one another, so memory delivers them together,
    /// and whoever then takes the rows in turn does not wait for each.
    pub(crate) fn warm(&self, nodes: &[u32]) {
        let mut read = 0;
        for &node in nodes {
            let range = self.index.range(node);
            if !range.is_empty() {
                read ^= self.others[range.start] ^ self.others[range.end - 1];
            }
        }
        std::hint::black_box(read);
    }

    /// The other ends alone, for loops that want no address.
    #[inline]
    pub(crate) fn others(&self, node: u32) -> &'a [u32] {
        &self.others[self.index.range(node)]
    }
}

fn bounds(edges: &[Edge]) -> [u32; 2] {
    let bound = |greatest: Option<u32>| greatest.map_or(0, |ordinal| ordinal.saturating_add(1));
    [bound(edges.iter().map(|edge| edge.from).max()), bound(edges.iter().map(|edge| edge.to).max())]
}

/// Canonical order: the edges are dealt out to the rows of their sources, then each row is put in order, which the
/// processor's cache holds whole but for the rows of hubs.
fn sort(mut edges: Vec<Edge>) -> Vec<Edge> {
    if edges.is_sorted() {
        return edges;
    }
    let bound = bounds(&edges)[0] as usize;
    if !Index::is_dense(edges.len(), bound) {
        edges.sort_unstable();
        return edges;
    }
    let offsets = Index::count(edges.iter().map(|edge| edge.from), bound);
    let (shift, starts) = blocks(&offsets);
    let mut dealt = vec![Edge::default(); edges.len()];
    deal(edges.iter().copied(), |edge| edge.from >> shift, starts, |at, edge| dealt[at] = edge);
    if shift > 0 {
        deal(dealt.iter().copied(), |edge| edge.from, offsets.clone(), |at, edge| edges[at] = edge);
        dealt = edges;
    }
    for row in offsets.windows(2) {
        dealt[row[0] as usize..row[1] as usize].sort_unstable_by_key(|edge| (edge.to, edge.address));
    }
    dealt
}

/// An edge on its way to its incoming row.
#[derive(Clone, Copy, Default)]
struct Incoming {
    to: u32,
    from: u32,
    place: u32,
}

/// The incoming rows of edges in canonical order: index, sources, places. As places ascend and dealing keeps the order,
/// every row comes out ordered by source, then address.
fn incoming(edges: &[Edge], bound: usize) -> (Index, Vec<u32>, Vec<u32>) {
    let in_order = edges.iter().zip(0u32..).map(|(edge, place)| Incoming { to: edge.to, from: edge.from, place });
    if !Index::is_dense(edges.len(), bound) {
        let mut order: Vec<Incoming> = in_order.collect();
        order.sort_unstable_by_key(|edge| (edge.to, edge.place));
        let index = Index::of_sorted(order.iter().map(|edge| edge.to), order.len(), bound);
        let sources = order.iter().map(|edge| edge.from).collect();
        return (index, sources, order.iter().map(|edge| edge.place).collect());
    }
    let offsets = Index::count(edges.iter().map(|edge| edge.to), bound);
    let (shift, starts) = blocks(&offsets);
    let mut dealt = vec![Incoming::default(); edges.len()];
    deal(in_order, |edge| edge.to >> shift, starts, |at, edge| dealt[at] = edge);
    let (mut sources, mut places) = (vec![0; edges.len()], vec![0; edges.len()]);
    deal(
        dealt.into_iter(),
        |edge| edge.to,
        offsets.clone(),
        |at, edge| {
            sources[at] = edge.from;
            places[at] = edge.place;
        },
    );
    (Index::Dense { offsets: offsets.into() }, sources, places)
}

/// Rows in blocks of neighbours: the shift that turns a row into its block, and where each block starts. Items are dealt
/// out to blocks first and then within each: to write to any row of a large graph in turn would miss the cache every time.
fn blocks(offsets: &[u32]) -> (u32, Vec<u32>) {
    const BLOCKS_MAX: usize = 1024;
    let shift = offsets.len().div_ceil(BLOCKS_MAX).next_power_of_two().trailing_zeros();
    (shift, offsets.iter().step_by(1 << shift).copied().collect())
}

/// Puts each item at the next position of its key, in the order they come.
fn deal<T: Copy>(
    items: impl Iterator<Item = T>,
    key: impl Fn(&T) -> u32,
    mut next: Vec<u32>,
    mut put: impl FnMut(usize, T),
) {
    for item in items {
        let next = &mut next[key(&item) as usize];
        put(*next as usize, item);
        *next += 1;
    }
}
