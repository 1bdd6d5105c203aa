//! Staged rows. They do not depend on a base, so that a lost race costs no new staging.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use omnigraph_history::{CommitKind, SchemaHash, TablePath};

use super::TableSwap;
use crate::error::{Error, Result};
use crate::index::key::{KeyHash, KeySet};
use crate::snapshot::Snapshot;
use crate::table::{ID, ReusedFragment, WrittenFile};
use crate::write::constraints::{ConstraintInputs, EndpointLookups};

/// The effect of staged rows on the rows of the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteMode {
    /// Every row of the base is deleted.
    Replace,
    /// A row of the base with the id of a staged row is replaced.
    Upsert,
    /// A row of the base with the id of a staged row makes the write fail.
    Insert,
}

/// The place of staged rows.
#[derive(Clone, Debug)]
pub(crate) enum StagedRows {
    /// In memory, to be written together with the small fragments that the write compacts.
    Memory(Vec<RecordBatch>),
    /// In data files.
    Files(Vec<WrittenFile>),
}

/// Staged rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct StagedTable {
    /// The table.
    pub(crate) path: TablePath,
    /// `node type 'X'` or `edge type 'X'`, for messages.
    pub(crate) label: String,
    /// The effect on rows of the base.
    pub(crate) mode: WriteMode,
    /// The rows.
    pub(crate) rows: StagedRows,
    /// Fragments of other versions whose rows are added as they are.
    pub(crate) reused_fragments: Vec<ReusedFragment>,
    /// The number of rows, with those of reused fragments.
    pub(crate) count: u64,
    /// The ids of the rows, without generated ids, which cannot clash.
    pub(crate) keys: KeySet,
    /// The ids of rows to delete. An id without a row is skipped.
    pub(crate) removed: KeySet,
    /// The constraint inputs that were collected while the rows were streamed. Those of rows in memory are computed later.
    pub(crate) constraint_inputs: Option<Arc<ConstraintInputs>>,
}

/// The content of one commit.
#[derive(Clone, Debug)]
pub(crate) struct StagedWrite {
    /// The schema that the rows were staged for.
    pub(crate) schema: SchemaHash,
    /// The kind of the commit.
    pub(crate) kind: CommitKind,
    /// The actor of the commit.
    pub(crate) actor: Option<String>,
    /// The staged rows, one entry per table.
    pub(crate) tables: Vec<StagedTable>,
    /// Endpoints of streamed edges that must exist in the base.
    pub(crate) endpoint_lookups: Vec<EndpointLookups>,
    /// The part that is taken from history.
    pub(crate) swap: Option<Arc<TableSwap>>,
}

impl StagedWrite {
    /// Returns every table that the write changes.
    pub(super) fn table_paths(&self) -> Vec<TablePath> {
        let swapped = self.swap.iter().flat_map(|swap| &swap.tables).map(|table| table.path.clone());
        self.tables.iter().map(|table| table.path.clone()).chain(swapped).collect()
    }

    /// Returns the base of the staged rows: `base` with the swapped tables.
    pub(crate) async fn effective_base(&self, base: &Snapshot) -> Result<Snapshot> {
        match &self.swap {
            Some(swap) => swap.apply_to(base).await,
            None => Ok(base.clone()),
        }
    }

    /// Returns true if the write needs a commit.
    pub(super) fn has_changes(&self) -> bool {
        self.swap.as_ref().is_some_and(|swap| swap.has_changes()) || self.tables.iter().any(StagedTable::has_changes)
    }

    /// Adds a later write of the same commit.
    pub(super) fn merge_from(&mut self, later: &Self) -> Result<()> {
        if self.actor != later.actor {
            // The operations of the record name their actors.
            self.actor = None;
        }
        self.endpoint_lookups.extend(later.endpoint_lookups.iter().cloned());
        self.append(&later.tables)
    }

    /// Adds changes of tables that follow its own.
    pub(crate) fn append(&mut self, later: &[StagedTable]) -> Result<()> {
        for table in later {
            match self.tables.iter_mut().find(|known| known.path == table.path) {
                Some(known) => known.merge_from(table)?,
                None => self.tables.push(table.clone()),
            }
        }
        Ok(())
    }
}

impl StagedTable {
    fn has_changes(&self) -> bool {
        self.mode == WriteMode::Replace || self.count > 0 || !self.removed.is_empty()
    }

    /// Adds a later change of the table: its rows replace earlier ones of the same id.
    fn merge_from(&mut self, later: &Self) -> Result<()> {
        let (StagedRows::Memory(rows), StagedRows::Memory(more)) = (&mut self.rows, &later.rows) else {
            return Err(Error::internal("rows in files cannot share a commit"));
        };
        let superseded = |key: KeyHash| later.keys.contains(key) || later.removed.contains(key);
        if self.keys.iter().any(superseded) {
            for batch in rows.iter_mut() {
                let keep = id_column(batch)?.iter().map(|id| id.map(|id| !superseded(KeyHash::new(id))));
                *batch = filter_record_batch(batch, &keep.collect::<BooleanArray>())?;
            }
            rows.retain(|batch| batch.num_rows() > 0);
        }
        rows.extend(more.iter().cloned());
        self.constraint_inputs = None;
        self.count = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        self.keys.retain(|key| !superseded(key));
        self.keys.extend(&later.keys);
        self.removed.retain(|key| !later.keys.contains(key));
        self.removed.extend(&later.removed);
        Ok(())
    }
}

/// Returns the ids of rows.
pub(crate) fn id_column(rows: &RecordBatch) -> Result<&StringArray> {
    let ids = rows.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
    ids.ok_or_else(|| Error::internal("staged rows without ids"))
}
