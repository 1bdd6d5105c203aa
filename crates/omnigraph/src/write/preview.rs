//! A state that nobody else sees: a base with rows that come and go, not yet judged and perhaps never published.

use std::sync::Arc;

use futures::future::try_join_all;
use omnigraph_log::CommitRecord;

use super::judge::resolve;
use super::version::next_version;
use super::{StagedTable, Writer};
use crate::error::Result;
use crate::snapshot::Snapshot;

impl Writer {
    /// `base` with `tables` written. Rules are not judged: between statements they may be broken.
    pub(crate) async fn preview(&self, base: &Snapshot, tables: &[StagedTable]) -> Result<Snapshot> {
        // Never settled: nothing refers to these versions after a crash.
        let unsettled = &base.shared.log.store().unsettled();
        let written = tables.iter().map(|staged| async move {
            let resolved = resolve(staged, base).await?;
            next_version(base, &self.ids, staged, resolved, unsettled).await
        });
        let mut record = CommitRecord::clone(base.commit());
        for version in try_join_all(written).await? {
            record.tables.insert(version.table.path().clone(), version.table.pin());
        }
        Snapshot::of(&base.shared, base.target().clone(), Arc::new(record)).await
    }
}
