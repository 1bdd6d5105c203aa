//! One side of an adjacency, ready to answer many questions: what loops hold on to.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::csr::BaseRows;
use super::layer::Layer;
use super::row::{Row, Segment};
use crate::edge::Side;

/// The rows of one side. Made in a few nanoseconds; a loop over many nodes makes it once.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(super) base: BaseRows<'a>,
    /// From the oldest to the newest.
    pub(super) layers: &'a [Arc<Layer>],
    pub(super) side: Side,
}

impl<'a> Rows<'a> {
    /// The row of a node; empty when it has no edges or is no node at all.
    #[inline]
    #[must_use]
    pub fn row(&self, node: u32) -> Row<'a> {
        if self.layers.is_empty() {
            return Row::plain(self.base.row(node));
        }
        self.layered(node).unwrap_or_else(|| Row::plain(self.base.row(node)))
    }

    /// The ordinals at the other end of a node's edges, when they lie in one piece.
    #[inline]
    #[must_use]
    pub fn neighbors(&self, node: u32) -> Option<&'a [u32]> {
        if self.layers.is_empty() {
            return Some(self.base.others(node));
        }
        match self.layered(node) {
            None => Some(self.base.others(node)),
            Some(row) => row.as_segment().map(|segment| segment.others()),
        }
    }

    /// Calls `visit` with the ordinals at the other end of a node's edges, piece by piece and in order, until it breaks.
    ///
    /// # Errors
    ///
    /// Breaks with what `visit` broke with.
    #[inline]
    pub fn for_each_piece<B>(&self, node: u32, mut visit: impl FnMut(&'a [u32]) -> ControlFlow<B>) -> ControlFlow<B> {
        match self.neighbors(node) {
            Some(others) => visit(others),
            None => self.row(node).segments(|segment| visit(segment.others())),
        }
    }

    #[inline]
    fn layered(&self, node: u32) -> Option<Row<'a>> {
        self.layers.iter().rev().find_map(|layer| layer.side(self.side).row(node, || self.base.row(node)))
    }

    /// Fetches what lies in the base of the rows of some nodes, as many as one is about to look at, into the processor's
    /// cache. Worth its while for nodes in no order on a graph larger than that cache.
    #[inline]
    pub fn warm(&self, nodes: &[u32]) {
        self.base.warm(nodes);
    }

    pub(super) fn base_row(&self, node: u32) -> Segment<'a> {
        self.base.row(node)
    }
}
