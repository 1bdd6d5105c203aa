//! Several writes as one: what their common commit does, in the order in which they came.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use omnigraph_log::{TableChange, TablePath, record::TouchedKeys};

use super::job::Reads;
use super::staged::{StagedRows, StagedTable, StagedWrite};
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::table::ID;

/// The writes that share a commit, and what they touch together.
#[derive(Debug, Default)]
pub(super) struct Group {
    members: Vec<Arc<StagedWrite>>,
    touched: BTreeMap<TablePath, TableChange>,
}

impl Group {
    /// Whether a write that read the common base would have seen what a member does.
    pub(super) fn disturbs(&self, reads: &Reads) -> bool {
        self.touched.iter().any(|(table, change)| reads.changed_in(table, change))
    }

    /// Adds a write behind the others.
    pub(super) fn push(&mut self, staged: Arc<StagedWrite>) {
        for table in &staged.tables {
            let keys = table.keys.iter().chain(table.removed.iter()).map(KeyHash::short);
            let known = self
                .touched
                .entry(table.path.clone())
                .or_insert_with(|| TableChange { touched: TouchedKeys::These(Vec::new()), ..TableChange::default() });
            // A row whose id was made up has no key here: it is met by those who read the whole table.
            known.touched = match std::mem::take(&mut known.touched) {
                TouchedKeys::Any => TouchedKeys::Any,
                TouchedKeys::These(known) => TouchedKeys::of(known.into_iter().chain(keys).collect()),
            };
        }
        self.members.push(staged);
    }

    /// Takes the last write out again.
    pub(super) fn pop(&mut self) {
        let members = std::mem::take(&mut self.members);
        let keep = members.len().saturating_sub(1);
        self.touched.clear();
        for member in members.into_iter().take(keep) {
            self.push(member);
        }
    }

    /// All of it as one write.
    pub(super) fn together(&self) -> Result<Arc<StagedWrite>> {
        let mut members = self.members.iter();
        let first = members.next().ok_or_else(|| Error::internal("a commit of no write"))?;
        if self.members.len() == 1 {
            return Ok(Arc::clone(first));
        }
        let mut whole = StagedWrite::clone(first);
        for member in members {
            whole.absorb(member)?;
        }
        Ok(Arc::new(whole))
    }
}

impl StagedWrite {
    /// Adds what a later write of the same commit does.
    fn absorb(&mut self, later: &Self) -> Result<()> {
        if self.actor != later.actor {
            // Each operation of the record names its own.
            self.actor = None;
        }
        self.ends.extend(later.ends.iter().cloned());
        self.then(&later.tables)
    }

    /// Adds what is done to tables after it.
    pub(crate) fn then(&mut self, later: &[StagedTable]) -> Result<()> {
        for table in later {
            match self.tables.iter_mut().find(|known| known.path == table.path) {
                Some(known) => known.absorb(table)?,
                None => self.tables.push(table.clone()),
            }
        }
        Ok(())
    }
}

impl StagedTable {
    /// Adds what a later write does to the table: its rows take the place of earlier ones of the same id.
    fn absorb(&mut self, later: &Self) -> Result<()> {
        let (StagedRows::Memory(rows), StagedRows::Memory(more)) = (&mut self.rows, &later.rows) else {
            return Err(Error::internal("bulk rows share no commit"));
        };
        let gone = |key: KeyHash| later.keys.contains(key) || later.removed.contains(key);
        if self.keys.iter().any(gone) {
            for batch in rows.iter_mut() {
                *batch = without(batch, gone)?;
            }
            rows.retain(|batch| batch.num_rows() > 0);
        }
        rows.extend(more.iter().cloned());
        self.facts = None;
        self.count = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        self.keys.retain(|key| !gone(key));
        self.keys.extend(&later.keys);
        self.removed.retain(|key| !later.keys.contains(key));
        self.removed.extend(&later.removed);
        Ok(())
    }
}

fn without(batch: &RecordBatch, gone: impl Fn(KeyHash) -> bool) -> Result<RecordBatch> {
    let ids = batch.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
    let ids = ids.ok_or_else(|| Error::internal("staged rows without ids"))?;
    let keep: BooleanArray = ids.iter().map(|id| id.map(|id| !gone(KeyHash::of(id)))).collect();
    Ok(filter_record_batch(batch, &keep)?)
}
