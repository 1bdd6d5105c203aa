//! Commits as callers see them.

use std::sync::Arc;

use omnigraph_history::{BranchId, CommitId, CommitKind, CommitRecord, CommitRef};

/// One commit: an immutable state of the whole graph and its place in the history. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    record: Arc<CommitRecord>,
}

impl From<Arc<CommitRecord>> for Commit {
    fn from(record: Arc<CommitRecord>) -> Self {
        Self { record }
    }
}

impl Commit {
    pub(crate) fn record(&self) -> &Arc<CommitRecord> {
        &self.record
    }

    pub(crate) fn reference(&self) -> CommitRef {
        self.record.reference()
    }

    /// Returns the id, unique in the graph.
    #[must_use]
    pub fn id(&self) -> CommitId {
        self.record.commit
    }

    /// Returns the id of the branch it was made on.
    #[must_use]
    pub fn branch_id(&self) -> BranchId {
        self.record.branch
    }

    /// Returns the position in the log of its branch, from 0.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.record.sequence
    }

    /// Returns the length of the longest path to the first commit of the graph, which has generation 1.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.record.generation
    }

    /// Returns the ids of the parents: none for the first commit of a graph, two for a merge, else one.
    pub fn parents(&self) -> impl Iterator<Item = CommitId> + '_ {
        self.record.parents.iter().map(|parent| parent.commit)
    }

    /// Returns the kind of change.
    #[must_use]
    pub fn kind(&self) -> CommitKind {
        self.record.kind
    }

    /// Returns the commit that a reset restored, a revert undid or a cherry-pick applied.
    #[must_use]
    pub fn source(&self) -> Option<CommitId> {
        self.record.source.map(|source| source.commit)
    }

    /// Returns the actor that made it.
    #[must_use]
    pub fn actor(&self) -> Option<&str> {
        self.record.actor.as_deref()
    }

    /// Returns the time it was made, in Unix microseconds by the clock of the writer.
    #[must_use]
    pub fn authored_at(&self) -> i64 {
        self.record.authored_at
    }
}
