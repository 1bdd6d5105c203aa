//! Tests of the engine through its public doors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![recursion_limit = "256"]

mod derived;
mod diffs;
mod faults;
mod feeds;
mod flat;
mod fleet;
mod formats;
mod heads;
mod hops;
mod inputs;
mod kill;
mod lance_contract;
mod loads;
mod logic;
mod merge_model;
mod merge_rules;
mod merge_table;
mod merges;
mod mutations;
#[cfg(unix)]
mod power;
mod processes;
mod queries;
mod random_mutations;
mod random_rules;
mod readonly;
mod reads;
mod recovery;
mod rules;
mod scenarios;
mod support;
mod sweepers;
