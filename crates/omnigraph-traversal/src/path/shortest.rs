//! Shortest paths: one per target, or all.
//!
//! A search for one target is bidirectional. One shortest path to each of many targets is a breadth-first tree: the nodes of a
//! level are kept in the order of their least paths. So the first node that leads to a new one is its predecessor on the least
//! path, and new nodes are appended in the order of theirs.

use std::ops::ControlFlow;

use super::levels::PathLevels;
use super::request::{GraphPath, OpenTargets, PathEdge, PathFn, PathOrder, PathRequest};
use crate::bfs::{CostMeter, DistanceBounds, ProgressFn, SearchBuffers, SearchDirection, TraversalGraph};
use crate::edge::NodeRef;

/// The ending of paths to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathEnding {
    /// Shortest paths to the target.
    Direct,
    /// Shortest paths to the target, then one self-loop.
    SelfLoop,
}

impl PathEnding {
    /// Returns the ending of paths to a target at this distance; `None` if the bounds exclude it.
    pub(super) fn at_distance(distance: u32, bounds: DistanceBounds) -> Option<Self> {
        if bounds.contains(distance) {
            Some(Self::Direct)
        } else {
            bounds.admits_loop(distance).then_some(Self::SelfLoop)
        }
    }
}

impl TraversalGraph {
    /// Calls `found_path` with the least of the shortest paths to each target, nearest targets first.
    ///
    /// # Errors
    ///
    /// Breaks if `progress` or `found_path` does.
    pub fn shortest(
        &self,
        request: &PathRequest<'_>,
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        if !self.contains(request.start) {
            return ControlFlow::Continue(());
        }
        let targets = OpenTargets::new(request.targets);
        CostMeter::run(progress, |meter| match targets.single() {
            Some(target) => self.search_one(request, target, buffers, meter, &mut |levels, ending, meter| {
                self.least_path(request, levels, ending, meter, found_path)
            }),
            None => self.search_tree(request, targets, buffers, meter, found_path),
        })
    }

    /// Calls `found_path` with all shortest paths to each target, nearest targets first.
    ///
    /// The order of paths to one target depends only on the order of nodes and edges.
    ///
    /// # Errors
    ///
    /// Breaks if `progress` or `found_path` does.
    pub fn all_shortest(
        &self,
        request: &PathRequest<'_>,
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        if !self.contains(request.start) {
            return ControlFlow::Continue(());
        }
        let targets = OpenTargets::new(request.targets);
        let mut every = |levels: &PathLevels, ending, meter: &mut CostMeter<'_, '_>| {
            self.all_paths(request, levels, ending, meter, found_path)
        };
        CostMeter::run(progress, |meter| match targets.single() {
            Some(target) => self.search_one(request, target, buffers, meter, &mut every),
            None => self.search_each(request, &targets, buffers, meter, &mut every),
        })
    }

