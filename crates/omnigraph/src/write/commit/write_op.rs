//! Write operations: what a caller submits, the effect that it has on a base, and the read set by which the effect is
//! revalidated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use omnigraph_history::{CommitRecord, TableChange, TablePath};

use super::{StagedWrite, WriteCondition};
use crate::error::Result;
use crate::index::key::KeyHash;
use crate::snapshot::Snapshot;

/// A write operation. It computes its effect against a base snapshot and records its read set, so that the effect can be
/// revalidated or computed again after a lost race.
#[async_trait::async_trait]
pub(crate) trait WriteOp: fmt::Debug + Send + Sync {
    /// Computes the effect on `base`. Called again with a later base if a concurrent commit changed the read set.
    async fn prepare(&self, base: &Snapshot) -> Result<PreparedEffect>;

    /// Returns the batching that the operation supports.
    fn batching(&self) -> Batching;
}

/// The batching that an operation supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batching {
    /// The operation is small and names the rows that it touches: it can share a commit with others.
    Allowed,
    /// The operation needs a commit of its own.
    Exclusive,
}

/// The effect of an operation on a base.
#[derive(Clone, Debug)]
pub(crate) struct PreparedEffect {
    /// The rows to write and to delete.
    pub(crate) staged: Arc<StagedWrite>,
    /// The read set of the operation on the base.
    pub(crate) read_set: ReadSet,
    /// The response for the caller. It is stored with the commit if there is an idempotency key.
    pub(crate) response: Arc<serde_json::Value>,
}

/// The tables and rows that an operation read. While none of them changes, the effect is the same on a later base.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadSet {
    /// Tables that were read as a whole.
    pub(crate) tables: BTreeSet<TablePath>,
    /// Ids that were looked up, by table, whether or not there was a row.
    pub(crate) keys: BTreeMap<TablePath, BTreeSet<u64>>,
}

impl ReadSet {
    /// Adds the lookup of an id.
    pub(crate) fn add_key(&mut self, table: &TablePath, key: KeyHash) {
        self.keys.entry(table.clone()).or_default().insert(key.short());
    }

    /// Returns true if a commit changed something that was read.
    pub(crate) fn is_changed_by(&self, record: &CommitRecord) -> bool {
        record.changes.iter().any(|(table, change)| self.intersects(table, change))
    }

    /// Returns true if a change of a table touched something that was read.
    pub(crate) fn intersects(&self, table: &TablePath, change: &TableChange) -> bool {
        let mut keys = self.keys.get(table).into_iter().flatten();
        self.tables.contains(table) || keys.any(|key| change.touched.may_contain(*key))
    }
}

/// A write that was staged before it was submitted and has the same effect on every base.
#[derive(Debug)]
pub(crate) struct PrestagedWrite {
    /// The rows to write and to delete.
    pub(crate) staged: Arc<StagedWrite>,
    /// The response for the caller.
    pub(crate) response: Arc<serde_json::Value>,
}

#[async_trait::async_trait]
impl WriteOp for PrestagedWrite {
    async fn prepare(&self, _: &Snapshot) -> Result<PreparedEffect> {
        let (staged, response) = (Arc::clone(&self.staged), Arc::clone(&self.response));
        Ok(PreparedEffect { staged, read_set: ReadSet::default(), response })
    }

    fn batching(&self) -> Batching {
        Batching::Exclusive
    }
}

/// An operation with its actor, condition and idempotency key.
#[derive(Debug)]
pub(crate) struct WriteRequest {
    /// The operation.
    pub(crate) op: Arc<dyn WriteOp>,
    /// The actor that the commit records.
    pub(crate) actor: Option<String>,
    /// The condition on the state that the write changes.
    pub(crate) condition: Option<WriteCondition>,
    /// The key under which a repetition returns the same response.
    pub(crate) key: Option<IdempotencyKey>,
}

/// An idempotency key and a digest of the request that it identifies.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey {
    pub(crate) key: String,
    pub(crate) request: String,
}

/// The outcome of a write.
#[derive(Clone, Debug)]
pub(crate) struct WriteOutcome {
    /// The commit; none if nothing changed.
    pub(crate) record: Option<Arc<CommitRecord>>,
    /// The response for the caller.
    pub(crate) response: Arc<serde_json::Value>,
    /// The number of lost races.
    pub(crate) retries: u32,
    /// True if an earlier request under the same idempotency key made the commit.
    pub(crate) replayed: bool,
}
