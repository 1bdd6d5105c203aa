//! The commit path: optimistic concurrency control, group commit, and one conditional put as the commit point.
//!
//! ```text
//! caller                    leader task of the branch                                  other processes
//!   │ submit(op)                                                                              │
//!   ▼                                                                                         │
//! queue ──► group ──► prepare: effect + read set, on the head                                 │
//!                        │                                                                    │
//!                        ▼                                                                    │
//!                     select: defer conflicting writes, combine the others into a batch       │
//!                        ▼                                                                    │
//!                     resolve and validate: rows to replace, constraints                      │
//!                        ▼                                                                    │
//!                     write table versions  ∥  announce to the commit listener                │
//!                        ▼                                                                    ▼
//!                     put commit record N if absent ◄────── the commit point ──────► put commit record N
//!                        │ won                │ lost                                          │ won
//!                        ▼                    └► back off, read the head, revalidate read sets
//!                     reply to each caller                or run the operation again
//! ```
//!
//! - **Optimistic concurrency control.** Writers take no locks. An operation computes its effect on a base snapshot and
//!   records a *read set*: the tables and ids that it read. After a lost race the read set is compared with the write sets of
//!   the commits in between. If they are disjoint, the effect is reused, otherwise the operation runs again on the new head.
//! - **Serializable isolation per branch.** Commits of a branch are totally ordered by sequence number. Each commit has the
//!   effect that its operations have when they run alone on the previous commit. Constraints are checked on exactly that
//!   commit, so that two writers cannot violate a constraint together.
//! - **Group commit.** The writes of one process that wait for a branch share a commit. A write whose read set conflicts
//!   with an earlier write of the group is deferred to the next commit. If the group fails validation, its writes are
//!   validated one by one, and only those that fail get an error.
//! - **Commit point.** A commit exists from the moment its record is put under the next sequence number of the branch. The
//!   put is conditional (put-if-absent), so that exactly one writer wins. Staged files that no record refers to are garbage.
//! - **Retry with backoff.** A lost race is retried after a random pause that grows exponentially up to a bound.
//!
//! Modules:
//!
//! - `write_op`     operations, read sets, requests and outcomes
//! - `staged_write` staged rows, independent of a base
//! - `table_swap`   table versions and history that a commit takes as they are
//! - `condition`    preconditions of a write
//! - `queue`        the queue of each branch and its leader task
//! - `attempt`      one group commit as a state machine
//! - `batch`        the writes that share a commit, their write set, the commit record
//! - `resolve`      staged rows against a base, and validation
//! - `next_version` the next version of a table
//! - `overlay`      a base with uncommitted rows
//! - `listener`     the hook by which the mirror follows commits
//! - `fragment_id_allocator` ids of new fragments

mod attempt;
mod batch;
mod condition;
mod fragment_id_allocator;
mod listener;
mod next_version;
mod overlay;
mod queue;
mod resolve;
mod staged_write;
mod table_swap;
mod write_op;

pub use condition::WriteCondition;
pub(crate) use fragment_id_allocator::FragmentIdAllocator;
pub(crate) use listener::{CommitGuard, CommitListener, PlannedCommit};
pub(crate) use queue::GraphWriter;
pub(crate) use resolve::check_constraints;
pub(crate) use staged_write::{StagedRows, StagedTable, StagedWrite, WriteMode, id_column};
pub(crate) use table_swap::{SwappedTable, TableSwap};
pub(crate) use write_op::{
    Batching, IdempotencyKey, PreparedEffect, PrestagedWrite, ReadSet, WriteOp, WriteOutcome, WriteRequest,
};
