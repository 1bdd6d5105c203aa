//! The state of one breadth-first search: visited nodes of each type, and the frontier among them.
//!
//! Visited nodes are a bitmap, a thirty-second of the size of a number per node, so that it stays in the processor's cache even
//! for large graphs. They are also listed in visiting order, so that a reset clears only the set bits.

use std::ops::{ControlFlow, Range};

use super::cost_meter::CostMeter;
use super::graph::{SearchDirection, StepCursor, TraversalGraph};
use crate::edge::NodeRef;

/// Nodes whose rows are prefetched together: about the number of outstanding reads of a processor.
const PREFETCH_NODES: usize = 16;

/// A bitmap of ordinals.
#[derive(Debug, Default)]
pub(crate) struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// Extends the capacity to `size` ordinals.
    pub(crate) fn reserve(&mut self, size: u32) {
        let words = (size as usize).div_ceil(64);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
    }

    #[inline]
    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        self.words[ordinal as usize / 64] >> (ordinal % 64) & 1 == 1
    }

    /// Inserts an ordinal and returns true if it is new.
    #[inline]
    pub(crate) fn insert(&mut self, ordinal: u32) -> bool {
        let word = &mut self.words[ordinal as usize / 64];
        let bit = 1 << (ordinal % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Removes all members; `members` lists them.
    pub(crate) fn clear(&mut self, members: &[u32]) {
        if members.len() >= self.words.len() {
            self.words.fill(0);
        } else {
            members.iter().for_each(|&ordinal| self.words[ordinal as usize / 64] = 0);
        }
    }
}

/// The visited nodes of one type.
#[derive(Debug, Default)]
struct VisitedNodes {
    seen: BitSet,
    /// The visited nodes in visiting order.
    queue: Vec<u32>,
    /// The part of the queue at the current distance.
    frontier: Range<usize>,
}

impl VisitedNodes {
    /// Enqueues the unvisited neighbors of a node. Returns the number of scanned edges.
    #[inline]
    fn visit(&mut self, cursor: &StepCursor<'_>, node: u32) -> usize {
        let mut scanned = 0;
        let Some(allowed) = cursor.allowed else {
            let _ = cursor.rows.for_each_slice::<()>(node, |neighbors| {
                scanned += neighbors.len();
                for &neighbor in neighbors {
                    if self.seen.insert(neighbor) {
                        self.queue.push(neighbor);
                    }
                }
                ControlFlow::Continue(())
            });
            return scanned;
        };
        cursor.rows.row(node).for_each(|neighbor, address| {
            scanned += 1;
            if !self.seen.contains(neighbor) && allowed.contains(address) {
                self.seen.insert(neighbor);
                self.queue.push(neighbor);
            }
        });
        scanned
    }
}

/// The state of one breadth-first search.
#[derive(Debug, Default)]
pub(crate) struct BfsState {
    types: Vec<VisitedNodes>,
}

impl BfsState {
    /// Resets the state and sizes it for a graph.
    pub(crate) fn reset(&mut self, graph: &TraversalGraph) {
        for visited in &mut self.types {
            visited.seen.clear(&visited.queue);
            visited.queue.clear();
            visited.frontier = 0..0;
        }
        let types = self.types.len().max(graph.sizes().len());
        self.types.resize_with(types, VisitedNodes::default);
        for (visited, &size) in self.types.iter_mut().zip(graph.sizes()) {
            visited.seen.reserve(size);
        }
    }

    /// Resets the state and starts from one node of the graph.
    pub(crate) fn start(&mut self, graph: &TraversalGraph, source: NodeRef) {
        self.reset(graph);
        self.add_source(source);
    }

    /// Adds a node of the graph to the frontier and returns true if it is new.
    pub(crate) fn add_source(&mut self, source: NodeRef) -> bool {
        let visited = &mut self.types[source.type_index()];
        let new = visited.seen.insert(source.ordinal());
        if new {
            visited.queue.push(source.ordinal());
            visited.frontier.end = visited.queue.len();
        }
        new
    }

    pub(crate) fn has_seen(&self, node: NodeRef) -> bool {
        self.types[node.type_index()].seen.contains(node.ordinal())
    }

    /// Returns the number of nodes in the frontier.
    pub(crate) fn frontier_len(&self) -> usize {
        self.types.iter().map(|visited| visited.frontier.len()).sum()
    }

    /// Iterates over the nodes in the frontier.
    pub(crate) fn frontier(&self) -> impl Iterator<Item = NodeRef> {
        self.types.iter().zip(0u16..).flat_map(|(visited, node_type)| {
            let ordinals = visited.queue[visited.frontier.clone()].iter();
            ordinals.map(move |&ordinal| NodeRef::pack(node_type, ordinal))
        })
    }

    /// Replaces the frontier by its unvisited neighbors. Calls `found` with batches of them: node type and ordinals.
    pub(crate) fn expand(
        &mut self,
        graph: &TraversalGraph,
        direction: SearchDirection,
        meter: &mut CostMeter<'_, '_>,
        mut found: impl FnMut(u16, &[u32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for step in graph.steps() {
            let cursor = step.directed_cursor(direction);
            let (from, to) = (usize::from(cursor.from_type), usize::from(cursor.to_type));
            let frontier = self.types[from].frontier.clone();
            for position in frontier.clone() {
                if (position - frontier.start).is_multiple_of(PREFETCH_NODES) {
                    let end = frontier.end.min(position + PREFETCH_NODES);
                    cursor.rows.prefetch(&self.types[from].queue[position..end]);
                }
                let node = self.types[from].queue[position];
                let target = &mut self.types[to];
                let known = target.queue.len();
                let scanned = target.visit(&cursor, node);
                if known < target.queue.len() {
                    found(cursor.to_type, &target.queue[known..])?;
                }
                meter.add(scanned)?;
            }
        }
        for visited in &mut self.types {
            visited.frontier = visited.frontier.end..visited.queue.len();
        }
        ControlFlow::Continue(())
    }
}
