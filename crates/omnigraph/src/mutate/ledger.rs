//! What a mutation has done so far: for each id the row that it is to have at the end, or that it is to have none.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use hashbrown::HashMap;
use omnigraph_log::TablePath;

use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::table::ID;
use crate::write::{Existing, StagedRows, StagedTable};

/// How the ids of rows came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// From a key, or given: there may be such a row.
    Known,
    /// Made up: there is no such row.
    MadeUp,
}

/// What has become of an id.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It has this row, a batch of one.
    Row(RecordBatch),
    /// Its row is gone.
    Gone,
}

/// Changes by table.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    tables: BTreeMap<TablePath, Changes>,
}

#[derive(Debug)]
struct Changes {
    describe: String,
    batches: Vec<RecordBatch>,
    entries: HashMap<KeyHash, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Batch and row; none if the row is gone.
    at: Option<(usize, usize)>,
    identity: Identity,
}

impl Ledger {
    /// Whether nothing of a table was changed.
    pub(super) fn spares(&self, table: &TablePath) -> bool {
        self.tables.get(table).is_none_or(|changes| changes.entries.is_empty())
    }

    /// Gives ids their rows; of several rows of one id the last. Says how many ids they are.
    pub(super) fn put(
        &mut self,
        table: &TablePath,
        describe: impl FnOnce() -> String,
        rows: &RecordBatch,
        identity: Identity,
    ) -> Result<u64> {
        let changes = self.tables.entry(table.clone()).or_insert_with(|| Changes::new(describe()));
        let batch = changes.batches.len();
        let mut ids = HashSet::new();
        for (row, id) in id_column(rows)?.iter().enumerate() {
            let key = KeyHash::of(id.unwrap_or_default());
            let known = changes.entries.get(&key).map_or(identity, |entry| entry.identity);
            changes.entries.insert(key, Entry { at: Some((batch, row)), identity: known });
            ids.insert(key);
        }
        changes.batches.push(rows.clone());
        Ok(ids.len() as u64)
    }

    /// Takes the rows of ids away. Says how many were not gone before.
    pub(super) fn remove(&mut self, table: &TablePath, describe: impl FnOnce() -> String, ids: &StringArray) -> u64 {
        let changes = self.tables.entry(table.clone()).or_insert_with(|| Changes::new(describe()));
        let mut removed = 0;
        for id in ids.iter().flatten() {
            let key = KeyHash::of(id);
            let identity = match changes.entries.get(&key) {
                Some(Entry { at: None, .. }) => continue,
                known => known.map_or(Identity::Known, |entry| entry.identity),
            };
            changes.entries.insert(key, Entry { at: None, identity });
            removed += 1;
        }
        removed
    }

    /// What has become of an id, if anything has.
    pub(super) fn state(&self, table: &TablePath, key: KeyHash) -> Option<State> {
        let changes = self.tables.get(table)?;
        match changes.entries.get(&key)?.at {
            Some((batch, row)) => changes.batches.get(batch).map(|batch| State::Row(batch.slice(row, 1))),
            None => Some(State::Gone),
        }
    }

    /// All of it, to be written.
    pub(super) fn staged(&self) -> Result<Vec<StagedTable>> {
        let changed = self.tables.iter().filter(|(_, changes)| !changes.entries.is_empty());
        changed.map(|(table, changes)| changes.staged(table)).collect()
    }
}

impl Changes {
    fn new(describe: String) -> Self {
        Self { describe, batches: Vec::new(), entries: HashMap::new() }
    }

    fn staged(&self, table: &TablePath) -> Result<StagedTable> {
        let mut places: Vec<(usize, usize)> = self.entries.values().filter_map(|entry| entry.at).collect();
        places.sort_unstable();
        let rows = match (places.is_empty(), self.batches.as_slice()) {
            (true, _) => Vec::new(),
            (false, [only]) if only.num_rows() == places.len() => vec![only.clone()],
            (false, batches) => vec![interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &places)?],
        };
        let known = self.entries.iter().filter(|(_, entry)| entry.identity == Identity::Known);
        let (kept, gone): (Vec<_>, Vec<_>) = known.partition(|(_, entry)| entry.at.is_some());
        Ok(StagedTable {
            path: table.clone(),
            describe: self.describe.clone(),
            replace: false,
            existing: Existing::Replace,
            rows: StagedRows::Memory(rows),
            carried: Vec::new(),
            count: places.len() as u64,
            keys: kept.into_iter().map(|(key, _)| *key).collect(),
            removed: gone.into_iter().map(|(key, _)| *key).collect(),
            facts: None,
        })
    }
}

/// The ids of rows.
pub(super) fn id_column(rows: &RecordBatch) -> Result<&StringArray> {
    let ids = rows.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
    ids.ok_or_else(|| Error::internal("rows of a mutation without ids"))
}
