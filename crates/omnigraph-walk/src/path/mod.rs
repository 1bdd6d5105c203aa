//! Paths: which edges lead from one node to another.
//!
//! - [`question`]: what is asked for, and what is found
//! - [`levels`]: the nodes on all shortest paths to one target
//! - [`shortest`]: one shortest path, or all of them
//! - [`tree`]: one shortest path to each of many targets
//! - [`cheapest`]: one path of least cost
//!
//! # Which targets have a path
//!
//! Those that a walk within the same bounds reaches: the bounds are on the distance of the target, for every kind of path.
//!
//! - A target at an admissible distance. Every path to it has at least that many edges, so the lower bound is met whichever
//!   path is taken; a cheapest path, which may be longer, is held to the upper one. No path visits a node twice.
//! - A target that is too near by one and has a self-edge. Its path goes there and ends with that self-edge.
//! - The start, by the path without edges if the lower bound is 0, and by a self-edge if it is 1. Cycles do not lead to it.
//!
//! So a target nearer than the lower bound has no path, although a longer way round may exist.
//!
//! # Ties
//!
//! Of paths with equal cost the one with the fewest edges is found; of these the one whose nodes, in order, are least; and
//! of those with the same nodes the one whose edges, in order, are least.

mod cheapest;
mod levels;
mod question;
mod shortest;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use cheapest::Ways;
pub(crate) use levels::Depths;
pub use question::{EmitPath, Order, Path, PathSearch, Targets};
