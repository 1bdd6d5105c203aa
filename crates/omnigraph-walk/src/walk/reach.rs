//! What a walk reaches from one node, and how far one node is from another.

use std::ops::ControlFlow;

use super::Scratch;
use super::graph::{Heading, Place, WalkGraph};
use super::meter::{Meter, Work};
use super::search::Search;

/// Takes a node and its distance; a break ends the search.
pub type Emit<'a> = dyn FnMut(Place, u32) -> ControlFlow<()> + 'a;

/// The bounds of a walk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
}

impl Bounds {
    pub(crate) fn admit(self, distance: u32) -> bool {
        self.min <= distance && self.max.is_none_or(|max| distance <= max)
    }

    /// True if a node at this distance is emitted one further on when it has a self-edge: it is too near by one, as
    /// otherwise it is emitted at its own distance or too far already.
    pub(crate) fn admit_loop(self, distance: u32) -> bool {
        self.min.checked_sub(1) == Some(distance) && self.admit(self.min)
    }

    /// True if nothing at more than this distance is of interest.
    pub(crate) fn end_at(self, distance: u32) -> bool {
        self.max.is_some_and(|max| max <= distance)
    }
}

impl WalkGraph {
    /// Breadth first from `start` over distinct nodes, all steps at once. Calls `emit` once with each node whose shortest
    /// distance is at least `min` and at most `max`; the start has distance 0 and is not reached again by cycles. A node
    /// that is too near by one, but has a self-edge that may be walked, is emitted at distance `min`. Without `max` the
    /// walk ends when nothing new is reached. From a start that is no node of the graph nothing is.
    ///
    /// Distances ascend; within one the order depends only on the graph. Costs nothing but its own steps when the scratch
    /// is used again.
    ///
    /// # Errors
    ///
    /// Breaks when `work` or `emit` does.
    pub fn reach(
        &self,
        start: Place,
        min: u32,
        max: Option<u32>,
        scratch: &mut Scratch,
        work: &mut Work<'_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        let bounds = Bounds { min, max };
        if !self.contains(start) {
            return ControlFlow::Continue(());
        }
        if bounds.admit(0) {
            emit(start, 0)?;
        }
        let search = &mut scratch.forward;
        search.begin_at(self, start);
        self.go_on(bounds, search, work, emit)
    }

    /// Emits what lies beyond the starts in the frontier.
    pub(super) fn go_on(
        &self,
        bounds: Bounds,
        search: &mut Search,
        work: &mut Work<'_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        Meter::over(work, |meter| self.levels(bounds, search, meter, emit))
    }

    fn levels(
        &self,
        bounds: Bounds,
        search: &mut Search,
        meter: &mut Meter<'_, '_>,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        let mut distance = 0;
        while search.width() > 0 && !bounds.end_at(distance) {
            if bounds.admit_loop(distance) {
                search
                    .frontier()
                    .filter(|&place| self.has_loop(place))
                    .try_for_each(|place| emit(place, distance + 1))?;
            }
            distance += 1;
            search.expand(self, Heading::Forward, meter, |space, ordinals| {
                if !bounds.admit(distance) {
                    return ControlFlow::Continue(());
                }
                ordinals.iter().try_for_each(|&ordinal| emit(Place { space, ordinal }, distance))
            })?;
        }
        ControlFlow::Continue(())
    }

    /// The distance at which [`reach`](Self::reach) would emit `target`, if it would. Searches from both ends, and stops
    /// where they meet.
    ///
    /// # Errors
    ///
    /// Breaks when `work` does.
    pub fn within(
        &self,
        start: Place,
        target: Place,
        min: u32,
        max: Option<u32>,
        scratch: &mut Scratch,
        work: &mut Work<'_>,
    ) -> ControlFlow<(), Option<u32>> {
        let bounds = Bounds { min, max };
        Meter::over(work, |meter| {
            let distance = self.meet(start, target, max, scratch, meter)?;
            ControlFlow::Continue(distance.and_then(|distance| {
                let looped = || (bounds.admit_loop(distance) && self.has_loop(target)).then_some(min);
                if bounds.admit(distance) { Some(distance) } else { looped() }
            }))
        })
    }

    /// The shortest distance, up to `max`. While the two searches have gone so far without meeting, the nodes are further
    /// apart than both together; so the first meeting in the next level is at the shortest distance.
    fn meet(
        &self,
        start: Place,
        target: Place,
        max: Option<u32>,
        scratch: &mut Scratch,
        meter: &mut Meter<'_, '_>,
    ) -> ControlFlow<(), Option<u32>> {
        if !self.contains(start) || !self.contains(target) {
            return ControlFlow::Continue(None);
        }
        if start == target {
            return ControlFlow::Continue(Some(0));
        }
        let Scratch { forward, backward, .. } = scratch;
        for (search, place) in [(&mut *forward, start), (&mut *backward, target)] {
            search.begin_at(self, place);
        }
        let mut distance = 0;
        while forward.width() > 0 && backward.width() > 0 && max.is_none_or(|max| distance < max) {
            let (search, other, heading) = if forward.width() <= backward.width() {
                (&mut *forward, &*backward, Heading::Forward)
            } else {
                (&mut *backward, &*forward, Heading::Backward)
            };
            distance += 1;
            let mut met = false;
            let expanded = search.expand(self, heading, meter, |space, ordinals| {
                met = ordinals.iter().any(|&ordinal| other.has_seen(Place { space, ordinal }));
                if met { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if met {
                return ControlFlow::Continue(Some(distance));
            }
            expanded?;
        }
        ControlFlow::Continue(None)
    }
}
