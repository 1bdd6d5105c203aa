//! The row of one node as contiguous segments, and the rows of one direction of an adjacency.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::csr::BaseRows;
use super::delta::DeltaLayer;
use crate::edge::EdgeDirection;

/// Edges of one node that are contiguous in memory, ordered by neighbor, then by address.
#[derive(Clone, Copy, Debug)]
pub struct RowSegment<'a> {
    neighbors: &'a [u32],
    addresses: EdgeAddresses<'a>,
}

/// The addresses of a segment's edges. Incoming rows of a base refer to edges by position, which halves their size.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EdgeAddresses<'a> {
    Direct(&'a [u64]),
    Indirect { positions: &'a [u32], all: &'a [u64] },
}

impl<'a> RowSegment<'a> {
    pub(crate) const EMPTY: Self = Self { neighbors: &[], addresses: EdgeAddresses::Direct(&[]) };

    /// Creates a segment; both arguments have the same length.
    pub(crate) fn new(neighbors: &'a [u32], addresses: EdgeAddresses<'a>) -> Self {
        Self { neighbors, addresses }
    }

    /// Returns the neighbors, ascending.
    #[must_use]
    pub fn neighbors(&self) -> &'a [u32] {
        self.neighbors
    }

    /// Returns the number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.neighbors.len()
    }

    /// Returns true if there are no edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.neighbors.is_empty()
    }

    /// Returns the address of the edge to `neighbors()[position]`.
    ///
    /// # Panics
    ///
    /// Panics if the position is out of bounds.
    #[inline]
    #[must_use]
    pub fn address(&self, position: usize) -> u64 {
        match self.addresses {
            EdgeAddresses::Direct(addresses) => addresses[position],
            EdgeAddresses::Indirect { positions, all } => all[positions[position] as usize],
        }
    }

    /// Iterates over the neighbor and the address of each edge.
    #[inline]
    pub fn edges(self) -> impl Iterator<Item = (u32, u64)> + use<'a> {
        self.neighbors.iter().enumerate().map(move |(position, &neighbor)| (neighbor, self.address(position)))
    }

    /// Returns the edges in a range of positions, which is within bounds.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let addresses = match self.addresses {
            EdgeAddresses::Direct(addresses) => EdgeAddresses::Direct(&addresses[range.clone()]),
            EdgeAddresses::Indirect { positions, all } => {
                EdgeAddresses::Indirect { positions: &positions[range.clone()], all }
            }
        };
        Self { neighbors: &self.neighbors[range], addresses }
    }

    /// Returns the positions of the edges to `neighbor`.
    fn range_to(&self, neighbor: u32) -> Range<usize> {
        let start = self.neighbors.partition_point(|&known| known < neighbor);
        start..start + self.neighbors[start..].partition_point(|&known| known == neighbor)
    }

    /// Returns the position of the first edge that is not less than this one.
    pub(super) fn insertion_point(&self, neighbor: u32, address: u64) -> usize {
        let range = self.range_to(neighbor);
        let parallel = self.slice(range.clone());
        let (mut low, mut high) = (0, parallel.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if parallel.address(middle) < address { low = middle + 1 } else { high = middle }
        }
        range.start + low
    }

    /// Returns the position of this edge, if it is present.
    pub(super) fn find(&self, neighbor: u32, address: u64) -> Option<usize> {
        let position = self.insertion_point(neighbor, address);
        (self.neighbors.get(position) == Some(&neighbor) && self.address(position) == address).then_some(position)
    }
}

/// One difference between a changed row and the base's row.
///
/// Before base position `at` the row continues with added edges up to `added_end`. Then it omits `skip` base edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowSplice {
    pub(crate) at: u32,
    pub(crate) skip: u32,
    pub(crate) added_end: u32,
}

impl RowSplice {
    /// Returns the base position at which the row continues.
    pub(crate) fn resume(&self) -> usize {
        self.at as usize + self.skip as usize
    }
}

/// The edges of one node in one direction.
#[derive(Clone, Copy, Debug)]
pub struct AdjacencyRow<'a> {
    /// The whole row if there are no splices.
    pub(crate) base: RowSegment<'a>,
    /// Edges that the splices insert.
    pub(crate) added: RowSegment<'a>,
    /// Ascending and disjoint.
    pub(crate) splices: &'a [RowSplice],
}

impl<'a> AdjacencyRow<'a> {
    pub(crate) const EMPTY: Self = Self::contiguous(RowSegment::EMPTY);

    pub(crate) const fn contiguous(base: RowSegment<'a>) -> Self {
        Self { base, added: RowSegment::EMPTY, splices: &[] }
    }

