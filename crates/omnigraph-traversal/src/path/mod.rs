//! Shortest and cheapest paths: the edges that lead from one node to another.
//!
//! - [`request`]: path requests and the paths that they return
//! - [`levels`]: the nodes on all shortest paths to one target
//! - [`shortest`]: shortest paths, one per target or all
//! - [`cheapest`]: one path of least cost per target
//!
//! # Targets
//!
//! A node has a path if a traversal within the same bounds reaches it. The bounds apply to the distance of the target, for every
//! kind of path.
//!
//! - A target at an admitted distance. Every path to it has at least that many edges, so it meets the lower bound. A cheapest
//!   path may be longer than the distance: its length is held to the upper bound. No path visits a node twice.
//! - A target at one less than the minimum distance that has a self-loop. Its path ends with that self-loop.
//! - The start: by the path without edges if the minimum is 0, and by a self-loop if it is 1. Cycles do not lead to it.
//!
//! So a target nearer than the minimum has no path, although a longer detour may exist.
//!
//! # Ties
//!
//! Of paths with equal cost, the one with the fewest edges is returned. Of these, the one with the least node sequence. Of paths
//! with equal nodes, the one with the least edge sequence.

mod cheapest;
mod levels;
mod request;
mod shortest;
#[cfg(test)]
mod tests;

pub(crate) use cheapest::PredecessorTree;
pub(crate) use levels::NodeDepths;
pub use request::{GraphPath, PathFn, PathOrder, PathRequest, PathTargets};
