//! What is walked: node spaces, and steps between them.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::adjacency::{Adjacency, Rows};
use crate::edge::Side;
use crate::set::EdgeSet;

/// A node of one of the node types in play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which of the node types: the index of its space in the walk.
    pub space: u16,
    /// Its ordinal within the type.
    pub ordinal: u32,
}

/// One edge type walked in one direction.
///
/// An edge type that is walked either way takes two steps, `Out` and `In`. A self-loop is seen by both: the caller sets
/// `skip_loops` on one of them, or paths over that loop are found twice. What is found by [`WalkGraph::reach`] and
/// [`WalkGraph::within`] is the same either way, as they find each node once.
#[derive(Clone, Debug)]
pub struct Step {
    /// The edges.
    pub adjacency: Adjacency,
    /// The side of the nodes that the step starts from: `Out` walks from source to target.
    pub side: Side,
    /// The space of the nodes that it starts from.
    pub from_space: u16,
    /// The space of the nodes that it leads to.
    pub to_space: u16,
    /// The edges that may be walked, when not all may.
    pub allow: Option<Arc<EdgeSet>>,
    /// Leaves out edges from a node to itself.
    pub skip_loops: bool,
}

impl Step {
    /// True if an edge of this step leads from the node back to it.
    pub(crate) fn has_loop(&self, node: Place) -> bool {
        if self.skip_loops || self.from_space != node.space || self.to_space != node.space {
            return false;
        }
        let row = self.adjacency.rows(self.side).row(node.ordinal);
        let loops = row.segments_to(node.ordinal, |segment| match &self.allow {
            Some(allow) if !segment.edges().any(|(_, address)| allow.contains(address)) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        });
        loops.is_break()
    }
}

/// Which way steps are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heading {
    Forward,
    Backward,
}

impl Heading {
    /// The rows to read, and the spaces they lead from and to.
    pub(crate) fn of(self, step: &Step) -> (Rows<'_>, usize, usize) {
        let (from, to) = (usize::from(step.from_space), usize::from(step.to_space));
        match self {
            Self::Forward => (step.adjacency.rows(step.side), from, to),
            Self::Backward => (step.adjacency.rows(step.side.reversed()), to, from),
        }
    }
}

/// Node spaces and the steps between them. Every walk takes all steps that start where it stands.
#[derive(Clone, Debug)]
pub struct WalkGraph {
    sizes: Vec<u32>,
    steps: Vec<Step>,
}

impl WalkGraph {
    /// A graph of spaces with so many ordinals each. A step that knows greater ordinals or further spaces widens them.
    #[must_use]
    pub fn new(mut spaces: Vec<u32>, steps: Vec<Step>) -> Self {
        for step in &steps {
            for (space, side) in [(step.from_space, step.side), (step.to_space, step.side.reversed())] {
                let space = usize::from(space);
                spaces.resize(spaces.len().max(space + 1), 0);
                spaces[space] = spaces[space].max(step.adjacency.node_bound(side));
            }
        }
        Self { sizes: spaces, steps }
    }

    /// Its steps, numbered by position.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Number of ordinals of each space.
    pub(crate) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// True if the place is one of this graph's; any other has no edges.
    pub(crate) fn contains(&self, place: Place) -> bool {
        self.sizes.get(usize::from(place.space)).is_some_and(|&size| place.ordinal < size)
    }

    /// True if an edge that may be walked leads from the node back to it.
    #[must_use]
    pub fn has_loop(&self, node: Place) -> bool {
        self.steps.iter().any(|step| step.has_loop(node))
    }
}
