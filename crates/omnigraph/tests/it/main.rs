//! Tests of the engine through its public doors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![recursion_limit = "256"]

mod diffs;
mod faults;
mod feeds;
mod fleet;
mod flat;
mod kill;
mod lance_contract;
mod loads;
mod logic;
mod merge_model;
mod merge_table;
mod merges;
mod processes;
mod queries;
mod reads;
mod support;
