//! Path requests and the paths that they return.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crate::bfs::{CostMeter, DistanceBounds, SearchDirection, TraversalGraph};
use crate::edge::NodeRef;

/// Total orders of nodes and of edges, which break ties between paths. The caller orders by ids, which this crate does not know.
#[derive(Clone, Copy)]
pub struct PathOrder<'a> {
    /// Compares two nodes.
    pub node: &'a dyn Fn(NodeRef, NodeRef) -> Ordering,
    /// Compares two edges, each given by the position of its step and its address.
    pub edge: &'a dyn Fn((usize, u64), (usize, u64)) -> Ordering,
}

impl std::fmt::Debug for PathOrder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PathOrder")
    }
}

/// The targets of a path request.
#[derive(Clone, Copy, Debug)]
pub enum PathTargets<'a> {
    /// One node.
    One(NodeRef),
    /// Each of these nodes.
    Set(&'a [NodeRef]),
    /// Every node.
    All,
}

/// A request for paths from one node.
#[derive(Clone, Copy, Debug)]
pub struct PathRequest<'a> {
    /// The first node of the paths.
    pub start: NodeRef,
    /// The last nodes of the paths.
    pub targets: PathTargets<'a>,
    /// Minimum distance of a target.
    pub min: u32,
    /// Maximum number of edges.
    pub max: Option<u32>,
    /// The order that breaks ties.
    pub order: PathOrder<'a>,
}

impl PathRequest<'_> {
    pub(crate) fn bounds(&self) -> DistanceBounds {
        DistanceBounds { min: self.min, max: self.max }
    }
}

/// A path: nodes, edges and cost.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphPath {
    /// Nodes from the start to the target: one more than edges.
    pub nodes: Vec<NodeRef>,
    /// Position of the step and row address of each edge.
    pub edges: Vec<(usize, u64)>,
    /// Sum of the edge costs, added from the start on. The number of edges, except for cheapest paths.
    pub cost: f64,
}

impl GraphPath {
    /// Appends an edge.
    pub(crate) fn push(&mut self, edge: PathEdge, cost: f64) {
        self.nodes.push(edge.to);
        self.edges.push((edge.step, edge.address));
        self.cost += cost;
    }
}

/// A callback for found paths. A break ends the search.
pub type PathFn<'a> = dyn FnMut(GraphPath) -> ControlFlow<()> + 'a;

/// An edge of a path, seen from its first node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PathEdge {
    pub(crate) to: NodeRef,
    pub(crate) step: usize,
    pub(crate) address: u64,
}

impl PathOrder<'_> {
    /// Compares by node, then by edge.
    pub(crate) fn compare(&self, a: &PathEdge, b: &PathEdge) -> Ordering {
        let nodes = if a.to == b.to { Ordering::Equal } else { (self.node)(a.to, b.to) };
        nodes.then_with(|| (self.edge)((a.step, a.address), (b.step, b.address)))
    }
}

impl TraversalGraph {
    /// Calls `visit` with every edge that may be followed from a node, or to it in a backward search.
    pub(crate) fn for_each_edge(
        &self,
        node: NodeRef,
        direction: SearchDirection,
        meter: &mut CostMeter<'_, '_>,
        mut visit: impl FnMut(PathEdge),
    ) -> ControlFlow<()> {
        for (step, traversal_step) in self.steps().iter().enumerate() {
            let cursor = traversal_step.directed_cursor(direction);
            cursor.row(node).for_each_segment(|segment| {
                let edges = cursor.admitted(node.ordinal(), segment);
                edges.for_each(|(to, address)| visit(PathEdge { to, step, address }));
                meter.add(segment.len())
            })?;
        }
        ControlFlow::Continue(())
    }

    /// Returns the self-loops of a node, the least first.
    pub(crate) fn self_loops(
        &self,
        node: NodeRef,
        order: &PathOrder<'_>,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), Vec<PathEdge>> {
        let mut loops = Vec::new();
        if self.has_loop(node) {
            self.for_each_edge(node, SearchDirection::Forward, meter, |edge| {
                if edge.to == node {
                    loops.push(edge);
                }
            })?;
        }
        loops.sort_by(|a, b| order.compare(a, b));
        ControlFlow::Continue(loops)
    }
}

/// The targets that have no path yet.
#[derive(Debug)]
pub(crate) enum OpenTargets {
    Set(Vec<NodeRef>),
    All,
}

impl OpenTargets {
    pub(crate) fn new(targets: PathTargets<'_>) -> Self {
        let mut set = match targets {
            PathTargets::One(target) => vec![target],
            PathTargets::Set(set) => set.to_vec(),
            PathTargets::All => return Self::All,
        };
        set.sort_unstable();
        set.dedup();
        Self::Set(set)
    }

    /// Returns the target if there is exactly one.
    pub(crate) fn single(&self) -> Option<NodeRef> {
        match self {
            Self::Set(set) => <[NodeRef; 1]>::try_from(set.as_slice()).ok().map(|[single]| single),
            Self::All => None,
        }
    }

    pub(crate) fn contains(&self, node: NodeRef) -> bool {
        match self {
            Self::Set(set) => set.binary_search(&node).is_ok(),
            Self::All => true,
        }
    }

    /// Returns the maximum number of targets.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Set(set) => set.len(),
            Self::All => usize::MAX,
        }
    }
}
