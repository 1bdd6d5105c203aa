//! Mutations of the query language: statements run against a snapshot and end as staged rows for the commit path.
//!
//! ```text
//! mutation ─► bind pattern ─► statement 1 ─► statement 2 ─► … ─► change set ─► staged tables + read set ─► commit
//!                                │  ▲            │  ▲
//!                                ▼  │            ▼  │
//!                             change set      base overlaid with the change set
//! ```
//!
//! - `request`       requests, receipts, stored responses
//! - `mutation_op`   a mutation as a write operation
//! - `statements`    a run: the statements in order
//! - `insert`        insertions and upserts
//! - `update_delete` updates, and deletions with cascades
//! - `change_set`    the final row of each changed id

mod change_set;
mod insert;
mod mutation_op;
mod request;
mod statements;
mod update_delete;

pub(crate) use mutation_op::{AppliedMutation, apply_mutation, mutate};
pub(crate) use request::MutateRequest;
pub use request::MutationReceipt;
