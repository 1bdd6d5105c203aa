//! The history of a graph: commits, branches, tags and schemas, with one atomic commit point.
//!
//! A commit record is one immutable object that pins every table of the graph. A writer creates objects that nothing refers to,
//! and then creates one record with put-if-absent. Before that put no reader sees the write. After it the write is complete, and
//! there is nothing to undo. Concurrent writers use optimistic concurrency control: the loser of a race reads the new head and
//! decides again.
//!
//! ```text
//! graph.json ──── main ──► log of the branch: __graph/log/<branch id>/<sequence>.json
//!                          ┌───┐   ┌───┐   ┌───┐
//!                          │ 0 │◄──│ 1 │◄──│ 2 │   head: the newest record, found by probing
//!                          └───┘   └─▲─┘   └───┘
//! branches/<name>.json ── forked_from│   ┌───┐
//!                                    └───│ 0 │     log of another branch id
//! tags/<name>.json ── one commit         └───┘
//! ```
//!
//! The crate knows nothing of Lance, types or queries. A pin is a number and a row count.
//!
//! # Mechanisms
//!
//! - **Put-if-absent** of the next sequence decides every race ([`GraphLog::publish`]).
//! - **Galloping search** from the newest known record finds the head without a listing ([`GraphLog::head`]).
//! - **Generations** as in git order a search for merge bases ([`GraphLog::commit_relation`]).
//! - **Binary search** over commit times serves time travel ([`GraphLog::commit_at_time`]).
//! - **Content addresses** name schemas by their SHA-256 ([`GraphLog::put_schema`]).
//! - **Invariants** of every record are checked before each put and after each read ([`invariants`]).
//!
//! # Example
//!
//! ```no_run
//! use omnigraph_history::{CreateBranch, GraphLog};
//! use omnigraph_storage::{Location, Store, StoreOptions};
//!
//! # async fn demo() -> omnigraph_history::Result<()> {
//! let store = Store::open(&Location::parse("cities.omni")?, StoreOptions::default())?;
//! let log = GraphLog::open(store).await?;
//! let main = log.branch("main").await?;
//! let head = log.head(&main).await?;
//! println!("{} at generation {}", head.record.commit, head.record.generation);
//! let from = head.record.reference();
//! log.create_branch(CreateBranch { name: "trial".into(), from, actor: None }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! - [`ids`]            ids of graphs, branches, commits and operations
//! - [`record`]         the commit record: pins of every table, and its changes
//! - [`graph_metadata`] `graph.json`: a graph exists if and only if this object does
//! - [`branch`]         branches: create, find, list, rename, delete
//! - [`tag`]            tags: names of single commits
//! - `graph_log`        the handle: create, open, read records and schemas
//! - `publish`          the head of a branch, and the commit point
//! - `time_travel`      commits by id, by reference, by time, and first-parent history
//! - `merge_base`       merge bases and divergence of commits
//! - `idempotency`      claims of idempotency keys
//! - `id_blocks`        blocks of fragment ids
//! - [`layout`]         the key of every object
//! - [`codec`]          strict JSON forms; unknown formats and fields are errors
//! - [`invariants`]     the invariants of every object
//! - `named_object`     objects below their own names: branches and tags

pub mod branch;
pub mod codec;
mod error;
mod graph_log;
pub mod graph_metadata;
mod id_blocks;
mod idempotency;
pub mod ids;
pub mod invariants;
pub mod layout;
mod merge_base;
mod named_object;
mod publish;
pub mod record;
pub mod tag;
mod time_travel;

pub use branch::{BranchRecord, CreateBranch};
pub use error::{Error, Result};
pub use graph_log::GraphLog;
pub use graph_metadata::{GraphMetadata, MirrorMode};
pub use id_blocks::FragmentBlock;
pub use idempotency::IdempotencyClaim;
pub use ids::{BranchId, CommitId, GraphId, OperationId, SchemaHash};
pub use merge_base::{AheadBehind, CommitRelation};
pub use publish::{BranchHead, PublishOutcome};
pub use record::{CommitKind, CommitRecord, CommitRef, OperationRecord, TableChange, TablePath, TablePin};
pub use tag::{CreateTag, TagRecord};
