//! Nodes reached from one node, and the distance between two nodes.

use std::ops::ControlFlow;

use super::SearchBuffers;
use super::cost_meter::{CostMeter, ProgressFn};
use super::frontier::BfsState;
use super::graph::{SearchDirection, TraversalGraph};
use crate::edge::NodeRef;

/// A callback for reached nodes: receives a node and its distance. A break ends the search.
pub type VisitFn<'a> = dyn FnMut(NodeRef, u32) -> ControlFlow<()> + 'a;

/// The distances that a traversal admits, such as `{1,5}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DistanceBounds {
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
}

impl DistanceBounds {
    pub(crate) fn contains(self, distance: u32) -> bool {
        self.min <= distance && self.max.is_none_or(|max| distance <= max)
    }

    /// Returns true if a self-loop on a node at this distance leads to the minimum distance.
    ///
    /// A node at a greater distance is admitted without the loop; a nearer one stays below the minimum.
    pub(crate) fn admits_loop(self, distance: u32) -> bool {
        self.min.checked_sub(1) == Some(distance) && self.contains(self.min)
    }

    /// Returns true if no greater distance is admitted.
    pub(crate) fn end_at(self, distance: u32) -> bool {
        self.max.is_some_and(|max| max <= distance)
    }
}

impl TraversalGraph {
    /// Visits the nodes reached from `start` by a breadth-first search over all steps.
    ///
    /// Calls `visit` once with each node whose shortest distance is at least `min` and at most `max`. The start has distance 0,
    /// and cycles do not reach it again. A node at distance `min - 1` with a self-loop that may be followed is visited at
    /// distance
    /// `min`. Without `max` the search ends when no new node is reached. A start outside the graph reaches nothing.
    ///
    /// Distances ascend; nodes of equal distance are in an order that depends only on the graph. With reused buffers the cost is
    /// proportional to the scanned edges.
    ///
    /// # Errors
    ///
    /// Breaks if `progress` or `visit` does.
    pub fn reach(
        &self,
        start: NodeRef,
        min: u32,
        max: Option<u32>,
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        let bounds = DistanceBounds { min, max };
        if !self.contains(start) {
            return ControlFlow::Continue(());
        }
        if bounds.contains(0) {
            visit(start, 0)?;
        }
        let search = &mut buffers.forward;
        search.start(self, start);
        self.visit_levels(bounds, search, progress, visit)
    }

    /// Visits the nodes beyond the sources in the frontier, level by level.
    pub(super) fn visit_levels(
        &self,
        bounds: DistanceBounds,
        search: &mut BfsState,
        progress: &mut ProgressFn<'_>,
        visit: &mut VisitFn<'_>,
    ) -> ControlFlow<()> {
        CostMeter::run(progress, |meter| {
            let mut distance = 0;
            while search.frontier_len() > 0 && !bounds.end_at(distance) {
                if bounds.admits_loop(distance) {
                    let mut looped = search.frontier().filter(|&node| self.has_loop(node));
                    looped.try_for_each(|node| visit(node, distance + 1))?;
                }
                distance += 1;
                search.expand(self, SearchDirection::Forward, meter, |node_type, ordinals| {
                    if !bounds.contains(distance) {
                        return ControlFlow::Continue(());
                    }
                    ordinals.iter().try_for_each(|&ordinal| visit(NodeRef::pack(node_type, ordinal), distance))
                })?;
            }
            ControlFlow::Continue(())
        })
    }

    /// Returns the distance at which [`reach`](Self::reach) would visit `target`, if it would. Searches bidirectionally.
    ///
    /// # Errors
    ///
    /// Breaks if `progress` does.
    pub fn distance(
        &self,
        start: NodeRef,
        target: NodeRef,
        min: u32,
        max: Option<u32>,
        buffers: &mut SearchBuffers,
        progress: &mut ProgressFn<'_>,
    ) -> ControlFlow<(), Option<u32>> {
        let bounds = DistanceBounds { min, max };
        CostMeter::run(progress, |meter| {
            let distance = self.shortest_distance(start, target, max, buffers, meter)?;
            ControlFlow::Continue(distance.and_then(|distance| {
                let looped = || (bounds.admits_loop(distance) && self.has_loop(target)).then_some(min);
                if bounds.contains(distance) { Some(distance) } else { looped() }
            }))
        })
    }

    /// Returns the shortest distance, up to `max`.
    ///
    /// As long as the two searches have not met, the distance exceeds the sum of their depths. So the first meeting in the next
    /// level is at the shortest distance.
    fn shortest_distance(
        &self,
        start: NodeRef,
        target: NodeRef,
        max: Option<u32>,
        buffers: &mut SearchBuffers,
        meter: &mut CostMeter<'_, '_>,
    ) -> ControlFlow<(), Option<u32>> {
        if !self.contains(start) || !self.contains(target) {
            return ControlFlow::Continue(None);
        }
        if start == target {
            return ControlFlow::Continue(Some(0));
        }
        let SearchBuffers { forward, backward, .. } = buffers;
        forward.start(self, start);
        backward.start(self, target);
        let mut distance = 0;
        while forward.frontier_len() > 0 && backward.frontier_len() > 0 && max.is_none_or(|max| distance < max) {
            let (search, other, direction) = if forward.frontier_len() <= backward.frontier_len() {
                (&mut *forward, &*backward, SearchDirection::Forward)
            } else {
                (&mut *backward, &*forward, SearchDirection::Backward)
            };
            distance += 1;
            let mut met = false;
            let expanded = search.expand(self, direction, meter, |node_type, ordinals| {
                met = ordinals.iter().any(|&ordinal| other.has_seen(NodeRef::pack(node_type, ordinal)));
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
