//! Overlays: a base with staged rows, visible to one operation only.

use std::sync::Arc;

use futures::future::try_join_all;
use omnigraph_history::CommitRecord;

use super::next_version::write_version;
use super::resolve::resolve_table;
use super::{GraphWriter, StagedTable};
use crate::error::Result;
use crate::snapshot::Snapshot;

impl GraphWriter {
    /// Returns `base` with `tables` written. Constraints are not checked: they may be violated between statements.
    pub(crate) async fn overlay(&self, base: &Snapshot, tables: &[StagedTable]) -> Result<Snapshot> {
        // The files are never synced: no commit refers to these versions.
        let sync_batch = &base.engine.log.store().sync_batch();
        let written = tables.iter().map(|staged| async move {
            let resolved = resolve_table(staged, base).await?;
            write_version(base, &self.ids, staged, resolved, sync_batch).await
        });
        let mut record = CommitRecord::clone(base.record());
        for version in try_join_all(written).await? {
            record.tables.insert(version.table.path().clone(), version.table.pin());
        }
        Snapshot::open(&base.engine, base.target().clone(), Arc::new(record)).await
    }
}
