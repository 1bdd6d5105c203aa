//! The graph log under faults, races and damage, over memory and folders. No table is ever opened: a pin is a number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod ancestry;
mod bytes;
mod claims;
mod cost;
mod create;
mod decoding;
mod faults;
mod invariants;
mod lookup;
mod model;
mod names;
mod processes;
mod races;
mod site;
mod write;
