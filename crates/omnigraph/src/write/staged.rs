//! Rows that want to become a commit. They do not depend on a base, so a lost race costs no new staging.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use omnigraph_log::{CommitKind, SchemaHash, TablePath};

use super::Adoption;
use crate::error::Result;
use crate::keys::KeySet;
use crate::snapshot::Snapshot;
use crate::table::{CarriedFragment, WrittenFile};
use crate::validate::{Facts, WantedEnds};

/// What happens to a row that is there under the id of a staged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced whole.
    Replace,
    /// The write is refused.
    Refuse,
}

/// Staged rows.
#[derive(Clone, Debug)]
pub(crate) enum StagedRows {
    /// Few enough to be written with the version, together with what is folded.
    Memory(Vec<RecordBatch>),
    /// Written already.
    Files(Vec<WrittenFile>),
}

/// Staged rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct StagedTable {
    /// The table.
    pub(crate) path: TablePath,
    /// `node type 'X'` or `edge type 'X'`, for messages.
    pub(crate) describe: String,
    /// Whether the rows that are there go.
    pub(crate) replace: bool,
    /// What happens to rows of the same id.
    pub(crate) existing: Existing,
    /// The rows.
    pub(crate) rows: StagedRows,
    /// More rows, in fragments that are there already.
    pub(crate) carried: Vec<CarriedFragment>,
    /// How many, with those carried.
    pub(crate) count: u64,
    /// Their ids, but for those that were made up and cannot clash.
    pub(crate) keys: KeySet,
    /// Ids of rows that go and get no successor. An id that is not there is passed over.
    pub(crate) removed: KeySet,
    /// What rules need to know of the rows, where they streamed past. Of rows in memory it can be left to be found.
    pub(crate) facts: Option<Arc<Facts>>,
}

/// Everything that one commit is to carry.
#[derive(Clone, Debug)]
pub(crate) struct StagedWrite {
    /// The schema the rows were made for.
    pub(crate) schema: SchemaHash,
    /// What the commit will say it is.
    pub(crate) kind: CommitKind,
    /// Who is answerable.
    pub(crate) actor: Option<String>,
    /// One entry per table touched.
    pub(crate) tables: Vec<StagedTable>,
    /// Ends of edges that streamed past, to be found among the rows that are there.
    pub(crate) ends: Vec<WantedEnds>,
    /// What it takes over beside rows.
    pub(crate) adoption: Option<Arc<Adoption>>,
}

impl StagedWrite {
    /// Every table that it changes.
    pub(crate) fn paths(&self) -> Vec<TablePath> {
        let adopted = self.adoption.iter().flat_map(|adoption| &adoption.tables).map(|table| table.path.clone());
        self.tables.iter().map(|table| table.path.clone()).chain(adopted).collect()
    }

    /// What its rows come upon: the base, and what it takes over.
    pub(crate) async fn ground(&self, base: &Snapshot) -> Result<Snapshot> {
        match &self.adoption {
            Some(adoption) => adoption.onto(base).await,
            None => Ok(base.clone()),
        }
    }

    /// Whether it changes any row.
    pub(crate) fn changes(&self) -> bool {
        let adopts = self.adoption.as_ref().is_some_and(|adoption| adoption.is_a_change());
        adopts || self.tables.iter().any(|table| table.replace || table.count > 0 || !table.removed.is_empty())
    }
}
