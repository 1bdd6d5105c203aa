//! A store that fails on command: which call, and whether before or after it took effect.
//!
//! The usual way of a test: run an operation over a store with [`Faults::layer`], look at [`Faults::calls`], then run it
//! again once for each of the calls with a [`Rule`] that strikes at this index, and check what is left.

mod plan;
mod rule;
mod store;
mod upload;

pub use plan::{Call, Faults};
pub use rule::{Fault, Rule};
pub use store::FaultStore;