    /// Calls `found` with the levels between the start and one target.
    fn search_one(
        &self,
        request: &PathRequest<'_>,
        target: NodeRef,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
        found: &mut dyn FnMut(&PathLevels, PathEnding, &mut CostMeter<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.contains(target) {
            return ControlFlow::Continue(());
        }
        let Some(levels) = self.levels_between(request.start, target, request.max, buffers, meter)? else {
            return ControlFlow::Continue(());
        };
        match PathEnding::at_distance(levels.len() as u32 - 1, request.bounds()) {
            Some(ending) => found(&levels, ending, meter),
            None => ControlFlow::Continue(()),
        }
    }

    /// Searches forward once, then calls `found` with the levels of each visited target, nearest first.
    fn search_each(
        &self,
        request: &PathRequest<'_>,
        targets: &OpenTargets,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
        found: &mut dyn FnMut(&PathLevels, PathEnding, &mut CostMeter<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut visited = Vec::new();
        self.record_depths(request.start, request.max, buffers, meter, |forward| {
            let mut level: Vec<NodeRef> = forward.frontier().filter(|&node| targets.contains(node)).collect();
            level.sort_unstable_by(|a, b| (request.order.node)(*a, *b));
            visited.extend(level);
            visited.len() == targets.count()
        })?;
        for target in visited {
            let depth = buffers.depths[0].depth(target);
            let Some(ending) = PathEnding::at_distance(depth, request.bounds()) else { continue };
            let levels = self.levels_to(vec![target], depth, &buffers.forward, &buffers.depths[0], meter)?;
            found(&levels, ending, meter)?;
        }
        ControlFlow::Continue(())
    }

    /// Follows the least edge from level to level.
    fn least_path(
        &self,
        request: &PathRequest<'_>,
        levels: &PathLevels,
        ending: PathEnding,
        meter: &mut CostMeter<'_, '_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        let mut path = GraphPath { nodes: vec![request.start], edges: Vec::new(), cost: 0.0 };
        let mut node = request.start;
        for level in &levels[1..] {
            let mut least: Option<PathEdge> = None;
            self.for_each_edge(node, SearchDirection::Forward, meter, |edge| {
                let less = |least: PathEdge| request.order.compare(&edge, &least).is_lt();
                if level.binary_search(&edge.to).is_ok() && least.is_none_or(less) {
                    least = Some(edge);
                }
            })?;
            let Some(edge) = least else { return ControlFlow::Continue(()) };
            path.push(edge, 1.0);
            node = edge.to;
        }
        match ending {
            PathEnding::Direct => found_path(path),
            PathEnding::SelfLoop => match self.self_loops(node, &request.order, meter)?.first() {
                Some(&edge) => {
                    path.push(edge, 1.0);
                    found_path(path)
                }
                None => ControlFlow::Continue(()),
            },
        }
    }

    /// Enumerates all paths through the levels depth-first. The untried edges of each level are on an explicit stack instead of
    /// the call stack, because paths may be long.
    fn all_paths(
        &self,
        request: &PathRequest<'_>,
        levels: &PathLevels,
        ending: PathEnding,
        meter: &mut CostMeter<'_, '_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        let target = levels.last().and_then(|level| level.first()).copied().unwrap_or(request.start);
        let loops = match ending {
            PathEnding::Direct => Vec::new(),
            PathEnding::SelfLoop => self.self_loops(target, &request.order, meter)?,
        };
        let mut path = GraphPath { nodes: vec![request.start], edges: Vec::new(), cost: (levels.len() - 1) as f64 };
        let mut untried: Vec<Vec<PathEdge>> = Vec::new();
        loop {
            if path.nodes.len() == levels.len() {
                emit_endings(&path, ending, &loops, found_path)?;
            } else {
                let node = path.nodes.last().copied().unwrap_or(request.start);
                untried.push(self.edges_into(node, &levels[path.nodes.len()], &request.order, meter)?);
            }
            // Backtrack to the last node with an untried edge.
            let edge = loop {
                let Some(targets) = untried.last_mut() else { return ControlFlow::Continue(()) };
                match targets.pop() {
                    Some(edge) => break edge,
                    None => untried.pop(),
                };
            };
            path.nodes.truncate(untried.len());
            path.edges.truncate(untried.len() - 1);
            path.nodes.push(edge.to);
            path.edges.push((edge.step, edge.address));
        }
    }

    /// Returns the edges from a node into a level, the least last.
    fn edges_into(
        &self,
        node: NodeRef,
        level: &[NodeRef],
        order: &PathOrder<'_>,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), Vec<PathEdge>> {
        let mut edges = Vec::new();
        self.for_each_edge(node, SearchDirection::Forward, meter, |edge| {
            if level.binary_search(&edge.to).is_ok() {
                edges.push(edge);
            }
        })?;
        edges.sort_by(|a, b| order.compare(b, a));
        ControlFlow::Continue(edges)
    }
}

fn emit_endings(
    path: &GraphPath,
    ending: PathEnding,
    loops: &[PathEdge],
    found_path: &mut PathFn<'_>,
) -> ControlFlow<()> {
    if ending == PathEnding::Direct {
        return found_path(path.clone());
    }
    loops.iter().try_for_each(|&edge| {
        let mut path = path.clone();
        path.push(edge, 1.0);
        found_path(path)
    })
}

/// A node of a breadth-first tree, with the last edge of its least path.
#[derive(Clone, Copy, Debug)]
struct TreeNode {
    edge: PathEdge,
    /// Position of the predecessor in the tree; the own position at the root.
    parent: usize,
}

impl TraversalGraph {
    /// Builds a breadth-first tree and calls `found_path` with the path to each target.
    fn search_tree(
        &self,
        request: &PathRequest<'_>,
        targets: OpenTargets,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        let seen = &mut buffers.forward;
        seen.start(self, request.start);
        let root = PathEdge { to: request.start, step: 0, address: 0 };
        let mut tree = vec![TreeNode { edge: root, parent: 0 }];
        let (mut level, mut distance, mut found) = (0..1, 0, 0);
        let mut new = Vec::new();
        while !level.is_empty() {
            for number in level.clone().filter(|&number| targets.contains(tree[number].edge.to)) {
                found += 1;
                if let Some(ending) = PathEnding::at_distance(distance, request.bounds()) {
                    self.emit_tree_path(request, &tree, number, ending, meter, found_path)?;
                }
            }
            if found == targets.count() || request.bounds().end_at(distance) {
                break;
            }
            for parent in level.clone() {
                new.clear();
                self.for_each_edge(tree[parent].edge.to, SearchDirection::Forward, meter, |edge| {
                    if !seen.has_seen(edge.to) {
                        new.push(edge);
                    }
                })?;
                new.sort_unstable_by(|a, b| request.order.compare(a, b));
                tree.extend(new.iter().filter(|edge| seen.add_source(edge.to)).map(|&edge| TreeNode { edge, parent }));
            }
            level = level.end..tree.len();
            distance += 1;
        }
        ControlFlow::Continue(())
    }

    fn emit_tree_path(
        &self,
        request: &PathRequest<'_>,
        tree: &[TreeNode],
        mut number: usize,
        ending: PathEnding,
        meter: &mut CostMeter<'_, '_>,
        found_path: &mut PathFn<'_>,
    ) -> ControlFlow<()> {
        let mut edges = Vec::new();
        if ending == PathEnding::SelfLoop {
            match self.self_loops(tree[number].edge.to, &request.order, meter)?.first() {
                Some(&edge) => edges.push(edge),
                None => return ControlFlow::Continue(()),
            }
        }
        while number > 0 {
            edges.push(tree[number].edge);
            number = tree[number].parent;
        }
        let mut path = GraphPath { nodes: vec![request.start], edges: Vec::with_capacity(edges.len()), cost: 0.0 };
        edges.into_iter().rev().for_each(|edge| path.push(edge, 1.0));
        found_path(path)
    }
}
