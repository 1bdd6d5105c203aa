//! A store that injects faults into chosen calls, before or after they take effect.
//!
//! A test runs an operation over a store with [`FaultInjector::layer`], reads [`FaultInjector::calls`], then runs it again once
//! for each of the calls with a [`FaultRule`] for this index, and checks the state of the store.

mod plan;
mod rule;
mod store;

pub use plan::{FaultInjector, RecordedCall};
pub use rule::{FaultKind, FaultRule};
pub use store::FaultStore;
