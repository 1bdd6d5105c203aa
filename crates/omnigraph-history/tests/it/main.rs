//! Tests of the history under faults, races and damage, in memory and in folders. No test opens a table: a pin is a number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod branches_and_tags;
mod bytes;
mod cost;
mod create;
mod decoding;
mod faults;
mod fixtures;
mod idempotency;
mod invariants;
mod lookup;
mod merge_base;
mod model;
mod processes;
mod races;
mod test_location;
