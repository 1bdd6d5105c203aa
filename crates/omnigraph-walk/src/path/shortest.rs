//! Paths with the fewest edges: one, or all.

use std::ops::ControlFlow;

use super::levels::Levels;
use super::question::{EmitPath, Hop, Open, Order, Path, PathSearch};
use crate::walk::{Bounds, Heading, Meter, Place, Scratch, WalkGraph, Work};

/// How a target at some distance is arrived at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// By its shortest paths.
    Direct,
    /// By these and one self-edge more.
    Loop,
}

impl Arrival {
    /// How a target at this distance is arrived at, if it is one.
    pub(super) fn at(distance: u32, bounds: Bounds) -> Option<Self> {
        if bounds.admit(distance) { Some(Self::Direct) } else { bounds.admit_loop(distance).then_some(Self::Loop) }
    }
}

impl WalkGraph {
    /// Calls `emit` with one path of the fewest edges to each target: the least of them. To many targets, the nearest
    /// first.
    ///
    /// # Errors
    ///
    /// Breaks when `work` or `emit` does.
    pub fn shortest(
        &self,
        search: &PathSearch<'_>,
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        if !self.contains(search.start) {
            return ControlFlow::Continue(());
        }
        let open = Open::of(search.targets);
        Meter::over(work, |meter| match open.only() {
            Some(target) => self.to_one(search, target, scratch, meter, &mut |levels, arrival, meter| {
                self.least(search, levels, arrival, meter, emit)
            }),
            None => self.to_many(search, open, scratch, meter, emit),
        })
    }

    /// Calls `emit` with every path of the fewest edges to each target. To many targets, the nearest first; to one, in an
    /// order that depends only on that of nodes and edges.
    ///
    /// # Errors
    ///
    /// Breaks when `work` or `emit` does.
    pub fn all_shortest(
        &self,
        search: &PathSearch<'_>,
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        if !self.contains(search.start) {
            return ControlFlow::Continue(());
        }
        let open = Open::of(search.targets);
        let mut every =
            |levels: &Levels, arrival, meter: &mut Meter<'_, '_>| self.every(search, levels, arrival, meter, emit);
        Meter::over(work, |meter| match open.only() {
            Some(target) => self.to_one(search, target, scratch, meter, &mut every),
            None => self.to_each(search, &open, scratch, meter, &mut every),
        })
    }

    fn to_one(
        &self,
        search: &PathSearch<'_>,
        target: Place,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
        found: &mut dyn FnMut(&Levels, Arrival, &mut Meter<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.contains(target) {
            return ControlFlow::Continue(());
        }
        let Some(levels) = self.levels_between(search.start, target, search.max, scratch, meter)? else {
            return ControlFlow::Continue(());
        };
        match Arrival::at(levels.len() as u32 - 1, search.bounds()) {
            Some(arrival) => found(&levels, arrival, meter),
            None => ControlFlow::Continue(()),
        }
    }

    /// One search forward, then the levels of each target it found, nearest first.
    fn to_each(
        &self,
        search: &PathSearch<'_>,
        open: &Open,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
        found: &mut dyn FnMut(&Levels, Arrival, &mut Meter<'_, '_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut targets = Vec::new();
        self.measure(search.start, search.max, scratch, meter, |forward| {
            let mut level: Vec<Place> = forward.frontier().filter(|&place| open.contains(place)).collect();
            level.sort_unstable_by(|a, b| (search.order.node)(*a, *b));
            targets.extend(level);
            targets.len() == open.count()
        })?;
        for target in targets {
            let depth = scratch.depths[0].at(target);
            let Some(arrival) = Arrival::at(depth, search.bounds()) else { continue };
            let levels = self.descend(vec![target], depth, &scratch.forward, &scratch.depths[0], meter)?;
            found(&levels, arrival, meter)?;
        }
        ControlFlow::Continue(())
    }

    /// Goes from level to level to the least node.
    fn least(
        &self,
        search: &PathSearch<'_>,
        levels: &Levels,
        arrival: Arrival,
        meter: &mut Meter<'_, '_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        let mut path = Path { nodes: vec![search.start], edges: Vec::new(), cost: 0.0 };
        let mut node = search.start;
        for level in &levels[1..] {
            let mut least: Option<Hop> = None;
            self.hops(node, Heading::Forward, meter, |hop| {
                let less = |least: Hop| search.order.compare(&hop, &least).is_lt();
                if level.binary_search(&hop.to).is_ok() && least.is_none_or(less) {
                    least = Some(hop);
                }
            })?;
            let Some(hop) = least else { return ControlFlow::Continue(()) };
            path.push(hop, 1.0);
            node = hop.to;
        }
        match arrival {
            Arrival::Direct => emit(path),
            Arrival::Loop => match self.loops(node, &search.order, meter)?.first() {
                Some(&hop) => {
                    path.push(hop, 1.0);
                    emit(path)
                }
                None => ControlFlow::Continue(()),
            },
        }
    }

    /// Goes through the levels in every way. The ways still open at each level are kept in a list rather than in recursion,
    /// as paths may be long.
    fn every(
        &self,
        search: &PathSearch<'_>,
        levels: &Levels,
        arrival: Arrival,
        meter: &mut Meter<'_, '_>,
        emit: &mut EmitPath<'_>,
    ) -> ControlFlow<()> {
        let target = levels.last().and_then(|level| level.first()).copied().unwrap_or(search.start);
        let loops = match arrival {
            Arrival::Direct => Vec::new(),
            Arrival::Loop => self.loops(target, &search.order, meter)?,
        };
        let mut path = Path { nodes: vec![search.start], edges: Vec::new(), cost: (levels.len() - 1) as f64 };
        let mut ways: Vec<Vec<Hop>> = Vec::new();
        loop {
            if path.nodes.len() == levels.len() {
                emit_arrival(&path, arrival, &loops, emit)?;
            } else {
                let node = path.nodes.last().copied().unwrap_or(search.start);
                ways.push(self.ways(node, &levels[path.nodes.len()], &search.order, meter)?);
            }
            // Back to the last node with a way left.
            let hop = loop {
                let Some(open) = ways.last_mut() else { return ControlFlow::Continue(()) };
                match open.pop() {
                    Some(hop) => break hop,
                    None => ways.pop(),
                };
            };
            path.nodes.truncate(ways.len());
            path.edges.truncate(ways.len() - 1);
            path.nodes.push(hop.to);
            path.edges.push((hop.step, hop.address));
        }
    }

    /// The edges from a node into a level, the least last.
    fn ways(
        &self,
        node: Place,
        level: &[Place],
        order: &Order<'_>,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Vec<Hop>> {
        let mut ways = Vec::new();
        self.hops(node, Heading::Forward, meter, |hop| {
            if level.binary_search(&hop.to).is_ok() {
                ways.push(hop);
            }
        })?;
        ways.sort_by(|a, b| order.compare(b, a));
        ControlFlow::Continue(ways)
    }
}

fn emit_arrival(path: &Path, arrival: Arrival, loops: &[Hop], emit: &mut EmitPath<'_>) -> ControlFlow<()> {
    if arrival == Arrival::Direct {
        return emit(path.clone());
    }
    loops.iter().try_for_each(|&hop| {
        let mut path = path.clone();
        path.push(hop, 1.0);
        emit(path)
    })
}
