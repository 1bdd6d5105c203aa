//! Mutations: statements run on a snapshot and end as rows that come and go, which the one way of a write publishes.
//!
//! - `request` what is asked and what is answered
//! - `ledger`  what a mutation has done so far, by table
//! - `run`     the statements in order, each seeing what those before it did
//! - `insert`  rows that come
//! - `change`  rows that are replaced or go, with the edges of nodes that go
//! - `existing` rows that are there under an id
//! - `identity` ids of rows that were written, compared as text
//! - `job`     a mutation as the writer takes it

mod change;
mod existing;
mod identity;
mod insert;
mod job;
mod ledger;
mod request;
mod run;

pub(crate) use job::{Applied, apply, mutate};
pub use request::{MutateRequest, MutationReceipt};
