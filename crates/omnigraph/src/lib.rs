//! Omnigraph: a typed property graph on open Lance tables, with git-style commits and branches over the whole graph.
//!
//! ```no_run
//! # async fn demo() -> omnigraph::Result<()> {
//! use omnigraph::{LoadMode, LoadRequest, LoadSource, Omnigraph, OpenOptions, Target};
//!
//! let schema = "node City { name: String @key }";
//! let graph = Omnigraph::init("cities.omni", "cities.pg", schema, None, OpenOptions::default()).await?;
//! let rows = &br#"{"type": "City", "data": {"name": "Oslo"}}"#[..];
//! graph.load(LoadRequest::new("main", LoadMode::Merge, LoadSource::reader("rows", rows))).await?;
//! let snapshot = graph.snapshot(Target::Branch("main".into())).await?;
//! # Ok(()) }
//! ```
//!
//! # The rooms, top to bottom
//!
//! A room uses the rooms below it, never those above.
//!
//! | Room | What it is for |
//! |---|---|
//! | `graph` | the handle: open, branches, loads, snapshots |
//! | `export`, `merge`, `feed` | a snapshot as NDJSON; three-way merges, reverts, cherry-picks; the change feed |
//! | `recovery` | what unfinished processes left behind |
//! | `load`, `mutate`, `write` | rows in: decode or compute, stage, judge, publish |
//! | `validate` | what a schema asks of rows, judged alike for every write |
//! | `heads` | `main` for outside readers |
//! | `query`, `diff` | IR to one DataFusion plan; what two states differ by |
//! | `snapshot`, `schema`, `keys` | one commit and what it pins |
//! | `adjacency`, `search` | the graph as numbers, and text as indexes, derived from pinned versions |
//! | `table` | the only room that knows Lance |
//! | `error` | what can go wrong |
//!
//! The log of commits is a crate of its own, `omnigraph-log`, and the store below it too, `omnigraph-objects`.

#![recursion_limit = "256"]

mod access;
mod adjacency;
mod diff;
mod error;
mod export;
mod feed;
mod graph;
mod heads;
mod keys;
mod load;
mod merge;
mod mutate;
mod query;
mod recovery;
mod schema;
mod search;
mod snapshot;
mod table;
mod validate;
mod write;

pub use access::{Access, Action};
pub use adjacency::HopMethod;
pub use diff::{ChangeFilter, ChangeOp, ChangePage, Difference, Endpoints, EntityChange, Image, Position, TypeRef};
pub use error::{
    BrokenRules, ConflictKind, DataError, DataErrors, EntityKind, Error, ErrorKind, MergeConflict, MergeConflicts,
    RecoveryError, Result, RuleError,
};
pub use feed::{Baseline, FeedBlock, FeedPage, FeedRequest, FeedStart};
pub use graph::{BranchInfo, BranchState, CommitFilter, History, Omnigraph, OpenMode, OpenOptions};
pub use heads::HeadPublication;
pub use load::{LoadMapping, LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadSource, LoadedType, Tolerance};
pub use merge::{
    Choices, EntityChoice, MergeOutcome, MergePolicy, MergeReceipt, MergeRequest, MergedType, PickRequest, Resolution,
    Resolved, Side,
};
pub use mutate::{MutateRequest, MutationReceipt};
pub use omnigraph_log::{self as log, CommitRecord};
pub use omnigraph_objects::{self as objects, Counts, Durability, StoreOptions};
pub use query::{QueryLimits, QueryPlan, QueryRequest, QueryResult};
pub use recovery::{
    AuditEntry, AuditTable, Classification, Decision, HeadReport, RepairAction, RepairReport, SweepReport,
};
pub use snapshot::{Snapshot, TableSummary, Target};
pub use write::WriteCondition;
