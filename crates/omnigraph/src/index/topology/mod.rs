//! The topology index: dense ordinals of nodes, and adjacency of edges over them.
//!
//! ```text
//! node table ─► ids ─► ordinals ─┬─► node rows: ordinal ─► row address, per version
//! edge table ─► endpoints ───────┴─► adjacency, per version ─► persisted file
//! ```
//!
//! The index of a version is updated incrementally from the closest cached or persisted version, by the fragments in which
//! they differ.
//!
//! - `nodes` ordinals of ids, and row addresses by ordinal
//! - `edges` edges of fragments, and edges at a few nodes
//! - `codec` the content of persisted files
//! - `cache` both indexes by version

mod cache;
mod codec;
mod edges;
mod nodes;

pub(crate) use cache::{AdjacencyLookup, EndpointFilter, TopologyIndex};
pub use edges::TraversalMethod;
pub(crate) use nodes::{NodeOrdinals, NodeRows};
