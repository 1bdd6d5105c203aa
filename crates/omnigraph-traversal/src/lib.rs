//! Graph traversal over adjacency in memory: neighbors, breadth-first search and shortest paths.
//!
//! The crate knows node ordinals and opaque row addresses. It knows nothing of ids, tables, types or I/O. The engine translates
//! ids to dense 32-bit ordinals per node type, and row addresses back to properties.
//!
//! ```text
//!  edge table version          Adjacency                     TraversalGraph
//!  ┌──────────────────┐ build  ┌──────────────────────────┐  ┌────────────────────────────┐
//!  │ from  to  address├───────►│ delta layer   (newest)   │  │ TraversalStep: adjacency,  │  reach, distance
//!  └──────────────────┘        │ delta layer              ├─►│ direction, node types,     ├─► shortest, all_shortest
//!  inserted, deleted edges ───►│ CSR base: out ▪ in       │  │ allowed edges (EdgeSet)    │  cheapest
//!              with_changes    └──────────────────────────┘  └────────────────────────────┘
//! ```
//!
//! # Mechanisms
//!
//! - **Compressed sparse rows** ([`Adjacency`]): sorted neighbor lists behind an offset array, in both directions (Y. Saad,
//!   *Iterative Methods for Sparse Linear Systems*, 2nd ed. 2003, section 3.4). The persisted form is used in place.
//! - **Delta layers** over the CSR base, merged by size as in a log-structured merge tree (P. O'Neil et al., Acta Informatica
//!   33, 1996). A new version shares all unchanged rows with its predecessor.
//! - **Breadth-first search**, level by level over bitmaps of visited nodes (E. F. Moore, *The shortest path through a maze*,
//!   1959). [`FilteredBfs`] admits the edges of each level by a predicate of the caller.
//! - **Bidirectional search** between two nodes: the smaller frontier is expanded, and the search stops where both meet
//!   (I. Pohl, *Bi-directional search*, Machine Intelligence 6, 1971).
//! - **Dijkstra's algorithm** with label setting for paths of least cost (E. W. Dijkstra, Numerische Mathematik 1, 1959). With a
//!   bound on edges, a node keeps one label per Pareto-optimal pair of cost and length (P. Hansen, *Bicriterion path problems*,
//!   1980).
//!
//! # Example
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use omnigraph_traversal::{Adjacency, Edge, EdgeDirection, NodeRef, SearchBuffers, TraversalGraph, TraversalStep};
//!
//! // Two edges between nodes of type 0: 0 → 1 → 2.
//! let edges = vec![Edge { from: 0, to: 1, address: 10 }, Edge { from: 1, to: 2, address: 11 }];
//! let step = TraversalStep {
//!     adjacency: Adjacency::build(edges),
//!     direction: EdgeDirection::Out,
//!     from_type: 0,
//!     to_type: 0,
//!     allowed: None,
//!     skip_loops: false,
//! };
//! let graph = TraversalGraph::new(vec![3], vec![step]);
//!
//! let mut reached = Vec::new();
//! let mut buffers = SearchBuffers::default();
//! let start = NodeRef::pack(0, 0);
//! let mut progress = |_scanned_edges: u64| ControlFlow::Continue(());
//! let _ = graph.reach(start, 1, None, &mut buffers, &mut progress, &mut |node, distance| {
//!     reached.push((node.ordinal(), distance));
//!     ControlFlow::Continue(())
//! });
//! assert_eq!(reached, [(1, 1), (2, 2)]);
//! ```
//!
//! # Modules
//!
//! - `edge`: node references, edges and their directions
//! - `adjacency`: compressed sparse rows, delta layers and the persisted form
//! - `edge_set`: bitmaps of edge addresses
//! - `bfs`: traversal graphs and breadth-first searches over them
//! - `path`: shortest and cheapest paths

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod adjacency;
mod bfs;
mod edge;
mod edge_set;
mod path;

pub use adjacency::{Adjacency, AdjacencyRow, AdjacencyRows, DecodeError, RowSegment};
pub use bfs::{
    CandidateEdges, FilteredBfs, ProgressFn, SearchBuffers, StepCursor, TraversalGraph, TraversalStep, VisitFn,
};
pub use edge::{Edge, EdgeDirection, NodeRef};
pub use edge_set::EdgeSet;
pub use path::{GraphPath, PathFn, PathOrder, PathRequest, PathTargets};
