//! The nodes on all shortest paths to one target, by their distance from the start.

use std::ops::ControlFlow;

use super::question::Hop;
use crate::walk::{Heading, Meter, Place, Scratch, Search, WalkGraph};

/// How far a search has gone to each node it has seen; says nothing about others.
#[derive(Debug, Default)]
pub(crate) struct Depths {
    spaces: Vec<Vec<u32>>,
}

impl Depths {
    /// Begins a search at one node, at depth 0.
    fn begin_at(&mut self, graph: &WalkGraph, search: &mut Search, place: Place) {
        self.begin(graph);
        search.begin_at(graph, place);
        self.note(search, 0);
    }

    fn begin(&mut self, graph: &WalkGraph) {
        let spaces = self.spaces.len().max(graph.sizes().len());
        self.spaces.resize_with(spaces, Vec::new);
        for (depths, &size) in self.spaces.iter_mut().zip(graph.sizes()) {
            depths.resize(depths.len().max(size as usize), 0);
        }
    }

    /// Gives the frontier of a search its depth.
    fn note(&mut self, search: &Search, depth: u32) {
        for place in search.frontier() {
            self.spaces[usize::from(place.space)][place.ordinal as usize] = depth;
        }
    }

    pub(crate) fn at(&self, place: Place) -> u32 {
        self.spaces[usize::from(place.space)][place.ordinal as usize]
    }
}

/// For each distance up to the target's the nodes there that lie on a shortest path, ascending.
pub(crate) type Levels = Vec<Vec<Place>>;

impl WalkGraph {
    /// Notes the depth of every node within `max` of the start, until `enough` says so at the end of a level.
    pub(super) fn measure(
        &self,
        start: Place,
        max: Option<u32>,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
        mut enough: impl FnMut(&Search) -> bool,
    ) -> ControlFlow<()> {
        let (search, depths) = (&mut scratch.forward, &mut scratch.depths[0]);
        depths.begin_at(self, search, start);
        let mut depth = 0;
        while search.width() > 0 && !enough(search) && max.is_none_or(|max| depth < max) {
            depth += 1;
            search.expand(self, Heading::Forward, meter, |_, _| ControlFlow::Continue(()))?;
            depths.note(search, depth);
        }
        ControlFlow::Continue(())
    }

    /// The levels between two nodes, searched from both ends; none if they are further apart than `max`.
    pub(super) fn levels_between(
        &self,
        start: Place,
        target: Place,
        max: Option<u32>,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Option<Levels>> {
        if start == target {
            return ControlFlow::Continue(Some(vec![vec![start]]));
        }
        let Scratch { forward, backward, depths, .. } = scratch;
        for ((search, depths), place) in
            [&mut *forward, &mut *backward].into_iter().zip(&mut *depths).zip([start, target])
        {
            depths.begin_at(self, search, place);
        }
        let mut depth = [0, 0];
        while forward.width() > 0 && backward.width() > 0 && max.is_none_or(|max| depth[0] + depth[1] < max) {
            let (search, other, turn, heading) = if forward.width() <= backward.width() {
                (&mut *forward, &*backward, 0, Heading::Forward)
            } else {
                (&mut *backward, &*forward, 1, Heading::Backward)
            };
            search.expand(self, heading, meter, |_, _| ControlFlow::Continue(()))?;
            depth[turn] += 1;
            depths[turn].note(search, depth[turn]);
            let mut met: Vec<Place> = search.frontier().filter(|&place| other.has_seen(place)).collect();
            if !met.is_empty() {
                met.sort_unstable();
                let mut levels = self.descend(met.clone(), depth[0], forward, &depths[0], meter)?;
                levels.extend(self.ascend(met, depth[1], backward, &depths[1], meter)?);
                return ControlFlow::Continue(Some(levels));
            }
        }
        ControlFlow::Continue(None)
    }

    /// The levels from the start up to these nodes, which a forward search found at this depth.
    pub(super) fn descend(
        &self,
        nodes: Vec<Place>,
        depth: u32,
        search: &Search,
        depths: &Depths,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Levels> {
        let mut levels = vec![nodes];
        for depth in (0..depth).rev() {
            let level = self.neighbors_at(levels.last(), Heading::Backward, depth, search, depths, meter)?;
            levels.push(level);
        }
        levels.reverse();
        ControlFlow::Continue(levels)
    }

    /// The levels beyond these nodes to the target, from which a backward search found them at this depth.
    fn ascend(
        &self,
        nodes: Vec<Place>,
        depth: u32,
        search: &Search,
        depths: &Depths,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Levels> {
        let mut levels = vec![nodes];
        for depth in (0..depth).rev() {
            let level = self.neighbors_at(levels.last(), Heading::Forward, depth, search, depths, meter)?;
            levels.push(level);
        }
        levels.remove(0);
        ControlFlow::Continue(levels)
    }

    /// What the nodes of a level lead to at a depth of the search.
    fn neighbors_at(
        &self,
        level: Option<&Vec<Place>>,
        heading: Heading,
        depth: u32,
        search: &Search,
        depths: &Depths,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Vec<Place>> {
        let mut neighbors = Vec::new();
        for &node in level.into_iter().flatten() {
            self.hops(node, heading, meter, |Hop { to, .. }| {
                if search.has_seen(to) && depths.at(to) == depth {
                    neighbors.push(to);
                }
            })?;
        }
        neighbors.sort_unstable();
        neighbors.dedup();
        ControlFlow::Continue(neighbors)
    }
}
