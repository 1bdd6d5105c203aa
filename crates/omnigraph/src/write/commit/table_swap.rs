//! The part of a commit that is taken from history as it is: whole table versions, a second parent, another schema.

use std::sync::Arc;

use omnigraph_history::{CommitRecord, CommitRef, SchemaHash, TableChange, TablePath, TablePin};

use crate::error::Result;
use crate::snapshot::Snapshot;

/// Table versions, parents and a schema that a commit takes from history.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableSwap {
    /// The table versions.
    pub(crate) tables: Vec<SwappedTable>,
    /// The second parent of a merge.
    pub(crate) parent: Option<Arc<CommitRecord>>,
    /// The commit that is reverted, cherry-picked or restored.
    pub(crate) source: Option<CommitRef>,
    /// The new schema, if it changes.
    pub(crate) schema: Option<SchemaHash>,
    /// The newest block of fragment ids that the table versions use.
    pub(crate) fragment_blocks: u64,
}

/// A table version from history. Nothing is copied.
#[derive(Clone, Debug)]
pub(crate) struct SwappedTable {
    /// The table.
    pub(crate) path: TablePath,
    /// The version; none to remove the table.
    pub(crate) pin: Option<TablePin>,
    /// The change of the table by the swap.
    pub(crate) change: TableChange,
}

impl TableSwap {
    /// Returns true if a commit is needed even without changed rows. A merge is recorded in any case.
    pub(super) fn has_changes(&self) -> bool {
        self.parent.is_some() || self.schema.is_some() || !self.tables.is_empty()
    }

    /// Returns `base` with the swapped tables and schema: the base of the other rows of the same commit.
    pub(crate) async fn apply_to(&self, base: &Snapshot) -> Result<Snapshot> {
        let mut record = CommitRecord::clone(base.record());
        self.swap_pins(&mut record);
        Snapshot::open(&base.engine, base.target().clone(), Arc::new(record)).await
    }

    fn swap_pins(&self, record: &mut CommitRecord) {
        for table in &self.tables {
            match table.pin {
                Some(pin) => drop(record.tables.insert(table.path.clone(), pin)),
                None => drop(record.tables.remove(&table.path)),
            }
        }
        if let Some(schema) = &self.schema {
            record.schema.clone_from(schema);
        }
    }

    /// Adds the swap to the record of the commit.
    pub(super) fn add_to_record(&self, record: &mut CommitRecord) {
        self.swap_pins(record);
        for table in self.tables.iter().filter(|table| table.pin.is_some()) {
            record.changes.insert(table.path.clone(), table.change.clone());
        }
        if let Some(parent) = &self.parent {
            record.parents.push(parent.reference());
            record.generation = record.generation.max(parent.generation.saturating_add(1));
        }
        record.source = self.source;
        record.fragment_blocks = record.fragment_blocks.max(self.fragment_blocks);
    }
}
