//! What a walk reaches from any of several nodes: each target once.

use std::ops::ControlFlow;

use super::Scratch;
use super::graph::{Heading, Place, WalkGraph};
use super::meter::{Meter, Work};
use super::reach::{Bounds, Emit};
use super::search::Bits;

/// What a search that tells starts apart remembers of one space.
#[derive(Debug, Default)]
struct Space {
    /// Reached from a start.
    once: Bits,
    /// Reached from a second start.
    twice: Bits,
    /// Starts that were emitted.
    emitted: Bits,
    /// The start that a node was first reached from, as its position among them.
    first: Vec<u32>,
    /// Nodes at the present distance, and the start each was reached from.
    frontier: Vec<(u32, u32)>,
    /// Nodes at the next distance.
    next: Vec<(u32, u32)>,
    /// Every node reached.
    reached: Vec<u32>,
}

/// State of a search that tells starts apart.
#[derive(Debug, Default)]
pub(super) struct Labels {
    spaces: Vec<Space>,
}

impl Labels {
    fn begin(&mut self, graph: &WalkGraph) {
        for space in &mut self.spaces {
            for bits in [&mut space.once, &mut space.twice, &mut space.emitted] {
                bits.clear(&space.reached);
            }
            space.frontier.clear();
            space.next.clear();
            space.reached.clear();
        }
        let spaces = self.spaces.len().max(graph.sizes().len());
        self.spaces.resize_with(spaces, Space::default);
        for (space, &size) in self.spaces.iter_mut().zip(graph.sizes()) {
            [&mut space.once, &mut space.twice, &mut space.emitted].into_iter().for_each(|bits| bits.fit(size));
            space.first.resize(space.first.len().max(size as usize), 0);
        }
    }

    fn space(&mut self, place: Place) -> &mut Space {
        &mut self.spaces[usize::from(place.space)]
    }

    fn is_over(&self) -> bool {
        self.spaces.iter().all(|space| space.frontier.is_empty())
    }
}

impl WalkGraph {
    /// What [`reach`](Self::reach) emits from any of the starts: each such node once, with the least distance it has from a
    /// start that reaches it within the bounds. A start is among them if another reaches it, or a self-edge, or if `min` is
    /// 0.
    ///
    /// For `min` up to 1 it looks at each edge at most twice, whatever the number of starts, and distances ascend; for a
    /// greater one it walks from one start after the other and emits at the end.
    ///
    /// # Errors
    ///
    /// Breaks when `work` or `emit` does.
    pub fn reach_from_any(
        &self,
        starts: &[Place],
        min: u32,
        max: Option<u32>,
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        let bounds = Bounds { min, max };
        match min {
            0 => self.reach_from_nearest(bounds, starts, scratch, work, emit),
            1 => self.reach_from_two_nearest(bounds, starts, scratch, work, emit),
            _ => self.reach_from_each(bounds, starts, scratch, work, emit),
        }
    }

    fn reach_from_nearest(
        &self,
        bounds: Bounds,
        starts: &[Place],
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        let search = &mut scratch.forward;
        search.begin(self);
        for &start in starts {
            if self.contains(start) && search.start(start) {
                emit(start, 0)?;
            }
        }
        self.go_on(bounds, search, work, emit)
    }

    fn reach_from_each(
        &self,
        bounds: Bounds,
        starts: &[Place],
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        let mut least: Vec<Vec<u32>> = self.sizes().iter().map(|&size| vec![u32::MAX; size as usize]).collect();
        let mut found = Vec::new();
        for &start in starts {
            self.reach(start, bounds.min, bounds.max, scratch, work, &mut |place, distance| {
                let known = &mut least[usize::from(place.space)][place.ordinal as usize];
                if *known == u32::MAX {
                    found.push(place);
                }
                *known = distance.min(*known);
                ControlFlow::Continue(())
            })?;
        }
        let distance = |place: &Place| least[usize::from(place.space)][place.ordinal as usize];
        found.iter().try_for_each(|place| emit(*place, distance(place)))
    }

    /// Keeps for each node the two nearest starts: of a start the nearest is itself, and the other is what it asks for.
    /// What a third start could reach through a node, one of these two reaches as soon.
    fn reach_from_two_nearest(
        &self,
        bounds: Bounds,
        starts: &[Place],
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        if !bounds.admit(1) {
            return ControlFlow::Continue(());
        }
        let labels = &mut scratch.labels;
        labels.begin(self);
        for (&start, label) in starts.iter().zip(0u32..).filter(|(start, _)| self.contains(**start)) {
            let space = labels.space(start);
            if !space.once.insert(start.ordinal) {
                continue;
            }
            space.first[start.ordinal as usize] = label;
            space.frontier.push((start.ordinal, label));
            space.reached.push(start.ordinal);
            if self.has_loop(start) {
                space.emitted.insert(start.ordinal);
                emit(start, 1)?;
            }
        }
        Meter::over(work, |meter| self.spread(bounds, starts, labels, meter, emit))
    }

    fn spread(
        &self,
        bounds: Bounds,
        starts: &[Place],
        labels: &mut Labels,
        meter: &mut Meter<'_, '_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        let mut distance = 0;
        while !labels.is_over() && !bounds.end_at(distance) {
            distance += 1;
            for step in self.steps() {
                let (rows, from, to) = Heading::Forward.of(step);
                for at in 0..labels.spaces[from].frontier.len() {
                    let (node, label) = labels.spaces[from].frontier[at];
                    let target = &mut labels.spaces[to];
                    rows.row(node).segments(|segment| {
                        for (other, address) in segment.edges() {
                            if step.allow.as_ref().is_some_and(|allow| !allow.contains(address)) {
                                continue;
                            }
                            let place = Place { space: step.to_space, ordinal: other };
                            if target.reach(place, label, starts) {
                                emit(place, distance)?;
                            }
                        }
                        meter.look(segment.len())
                    })?;
                }
            }
            for space in &mut labels.spaces {
                std::mem::swap(&mut space.frontier, &mut space.next);
                space.next.clear();
            }
        }
        ControlFlow::Continue(())
    }
}

impl Space {
    /// Notes that a node of this space is reached from a start. Returns whether it is to be emitted now.
    #[inline]
    fn reach(&mut self, place: Place, label: u32, starts: &[Place]) -> bool {
        let ordinal = place.ordinal;
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
        starts[first as usize] == place && self.emitted.insert(ordinal)
    }
}
