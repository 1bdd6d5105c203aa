//! The hook by which a projection of the history follows commits. The mirror of `main` implements it.

use std::fmt;

use omnigraph_history::{BranchHead, CommitKind, OperationId, TablePath};

use crate::error::Result;

/// A commit that the writer is about to publish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedCommit<'a> {
    /// The first operation of the commit.
    pub(crate) operation: OperationId,
    /// The head that the commit follows.
    pub(crate) head: &'a BranchHead,
    /// The kind of the commit.
    pub(crate) kind: CommitKind,
    /// The actor of the commit.
    pub(crate) actor: Option<&'a str>,
    /// The tables that the commit changes.
    pub(crate) tables: &'a [TablePath],
}

/// An announced commit whose outcome is not known yet. The writer drops it when the commit is published, lost or failed.
pub(crate) type CommitGuard = Box<dyn Send + Sync>;

/// A listener of commits.
#[async_trait::async_trait]
pub(crate) trait CommitListener: fmt::Debug + Send + Sync {
    /// Announces a commit. The writer calls it while it stages table versions and publishes only after it returned. The
    /// listener acts on the outcome when the guard is dropped.
    async fn before_publish(&self, commit: PlannedCommit<'_>) -> Result<CommitGuard>;
}
