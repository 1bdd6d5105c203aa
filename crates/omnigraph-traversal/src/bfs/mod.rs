//! Breadth-first search over several adjacencies at once.
//!
//! - [`graph`]: traversal steps, and the graph that they span
//! - [`cost_meter`]: reports scanned edges, and cancels searches
//! - [`frontier`]: the state of one search, expanded level by level
//! - [`single_source`]: nodes reached from one node, and the distance between two nodes
//! - [`multi_source_bfs`]: nodes reached from any of several nodes
//! - [`filtered_bfs`]: searches with an edge predicate per level

mod cost_meter;
mod filtered_bfs;
mod frontier;
mod graph;
mod multi_source_bfs;
mod single_source;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use cost_meter::CostMeter;
pub use cost_meter::ProgressFn;
pub use filtered_bfs::{CandidateEdges, FilteredBfs};
pub(crate) use frontier::BfsState;
pub(crate) use graph::SearchDirection;
pub use graph::{StepCursor, TraversalGraph, TraversalStep};
use multi_source_bfs::SourceLabels;
pub(crate) use single_source::DistanceBounds;
pub use single_source::VisitFn;

use crate::path::{NodeDepths, PredecessorTree};

/// Reusable memory of searches.
///
/// The buffers grow to the size of the largest graph: about one bit per node, plus the nodes reached. A search resets only the
/// entries that the previous search touched. The buffers serve any graph, one search at a time.
#[derive(Debug, Default)]
pub struct SearchBuffers {
    pub(crate) forward: BfsState,
    pub(crate) backward: BfsState,
    labels: SourceLabels,
    /// Depths of the nodes that the forward and the backward search visited.
    pub(crate) depths: [NodeDepths; 2],
    pub(crate) predecessors: PredecessorTree,
}
