//! Recovery: publications that a process left unfinished, completed by the next process that opens the graph for writing.
//!
//! ```text
//! intents ─► inspect datasets ─► classify each ─► one decision per intent ─► publish latest commit ─► audit ─► delete intent
//! ```
//!
//! Only the mirror can be left unfinished: a commit is one object. The intent is deleted last, so the next sweep repeats a
//! sweep that was interrupted.
//!
//! # Live and dead writers
//!
//! No clock decides if a writer is alive. An intent names the sequences that its operations try to take. While one of them is
//! free, an operation may still commit: the intent stays. Once the last is taken, every operation has committed or never will,
//! and a sweep completes the intent even if its writer lives. A live writer publishes the same commit and then finds its
//! intent deleted, which was its own last step.
//!
//! - `sweep`    completion of intents: when a graph is opened, and periodically
//! - `classify` the state of a dataset against the latest commit
//! - `repair`   check and repair on demand
//! - `audit`    the record of both

mod audit;
mod classify;
mod repair;
mod sweep;

pub(crate) use audit::list_audit;
pub use audit::{AuditEntry, AuditTable};
pub use classify::{RecoveryDecision, TableClassification};
pub use repair::{MirrorDatasetReport, RepairAction, RepairReport};
pub(crate) use repair::{RepairMode, repair};
pub use sweep::SweepReport;
pub(crate) use sweep::{sweep, sweep_every};
