//! The base of an adjacency: all edges of one version as compressed sparse rows, in both directions.
//!
//! Outgoing rows follow one another in canonical order; an edge's *position* is its index there. An incoming row refers to its
//! edges by position, so that each address is stored once.

use std::ops::Range;
use std::sync::Arc;

use bytemuck::Pod;

use super::row::{EdgeAddresses, RowSegment};
use super::row_index::{RowIndex, RowLookup};
use crate::edge::{Edge, EdgeDirection};

/// Compressed sparse rows in both directions: about 20 bytes per edge, and 8 per node with a dense index.
#[derive(Debug)]
pub(crate) struct CsrBase {
    /// Index of the outgoing rows, by source.
    pub(crate) out: RowIndex,
    /// Target of each edge, by edge position.
    pub(crate) targets: CsrArray<u32>,
    /// Row address of each edge, by edge position.
    pub(crate) addresses: CsrArray<u64>,
    /// Index of the incoming rows, by target.
    pub(crate) into: RowIndex,
    /// Source of each edge, in the order of the incoming rows.
    pub(crate) sources: CsrArray<u32>,
    /// Position of each edge, in the order of the incoming rows.
    pub(crate) positions: CsrArray<u32>,
    /// Exclusive upper bounds of source and target ordinals.
    pub(crate) bounds: [u32; 2],
}

impl CsrBase {
    /// Builds the rows in time linear in edges and ordinals, plus the sort within each row.
    pub(crate) fn build(edges: Vec<Edge>) -> Self {
        Self::from_sorted(&sort_edges(edges))
    }

    /// Builds the rows from edges in canonical order.
    pub(crate) fn from_sorted(edges: &[Edge]) -> Self {
        let bounds = ordinal_bounds(edges);
        let out = RowIndex::from_sorted(edges.iter().map(|edge| edge.from), edges.len(), bounds[0] as usize);
        let (into, sources, positions) = incoming_rows(edges, bounds[1] as usize);
        Self {
            out,
            targets: edges.iter().map(|edge| edge.to).collect::<Vec<_>>().into(),
            addresses: edges.iter().map(|edge| edge.address).collect::<Vec<_>>().into(),
            into,
            sources: sources.into(),
            positions: positions.into(),
            bounds,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.targets.as_slice().len()
    }

    /// Returns the size in 64-bit words: the work of a merge into this base.
    pub(crate) fn weight(&self) -> usize {
        self.bytes() / size_of::<u64>()
    }

    pub(crate) fn bytes(&self) -> usize {
        let indexes = self.out.bytes() + self.into.bytes();
        indexes + self.targets.bytes() + self.sources.bytes() + self.positions.bytes() + self.addresses.bytes()
    }

    /// Returns the rows of one direction.
    pub(crate) fn rows(&self, direction: EdgeDirection) -> BaseRows<'_> {
        let all = self.addresses.as_slice();
        match direction {
            EdgeDirection::Out => BaseRows {
                index: self.out.lookup(),
                neighbors: self.targets.as_slice(),
                addresses: EdgeAddresses::Direct(all),
            },
            EdgeDirection::In => BaseRows {
                index: self.into.lookup(),
                neighbors: self.sources.as_slice(),
                addresses: EdgeAddresses::Indirect { positions: self.positions.as_slice(), all },
            },
        }
    }
}

/// The rows of one direction of a base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BaseRows<'a> {
    pub(crate) index: RowLookup<'a>,
    neighbors: &'a [u32],
    addresses: EdgeAddresses<'a>,
}

impl<'a> BaseRows<'a> {
    /// Returns all rows as one segment.
    pub(crate) fn all(&self) -> RowSegment<'a> {
        RowSegment::new(self.neighbors, self.addresses)
    }

    #[inline]
    pub(crate) fn row(&self, node: u32) -> RowSegment<'a> {
        self.all().slice(self.index.range(node))
    }

    /// Prefetches the rows of some nodes: independent reads overlap in memory, and later reads hit the cache.
    pub(crate) fn prefetch(&self, nodes: &[u32]) {
        let mut read = 0;
        for &node in nodes {
            let range = self.index.range(node);
            if !range.is_empty() {
                read ^= self.neighbors[range.start] ^ self.neighbors[range.end - 1];
            }
        }
        std::hint::black_box(read);
    }

    /// Returns the neighbors without addresses.
    #[inline]
    pub(crate) fn neighbors(&self, node: u32) -> &'a [u32] {
        &self.neighbors[self.index.range(node)]
    }
}

fn ordinal_bounds(edges: &[Edge]) -> [u32; 2] {
    let bound = |greatest: Option<u32>| greatest.map_or(0, |ordinal| ordinal.saturating_add(1));
    [bound(edges.iter().map(|edge| edge.from).max()), bound(edges.iter().map(|edge| edge.to).max())]
}

