//! Tests of the engine through its public doors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![recursion_limit = "256"]

mod derived;
mod faults;
mod flat;
mod kill;
mod lance_contract;
mod loads;
mod logic;
mod processes;
mod queries;
mod reads;
mod support;
