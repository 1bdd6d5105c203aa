//! What is asked of a search for paths, and what it finds.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crate::walk::{Bounds, Heading, Meter, Place, WalkGraph};

/// The order of nodes and edges by their ids, which only the caller knows. Both are total orders.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Compares two nodes.
    pub node: &'a dyn Fn(Place, Place) -> Ordering,
    /// Compares two edges, each given by the number of its step and its address.
    pub edge: &'a dyn Fn((usize, u64), (usize, u64)) -> Ordering,
}

impl std::fmt::Debug for Order<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Order")
    }
}

/// Where paths may end.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// At this node.
    One(Place),
    /// At any of these nodes.
    Set(&'a [Place]),
    /// Anywhere.
    All,
}

/// What every search for paths is given.
#[derive(Clone, Copy, Debug)]
pub struct PathSearch<'a> {
    /// Where paths start.
    pub start: Place,
    /// Where they end.
    pub targets: Targets<'a>,
    /// Least distance of a target.
    pub min: u32,
    /// Greatest number of edges, if there is one.
    pub max: Option<u32>,
    /// Decides between equals.
    pub order: Order<'a>,
}

impl PathSearch<'_> {
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { min: self.min, max: self.max }
    }
}

/// A path that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The nodes from the start to the target: one more than there are edges.
    pub nodes: Vec<Place>,
    /// The number of its step and the address of each edge.
    pub edges: Vec<(usize, u64)>,
    /// The sum of the costs of its edges from the start on; the number of edges unless a cheapest path was asked for.
    pub cost: f64,
}

impl Path {
    /// One more edge.
    pub(crate) fn push(&mut self, hop: Hop, cost: f64) {
        self.nodes.push(hop.to);
        self.edges.push((hop.step, hop.address));
        self.cost += cost;
    }
}

/// Takes a path; a break ends the search.
pub type EmitPath<'a> = dyn FnMut(Path) -> ControlFlow<()> + 'a;

/// An edge seen from the node it starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hop {
    pub(crate) to: Place,
    pub(crate) step: usize,
    pub(crate) address: u64,
}

impl Order<'_> {
    /// By node, then by edge.
    pub(crate) fn compare(&self, a: &Hop, b: &Hop) -> Ordering {
        let nodes = if a.to == b.to { Ordering::Equal } else { (self.node)(a.to, b.to) };
        nodes.then_with(|| (self.edge)((a.step, a.address), (b.step, b.address)))
    }
}

impl WalkGraph {
    /// Calls `visit` with every edge that may be walked from a node, or to it when heading backward.
    pub(crate) fn hops(
        &self,
        node: Place,
        heading: Heading,
        meter: &mut Meter<'_, '_>,
        mut visit: impl FnMut(Hop),
    ) -> ControlFlow<()> {
        for (number, step) in self.steps().iter().enumerate() {
            let (rows, from, to) = heading.of(step);
            if from != usize::from(node.space) {
                continue;
            }
            rows.row(node.ordinal).segments(|segment| {
                for (other, address) in segment.edges() {
                    let to = Place { space: to as u16, ordinal: other };
                    let forbidden = step.allow.as_ref().is_some_and(|allow| !allow.contains(address));
                    if !(forbidden || step.skip_loops && to == node) {
                        visit(Hop { to, step: number, address });
                    }
                }
                meter.look(segment.len())
            })?;
        }
        ControlFlow::Continue(())
    }

    /// The edges from a node to itself, the least first.
    pub(crate) fn loops(&self, node: Place, order: &Order<'_>, meter: &mut Meter<'_, '_>) -> ControlFlow<(), Vec<Hop>> {
        let mut loops = Vec::new();
        if self.has_loop(node) {
            self.hops(node, Heading::Forward, meter, |hop| {
                if hop.to == node {
                    loops.push(hop);
                }
            })?;
        }
        loops.sort_by(|a, b| order.compare(a, b));
        ControlFlow::Continue(loops)
    }
}

/// The targets that still have no path.
#[derive(Debug)]
pub(crate) enum Open {
    Set(Vec<Place>),
    All,
}

impl Open {
    pub(crate) fn of(targets: Targets<'_>) -> Self {
        let mut set = match targets {
            Targets::One(target) => vec![target],
            Targets::Set(set) => set.to_vec(),
            Targets::All => return Self::All,
        };
        set.sort_unstable();
        set.dedup();
        Self::Set(set)
    }

    /// The target, if there is only one.
    pub(crate) fn only(&self) -> Option<Place> {
        match self {
            Self::Set(set) => <[Place; 1]>::try_from(set.as_slice()).ok().map(|[only]| only),
            Self::All => None,
        }
    }

    pub(crate) fn contains(&self, place: Place) -> bool {
        match self {
            Self::Set(set) => set.binary_search(&place).is_ok(),
            Self::All => true,
        }
    }

    /// How many there may be at most.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Set(set) => set.len(),
            Self::All => usize::MAX,
        }
    }
}
