//! Traversal steps, and the graph that they span.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::adjacency::{Adjacency, AdjacencyRow, AdjacencyRows, RowSegment};
use crate::edge::{EdgeDirection, NodeRef};
use crate::edge_set::EdgeSet;

/// One edge type followed in one direction.
///
/// An undirected pattern takes two steps, `Out` and `In`. Both see a self-loop: the caller sets `skip_loops` on one of them, or
/// paths over that loop are found twice. [`TraversalGraph::reach`] and [`TraversalGraph::distance`] visit each node once, so
/// their result does not depend on it.
#[derive(Clone, Debug)]
pub struct TraversalStep {
    /// The edges.
    pub adjacency: Adjacency,
    /// The direction: `Out` leads from source to target.
    pub direction: EdgeDirection,
    /// Index of the node type that the step starts from.
    pub from_type: u16,
    /// Index of the node type that the step leads to.
    pub to_type: u16,
    /// Row addresses of the edges that may be followed; `None` allows all.
    pub allowed: Option<Arc<EdgeSet>>,
    /// Omits edges from a node to itself.
    pub skip_loops: bool,
}

/// The direction in which a search follows the steps of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchDirection {
    Forward,
    Backward,
}

impl TraversalStep {
    /// Returns a cursor for loops over many nodes.
    #[must_use]
    pub fn cursor(&self) -> StepCursor<'_> {
        self.directed_cursor(SearchDirection::Forward)
    }

    /// Returns a cursor that follows the step, or its reverse.
    pub(crate) fn directed_cursor(&self, direction: SearchDirection) -> StepCursor<'_> {
        let (edge_direction, from_type, to_type) = match direction {
            SearchDirection::Forward => (self.direction, self.from_type, self.to_type),
            SearchDirection::Backward => (self.direction.reversed(), self.to_type, self.from_type),
        };
        StepCursor {
            rows: self.adjacency.rows(edge_direction),
            from_type,
            to_type,
            allowed: self.allowed.as_deref(),
            skip_loops: self.skip_loops && from_type == to_type,
        }
    }
}

/// A [`TraversalStep`] prepared for loops over many nodes.
#[derive(Clone, Copy, Debug)]
pub struct StepCursor<'a> {
    pub(crate) rows: AdjacencyRows<'a>,
    pub(crate) from_type: u16,
    pub(crate) to_type: u16,
    pub(crate) allowed: Option<&'a EdgeSet>,
    skip_loops: bool,
}

impl<'a> StepCursor<'a> {
    /// Returns the index of the node type that the step leads to.
    #[must_use]
    pub fn to_type(&self) -> u16 {
        self.to_type
    }

    /// Calls `visit` with the neighbor and the address of each edge that may be followed from `node`, ordered by both.
    ///
    /// A node of another type than the step starts from has no edges.
    ///
    /// # Errors
    ///
    /// Breaks with the value that `visit` broke with.
    #[inline]
    pub fn try_for_each<B>(
        &self,
        node: NodeRef,
        mut visit: impl FnMut(NodeRef, u64) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.row(node).for_each_segment(|segment| {
            self.admitted(node.ordinal(), segment).try_for_each(|(neighbor, address)| visit(neighbor, address))
        })
    }

    /// Calls `visit` with the address of each edge that may be followed from `node` to `target`. Finds them in logarithmic time.
    ///
    /// # Errors
    ///
    /// Breaks with the value that `visit` broke with.
    #[inline]
    pub fn try_for_each_to<B>(
        &self,
        node: NodeRef,
        target: NodeRef,
        mut visit: impl FnMut(u64) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if target.node_type() != self.to_type {
            return ControlFlow::Continue(());
        }
        self.row(node).for_each_segment_to(target.ordinal(), |segment| {
            self.admitted(node.ordinal(), segment).try_for_each(|(_, address)| visit(address))
        })
    }

    /// Returns the number of edges that may be followed from `node`: in constant time if all may, else by a scan of its row.
    #[must_use]
    pub fn degree(&self, node: NodeRef) -> usize {
        if self.allowed.is_none() && !self.skip_loops {
            return self.row(node).len();
        }
        let mut degree = 0;
        let _ = self.try_for_each::<()>(node, |_, _| {
            degree += 1;
            ControlFlow::Continue(())
        });
        degree
    }

    /// Returns true if an edge that may be followed leads from the node to itself.
    #[must_use]
    pub fn has_loop(&self, node: NodeRef) -> bool {
        self.try_for_each_to(node, node, |_| ControlFlow::Break(())).is_break()
    }

    /// Returns the row of a node, with the edges that may not be followed; empty for a node of another type.
    #[inline]
    pub(crate) fn row(&self, node: NodeRef) -> AdjacencyRow<'a> {
        if node.node_type() == self.from_type { self.rows.row(node.ordinal()) } else { AdjacencyRow::EMPTY }
    }

    /// Iterates over the edges of a segment of the row of node `from` that may be followed.
    #[inline]
    pub(crate) fn admitted(
        &self,
        from: u32,
        segment: RowSegment<'a>,
    ) -> impl Iterator<Item = (NodeRef, u64)> + use<'a> {
        let Self { allowed, skip_loops, to_type, .. } = *self;
        segment.edges().filter_map(move |(neighbor, address)| {
            let admitted = allowed.is_none_or(|allowed| allowed.contains(address)) && !(skip_loops && neighbor == from);
            admitted.then(|| (NodeRef::pack(to_type, neighbor), address))
        })
    }
}

/// Node types and the steps between them. A search follows all steps that start from the type of a node.
#[derive(Clone, Debug)]
pub struct TraversalGraph {
    sizes: Vec<u32>,
    steps: Vec<TraversalStep>,
}

impl TraversalGraph {
    /// Creates a graph over node types with the given numbers of ordinals. Steps with greater ordinals or types extend them.
    #[must_use]
    pub fn new(mut sizes: Vec<u32>, steps: Vec<TraversalStep>) -> Self {
        for step in &steps {
            for (node_type, direction) in [(step.from_type, step.direction), (step.to_type, step.direction.reversed())]
            {
                let node_type = usize::from(node_type);
                sizes.resize(sizes.len().max(node_type + 1), 0);
                sizes[node_type] = sizes[node_type].max(step.adjacency.node_bound(direction));
            }
        }
        Self { sizes, steps }
    }

    /// Returns the steps. Paths refer to them by position.
    #[must_use]
    pub fn steps(&self) -> &[TraversalStep] {
        &self.steps
    }

    /// Returns the number of ordinals of each node type.
    pub(crate) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Returns true if the node belongs to this graph. Any other node has no edges.
    pub(crate) fn contains(&self, node: NodeRef) -> bool {
        self.sizes.get(node.type_index()).is_some_and(|&size| node.ordinal() < size)
    }

    /// Returns true if an edge that may be followed leads from the node to itself.
    #[must_use]
    pub fn has_loop(&self, node: NodeRef) -> bool {
        self.steps.iter().any(|step| step.cursor().has_loop(node))
    }
}
