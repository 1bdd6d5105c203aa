//! Comparison and combination of commits.
//!
//! ```text
//! two snapshots ─► diff ─┬─► changes   the change feed of a branch
//!                        ├─► merge     merges, cherry-picks and reverts, as one commit
//!                        └─► reset     a branch at the state of another commit
//! ```
//!
//! - `diff`    the changes between two snapshots
//! - `changes` the change feed of a branch
//! - `merge`   three-way merges, cherry-picks and reverts
//! - `reset`   branch resets

pub(crate) mod changes;
pub(crate) mod diff;
pub(crate) mod merge;
mod reset;

pub(crate) use reset::reset_branch;
