//! The base of an adjacency: all edges of one version as compressed sparse rows, in both directions.
//!
//! Outgoing rows follow one another in canonical order, and an edge's *place* is its position there. An incoming row
//! names its edges by place, so that the address of each edge is held once.

use super::column::Column;
use super::index::{Index, Lookup, accumulate};
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
    let mut ends = vec![0u32; bound + 1];
    edges.iter().for_each(|edge| ends[edge.from as usize + 1] += 1);
    accumulate(&mut ends);
    let mut sorted = vec![Edge { from: 0, to: 0, address: 0 }; edges.len()];
    for edge in edges {
        let end = &mut ends[edge.from as usize];
        sorted[*end as usize] = edge;
        *end += 1;
    }
    let mut start = 0;
    for end in ends.into_iter().take(bound).map(|end| end as usize) {
        sorted[start..end].sort_unstable_by_key(|edge| (edge.to, edge.address));
        start = end;
    }
    sorted
}

/// The incoming rows of edges in canonical order: index, sources, places. As places ascend while the edges are dealt out,
/// every row comes out ordered by source, then address.
fn incoming(edges: &[Edge], bound: usize) -> (Index, Vec<u32>, Vec<u32>) {
    if !Index::is_dense(edges.len(), bound) {
        let mut order: Vec<(u32, u32)> = edges.iter().zip(0u32..).map(|(edge, place)| (edge.to, place)).collect();
        order.sort_unstable();
        let index = Index::of_sorted(order.iter().map(|&(to, _)| to), edges.len(), bound);
        let sources = order.iter().map(|&(_, place)| edges[place as usize].from).collect();
        return (index, sources, order.into_iter().map(|(_, place)| place).collect());
    }
    let index = Index::of_sorted(edges.iter().map(|edge| edge.to), edges.len(), bound);
    let Index::Dense { offsets } = &index else { return (index, Vec::new(), Vec::new()) };
    let mut ends = offsets.as_slice().to_vec();
    let mut entries = vec![(0u32, 0u32); edges.len()];
    for (edge, place) in edges.iter().zip(0u32..) {
        let end = &mut ends[edge.to as usize];
        entries[*end as usize] = (edge.from, place);
        *end += 1;
    }
    let (sources, places) = entries.into_iter().unzip();
    (index, sources, places)
}
