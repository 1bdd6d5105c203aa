//! Tests of the store over every backend and under faults.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod durability;
mod errors;
mod keys;
mod locations;
mod lost_responses;
mod metrics;
mod model;
mod processes;
mod ranges;
mod sequence;
mod store;
mod test_store;
