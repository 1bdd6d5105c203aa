//! Paths of least cost by Dijkstra's algorithm with label setting.
//!
//! A *label* is a path to a node, with its cost and its number of edges. Labels become permanent by cost, then by number of
//! edges, so all equal paths are known by then. Without a bound on edges, a node needs only its first permanent label. With a
//! bound, a costlier path with fewer edges is kept too: it may be extended where the cheaper one has used up the bound. A label
//! with both a lower cost and no more edges dominates another one.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::request::{GraphPath, OpenTargets, PathEdge, PathFn, PathOrder, PathRequest};
use super::shortest::PathEnding;
use crate::bfs::{CostMeter, ProgressFn, SearchBuffers, SearchDirection, TraversalGraph};
use crate::edge::NodeRef;

/// The cost of an edge, given by the position of its step and its address: finite and not negative.
type EdgeCostFn<'a> = dyn Fn(usize, u64) -> f64 + 'a;

/// Number of an absent label.
const NONE: u32 = u32::MAX;

/// A path to a node.
#[derive(Clone, Copy, Debug)]
struct PathLabel {
    /// The last edge, which leads to the node.
    edge: PathEdge,
    /// The predecessor label; [`NONE`] at the start.
    parent: u32,
    cost: f64,
    edges: u32,
    permanent: bool,
    /// The next label of the same node, or [`NONE`].
    next: u32,
}

impl PathLabel {
    fn compare(&self, other: &Self) -> Ordering {
        self.cost.total_cmp(&other.cost).then(self.edges.cmp(&other.edges))
    }
}

/// A heap entry: labels become permanent in this order.
#[derive(Clone, Copy, Debug)]
struct HeapEntry {
    cost: f64,
    edges: u32,
    label: u32,
}

impl Ord for HeapEntry {
    fn cmp(&self, other: &Self) -> Ordering {
        let costs = self.cost.total_cmp(&other.cost);
        costs.then(self.edges.cmp(&other.edges)).then(self.label.cmp(&other.label))
    }
}

impl PartialOrd for HeapEntry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for HeapEntry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for HeapEntry {}

/// The labels of one search: a tree of predecessors, and the queue of labels that are not permanent yet.
#[derive(Debug, Default)]
pub(crate) struct PredecessorTree {
    labels: Vec<PathLabel>,
    /// The newest label of each node, by type and ordinal, or [`NONE`].
    last: Vec<Vec<u32>>,
    queue: BinaryHeap<Reverse<HeapEntry>>,
}

impl PredecessorTree {
    fn reset(&mut self, graph: &TraversalGraph) {
        for label in self.labels.drain(..) {
            self.last[label.edge.to.type_index()][label.edge.to.ordinal_index()] = NONE;
        }
        self.queue.clear();
        let types = self.last.len().max(graph.sizes().len());
        self.last.resize_with(types, Vec::new);
        for (last, &size) in self.last.iter_mut().zip(graph.sizes()) {
            last.resize(last.len().max(size as usize), NONE);
        }
    }

    /// Iterates over the labels of a node.
    fn node_labels(&self, node: NodeRef) -> impl Iterator<Item = u32> {
        let last = self.last[node.type_index()][node.ordinal_index()];
        let known = |label: u32| (label != NONE).then_some(label);
        std::iter::successors(known(last), move |&label| known(self.labels[label as usize].next))
    }

    /// Adds a label unless a known one dominates it. Of two equal labels the lesser path, by nodes and edges, is kept.
    fn relax(&mut self, mut new: PathLabel, bounded: bool, order: &PathOrder<'_>) {
        let mut equal = None;
        for known in self.node_labels(new.edge.to) {
            let label = &self.labels[known as usize];
            match label.compare(&new) {
                Ordering::Equal => equal = Some(known),
                Ordering::Less if !bounded || label.edges <= new.edges => return,
                _ => {}
            }
        }
        if let Some(known) = equal {
            if self.compare_paths(&new, &self.labels[known as usize], order).is_lt() {
                let label = &mut self.labels[known as usize];
                (label.edge, label.parent) = (new.edge, new.parent);
            }
            return;
        }
        let number = self.labels.len() as u32;
        let last = &mut self.last[new.edge.to.type_index()][new.edge.to.ordinal_index()];
        new.next = std::mem::replace(last, number);
        self.queue.push(Reverse(HeapEntry { cost: new.cost, edges: new.edges, label: number }));
        self.labels.push(new);
    }

    /// Makes the next label permanent and returns it. Skips labels that a permanent label of their node dominates.
    fn pop_permanent(&mut self, bounded: bool) -> Option<u32> {
        while let Some(Reverse(entry)) = self.queue.pop() {
            let node = self.labels[entry.label as usize].edge.to;
            let dominated = self.node_labels(node).any(|known| {
                let known = &self.labels[known as usize];
                known.permanent && (!bounded || known.edges <= entry.edges)
            });
            if !dominated {
                self.labels[entry.label as usize].permanent = true;
                return Some(entry.label);
            }
        }
        None
    }

    /// Returns true if no other permanent label of the node has a path with this ending within the bound on edges.
    fn is_first(&self, number: u32, ending: Option<PathEnding>, max: Option<u32>) -> bool {
        let last_edge = u32::from(ending == Some(PathEnding::SelfLoop));
        let fits = |label: &PathLabel| max.is_none_or(|max| label.edges + last_edge <= max);
        let label = &self.labels[number as usize];
        let mut others = self.node_labels(label.edge.to).filter(|&other| other != number);
        fits(label) && !others.any(|other| self.labels[other as usize].permanent && fits(&self.labels[other as usize]))
    }

