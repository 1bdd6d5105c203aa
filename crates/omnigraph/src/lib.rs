//! Omnigraph: a typed property graph on open Lance tables, with git-style commits and branches over the whole graph.
//!
//! ```
//! use omnigraph::prelude::*;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> omnigraph::Result<()> {
//! let schema = "node City { name: String @key  people: I64? }";
//! # let location = "memory://tour";
//! # /*
//! let graph = Omnigraph::create("cities.omni", schema).await?;
//! # */
//! # let graph = Omnigraph::create(location, schema).await?;
//! let main = graph.branch("main").as_actor("ada");
//! main.load(LoadMode::Merge, LoadSource::ndjson(r#"{"type": "City", "data": {"name": "Oslo"}}"#)).await?;
//! main.mutate("insert City { name: $n }").param("n", "Bergen").await?;
//! let mut batches = main.query("match { $c: City } return { $c.name }").await?.into_batches();
//! while let Some(batch) = batches.try_next().await? {
//!     println!("{batch:?}");
//! }
//! graph.close().await
//! # }
//! ```
//!
//! # A tour
//!
//! - [`Omnigraph`] is a graph that is open: [`create`](Omnigraph::create), [`open`](Omnigraph::open),
//!   [`open_or_create`](Omnigraph::open_or_create), [`open_read_only`](Omnigraph::open_read_only).
//! - [`Branch`] runs requests on one branch: queries, mutations, loads, merges, the change feed. A request is a builder that
//!   runs when it is awaited, such as [`Query`], [`Mutation`], [`Load`], [`Merge`] and [`ChangeFeed`].
//! - [`Snapshot`] is one state of the graph. It does not change, whatever is written later.
//! - [`Commit`] is a position in the history. [`Target`] names a state by branch, commit, tag or time.
//! - [`Error`] has a stable code, and a [`kind`](Error::kind) that classifies the next step of the caller.
//!
//! Mutations and loads on one branch are serializable. Each write computes its effect against a base commit and records its
//! read set. The writer publishes with one put-if-absent of a commit record. If another writer was first, the write is
//! validated against the new head, and re-run if its read set changed: optimistic concurrency control. Writes that wait on
//! one branch in one process share a record: group commit.
//!
//! The directory `examples` has programs for the quickstart, branches, the change feed, time travel, and Arrow in and out.
//!
//! # Modules by layer
//!
//! A module uses modules of lower layers only. `cargo run -p xtask -- tidy` reads this table and checks every import.
//!
//! | Layer | Module | Purpose |
//! |---|---|---|
//! | 8 | `api` | the handle, branches, options, authorization |
//! | 7 | `versioning` | differences, the change feed, merges, resets |
//! | 7 | `mirror` | Lance datasets of `main` for external readers, and recovery of their publication |
//! | 6 | `write` | loads, mutations, constraints, group commit |
//! | 5 | `query` | planner, operators over DataFusion, results, export |
//! | 4 | `snapshot` | one commit, its catalog and the table versions it pins |
//! | 3 | `index` | keys, topology, text and vectors, built from pinned versions |
//! | 2 | `table` | versions, files and scans: the only user of Lance |
//! | 1 | `error` | errors by code and kind |
//!
//! Commits are in the crate `omnigraph-history`, the object store in `omnigraph-storage`.

#![recursion_limit = "256"]

mod api;
mod error;
mod index;
mod mirror;
mod query;
mod snapshot;
mod table;
mod versioning;
mod write;

pub use api::{
    Action, Authorizer, Branch, BranchDivergence, BranchInfo, BranchNames, ChangeFeed, CherryPick, CommitFilter,
    CreateGraph, Load, Merge, Mutation, Omnigraph, OpenGraph, OpenMode, OpenOptions, Query, SchemaSource, Tag,
};
pub use error::{
    ConflictKind, ConstraintViolation, EntityKind, Error, ErrorKind, ErrorReport, MergeConflict, MergeConflicts,
    RecoveryError, Result, RowError,
};
pub use index::topology::TraversalMethod;
pub use mirror::recovery::{
    AuditEntry, AuditTable, MirrorDatasetReport, RecoveryDecision, RepairAction, RepairReport, SweepReport,
    TableClassification,
};
pub use omnigraph_compiler::Diagnostic;
pub use omnigraph_history::{BranchId, CommitId, CommitKind, MirrorMode};
pub use omnigraph_storage::{Durability, Location, RequestCounts, S3Config, Store, StoreOptions};
pub use query::{QueryLimits, QueryPlan, QueryResult, QueryStats, QueryStream};
pub use snapshot::{ChangeSummary, Commit, Snapshot, TableSummary, Target};
pub use versioning::changes::{ChangeFeedPage, FeedCommit, FeedStart, InitialSnapshot};
pub use versioning::diff::{
    ChangeFilter, ChangeOp, ChangePage, ChangePosition, Endpoints, EntityChange, EntityImage, EntityTypeRef, GraphDiff,
};
pub use versioning::merge::{
    ConflictStrategy, EntityOverride, MergeOutcome, MergePolicy, MergeReceipt, MergeSide, MergedType, ResolutionQuery,
    ResolutionSummary,
};
pub use write::commit::WriteCondition;
pub use write::load::{ErrorPolicy, LoadMapping, LoadMode, LoadProgress, LoadReceipt, LoadSource, LoadedType};
pub use write::mutation::MutationReceipt;

/// The names that most programs need.
pub mod prelude {
    pub use futures::{StreamExt, TryStreamExt};

    pub use crate::{
        Branch, ChangeFilter, Commit, CommitFilter, FeedStart, LoadMode, LoadSource, Omnigraph, OpenOptions,
        QueryLimits, Snapshot, Target,
    };
}
