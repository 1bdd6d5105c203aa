//! Publication of a commit: one new version of each mirror dataset that does not show it yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use omnigraph_history::CommitRecord;
use omnigraph_storage::PutOutcome;

use super::Mirror;
use super::expire::{delete_expired_versions, delete_stale_datasets};
use super::target::{MirrorTarget, mirror_targets};
use crate::error::{RecoveryError, Result};
use crate::table::{HeadFolder, MirrorMetadata};

/// Datasets that are published concurrently.
const PUBLISH_CONCURRENCY: usize = 16;
/// Lost races for the next version of a dataset. Each was won by another publisher or by an external tool.
const MAX_ATTEMPTS: u32 = 64;

/// The dataset versions that a handle has read or written. Versions are immutable, so entries stay valid.
#[derive(Debug, Default)]
pub(super) struct KnownVersions {
    latest: Mutex<HashMap<String, (u64, u64)>>,
}

impl KnownVersions {
    /// Returns the latest known version of a dataset, and the table version that it shows.
    pub(super) fn latest(&self, dataset: &str) -> Option<(u64, u64)> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).get(dataset).copied()
    }

    fn insert(&self, target: &MirrorTarget, number: u64) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.insert(target.dataset.clone(), (number, target.pin.version));
    }
}

impl Mirror {
    /// Publishes `record` to every dataset that does not show it or a later commit: one listing, one read per unknown
    /// dataset, one put per dataset that changes. Returns the versions that external readers see, by table key.
    pub(super) async fn publish_commit(&self, record: &CommitRecord) -> Result<HashMap<String, u64>> {
        let tables = &self.engine().tables;
        let targets = mirror_targets(self.engine(), record).await?;
        let folders = tables.list_heads().await?;
        let empty = HeadFolder::default();
        let puts = targets.iter().map(|target| {
            let folder = folders.get(&target.dataset).unwrap_or(&empty);
            self.publish_dataset(record, target, folder).boxed()
        });
        // Collected and boxed: the compiler cannot prove that a lazy stream of so many borrowing futures is `Send`.
        let puts: Vec<BoxFuture<'_, Result<(String, u64)>>> = puts.collect();
        let published = futures::stream::iter(puts).buffered(PUBLISH_CONCURRENCY).try_collect().await?;
        delete_stale_datasets(tables, record, &folders, &targets).await?;
        Ok(published)
    }

    /// Publishes one dataset and deletes its expired versions.
    async fn publish_dataset(
        &self,
        record: &CommitRecord,
        target: &MirrorTarget,
        folder: &HeadFolder,
    ) -> Result<(String, u64)> {
        let version = self.publish_table(record, target, folder.newest()).await?;
        delete_expired_versions(&self.engine().tables, &target.dataset, folder).await?;
        Ok((target.table_key.clone(), version))
    }

    /// Publishes the pinned version of a table as the version after `latest` of its dataset, and returns the version that
    /// readers see. A dataset that is current gets no version.
    async fn publish_table(&self, record: &CommitRecord, target: &MirrorTarget, mut latest: u64) -> Result<u64> {
        let tables = &self.engine().tables;
        for _ in 0..MAX_ATTEMPTS {
            if latest > 0 && self.is_current(record, target, latest).await? {
                return Ok(latest);
            }
            let table = tables.open(&target.table, target.pin).await?;
            let metadata =
                MirrorMetadata { branch: record.branch, sequence: record.sequence, commit: record.commit.to_string() };
            match tables.put_head(&target.dataset, latest + 1, &table, &metadata).await? {
                PutOutcome::Written => {
                    self.known_versions().insert(target, latest + 1);
                    return Ok(latest + 1);
                }
                PutOutcome::Exists(_) => latest = tables.list_head(&target.dataset).await?.newest().max(latest + 1),
            }
        }
        Err(RecoveryError::Contended { head: target.path(), attempts: MAX_ATTEMPTS }.into())
    }

    /// Reports if version `latest` of a dataset shows its target, or a later commit than `record`.
    pub(super) async fn is_current(&self, record: &CommitRecord, target: &MirrorTarget, latest: u64) -> Result<bool> {
        if self.known_versions().latest(&target.dataset) == Some((latest, target.pin.version)) {
            return Ok(true);
        }
        let tables = &self.engine().tables;
        let shown = tables.read_head(&target.dataset, latest, record.branch).await?;
        if !tables.is_published_for(&shown, &target.table, target.pin.version) {
            if shown.sequence.is_some_and(|sequence| sequence > record.sequence) {
                return Ok(true);
            }
            let table = tables.open(&target.table, target.pin).await?;
            if !tables.is_equal(&shown, &table)? {
                return Ok(false);
            }
        }
        self.known_versions().insert(target, latest);
        Ok(true)
    }
}