    /// Compares two paths of equal length to the same node: by their nodes from the start on, then by their edges.
    ///
    /// Walks both back to their common prefix: the last difference found is the first one on the paths.
    fn compare_paths(&self, a: &PathLabel, b: &PathLabel, order: &PathOrder<'_>) -> Ordering {
        let (mut nodes, mut edges) = (Ordering::Equal, Ordering::Equal);
        let (mut a, mut b) = (a, b);
        loop {
            if a.edge.to != b.edge.to {
                nodes = (order.node)(a.edge.to, b.edge.to);
            }
            let (edge_a, edge_b) = ((a.edge.step, a.edge.address), (b.edge.step, b.edge.address));
            if edge_a != edge_b {
                edges = (order.edge)(edge_a, edge_b);
            }
            if a.parent == b.parent || a.parent == NONE || b.parent == NONE {
                return nodes.then(edges);
            }
            (a, b) = (&self.labels[a.parent as usize], &self.labels[b.parent as usize]);
        }
    }

    fn path(&self, label: u32) -> GraphPath {
        let PathLabel { cost, edges, .. } = self.labels[label as usize];
        let mut path = GraphPath { nodes: Vec::with_capacity(edges as usize + 1), edges: Vec::new(), cost };
        let mut current = label;
        while current != NONE {
            let PathLabel { edge, parent, .. } = self.labels[current as usize];
            path.nodes.push(edge.to);
            if parent != NONE {
                path.edges.push((edge.step, edge.address));
            }
            current = parent;
        }
        path.nodes.reverse();
        path.edges.reverse();
        path
    }
}

impl TraversalGraph {
    /// Calls `found_path` with the least of the cheapest paths to each target.
    ///
    /// Targets are ordered by cost, without a final self-loop. Costs are added from the start on. Memory is proportional to the
    /// nodes reached; with a bound on edges, to at most that bound times the nodes reached.
    ///
    /// # Errors
    ///
    /// Breaks if `progress` or `found_path` does.
    pub fn cheapest(
        &self,
        request: &PathRequest<'_>,
        cost: &EdgeCostFn<'_>,
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        if !self.contains(request.start) {
            return ControlFlow::Continue(());
        }
        CostMeter::run(progress, |meter| self.search_cheapest(request, cost, buffers, meter, found_path))
    }

    fn search_cheapest(
        &self,
        request: &PathRequest<'_>,
        cost: &EdgeCostFn<'_>,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        let targets = OpenTargets::new(request.targets);
        // Only the start is nearer than a minimum of 1: that needs no distances.
        let has_depths = request.min >= 2;
        if has_depths {
            self.record_depths(request.start, request.max, buffers, meter, |_| false)?;
        }
        let tree = &mut buffers.predecessors;
        tree.reset(self);
        let start = PathEdge { to: request.start, step: 0, address: 0 };
        let start = PathLabel { edge: start, parent: NONE, cost: 0.0, edges: 0, permanent: false, next: NONE };
        tree.relax(start, false, &request.order);
        let mut found = 0;
        while let Some(number) = tree.pop_permanent(request.max.is_some()) {
            let node = tree.labels[number as usize].edge.to;
            if targets.contains(node) {
                let distance = match has_depths {
                    true => buffers.depths[0].depth(node),
                    false => u32::from(node != request.start),
                };
                let ending = PathEnding::at_distance(distance, request.bounds());
                if tree.is_first(number, ending, request.max) {
                    found += 1;
                    if let Some(path) = self.finish_path(request, cost, tree.path(number), ending, meter)? {
                        found_path(path)?;
                    }
                }
            }
            if found == targets.count() {
                break;
            }
            self.relax_edges(request, cost, tree, number, meter)?;
        }
        ControlFlow::Continue(())
    }

    /// Adds the labels one edge beyond a permanent one.
    fn relax_edges(
        &self,
        request: &PathRequest<'_>,
        cost: &EdgeCostFn<'_>,
        tree: &mut PredecessorTree,
        number: u32,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<()> {
        let label = tree.labels[number as usize];
        if request.max.is_some_and(|max| max <= label.edges) {
            return ControlFlow::Continue(());
        }
        self.for_each_edge(label.edge.to, SearchDirection::Forward, meter, |edge| {
            let cost = label.cost + cost(edge.step, edge.address);
            let new = PathLabel { edge, parent: number, cost, edges: label.edges + 1, permanent: false, next: NONE };
            tree.relax(new, request.max.is_some(), &request.order);
        })
    }

    /// Returns the path with its ending: unchanged, or with the cheapest self-loop appended.
    fn finish_path(
        &self,
        request: &PathRequest<'_>,
        cost: &EdgeCostFn<'_>,
        mut path: GraphPath,
        ending: Option<PathEnding>,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), Option<GraphPath>> {
        let target = path.nodes.last().copied().unwrap_or(request.start);
        let loops = match ending {
            None => return ControlFlow::Continue(None),
            Some(PathEnding::Direct) => return ControlFlow::Continue(Some(path)),
            Some(PathEnding::SelfLoop) => self.self_loops(target, &request.order, meter)?,
        };
        let costs = loops.into_iter().map(|edge| (cost(edge.step, edge.address), edge));
        // `min_by` keeps the first of equal elements: the least edge.
        let cheapest = costs.min_by(|a, b| a.0.total_cmp(&b.0));
        ControlFlow::Continue(cheapest.map(|(cost, edge)| {
            path.push(edge, cost);
            path
        }))
    }
}
