//! What a commit takes over beside rows: whole versions of tables, a second parent, another schema.

use std::sync::Arc;

use omnigraph_log::{CommitRecord, CommitRef, SchemaHash, TableChange, TablePath, TablePin};

use crate::error::Result;
use crate::snapshot::Snapshot;

/// What a commit takes over from elsewhere in history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adoption {
    /// Versions of tables, as they are.
    pub(crate) tables: Vec<AdoptedTable>,
    /// The other parent of a merge.
    pub(crate) parent: Option<Arc<CommitRecord>>,
    /// The commit that is undone or repeated.
    pub(crate) source: Option<CommitRef>,
    /// The schema from then on, if it is another.
    pub(crate) schema: Option<SchemaHash>,
    /// The newest block of fragment ids that the tables taken over know of.
    pub(crate) fragment_blocks: u64,
}

/// A version of a table that is taken over: nothing is copied.
#[derive(Clone, Debug)]
pub(crate) struct AdoptedTable {
    /// The table.
    pub(crate) path: TablePath,
    /// The version; none if the table goes.
    pub(crate) pin: Option<TablePin>,
    /// What changes by it.
    pub(crate) change: TableChange,
}

impl Adoption {
    /// Whether a commit is due even if no row changes: a merge is remembered.
    pub(super) fn is_a_change(&self) -> bool {
        self.parent.is_some() || self.schema.is_some() || !self.tables.is_empty()
    }

    /// `base` with the versions taken over: what other rows of the same commit are judged on and written to.
    pub(crate) async fn onto(&self, base: &Snapshot) -> Result<Snapshot> {
        let mut record = CommitRecord::clone(base.commit());
        self.pin(&mut record);
        Snapshot::of(&base.shared, base.target().clone(), Arc::new(record)).await
    }

    fn pin(&self, record: &mut CommitRecord) {
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

    /// Adds all of it to the record of the commit.
    pub(super) fn complete(&self, record: &mut CommitRecord) {
        self.pin(record);
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
