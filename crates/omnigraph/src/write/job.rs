//! What a writer is given: something that says what it does to a base, and what it must know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use omnigraph_log::{CommitRecord, TableChange, TablePath};

use super::StagedWrite;
use crate::error::Result;
use crate::keys::KeyHash;
use crate::snapshot::Snapshot;

/// A write that wants to become a commit, or a part of one.
#[async_trait::async_trait]
pub(crate) trait Job: fmt::Debug + Send + Sync {
    /// What it does to `base`. Asked again on another base, if what was read of the first has changed since.
    async fn prepare(&self, base: &Snapshot) -> Result<Effect>;

    /// Whether it may share a commit with others.
    fn company(&self) -> Company;
}

/// A write that was staged beforehand and does the same to every base.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// The rows that come and go.
    pub(crate) staged: Arc<StagedWrite>,
    /// What its caller is told.
    pub(crate) answer: Arc<serde_json::Value>,
}

#[async_trait::async_trait]
impl Job for Fixed {
    async fn prepare(&self, _: &Snapshot) -> Result<Effect> {
        let (staged, answer) = (Arc::clone(&self.staged), Arc::clone(&self.answer));
        Ok(Effect { staged, reads: Reads::default(), answer })
    }

    fn company(&self) -> Company {
        Company::Alone
    }
}

/// With whom a write may share a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// With others of its kind: it is small, and says exactly which rows it touches.
    Shared,
    /// With nobody.
    Alone,
}

/// What a write does to a base.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    /// The rows that come and go.
    pub(crate) staged: Arc<StagedWrite>,
    /// What it read of the base.
    pub(crate) reads: Reads,
    /// What its caller is told, kept for replays where there is an idempotency key.
    pub(crate) answer: Arc<serde_json::Value>,
}

/// What a write read of its base: while none of it changes, the write does the same to a later base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reads {
    /// Whole tables.
    pub(crate) tables: BTreeSet<TablePath>,
    /// Rows by id, whether they were there or not.
    pub(crate) keys: BTreeMap<TablePath, BTreeSet<u64>>,
}

impl Reads {
    /// Takes note of a row that was looked for.
    pub(crate) fn key(&mut self, table: &TablePath, key: KeyHash) {
        self.keys.entry(table.clone()).or_default().insert(key.short());
    }

    /// Whether a commit changed any of it.
    pub(crate) fn changed_by(&self, record: &CommitRecord) -> bool {
        record.changes.iter().any(|(table, change)| self.changed_in(table, change))
    }

    /// Whether a change of a table changed any of it.
    pub(crate) fn changed_in(&self, table: &TablePath, change: &TableChange) -> bool {
        let mut keys = self.keys.get(table).into_iter().flatten();
        self.tables.contains(table) || keys.any(|key| change.touched.may_hold(*key))
    }
}
