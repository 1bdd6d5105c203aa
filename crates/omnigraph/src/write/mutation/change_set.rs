//! The change set of a mutation: the final row of each id that it wrote or deleted.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use hashbrown::HashMap;
use omnigraph_history::TablePath;

use super::statements::StatementExecutor;
use crate::error::Result;
use crate::index::key::KeyHash;
use crate::table::RowAddress;
use crate::write::commit::{StagedRows, StagedTable, WriteMode, id_column};
use crate::write::constraints::RowPlan;

/// The source of the ids of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdSource {
    /// The id is given or follows from a key: the base may have a row with it.
    Given,
    /// The id is generated: no other row has it.
    Generated,
}

/// The state of an id in a change set.
#[derive(Clone, Debug)]
pub(super) enum RowState {
    /// The row of the id, as a batch of one row.
    Written(RecordBatch),
    /// The row is deleted.
    Deleted,
}

/// The changes of a mutation by table.
#[derive(Debug, Default)]
pub(super) struct ChangeSet {
    tables: BTreeMap<TablePath, TableChanges>,
}

#[derive(Debug)]
struct TableChanges {
    label: String,
    batches: Vec<RecordBatch>,
    rows: HashMap<KeyHash, ChangedRow>,
}

#[derive(Clone, Copy, Debug)]
struct ChangedRow {
    /// The batch and the row in it; none if the row is deleted.
    position: Option<(usize, usize)>,
    id_source: IdSource,
}

impl ChangeSet {
    /// Returns true if a table is changed.
    pub(super) fn changes_table(&self, table: &TablePath) -> bool {
        self.tables.get(table).is_some_and(|changes| !changes.rows.is_empty())
    }

    /// Writes rows. The last of several rows with one id wins. Returns the number of ids.
    pub(super) fn write_rows(
        &mut self,
        table: &TablePath,
        label: impl FnOnce() -> String,
        rows: &RecordBatch,
        id_source: IdSource,
    ) -> Result<u64> {
        let changes = self.tables.entry(table.clone()).or_insert_with(|| TableChanges::new(label()));
        let batch = changes.batches.len();
        let mut ids = HashSet::new();
        for (row, id) in id_column(rows)?.iter().enumerate() {
            let key = KeyHash::new(id.unwrap_or_default());
            let known = changes.rows.get(&key).map_or(id_source, |change| change.id_source);
            changes.rows.insert(key, ChangedRow { position: Some((batch, row)), id_source: known });
            ids.insert(key);
        }
        changes.batches.push(rows.clone());
        Ok(ids.len() as u64)
    }

    /// Deletes the rows of ids. Returns the number of rows that were not deleted before.
    pub(super) fn delete_rows(&mut self, table: &TablePath, label: impl FnOnce() -> String, ids: &StringArray) -> u64 {
        let changes = self.tables.entry(table.clone()).or_insert_with(|| TableChanges::new(label()));
        let mut deleted = 0;
        for id in ids.iter().flatten() {
            let key = KeyHash::new(id);
            let id_source = match changes.rows.get(&key) {
                Some(ChangedRow { position: None, .. }) => continue,
                known => known.map_or(IdSource::Given, |change| change.id_source),
            };
            changes.rows.insert(key, ChangedRow { position: None, id_source });
            deleted += 1;
        }
        deleted
    }

    /// Returns the state of an id if the mutation changed it.
    pub(super) fn row_state(&self, table: &TablePath, key: KeyHash) -> Option<RowState> {
        let changes = self.tables.get(table)?;
        match changes.rows.get(&key)?.position {
            Some((batch, row)) => changes.batches.get(batch).map(|batch| RowState::Written(batch.slice(row, 1))),
            None => Some(RowState::Deleted),
        }
    }

    /// Returns all changes as staged tables.
    pub(super) fn staged_tables(&self) -> Result<Vec<StagedTable>> {
        let changed = self.tables.iter().filter(|(_, changes)| !changes.rows.is_empty());
        changed.map(|(table, changes)| changes.stage(table)).collect()
    }
}

impl TableChanges {
    fn new(label: String) -> Self {
        Self { label, batches: Vec::new(), rows: HashMap::new() }
    }

    fn stage(&self, table: &TablePath) -> Result<StagedTable> {
        let mut positions: Vec<(usize, usize)> = self.rows.values().filter_map(|change| change.position).collect();
        positions.sort_unstable();
        let rows = match (positions.is_empty(), self.batches.as_slice()) {
            (true, _) => Vec::new(),
            (false, [only]) if only.num_rows() == positions.len() => vec![only.clone()],
            (false, batches) => vec![interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &positions)?],
        };
        let given = self.rows.iter().filter(|(_, change)| change.id_source == IdSource::Given);
        let (written, deleted): (Vec<_>, Vec<_>) = given.partition(|(_, change)| change.position.is_some());
        Ok(StagedTable {
            path: table.clone(),
            label: self.label.clone(),
            mode: WriteMode::Upsert,
            rows: StagedRows::Memory(rows),
            reused_fragments: Vec::new(),
            count: positions.len() as u64,
            keys: written.into_iter().map(|(key, _)| *key).collect(),
            removed: deleted.into_iter().map(|(key, _)| *key).collect(),
            constraint_inputs: None,
        })
    }
}

impl StatementExecutor<'_> {
    /// Returns the rows of the base with these ids, each as a batch of one row, without the changes of the mutation.
    pub(super) async fn base_rows(
        &mut self,
        plan: &RowPlan,
        keys: &[KeyHash],
    ) -> Result<BTreeMap<KeyHash, RecordBatch>> {
        let table = self.base.table(&plan.path).await?;
        for key in keys {
            self.read_set.add_key(&plan.path, *key);
        }
        if table.rows() == 0 || keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let index = self.base.engine.keys.id_index(&table).await?;
        let found: BTreeMap<KeyHash, RowAddress> =
            keys.iter().filter_map(|key| Some((*key, index.get(*key)?))).collect();
        if found.is_empty() {
            return Ok(BTreeMap::new());
        }
        let addresses: Vec<RowAddress> = found.values().copied().collect();
        let rows = table.rows_by_address(&addresses).await?;
        Ok(found.into_keys().enumerate().map(|(row, key)| (key, rows.slice(row, 1))).collect())
    }

    /// Returns the current row of an id: as the mutation left it, or else from `base`, the rows of [`Self::base_rows`].
    pub(super) fn current_row(
        &self,
        plan: &RowPlan,
        key: KeyHash,
        base: &BTreeMap<KeyHash, RecordBatch>,
    ) -> Option<RecordBatch> {
        match self.changes.row_state(&plan.path, key) {
            Some(RowState::Written(row)) => Some(row),
            Some(RowState::Deleted) => None,
            None => base.get(&key).cloned(),
        }
    }
}
