//! The nodes on all shortest paths to one target, by distance from the start.

use std::ops::ControlFlow;

use super::request::PathEdge;
use crate::bfs::{BfsState, CostMeter, SearchBuffers, SearchDirection, TraversalGraph};
use crate::edge::NodeRef;

/// The depth of each node that a search visited. Entries of other nodes are stale.
#[derive(Debug, Default)]
pub(crate) struct NodeDepths {
    types: Vec<Vec<u32>>,
}

impl NodeDepths {
    /// Starts a search from one node, at depth 0.
    fn start(&mut self, graph: &TraversalGraph, search: &mut BfsState, node: NodeRef) {
        self.reserve(graph);
        search.start(graph, node);
        self.record(search, 0);
    }

    fn reserve(&mut self, graph: &TraversalGraph) {
        let types = self.types.len().max(graph.sizes().len());
        self.types.resize_with(types, Vec::new);
        for (depths, &size) in self.types.iter_mut().zip(graph.sizes()) {
            depths.resize(depths.len().max(size as usize), 0);
        }
    }

    /// Records the depth of the frontier of a search.
    fn record(&mut self, search: &BfsState, depth: u32) {
        for node in search.frontier() {
            self.types[node.type_index()][node.ordinal_index()] = depth;
        }
    }

    pub(crate) fn depth(&self, node: NodeRef) -> u32 {
        self.types[node.type_index()][node.ordinal_index()]
    }
}

/// The nodes on shortest paths at each distance from 0 to the target's, ascending.
pub(crate) type PathLevels = Vec<Vec<NodeRef>>;

impl TraversalGraph {
    /// Records the depth of every node within `max` of the start, until `enough` returns true after a level.
    pub(super) fn record_depths(
        &self,
        start: NodeRef,
        max: Option<u32>,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
        mut enough: impl FnMut(&BfsState) -> bool,
    ) -> ControlFlow<()> {
        let (search, depths) = (&mut buffers.forward, &mut buffers.depths[0]);
        depths.start(self, search, start);
        let mut depth = 0;
        while search.frontier_len() > 0 && !enough(search) && max.is_none_or(|max| depth < max) {
            depth += 1;
            search.expand(self, SearchDirection::Forward, meter, |_, _| ControlFlow::Continue(()))?;
            depths.record(search, depth);
        }
        ControlFlow::Continue(())
    }

    /// Returns the levels between two nodes by a bidirectional search; `None` if their distance exceeds `max`.
    pub(super) fn levels_between(
        &self,
        start: NodeRef,
        target: NodeRef,
        max: Option<u32>,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), Option<PathLevels>> {
        if start == target {
            return ControlFlow::Continue(Some(vec![vec![start]]));
        }
        let SearchBuffers { forward, backward, depths, .. } = buffers;
        depths[0].start(self, forward, start);
        depths[1].start(self, backward, target);
        let mut depth = [0, 0];
        while forward.frontier_len() > 0
            && backward.frontier_len() > 0
            && max.is_none_or(|max| depth[0] + depth[1] < max)
        {
            let (search, other, side, direction) = if forward.frontier_len() <= backward.frontier_len() {
                (&mut *forward, &*backward, 0, SearchDirection::Forward)
            } else {
                (&mut *backward, &*forward, 1, SearchDirection::Backward)
            };
            search.expand(self, direction, meter, |_, _| ControlFlow::Continue(()))?;
            depth[side] += 1;
            depths[side].record(search, depth[side]);
            let mut met: Vec<NodeRef> = search.frontier().filter(|&node| other.has_seen(node)).collect();
            if !met.is_empty() {
                met.sort_unstable();
                let mut levels = self.levels_to(met.clone(), depth[0], forward, &depths[0], meter)?;
                levels.extend(self.levels_beyond(met, depth[1], backward, &depths[1], meter)?);
                return ControlFlow::Continue(Some(levels));
            }
        }
        ControlFlow::Continue(None)
    }

    /// Returns the levels from the start up to these nodes, which a forward search found at this depth.
    pub(super) fn levels_to(
        &self,
        nodes: Vec<NodeRef>,
        depth: u32,
        search: &BfsState,
        depths: &NodeDepths,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), PathLevels> {
        let mut levels = vec![nodes];
        for depth in (0..depth).rev() {
            let level = self.neighbors_at(levels.last(), SearchDirection::Backward, depth, search, depths, meter)?;
            levels.push(level);
        }
        levels.reverse();
        ControlFlow::Continue(levels)
    }

    /// Returns the levels beyond these nodes up to the target, from which a backward search found them at this depth.
    fn levels_beyond(
        &self,
        nodes: Vec<NodeRef>,
        depth: u32,
        search: &BfsState,
        depths: &NodeDepths,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), PathLevels> {
        let mut levels = vec![nodes];
        for depth in (0..depth).rev() {
            let level = self.neighbors_at(levels.last(), SearchDirection::Forward, depth, search, depths, meter)?;
            levels.push(level);
        }
        levels.remove(0);
        ControlFlow::Continue(levels)
    }

    /// Returns the neighbors of a level that a search visited at a depth, ascending.
    fn neighbors_at(
        &self,
        level: Option<&Vec<NodeRef>>,
        direction: SearchDirection,
        depth: u32,
        search: &BfsState,
        depths: &NodeDepths,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), Vec<NodeRef>> {
        let mut neighbors = Vec::new();
        for &node in level.into_iter().flatten() {
            self.for_each_edge(node, direction, meter, |PathEdge { to, .. }| {
                if search.has_seen(to) && depths.depth(to) == depth {
                    neighbors.push(to);
                }
            })?;
        }
        neighbors.sort_unstable();
        neighbors.dedup();
        ControlFlow::Continue(neighbors)
    }
}