    /// Returns the number of edges.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        let skipped: usize = self.splices.iter().map(|splice| splice.skip as usize).sum();
        self.base.len() + self.added.len() - skipped
    }

    /// Returns true if there are no edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the whole row if it is contiguous. Only changed rows of hubs are not.
    #[inline]
    #[must_use]
    pub fn as_segment(&self) -> Option<RowSegment<'a>> {
        self.splices.is_empty().then_some(self.base)
    }

    /// Calls `visit` with each segment of the row in order, until it breaks.
    ///
    /// # Errors
    ///
    /// Breaks with the value that `visit` broke with.
    #[inline]
    pub fn for_each_segment<B>(&self, mut visit: impl FnMut(RowSegment<'a>) -> ControlFlow<B>) -> ControlFlow<B> {
        if self.splices.is_empty() {
            return visit(self.base);
        }
        self.visit_spliced(0..self.base.len(), 0..self.added.len(), &mut visit)
    }

    /// Calls `visit` with the segments of edges to `neighbor`, until it breaks. Finds them in logarithmic time.
    ///
    /// # Errors
    ///
    /// Breaks with the value that `visit` broke with.
    pub fn for_each_segment_to<B>(
        &self,
        neighbor: u32,
        mut visit: impl FnMut(RowSegment<'a>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let base = self.base.range_to(neighbor);
        if self.splices.is_empty() {
            return if base.is_empty() { ControlFlow::Continue(()) } else { visit(self.base.slice(base)) };
        }
        self.visit_spliced(base, self.added.range_to(neighbor), &mut visit)
    }

    /// Visits the segments within ranges of the base and of the added edges.
    fn visit_spliced<B>(
        &self,
        base: Range<usize>,
        added: Range<usize>,
        visit: &mut impl FnMut(RowSegment<'a>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let first = self
            .splices
            .partition_point(|splice| splice.resume() <= base.start && splice.added_end as usize <= added.start);
        let (mut next_base, mut next_added) = (base.start, added.start);
        let last = RowSplice { at: self.base.len() as u32, skip: 0, added_end: self.added.len() as u32 };
        for splice in self.splices[first..].iter().chain([&last]) {
            let base_end = (splice.at as usize).min(base.end);
            if next_base < base_end {
                visit(self.base.slice(next_base..base_end))?;
            }
            let added_end = (splice.added_end as usize).min(added.end);
            if next_added < added_end {
                visit(self.added.slice(next_added..added_end))?;
            }
            next_base = next_base.max(splice.resume());
            next_added = next_added.max(added_end);
            if next_base >= base.end && next_added >= added.end {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    /// Calls `visit` with the neighbor and the address of each edge.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(u32, u64)) {
        let _ = self.for_each_segment::<()>(|segment| {
            segment.edges().for_each(|(neighbor, address)| visit(neighbor, address));
            ControlFlow::Continue(())
        });
    }

    /// Returns true if an edge leads to `neighbor`.
    #[must_use]
    pub fn contains(&self, neighbor: u32) -> bool {
        self.for_each_segment_to(neighbor, |_| ControlFlow::Break(())).is_break()
    }
}

/// The rows of one direction of an adjacency. Cheap to create; a loop over many nodes creates it once.
#[derive(Clone, Copy, Debug)]
pub struct AdjacencyRows<'a> {
    pub(super) base: BaseRows<'a>,
    /// From the oldest to the newest.
    pub(super) layers: &'a [Arc<DeltaLayer>],
    pub(super) direction: EdgeDirection,
}

impl<'a> AdjacencyRows<'a> {
    /// Returns the row of a node; empty if the node has no edges or does not exist.
    #[inline]
    #[must_use]
    pub fn row(&self, node: u32) -> AdjacencyRow<'a> {
        if self.layers.is_empty() {
            return AdjacencyRow::contiguous(self.base.row(node));
        }
        self.changed_row(node).unwrap_or_else(|| AdjacencyRow::contiguous(self.base.row(node)))
    }

    /// Returns the neighbors of a node, ascending, if they are contiguous in memory.
    #[inline]
    #[must_use]
    pub fn neighbors(&self, node: u32) -> Option<&'a [u32]> {
        if self.layers.is_empty() {
            return Some(self.base.neighbors(node));
        }
        match self.changed_row(node) {
            None => Some(self.base.neighbors(node)),
            Some(row) => row.as_segment().map(|segment| segment.neighbors()),
        }
    }

    /// Calls `visit` with contiguous slices of the neighbors of a node in order, until it breaks.
    ///
    /// # Errors
    ///
    /// Breaks with the value that `visit` broke with.
    #[inline]
    pub fn for_each_slice<B>(&self, node: u32, mut visit: impl FnMut(&'a [u32]) -> ControlFlow<B>) -> ControlFlow<B> {
        match self.neighbors(node) {
            Some(neighbors) => visit(neighbors),
            None => self.row(node).for_each_segment(|segment| visit(segment.neighbors())),
        }
    }

    #[inline]
    fn changed_row(&self, node: u32) -> Option<AdjacencyRow<'a>> {
        self.layers.iter().rev().find_map(|layer| layer.rows(self.direction).row(node, || self.base.row(node)))
    }

    /// Prefetches the base rows of nodes that are about to be read. Pays off for random nodes of a graph larger than the cache.
    #[inline]
    pub fn prefetch(&self, nodes: &[u32]) {
        self.base.prefetch(nodes);
    }

    pub(super) fn base_row(&self, node: u32) -> RowSegment<'a> {
        self.base.row(node)
    }
}
