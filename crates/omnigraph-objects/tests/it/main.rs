//! The behaviour of the object layer, over every backend and under faults.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backends;
mod counts;
mod durability;
mod keys;
mod locations;
mod model;
mod processes;
mod ranges;
mod refusals;
mod sequence;
mod settle;
mod store;
