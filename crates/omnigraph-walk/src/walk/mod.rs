//! Walks over several adjacencies at once.
//!
//! - [`graph`]: node spaces and the steps between them
//! - [`meter`]: counts edges, and asks whether to go on
//! - [`search`]: breadth first search, level by level
//! - [`reach`]: what is reached from one node, and how far two nodes are apart
//! - [`reach_any`]: what is reached from any of several nodes

mod graph;
mod meter;
mod reach;
mod reach_any;
mod search;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use graph::Heading;
pub use graph::{Place, Step, WalkGraph};
pub(crate) use meter::Meter;
pub use meter::Work;
pub(crate) use reach::Bounds;
pub use reach::Emit;
use reach_any::Labels;
pub(crate) use search::Search;

use crate::path::{Depths, Ways};

/// What searches need besides the graph. One who searches again and again keeps it: it grows to the size of the greatest
/// graph, about a bit a node and the nodes reached, and is never cleared as a whole. It serves any graph, one at a time.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) forward: Search,
    pub(crate) backward: Search,
    labels: Labels,
    /// How far the two searches have gone.
    pub(crate) depths: [Depths; 2],
    pub(crate) ways: Ways,
}
