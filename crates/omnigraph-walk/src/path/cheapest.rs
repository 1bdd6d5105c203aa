//! Paths of least cost, after Dijkstra.
//!
//! A *label* is a way to a node, with its cost and its number of edges. Labels are settled by cost, then by number of
//! edges, so all ways that might equal one are known when its turn comes. Without an upper bound on edges the first label
//! settled at a node is the only one of use; with one, a dearer way with fewer edges is too, as it may be gone on from
//! where the cheaper has used up its edges.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::question::{EmitPath, Hop, Open, Order, Path, PathSearch};
use super::shortest::Arrival;
use crate::walk::{Heading, Meter, Place, Scratch, WalkGraph, Work};

/// The cost of an edge, given by the number of its step and its address: finite and not negative.
type Cost<'a> = dyn Fn(usize, u64) -> f64 + 'a;

/// No label.
const NONE: u32 = u32::MAX;

/// A way to a node.
#[derive(Clone, Copy, Debug)]
struct Label {
    /// Its last edge, and the node.
    hop: Hop,
    /// The label that this edge goes on from; [`NONE`] at the start.
    from: u32,
    cost: f64,
    edges: u32,
    settled: bool,
    /// Another label of the node, or [`NONE`].
    next: u32,
}

impl Label {
    fn compare(&self, other: &Self) -> Ordering {
        self.cost.total_cmp(&other.cost).then(self.edges.cmp(&other.edges))
    }
}

