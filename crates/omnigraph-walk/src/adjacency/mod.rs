//! Adjacency of one version of an edge table.
//!
//! - [`column`]: an array of numbers
//! - [`index`]: where the row of a node lies
//! - [`csr`]: the base, compressed sparse rows of all edges
//! - [`row`]: the row of a node as contiguous segments
//! - [`layer`]: what commits changed since the base
//! - [`rows`]: one side, ready to be walked
//! - [`next`]: from one version to the next
//! - [`codec`]: the persisted form

mod codec;
mod column;
mod csr;
mod index;
mod layer;
mod next;
mod row;
mod rows;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use codec::DecodeError;
use csr::Csr;
use layer::Layer;
pub use row::{Row, Segment};
pub use rows::Rows;

use crate::edge::{Edge, Side};

/// The edges of one version of an edge table, by source and by target. Immutable, and cheap to clone: clones and versions
/// share what they have in common.
#[derive(Clone, Debug)]
pub struct Adjacency {
    version: Arc<Version>,
}

#[derive(Debug)]
struct Version {
    base: Arc<Csr>,
    /// From the oldest, which is the greatest, to the newest.
    layers: Vec<Arc<Layer>>,
    len: usize,
    bounds: [u32; 2],
}

impl Adjacency {
    /// The most edges that an adjacency holds: their places have 32 bits.
    pub const LEN_MAX: usize = u32::MAX as usize;

    /// The adjacency of these edges, in any order. Parallel edges and self-loops are edges like others.
    ///
    /// # Panics
    ///
    /// With more than [`LEN_MAX`](Self::LEN_MAX) edges.
    #[must_use]
    pub fn build(edges: Vec<Edge>) -> Self {
        assert!(edges.len() <= Self::LEN_MAX, "an adjacency holds at most {} edges", Self::LEN_MAX);
        Self::of_base(Csr::build(edges))
    }

    fn of_base(base: Csr) -> Self {
        let (len, bounds) = (base.len(), base.bounds);
        Self { version: Arc::new(Version { base: Arc::new(base), layers: Vec::new(), len, bounds }) }
    }

    /// One side, for loops over many nodes.
    #[inline]
    #[must_use]
    pub fn rows(&self, side: Side) -> Rows<'_> {
        Rows { base: self.version.base.rows(side), layers: &self.version.layers, side }
    }

    /// Calls `visit` with the ordinal at the other end and the address of each edge of a node, ordered by both.
    #[inline]
    pub fn for_each(&self, node: u32, side: Side, visit: impl FnMut(u32, u64)) {
        self.rows(side).row(node).for_each(visit);
    }

    /// As [`for_each`](Self::for_each), until `visit` breaks.
    ///
    /// # Errors
    ///
    /// Breaks with what `visit` broke with.
    #[inline]
    pub fn try_for_each<B>(
        &self,
        node: u32,
        side: Side,
        mut visit: impl FnMut(u32, u64) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.rows(side)
            .row(node)
            .segments(|segment| segment.edges().try_for_each(|(other, address)| visit(other, address)))
    }

    /// Number of edges of a node.
    #[inline]
    #[must_use]
    pub fn degree(&self, node: u32, side: Side) -> usize {
        self.rows(side).row(node).len()
    }

    /// The ordinals at the other end of a node's edges, ascending, when they lie in one piece: always, unless the row of a
    /// hub was changed since the base was built. [`Row::as_segment`] gives their addresses by position.
    #[inline]
    #[must_use]
    pub fn neighbors(&self, node: u32, side: Side) -> Option<&[u32]> {
        self.rows(side).neighbors(node)
    }

    /// Appends the ordinals at the other end of a node's edges, ascending.
    #[inline]
    pub fn extend_neighbors(&self, node: u32, side: Side, into: &mut Vec<u32>) {
        let _ = self.rows(side).for_each_piece::<()>(node, |others| {
            into.extend_from_slice(others);
            ControlFlow::Continue(())
        });
    }

    /// Number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.version.len
    }

    /// True without edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A bound that every ordinal with an edge on this side is below: one more than the greatest, unless edges were removed
    /// since the base was built.
    #[must_use]
    pub fn node_bound(&self, side: Side) -> u32 {
        match side {
            Side::Out => self.version.bounds[0],
            Side::In => self.version.bounds[1],
        }
    }

    /// True if an edge leads from one node to the other.
    #[must_use]
    pub fn has_edge(&self, from: u32, to: u32) -> bool {
        self.rows(Side::Out).row(from).contains(to)
    }

    /// Calls `visit` with source, target and address of every edge, in canonical order.
    pub fn for_each_edge(&self, mut visit: impl FnMut(u32, u32, u64)) {
        let rows = self.rows(Side::Out);
        let mut touched: Vec<u32> = self.version.layers.iter().flat_map(|layer| layer.out.nodes()).copied().collect();
        touched.sort_unstable();
        touched.dedup();
        let mut touched = touched.into_iter().peekable();
        let mut whole = |node: u32| rows.row(node).for_each(|to, address| visit(node, to, address));
        rows.base.index.for_each(|node, range| {
            while let Some(before) = touched.next_if(|&before| before < node) {
                whole(before);
            }
            if touched.next_if_eq(&node).is_some() || !range.is_empty() {
                whole(node);
            }
        });
        touched.for_each(whole);
    }

    /// Bytes in use, those shared with other versions included.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.version.base.bytes() + self.version.layers.iter().map(|layer| layer.bytes()).sum::<usize>()
    }
}
