//! Nodes reached from any of several nodes: each target once.

use std::ops::ControlFlow;

use super::SearchBuffers;
use super::cost_meter::{CostMeter, ProgressFn};
use super::frontier::BitSet;
use super::graph::TraversalGraph;
use super::single_source::{DistanceBounds, VisitFn};
use crate::edge::NodeRef;

/// The nodes of one type, with the sources that reached them.
#[derive(Debug, Default)]
struct LabeledNodes {
    /// Nodes reached from one source.
    once: BitSet,
    /// Nodes reached from a second source.
    twice: BitSet,
    /// Sources that were visited.
    visited: BitSet,
    /// Position of the source that first reached each node.
    first: Vec<u32>,
    /// Nodes at the current distance, with the source that reached each.
    frontier: Vec<(u32, u32)>,
    /// Nodes at the next distance.
    next: Vec<(u32, u32)>,
    /// All reached nodes.
    reached: Vec<u32>,
}

/// The state of a search that distinguishes its sources.
#[derive(Debug, Default)]
pub(super) struct SourceLabels {
    types: Vec<LabeledNodes>,
}

impl SourceLabels {
    fn reset(&mut self, graph: &TraversalGraph) {
        for nodes in &mut self.types {
            for bits in [&mut nodes.once, &mut nodes.twice, &mut nodes.visited] {
                bits.clear(&nodes.reached);
            }
            nodes.frontier.clear();
            nodes.next.clear();
            nodes.reached.clear();
        }
        let types = self.types.len().max(graph.sizes().len());
        self.types.resize_with(types, LabeledNodes::default);
        for (nodes, &size) in self.types.iter_mut().zip(graph.sizes()) {
            [&mut nodes.once, &mut nodes.twice, &mut nodes.visited].into_iter().for_each(|bits| bits.reserve(size));
            nodes.first.resize(nodes.first.len().max(size as usize), 0);
        }
    }

    fn is_exhausted(&self) -> bool {
        self.types.iter().all(|nodes| nodes.frontier.is_empty())
    }
}

impl TraversalGraph {
    /// Visits the nodes that [`reach`](Self::reach) visits from any of the sources.
    ///
    /// Each node is visited once, with the least distance from a source that reaches it within the bounds. A source is visited if
    /// another source or a self-loop reaches it, or if `min` is 0.
    ///
    /// For `min` up to 1 each edge is scanned at most twice, independent of the number of sources, and distances ascend. For a
    /// greater `min` the sources are searched one by one, and nodes are visited at the end.
    ///
    /// # Errors
    ///
    /// Breaks if `progress` or `visit` does.
    pub fn reach_from_any(
        &self,
        sources: &[NodeRef],
        min: u32,
        max: Option<u32>,
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        let bounds = DistanceBounds { min, max };
        match min {
            0 => self.reach_from_nearest(bounds, sources, buffers, progress, visit),
            1 => self.reach_from_two_nearest(bounds, sources, buffers, progress, visit),
            _ => self.reach_from_each(bounds, sources, buffers, progress, visit),
        }
    }

    fn reach_from_nearest(
        &self,
        bounds: DistanceBounds,
        sources: &[NodeRef],
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        let search = &mut buffers.forward;
        search.reset(self);
        for &source in sources {
            if self.contains(source) && search.add_source(source) {
                visit(source, 0)?;
            }
        }
        self.visit_levels(bounds, search, progress, visit)
    }

    fn reach_from_each(
        &self,
        bounds: DistanceBounds,
        sources: &[NodeRef],
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        let mut least: Vec<Vec<u32>> = self.sizes().iter().map(|&size| vec![u32::MAX; size as usize]).collect();
        let mut reached = Vec::new();
        for &source in sources {
            self.reach(source, bounds.min, bounds.max, buffers, progress, &mut |node, distance| {
                let known = &mut least[node.type_index()][node.ordinal_index()];
                if *known == u32::MAX {
                    reached.push(node);
                }
                *known = distance.min(*known);
                ControlFlow::Continue(())
            })?;
        }
        reached.iter().try_for_each(|node| visit(*node, least[node.type_index()][node.ordinal_index()]))
    }

    /// Keeps the two nearest sources of each node.
    ///
    /// The nearest source of a source is itself; the second one is the source that reaches it. A third source reaches no node
    /// sooner than these two.
    fn reach_from_two_nearest(
        &self,
        bounds: DistanceBounds,
        sources: &[NodeRef],
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        if !bounds.contains(1) {
            return ControlFlow::Continue(());
        }
        let labels = &mut buffers.labels;
        labels.reset(self);
        for (&source, label) in sources.iter().zip(0u32..).filter(|(source, _)| self.contains(**source)) {
            let ordinal = source.ordinal();
            let nodes = &mut labels.types[source.type_index()];
            if !nodes.once.insert(ordinal) {
                continue;
            }
            nodes.first[ordinal as usize] = label;
            nodes.frontier.push((ordinal, label));
            nodes.reached.push(ordinal);
            if self.has_loop(source) {
                nodes.visited.insert(ordinal);
                visit(source, 1)?;
            }
        }
        CostMeter::run(progress, |meter| self.propagate_labels(bounds, sources, labels, meter, visit))
    }

    fn propagate_labels(
        &self,
        bounds: DistanceBounds,
        sources: &[NodeRef],
        labels: &mut SourceLabels,
        meter: &mut CostMeter<'_, '_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        let mut distance = 0;
        while !labels.is_exhausted() && !bounds.end_at(distance) {
            distance += 1;
            for step in self.steps() {
                let cursor = step.cursor();
                let (from, to) = (usize::from(cursor.from_type), usize::from(cursor.to_type));
                for position in 0..labels.types[from].frontier.len() {
                    let (node, label) = labels.types[from].frontier[position];
                    let targets = &mut labels.types[to];
                    cursor.rows.row(node).for_each_segment(|segment| {
                        for (neighbor, _) in cursor.admitted(node, segment) {
                            if targets.reach(neighbor, label, sources) {
                                visit(neighbor, distance)?;
                            }
                        }
                        meter.add(segment.len())
                    })?;
                }
            }
            for nodes in &mut labels.types {
                std::mem::swap(&mut nodes.frontier, &mut nodes.next);
                nodes.next.clear();
            }
        }
        ControlFlow::Continue(())
    }
}

impl LabeledNodes {
    /// Records that a node of this type is reached from a source. Returns true if the node is to be visited now.
    #[inline]
    fn reach(&mut self, node: NodeRef, label: u32, sources: &[NodeRef]) -> bool {
        let ordinal = node.ordinal();
        if self.once.insert(ordinal) {
            self.first[ordinal as usize] = label;
            self.next.push((ordinal, label));
            self.reached.push(ordinal);
            return true;
        }
        let first = self.first[ordinal as usize];
        if first == label || !self.twice.insert(ordinal) {
            return false;
        }
        self.next.push((ordinal, label));
        sources[first as usize] == node && self.visited.insert(ordinal)
    }
}