/// The order in which labels are settled.
#[derive(Clone, Copy, Debug)]
struct Turn {
    cost: f64,
    edges: u32,
    label: u32,
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> Ordering {
        let costs = self.cost.total_cmp(&other.cost);
        costs.then(self.edges.cmp(&other.edges)).then(self.label.cmp(&other.label))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Turn {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Turn {}

/// The labels of one search, and the one last given to each node.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    all: Vec<Label>,
    /// By space and ordinal; [`NONE`] for all nodes without.
    last: Vec<Vec<u32>>,
    turns: BinaryHeap<Reverse<Turn>>,
}

impl Ways {
    fn begin(&mut self, graph: &WalkGraph) {
        for label in self.all.drain(..) {
            self.last[usize::from(label.hop.to.space)][label.hop.to.ordinal as usize] = NONE;
        }
        self.turns.clear();
        let spaces = self.last.len().max(graph.sizes().len());
        self.last.resize_with(spaces, Vec::new);
        for (last, &size) in self.last.iter_mut().zip(graph.sizes()) {
            last.resize(last.len().max(size as usize), NONE);
        }
    }

    fn of(&self, place: Place) -> impl Iterator<Item = u32> {
        let last = self.last[usize::from(place.space)][place.ordinal as usize];
        let known = |label: u32| (label != NONE).then_some(label);
        std::iter::successors(known(last), move |&label| known(self.all[label as usize].next))
    }

    /// Adds a way to a node, unless a known one is as good or it is the equal of one, whose place it then takes if it is
    /// less by the order of nodes and edges.
    fn offer(&mut self, mut new: Label, bounded: bool, order: &Order<'_>) {
        let mut equal = None;
        for known in self.of(new.hop.to) {
            let label = &self.all[known as usize];
            match label.compare(&new) {
                Ordering::Equal => equal = Some(known),
                Ordering::Less if !bounded || label.edges <= new.edges => return,
                _ => {}
            }
        }
        if let Some(known) = equal {
            if self.compare_ways(&new, &self.all[known as usize], order).is_lt() {
                let label = &mut self.all[known as usize];
                (label.hop, label.from) = (new.hop, new.from);
            }
            return;
        }
        let number = self.all.len() as u32;
        let last = &mut self.last[usize::from(new.hop.to.space)][new.hop.to.ordinal as usize];
        new.next = std::mem::replace(last, number);
        self.turns.push(Reverse(Turn { cost: new.cost, edges: new.edges, label: number }));
        self.all.push(new);
    }

    /// The label whose turn it is, settled; passes over those that a better one of the same node has overtaken.
    fn settle(&mut self, bounded: bool) -> Option<u32> {
        while let Some(Reverse(turn)) = self.turns.pop() {
            let place = self.all[turn.label as usize].hop.to;
            let overtaken = self.of(place).any(|known| {
                let known = &self.all[known as usize];
                known.settled && (!bounded || known.edges <= turn.edges)
            });
            if !overtaken {
                self.all[turn.label as usize].settled = true;
                return Some(turn.label);
            }
        }
        None
    }

    /// True if no other label settled at its node could have arrived the same way, within the bound on edges.
    fn is_first(&self, number: u32, arrival: Option<Arrival>, max: Option<u32>) -> bool {
        let last_edge = u32::from(arrival == Some(Arrival::Loop));
        let fits = |label: &Label| max.is_none_or(|max| label.edges + last_edge <= max);
        let label = &self.all[number as usize];
        let mut others = self.of(label.hop.to).filter(|&other| other != number);
        fits(label) && !others.any(|other| self.all[other as usize].settled && fits(&self.all[other as usize]))
    }

    /// Compares two ways of as many edges to the same node: by their nodes from the start on, then by their edges. The
    /// first difference counts, which is the last one met on the way back to where they part.
    fn compare_ways(&self, a: &Label, b: &Label, order: &Order<'_>) -> Ordering {
        let (mut nodes, mut edges) = (Ordering::Equal, Ordering::Equal);
        let (mut a, mut b) = (a, b);
        loop {
            if a.hop.to != b.hop.to {
                nodes = (order.node)(a.hop.to, b.hop.to);
            }
            let (edge_a, edge_b) = ((a.hop.step, a.hop.address), (b.hop.step, b.hop.address));
            if edge_a != edge_b {
                edges = (order.edge)(edge_a, edge_b);
            }
            if a.from == b.from || a.from == NONE || b.from == NONE {
                return nodes.then(edges);
            }
            (a, b) = (&self.all[a.from as usize], &self.all[b.from as usize]);
        }
    }

    fn path(&self, label: u32) -> Path {
        let Label { cost, edges, .. } = self.all[label as usize];
        let mut path = Path { nodes: Vec::with_capacity(edges as usize + 1), edges: Vec::new(), cost };
        let mut at = label;
        while at != NONE {
            let Label { hop, from, .. } = self.all[at as usize];
            path.nodes.push(hop.to);
            if from != NONE {
                path.edges.push((hop.step, hop.address));
            }
            at = from;
        }
        path.nodes.reverse();
        path.edges.reverse();
        path
    }
}

impl WalkGraph {
    /// Calls `emit` with one path of least cost to each target: the least of them. To many targets, the cheapest first,
    /// not counting the self-edge that a path may end with. Costs are added up from the start on.
    ///
    /// Memory is in proportion to the ways looked at: the nodes reached, and with an upper bound on edges at worst as many
    /// times that.
    ///
    /// # Errors
    ///
    /// Breaks when `work` or `emit` does.
    pub fn cheapest(
        &self,
        search: &PathSearch<'_>,
        cost: &Cost<'_>,
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        if !self.contains(search.start) {
            return ControlFlow::Continue(());
        }
        Meter::over(work, |meter| self.cheapest_to_open(search, cost, scratch, meter, emit))
    }

    fn cheapest_to_open(
        &self,
        search: &PathSearch<'_>,
        cost: &Cost<'_>,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        let open = Open::of(search.targets);
        // With a lower bound that only the start is nearer than, no distances are needed.
        let measured = search.min >= 2;
        if measured {
            self.measure(search.start, search.max, scratch, meter, |_| false)?;
        }
        let ways = &mut scratch.ways;
        ways.begin(self);
        let start = Hop { to: search.start, step: 0, address: 0 };
        let start = Label { hop: start, from: NONE, cost: 0.0, edges: 0, settled: false, next: NONE };
        ways.offer(start, false, &search.order);
        let mut found = 0;
        while let Some(number) = ways.settle(search.max.is_some()) {
            let place = ways.all[number as usize].hop.to;
            if open.contains(place) {
                let distance = match measured {
                    true => scratch.depths[0].at(place),
                    false => u32::from(place != search.start),
                };
                let arrival = Arrival::at(distance, search.bounds());
                if ways.is_first(number, arrival, search.max) {
                    found += 1;
                    if let Some(path) = self.arrive(search, cost, ways.path(number), arrival, meter)? {
                        emit(path)?;
                    }
                }
            }
            if found == open.count() {
                break;
            }
            self.go_on_from(search, cost, ways, number, meter)?;
        }
        ControlFlow::Continue(())
    }

    /// Offers the ways one edge beyond a settled one.
    fn go_on_from(
        &self,
        search: &PathSearch<'_>,
        cost: &Cost<'_>,
        ways: &mut Ways,
        number: u32,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<()> {
        let label = ways.all[number as usize];
        if search.max.is_some_and(|max| max <= label.edges) {
            return ControlFlow::Continue(());
        }
        self.hops(label.hop.to, Heading::Forward, meter, |hop| {
            let cost = label.cost + cost(hop.step, hop.address);
            let new = Label { hop, from: number, cost, edges: label.edges + 1, settled: false, next: NONE };
            ways.offer(new, search.max.is_some(), &search.order);
        })
    }

    /// The path of a settled way, with the cheapest self-edge at its end where it arrives by one.
    fn arrive(
        &self,
        search: &PathSearch<'_>,
        cost: &Cost<'_>,
        mut path: Path,
        arrival: Option<Arrival>,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Option<Path>> {
        let target = path.nodes.last().copied().unwrap_or(search.start);
        let loops = match arrival {
            None => return ControlFlow::Continue(None),
            Some(Arrival::Direct) => return ControlFlow::Continue(Some(path)),
            Some(Arrival::Loop) => self.loops(target, &search.order, meter)?,
        };
        let costs = loops.into_iter().map(|hop| (cost(hop.step, hop.address), hop));
        // Of equals `min_by` keeps the first, which is the least edge.
        let cheapest = costs.min_by(|a, b| a.0.total_cmp(&b.0));
        ControlFlow::Continue(cheapest.map(|(cost, hop)| {
            path.push(hop, cost);
            path
        }))
    }
}
