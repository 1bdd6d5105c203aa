//! Tests of the engine through its public API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![recursion_limit = "256"]

mod commit_cost;
mod constraints;
#[cfg(unix)]
mod crash_disk;
mod diffs;
mod examples;
mod external_reader;
mod faults;
mod feeds;
mod fleet;
mod formats;
mod hops;
mod inputs;
mod kill;
mod lance_contract;
mod load_export;
mod loads;
mod logic;
mod merge_model;
mod merge_table;
mod merges;
mod mirror;
mod mutations;
mod persisted_indexes;
mod processes;
mod queries;
mod random_constraints;
mod random_mutations;
mod readonly;
mod reads;
mod recovery;
mod support;
mod sweepers;
