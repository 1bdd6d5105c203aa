//! Breadth-first searches whose edges a predicate of the caller admits, level by level.
//!
//! The predicate may read properties, and may be asynchronous. So the search does not call it: the search hands out candidate
//! edges in batches, and the caller admits those that satisfy the predicate. Several searches advance together, so that a batch
//! holds the candidates of all of them.

use std::ops::ControlFlow;
use std::vec::IntoIter;

use hashbrown::HashSet;

use super::graph::{StepCursor, TraversalStep};
use crate::edge::NodeRef;
use crate::edge_set::EdgeSet;

/// A batch of edges that lead away from the frontiers of several searches, as parallel arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandidateEdges {
    /// Number of the search that each edge belongs to.
    pub searches: Vec<u32>,
    /// The node that each edge leads to.
    pub targets: Vec<NodeRef>,
    /// Row address of each edge.
    pub addresses: Vec<u64>,
}

impl CandidateEdges {
    /// Returns the number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Returns true if there are no edges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }
}

/// One of the searches. A hash set instead of a bitmap: there may be many searches, each over a small part of a large graph.
#[derive(Debug, Default)]
struct FilteredSearch {
    visited: HashSet<NodeRef>,
    /// Visited nodes whose edges are the candidates of the next level.
    frontier: Vec<NodeRef>,
    admitted: EdgeSet,
}

impl FilteredSearch {
    fn visit(&mut self, node: NodeRef) {
        if self.visited.insert(node) {
            self.frontier.push(node);
        }
    }
}

/// Breadth-first searches with an edge predicate per level.
///
/// The result of each search is the set of admitted edges: of all edges that leave a node within `max_depth - 1` admitted edges
/// of a source, those that satisfy the predicate. A [`TraversalStep`] that allows just these edges leads wherever the predicate
/// permits.
///
/// ```
/// use omnigraph_traversal::{Adjacency, Edge, EdgeDirection, FilteredBfs, NodeRef, TraversalStep};
///
/// let edges = vec![Edge { from: 0, to: 1, address: 10 }, Edge { from: 0, to: 2, address: 11 }];
/// let adjacency = Adjacency::build(edges);
/// let direction = EdgeDirection::Out;
/// let steps = [TraversalStep { adjacency, direction, from_type: 0, to_type: 0, allowed: None, skip_loops: false }];
///
/// let mut bfs = FilteredBfs::new(None);
/// let search = bfs.add_search();
/// bfs.add_source(search, NodeRef::pack(0, 0));
/// while let Some(batch) = bfs.next_candidates(&steps, 1024) {
///     for position in (0..batch.len()).filter(|&position| batch.addresses[position] != 11) {
///         bfs.admit(&batch, position);
///     }
/// }
/// let admitted = bfs.into_admitted().remove(0);
/// assert!(admitted.contains(10) && !admitted.contains(11));
/// ```
#[derive(Debug, Default)]
pub struct FilteredBfs {
    max_depth: Option<u32>,
    depth: u32,
    searches: Vec<FilteredSearch>,
    /// Nodes of the current level whose edges are not handed out yet, with their searches.
    level: IntoIter<(u32, NodeRef)>,
}

impl FilteredBfs {
    /// Creates an empty set of searches that follow at most `max_depth` edges from a source.
    #[must_use]
    pub fn new(max_depth: Option<u32>) -> Self {
        Self { max_depth, ..Self::default() }
    }

    /// Adds a search without sources and returns its number.
    pub fn add_search(&mut self) -> u32 {
        self.searches.push(FilteredSearch::default());
        self.searches.len() as u32 - 1
    }

    /// Adds a source to a search. Ignored if the search does not exist.
    pub fn add_source(&mut self, search: u32, node: NodeRef) {
        if let Some(search) = self.searches.get_mut(search as usize) {
            search.visit(node);
        }
    }

    /// Returns the next batch of candidate edges; `None` once all searches are finished.
    ///
    /// A batch lies within one level. It ends after the node that completes `limit` edges. Before the next call, the caller
    /// [admits](Self::admit) the edges that satisfy its predicate.
    pub fn next_candidates(&mut self, steps: &[TraversalStep], limit: usize) -> Option<CandidateEdges> {
        let cursors: Vec<StepCursor<'_>> = steps.iter().map(TraversalStep::cursor).collect();
        let mut batch = CandidateEdges::default();
        while batch.is_empty() {
            if self.level.len() == 0 && !self.begin_level() {
                return None;
            }
            while batch.len() < limit.max(1)
                && let Some((search, node)) = self.level.next()
            {
                for cursor in &cursors {
                    let _ = cursor.try_for_each::<()>(node, |target, address| {
                        batch.searches.push(search);
                        batch.targets.push(target);
                        batch.addresses.push(address);
                        ControlFlow::Continue(())
                    });
                }
            }
        }
        Some(batch)
    }

    /// Makes the frontiers of all searches the current level. Returns false if all searches are finished.
    fn begin_level(&mut self) -> bool {
        if self.max_depth.is_some_and(|max| max <= self.depth) {
            return false;
        }
        self.depth += 1;
        let frontiers = (0u32..).zip(&mut self.searches);
        let level = frontiers.flat_map(|(number, search)| search.frontier.drain(..).map(move |node| (number, node)));
        self.level = level.collect::<Vec<_>>().into_iter();
        self.level.len() > 0
    }

    /// Admits the edge at a position of a batch, and visits its target. Ignored if the position is out of bounds.
    pub fn admit(&mut self, batch: &CandidateEdges, position: usize) {
        let (Some(&search), Some(&target), Some(&address)) =
            (batch.searches.get(position), batch.targets.get(position), batch.addresses.get(position))
        else {
            return;
        };
        if let Some(search) = self.searches.get_mut(search as usize) {
            search.admitted.insert(address);
            search.visit(target);
        }
    }

    /// Returns the admitted edges of each search.
    #[must_use]
    pub fn into_admitted(self) -> Vec<EdgeSet> {
        self.searches.into_iter().map(|search| search.admitted).collect()
    }
}
