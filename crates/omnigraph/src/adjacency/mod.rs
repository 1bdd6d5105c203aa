//! The graph as numbers: nodes by dense ordinals, edges as adjacency between them.
//!
//! All of it is derived from pinned versions of tables and can be dropped at any time. A new version is brought forward from
//! the nearest one that is known, by the fragments in which they differ.
//!
//! - `ordinals` ids to dense numbers, for all versions of a node table alike
//! - `nodes`    where the row of a node is in one version
//! - `edges`    who is adjacent to whom in one version
//! - `incident` who is adjacent to a few nodes
//! - `stored`   both, outliving the process
//! - `cache`    both by version

mod cache;
mod edges;
mod incident;
mod nodes;
mod ordinals;
mod stored;

pub(crate) use cache::{Hops, Topology};
pub use incident::HopMethod;
pub(crate) use nodes::{NodeFragment, NodeRows};
pub(crate) use ordinals::Ordinals;
pub(crate) use stored::Storing;
