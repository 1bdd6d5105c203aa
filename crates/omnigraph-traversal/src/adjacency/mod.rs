//! Adjacency of one version of an edge table.
//!
//! - [`csr`]: the base, compressed sparse rows of all edges
//! - [`row_index`]: maps a node to its row
//! - [`row`]: the row of a node as contiguous segments, and one direction of an adjacency
//! - [`delta`]: changes since the base, and their merge
//! - [`codec`]: the persisted form

mod codec;
mod csr;
mod delta;
mod row;
mod row_index;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use codec::DecodeError;
use csr::CsrBase;
use delta::DeltaLayer;
pub use row::{AdjacencyRow, AdjacencyRows, RowSegment};

use crate::edge::{Edge, EdgeDirection};

/// The edges of one version of an edge table, by source and by target.
///
/// Immutable and cheap to clone. Clones and successive versions share their unchanged rows.
#[derive(Clone, Debug)]
pub struct Adjacency {
    version: Arc<AdjacencyVersion>,
}

#[derive(Debug)]
struct AdjacencyVersion {
    base: Arc<CsrBase>,
    /// From the oldest, which is the largest, to the newest.
    layers: Vec<Arc<DeltaLayer>>,
    len: usize,
    /// Exclusive upper bounds of source and target ordinals.
    bounds: [u32; 2],
}

impl Adjacency {
    /// Maximum number of edges of an adjacency: edge positions have 32 bits.
    pub const MAX_EDGES: usize = u32::MAX as usize;

    /// Builds the adjacency of edges in any order. Parallel edges and self-loops are kept.
    ///
    /// # Panics
    ///
    /// Panics with more than [`MAX_EDGES`](Self::MAX_EDGES) edges.
    #[must_use]
    pub fn build(edges: Vec<Edge>) -> Self {
        assert!(edges.len() <= Self::MAX_EDGES, "an adjacency holds at most {} edges", Self::MAX_EDGES);
        Self::from_base(CsrBase::build(edges))
    }

    fn from_base(base: CsrBase) -> Self {
        let (len, bounds) = (base.len(), base.bounds);
        Self { version: Arc::new(AdjacencyVersion { base: Arc::new(base), layers: Vec::new(), len, bounds }) }
    }

    /// Returns the rows of one direction, for loops over many nodes.
    #[inline]
    #[must_use]
    pub fn rows(&self, direction: EdgeDirection) -> AdjacencyRows<'_> {
        AdjacencyRows { base: self.version.base.rows(direction), layers: &self.version.layers, direction }
    }

    /// Calls `visit` with the neighbor and the address of each edge of a node, ordered by both.
    #[inline]
    pub fn for_each(&self, node: u32, direction: EdgeDirection, visit: impl FnMut(u32, u64)) {
        self.rows(direction).row(node).for_each(visit);
    }

    /// Calls `visit` as [`for_each`](Self::for_each) does, until it breaks.
    ///
    /// # Errors
    ///
    /// Breaks with the value that `visit` broke with.
    #[inline]
    pub fn try_for_each<B>(
        &self,
        node: u32,
        direction: EdgeDirection,
        mut visit: impl FnMut(u32, u64) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.rows(direction)
            .row(node)
            .for_each_segment(|segment| segment.edges().try_for_each(|(neighbor, address)| visit(neighbor, address)))
    }

    /// Returns the number of edges of a node.
    #[inline]
    #[must_use]
    pub fn degree(&self, node: u32, direction: EdgeDirection) -> usize {
        self.rows(direction).row(node).len()
    }

    /// Returns the neighbors of a node, ascending, if they are contiguous in memory.
    ///
    /// Only the row of a hub that changed since the base was built is not contiguous. [`AdjacencyRow::as_segment`] gives the
    /// addresses by position.
    #[inline]
    #[must_use]
    pub fn neighbors(&self, node: u32, direction: EdgeDirection) -> Option<&[u32]> {
        self.rows(direction).neighbors(node)
    }

    /// Appends the neighbors of a node, ascending.
    #[inline]
    pub fn extend_neighbors(&self, node: u32, direction: EdgeDirection, into: &mut Vec<u32>) {
        let _ = self.rows(direction).for_each_slice::<()>(node, |neighbors| {
            into.extend_from_slice(neighbors);
            ControlFlow::Continue(())
        });
    }

    /// Returns the number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.version.len
    }

    /// Returns true if there are no edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an exclusive upper bound of the ordinals that have an edge in this direction.
    ///
    /// The bound is tight unless edges were deleted since the base was built.
    #[must_use]
    pub fn node_bound(&self, direction: EdgeDirection) -> u32 {
        match direction {
            EdgeDirection::Out => self.version.bounds[0],
            EdgeDirection::In => self.version.bounds[1],
        }
    }

    /// Returns true if an edge leads from one node to the other.
    #[must_use]
    pub fn has_edge(&self, from: u32, to: u32) -> bool {
        self.rows(EdgeDirection::Out).row(from).contains(to)
    }

    /// Calls `visit` with source, target and address of every edge, in canonical order.
    pub fn for_each_edge(&self, mut visit: impl FnMut(u32, u32, u64)) {
        let rows = self.rows(EdgeDirection::Out);
        let mut touched: Vec<u32> = self.version.layers.iter().flat_map(|layer| layer.out.nodes()).copied().collect();
        touched.sort_unstable();
        touched.dedup();
        let mut touched = touched.into_iter().peekable();
        let mut visit_row = |node: u32| rows.row(node).for_each(|to, address| visit(node, to, address));
        rows.base.index.for_each(|node, range| {
            while let Some(before) = touched.next_if(|&before| before < node) {
                visit_row(before);
            }
            if touched.next_if_eq(&node).is_some() || !range.is_empty() {
                visit_row(node);
            }
        });
        touched.for_each(visit_row);
    }

    /// Returns the bytes of memory in use, including those shared with other versions.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.version.base.bytes() + self.version.layers.iter().map(|layer| layer.bytes()).sum::<usize>()
    }
}
