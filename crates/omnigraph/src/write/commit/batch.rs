//! Batches: the writes that share a commit, their common write set, and the commit record.

use std::collections::BTreeMap;
use std::sync::Arc;

use omnigraph_history::record::{RECORD_FORMAT, TouchedKeys};
use omnigraph_history::{BranchHead, CommitId, CommitRecord, OperationRecord, TableChange, TablePath};

use super::next_version::NextVersion;
use super::queue::PreparedWrite;
use super::resolve::ResolvedTable;
use super::write_op::ReadSet;
use super::{StagedTable, StagedWrite, WriteOutcome};
use crate::error::{Error, Result};
use crate::index::key::KeyHash;
use crate::snapshot::Snapshot;

/// The staged writes of a batch and their common write set.
#[derive(Debug, Default)]
pub(super) struct WriteGroup {
    members: Vec<Arc<StagedWrite>>,
    write_set: BTreeMap<TablePath, TableChange>,
}

impl WriteGroup {
    /// Returns true if a member writes something that a write read on the common base.
    pub(super) fn conflicts_with(&self, read_set: &ReadSet) -> bool {
        self.write_set.iter().any(|(table, change)| read_set.intersects(table, change))
    }

    /// Adds a write.
    pub(super) fn push(&mut self, staged: Arc<StagedWrite>) {
        for table in &staged.tables {
            self.add_keys(table);
        }
        self.members.push(staged);
    }

    /// Adds the keys of a staged table to the write set. Generated ids are not among the keys: only a read of the whole
    /// table conflicts with their rows.
    fn add_keys(&mut self, table: &StagedTable) {
        let keys = table.keys.iter().chain(table.removed.iter()).map(KeyHash::short);
        let empty = || TableChange { touched: TouchedKeys::Hashes(Vec::new()), ..TableChange::default() };
        let change = self.write_set.entry(table.path.clone()).or_insert_with(empty);
        change.touched = match std::mem::take(&mut change.touched) {
            TouchedKeys::Any => TouchedKeys::Any,
            TouchedKeys::Hashes(known) => TouchedKeys::from_hashes(known.into_iter().chain(keys).collect()),
        };
    }

    /// Removes the newest write.
    pub(super) fn pop(&mut self) {
        self.members.pop();
        self.write_set.clear();
        for member in std::mem::take(&mut self.members) {
            self.push(member);
        }
    }

    /// Returns all members as one write.
    pub(super) fn combine(&self) -> Result<Arc<StagedWrite>> {
        let (first, later) = self.members.split_first().ok_or_else(|| Error::internal("a commit without a write"))?;
        if later.is_empty() {
            return Ok(Arc::clone(first));
        }
        let mut combined = StagedWrite::clone(first);
        for member in later {
            combined.merge_from(member)?;
        }
        Ok(Arc::new(combined))
    }
}

/// Writes that share a commit.
pub(super) struct Batch {
    pub(super) head: BranchHead,
    pub(super) writes: Vec<PreparedWrite>,
    pub(super) validated: ValidatedWrite,
}

/// The combined effect of a batch, validated on its base.
pub(super) struct ValidatedWrite {
    pub(super) staged: Arc<StagedWrite>,
    /// The base of the staged rows: the head with swapped tables.
    pub(super) base: Snapshot,
    pub(super) tables: Vec<ResolvedTable>,
}

/// Returns the record of a commit. `now` is the time in Unix microseconds.
pub(super) fn commit_record(
    head: &BranchHead,
    writes: &[PreparedWrite],
    staged: &StagedWrite,
    versions: &[NextVersion],
    now: i64,
) -> CommitRecord {
    let base = head.record.as_ref();
    let sequence = head.next_sequence();
    let mut record = CommitRecord {
        format: RECORD_FORMAT,
        commit: CommitId::mint(now, head.branch.id, sequence),
        branch: head.branch.id,
        sequence,
        generation: base.generation + 1,
        parents: vec![base.reference()],
        kind: staged.kind,
        source: None,
        actor: staged.actor.clone(),
        authored_at: now,
        schema: staged.schema.clone(),
        tables: base.tables.clone(),
        changes: BTreeMap::new(),
        operations: writes.iter().map(commit_operation).collect(),
        fragment_blocks: versions.iter().map(|version| version.newest_block).fold(base.fragment_blocks, u64::max),
    };
    if let Some(swap) = &staged.swap {
        swap.add_to_record(&mut record);
    }
    for version in versions {
        record.tables.insert(version.table.path().clone(), version.table.pin());
        record.changes.insert(version.table.path().clone(), version.change.clone());
    }
    record
}

/// The response of an operation as a commit stores it. A write without changes has a commit only for the sake of its key.
#[derive(serde::Deserialize)]
struct StoredResponse {
    changed: bool,
    answer: serde_json::Value,
}

/// Returns the operation of a write, with the response if there is an idempotency key.
fn commit_operation(write: &PreparedWrite) -> OperationRecord {
    let key = write.pending.claim.as_ref().map(|claim| claim.key.clone());
    let effect = &write.prepared.effect;
    let answer = key.as_ref().map(|_| {
        serde_json::json!({ "changed": effect.staged.has_changes(), "answer": effect.response.as_ref() }).to_string()
    });
    OperationRecord {
        id: write.pending.operation,
        actor: write.pending.request.actor.clone(),
        idempotency_key: key,
        answer,
    }
}

/// Returns the outcome that a commit stores for one of its operations.
pub(super) fn stored_outcome(record: Arc<CommitRecord>, operation: usize) -> Result<WriteOutcome> {
    let answer = record.operations.get(operation).and_then(|operation| operation.answer.as_deref());
    let stored: Option<StoredResponse> = answer.and_then(|text| serde_json::from_str(text).ok());
    let stored = stored.ok_or_else(|| {
        Error::internal(format!("commit {} stores no response for its idempotency key", record.commit))
    })?;
    let record = stored.changed.then_some(record);
    Ok(WriteOutcome { record, response: Arc::new(stored.answer), retries: 0, replayed: true })
}
