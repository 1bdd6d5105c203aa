//! The public handles: a graph, its branches, and the requests that run on them.
//!
//! ```text
//! Omnigraph ── branch("main") ──► Branch ── query, mutate, load, merge, changes ──► request ── .await ──► receipt
//!     └────── snapshot(target) ─► Snapshot ── query ──► request ── .await ──► QueryResult
//! ```
//!
//! - `open`        creating and opening a graph, options
//! - `branch`      branch handles; creating, listing, renaming, resetting and deleting branches
//! - `requests`    queries, mutations, loads, merges and change feeds as builders that are awaited
//! - `commits`     snapshots, commits, tags and differences
//! - `maintenance` closing, the Lance mirror, persisted indexes
//! - `authorizer`  the hook of a policy

mod authorizer;
mod branch;
mod commits;
mod maintenance;
mod open;
mod requests;

pub use authorizer::{Action, Authorizer};
pub use branch::{Branch, BranchDivergence, BranchInfo};
pub use commits::{BranchNames, CommitFilter, Tag};
pub use open::{CreateGraph, OpenGraph, OpenMode, OpenOptions, SchemaSource};
pub use requests::{ChangeFeed, CherryPick, Load, Merge, Mutation, Query};

use std::sync::Arc;

use omnigraph_storage::RequestCounts;

use crate::mirror::Mirror;
use crate::snapshot::Engine;
use crate::write::commit::GraphWriter;

/// A graph. Cheap to clone; clones share caches, and their concurrent writes share commits.
#[derive(Clone, Debug)]
pub struct Omnigraph {
    engine: Engine,
    writer: GraphWriter,
    mirror: Mirror,
    mode: OpenMode,
    authorizer: Arc<dyn Authorizer>,
    actor: Option<String>,
}

impl Omnigraph {
    /// The name of the branch that every graph has.
    pub const MAIN: &'static str = omnigraph_history::branch::MAIN;

    /// The version of the storage format that this build writes.
    pub const FORMAT_VERSION: u32 = omnigraph_history::graph_metadata::GRAPH_FORMAT;

    /// Returns the location, absolute.
    #[must_use]
    pub fn location(&self) -> String {
        self.engine.log.store().root_display()
    }

    /// Returns the version of the storage format.
    #[must_use]
    pub fn format_version(&self) -> u32 {
        self.engine.log.metadata().format
    }

    /// Returns the number of requests made to the store through this handle, by verb.
    #[must_use]
    pub fn requests(&self) -> RequestCounts {
        self.engine.log.store().counts()
    }

    /// Returns a handle that asks `authorizer` before each change.
    #[must_use]
    pub fn with_authorizer(self, authorizer: Arc<dyn Authorizer>) -> Self {
        Self { authorizer, ..self }
    }

    /// Returns a handle whose changes are recorded as made by `actor`.
    #[must_use]
    pub fn as_actor(&self, actor: impl Into<String>) -> Self {
        Self { actor: Some(actor.into()), ..self.clone() }
    }

    /// Returns a handle of the branch `name`. Makes no request: the first use finds out if the branch exists.
    #[must_use]
    pub fn branch(&self, name: impl Into<String>) -> Branch {
        Branch::new(self.clone(), name.into())
    }

    fn actor(&self) -> Option<&str> {
        self.actor.as_deref()
    }
}
