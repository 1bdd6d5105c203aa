//! Deletion of old versions of mirror datasets, and of datasets of dropped types.
//!
//! Every publication adds a version and lists all of them, so old ones are deleted, a few at a time. A version of a mirror
//! dataset is one manifest; no file of a table is deleted.

use std::collections::BTreeMap;

use omnigraph_history::CommitRecord;

use super::target::MirrorTarget;
use crate::error::Result;
use crate::table::{HeadFolder, HeadVersion, Tables};

/// The time for which a superseded version stays readable: longer than a query of a reader that opened it.
const RETENTION_MICROS: i64 = 3_600_000_000;
/// Versions that always stay.
const MIN_VERSIONS: usize = 16;
/// Versions that one publication deletes at most, so that it stays short.
const MAX_DELETES: usize = 16;

/// Deletes versions of `dataset` that were superseded long ago. Only times of the same store are compared. A dataset with tags
/// or branches of an external tool keeps all its versions.
pub(super) async fn delete_expired_versions(tables: &Tables, dataset: &str, folder: &HeadFolder) -> Result<()> {
    if !folder.referred {
        for number in expired(&folder.versions) {
            tables.delete_head_version(dataset, number).await?;
        }
    }
    Ok(())
}

fn expired(versions: &[HeadVersion]) -> Vec<u64> {
    let Some(latest) = versions.last() else { return Vec::new() };
    let pairs = versions.windows(2).take(versions.len().saturating_sub(MIN_VERSIONS));
    let old = pairs.take_while(|pair| pair[1].modified < latest.modified.saturating_sub(RETENTION_MICROS));
    old.take(MAX_DELETES).map(|pair| pair[0].number).collect()
}

/// Deletes the datasets without a type in `record`, oldest version first. Datasets that do not belong to `main` of this graph
/// stay.
pub(super) async fn delete_stale_datasets(
    tables: &Tables,
    record: &CommitRecord,
    folders: &BTreeMap<String, HeadFolder>,
    targets: &[MirrorTarget],
) -> Result<()> {
    let stale = folders.iter().filter(|(dataset, _)| targets.iter().all(|target| target.dataset != **dataset));
    for (dataset, folder) in stale.filter(|(_, folder)| !folder.referred) {
        let latest = folder.newest();
        let shown = tables.read_head(dataset, latest, record.branch).await?;
        if latest > 0 && shown.ours && shown.sequence.is_some_and(|published| published < record.sequence) {
            for version in &folder.versions {
                tables.delete_head_version(dataset, version.number).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(modified: impl IntoIterator<Item = i64>) -> Vec<HeadVersion> {
        (1..).zip(modified).map(|(number, modified)| HeadVersion { number, modified }).collect()
    }

    #[test]
    fn old_versions_expire_and_the_latest_stay() {
        assert!(expired(&[]).is_empty());
        assert!(expired(&versions([0; 100])).is_empty(), "all of them new");
        let hourly = versions((0..100).map(|hour| hour * (RETENTION_MICROS + 1)));
        assert_eq!(expired(&hourly), (1..=16).collect::<Vec<_>>(), "a few at a time, oldest first");
        assert_eq!(expired(&hourly[..20]), [1, 2, 3, 4], "{MIN_VERSIONS} stay");
        // The second was superseded just now, however old it is.
        let quiet = versions([0, 1].into_iter().chain([i64::MAX; 20]));
        assert_eq!(expired(&quiet), [1]);
    }
}
