//! Breadth first search, level by level: the visited nodes of each space and the frontier among them.
//!
//! Visited nodes are bits, a thirty-second of what numbers would take, so that even large graphs keep them in the
//! processor's cache; and they are listed in the order found, so that starting anew clears only what was set.

use std::ops::{ControlFlow, Range};

use super::graph::{Heading, Place, WalkGraph};
use super::meter::Meter;
use crate::adjacency::Rows;
use crate::set::EdgeSet;

/// Nodes whose rows are fetched together: about as many as a processor has reads under way at a time.
const WARM_NODES: usize = 16;

/// A set of ordinals.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Makes room for this many ordinals.
    pub(crate) fn fit(&mut self, size: u32) {
        let words = (size as usize).div_ceil(64);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
    }

    #[inline]
    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        self.words[ordinal as usize / 64] >> (ordinal % 64) & 1 == 1
    }

    /// Returns whether it is new.
    #[inline]
    pub(crate) fn insert(&mut self, ordinal: u32) -> bool {
        let word = &mut self.words[ordinal as usize / 64];
        let bit = 1 << (ordinal % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Removes all, of which these are a list.
    pub(crate) fn clear(&mut self, members: &[u32]) {
        if members.len() >= self.words.len() {
            self.words.fill(0);
        } else {
            members.iter().for_each(|&ordinal| self.words[ordinal as usize / 64] = 0);
        }
    }
}

#[derive(Debug, Default)]
struct Space {
    seen: Bits,
    /// What was seen, in the order found.
    queue: Vec<u32>,
    /// The part of the queue at the present distance.
    frontier: Range<usize>,
}

impl Space {
    /// Adds to the queue what a node's row leads to for the first time. Returns the number of edges looked at.
    #[inline]
    fn visit(&mut self, rows: &Rows<'_>, node: u32, allow: Option<&EdgeSet>) -> usize {
        let mut looked = 0;
        let Some(allow) = allow else {
            let _ = rows.for_each_piece::<()>(node, |others| {
                looked += others.len();
                for &other in others {
                    if self.seen.insert(other) {
                        self.queue.push(other);
                    }
                }
                ControlFlow::Continue(())
            });
            return looked;
        };
        rows.row(node).for_each(|other, address| {
            looked += 1;
            if !self.seen.contains(other) && allow.contains(address) {
                self.seen.insert(other);
                self.queue.push(other);
            }
        });
        looked
    }
}

/// One breadth first search.
#[derive(Debug, Default)]
pub(crate) struct Search {
    spaces: Vec<Space>,
}

impl Search {
    /// Forgets the last search and makes room for this graph.
    pub(crate) fn begin(&mut self, graph: &WalkGraph) {
        for space in &mut self.spaces {
            space.seen.clear(&space.queue);
            space.queue.clear();
            space.frontier = 0..0;
        }
        let spaces = self.spaces.len().max(graph.sizes().len());
        self.spaces.resize_with(spaces, Space::default);
        for (space, &size) in self.spaces.iter_mut().zip(graph.sizes()) {
            space.seen.fit(size);
        }
    }

    /// Begins at one node of this graph.
    pub(crate) fn begin_at(&mut self, graph: &WalkGraph, place: Place) {
        self.begin(graph);
        self.start(place);
    }

    /// Puts a node of the graph into the frontier. Returns whether it is new.
    pub(crate) fn start(&mut self, place: Place) -> bool {
        let space = &mut self.spaces[usize::from(place.space)];
        let new = space.seen.insert(place.ordinal);
        if new {
            space.queue.push(place.ordinal);
            space.frontier.end = space.queue.len();
        }
        new
    }

    pub(crate) fn has_seen(&self, place: Place) -> bool {
        self.spaces[usize::from(place.space)].seen.contains(place.ordinal)
    }

    /// Number of nodes in the frontier.
    pub(crate) fn width(&self) -> usize {
        self.spaces.iter().map(|space| space.frontier.len()).sum()
    }

    /// The nodes in the frontier.
    pub(crate) fn frontier(&self) -> impl Iterator<Item = Place> {
        let spaces = self.spaces.iter().zip(0u16..);
        spaces.flat_map(|(space, number)| {
            let ordinals = space.queue[space.frontier.clone()].iter();
            ordinals.map(move |&ordinal| Place { space: number, ordinal })
        })
    }

    /// Replaces the frontier by the nodes one step on that were not seen yet, and calls `found` with them, some at a time.
    pub(crate) fn expand(
        &mut self,
        graph: &WalkGraph,
        heading: Heading,
        meter: &mut Meter<'_, '_>,
        mut found: impl FnMut(u16, &[u32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for step in graph.steps() {
            let (rows, from, to) = heading.of(step);
            let frontier = self.spaces[from].frontier.clone();
            for at in frontier.clone() {
                if (at - frontier.start).is_multiple_of(WARM_NODES) {
                    let end = frontier.end.min(at + WARM_NODES);
                    rows.warm(&self.spaces[from].queue[at..end]);
                }
                let node = self.spaces[from].queue[at];
                let target = &mut self.spaces[to];
                let known = target.queue.len();
                let looked = target.visit(&rows, node, step.allow.as_deref());
                if known < target.queue.len() {
                    found(to as u16, &target.queue[known..])?;
                }
                meter.look(looked)?;
            }
        }
        for space in &mut self.spaces {
            space.frontier = space.frontier.end..space.queue.len();
        }
        ControlFlow::Continue(())
    }
}
