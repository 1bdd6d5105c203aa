//! The graph log: what a graph is, and the one object whose creation changes it.
//!
//! A write makes only objects that nothing refers to, and then creates exactly one commit record with put-if-absent. That
//! record is the commit. Nothing before it can be seen, nothing after it can be lost, and there is nothing to undo.
//!
//! Reading order:
//!
//! - [`ids`] the names of things: graphs, branches, commits, operations
//! - [`record`] the commit record: pins of every table, and what changed
//! - [`branch`] a branch is one small object
//! - [`tag`] a commit that has a name
//! - [`stamp`] `graph.json`: a graph exists if and only if this does
//! - [`codec`] bytes to records and back, closed to versions it does not know
//! - [`invariants`] what every record promises, checked before each put and after each read
//! - [`layout`] where each object lives
//! - [`Log`] create, open, branches, heads, history, schemas, and [`Log::publish`], the one door
//!
//! This crate knows nothing of Lance, of types or of queries: a pin is a number and a row count.

mod ancestry;
mod at;
pub mod branch;
mod branches;
mod cache;
mod claims;
pub mod codec;
mod error;
mod fragment_blocks;
mod head;
mod history;
pub mod ids;
pub mod invariants;
pub mod layout;
mod log;
mod named;
mod publish;
pub mod record;
mod rename;
mod schema;
pub mod stamp;
pub mod tag;
mod tags;
mod wire;

pub use ancestry::{Distance, Kinship};
pub use branch::BranchRecord;
pub use branches::{CreateBranch, NewBranch};
pub use claims::Claim;
pub use error::{Error, Result};
pub use fragment_blocks::FragmentBlock;
pub use head::Head;
pub use ids::{BranchId, CommitId, GraphId, OperationId, SchemaHash};
pub use log::Log;
pub use publish::Published;
pub use record::{CommitKind, CommitRecord, CommitRef, Operation, TableChange, TablePath, TablePin};
pub use stamp::{GraphStamp, OutsideHeads};
pub use tag::TagRecord;
pub use tags::{CreateTag, NewTag};