/// Returns the edges in canonical order: a counting sort by source, then a comparison sort within each row, which fits the
/// cache except for hubs.
fn sort_edges(mut edges: Vec<Edge>) -> Vec<Edge> {
    if edges.is_sorted() {
        return edges;
    }
    let bound = ordinal_bounds(&edges)[0] as usize;
    if !RowIndex::is_dense(edges.len(), bound) {
        edges.sort_unstable();
        return edges;
    }
    let offsets = RowIndex::count_offsets(edges.iter().map(|edge| edge.from), bound);
    let (shift, starts) = partition_rows(&offsets);
    let mut sorted = vec![Edge::default(); edges.len()];
    scatter(edges.iter().copied(), |edge| edge.from >> shift, starts, |position, edge| sorted[position] = edge);
    if shift > 0 {
        scatter(sorted.iter().copied(), |edge| edge.from, offsets.clone(), |position, edge| edges[position] = edge);
        sorted = edges;
    }
    for row in offsets.windows(2) {
        sorted[row[0] as usize..row[1] as usize].sort_unstable_by_key(|edge| (edge.to, edge.address));
    }
    sorted
}

/// An edge and its position, while the incoming rows are built.
#[derive(Clone, Copy, Default)]
struct IncomingEdge {
    to: u32,
    from: u32,
    position: u32,
}

/// Builds the incoming rows of edges in canonical order: index, sources, positions.
///
/// Positions ascend and the scatter is stable, so each row is ordered by source, then address.
fn incoming_rows(edges: &[Edge], bound: usize) -> (RowIndex, Vec<u32>, Vec<u32>) {
    let in_order =
        edges.iter().zip(0u32..).map(|(edge, position)| IncomingEdge { to: edge.to, from: edge.from, position });
    if !RowIndex::is_dense(edges.len(), bound) {
        let mut order: Vec<IncomingEdge> = in_order.collect();
        order.sort_unstable_by_key(|edge| (edge.to, edge.position));
        let index = RowIndex::from_sorted(order.iter().map(|edge| edge.to), order.len(), bound);
        let sources = order.iter().map(|edge| edge.from).collect();
        return (index, sources, order.iter().map(|edge| edge.position).collect());
    }
    let offsets = RowIndex::count_offsets(edges.iter().map(|edge| edge.to), bound);
    let (shift, starts) = partition_rows(&offsets);
    let mut partitioned = vec![IncomingEdge::default(); edges.len()];
    scatter(in_order, |edge| edge.to >> shift, starts, |position, edge| partitioned[position] = edge);
    let (mut sources, mut positions) = (vec![0; edges.len()], vec![0; edges.len()]);
    scatter(
        partitioned.into_iter(),
        |edge| edge.to,
        offsets.clone(),
        |target, edge| {
            sources[target] = edge.from;
            positions[target] = edge.position;
        },
    );
    (RowIndex::Dense { offsets: offsets.into() }, sources, positions)
}

/// Partitions the rows for a two-pass radix scatter: the shift from a row to its partition, and the start of each partition.
///
/// A one-pass scatter over the rows of a large graph would miss the cache on every write.
fn partition_rows(offsets: &[u32]) -> (u32, Vec<u32>) {
    const MAX_PARTITIONS: usize = 1024;
    let shift = offsets.len().div_ceil(MAX_PARTITIONS).next_power_of_two().trailing_zeros();
    (shift, offsets.iter().step_by(1 << shift).copied().collect())
}

/// Writes each item at the next position of its key. The scatter is stable.
fn scatter<T: Copy>(
    items: impl Iterator<Item = T>,
    key: impl Fn(&T) -> u32,
    mut next: Vec<u32>,
    mut write: impl FnMut(usize, T),
) {
    for item in items {
        let next = &mut next[key(&item) as usize];
        write(*next as usize, item);
        *next += 1;
    }
}

/// Bytes shared by several arrays.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// An immutable array of numbers: owned, or a section of shared bytes such as a mapped file.
pub(crate) enum CsrArray<T> {
    Owned(Box<[T]>),
    /// Aligned and in native byte order, which [`CsrArray::from_shared`] checks.
    Shared {
        bytes: SharedBytes,
        range: Range<usize>,
    },
}

impl<T> From<Vec<T>> for CsrArray<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::Owned(numbers.into_boxed_slice())
    }
}

impl<T: Pod> CsrArray<T> {
    /// Returns the little-endian numbers in a range of bytes: in place if alignment and byte order allow, else decoded by
    /// `read`.
    pub(crate) fn from_shared(bytes: &SharedBytes, range: Range<usize>, read: impl Fn(&[u8]) -> T) -> Self {
        let section = (**bytes).as_ref().get(range.clone()).unwrap_or(&[]);
        if cfg!(target_endian = "little") && bytemuck::try_cast_slice::<u8, T>(section).is_ok() {
            return Self::Shared { bytes: Arc::clone(bytes), range };
        }
        Self::Owned(section.chunks_exact(size_of::<T>()).map(read).collect())
    }

    /// Returns the numbers. Loops over rows call this once.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::Owned(numbers) => numbers,
            Self::Shared { bytes, range } => {
                let section = (**bytes).as_ref().get(range.clone()).unwrap_or(&[]);
                bytemuck::try_cast_slice(section).unwrap_or(&[])
            }
        }
    }

    /// Returns the size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl<T: Pod> std::fmt::Debug for CsrArray<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} numbers", self.as_slice().len())
    }
}
