//! Versions of heads that readers no longer need, and heads of types that are no more.
//!
//! Heads gain a version with every publication, and every publication lists them. So what was superseded long ago goes, a few
//! at a time. Nothing of a table is touched: a head's version is a manifest and no more.

use omnigraph_log::BranchId;

use super::wanted::Wanted;
use crate::error::Result;
use crate::table::{HeadFolder, HeadVersion, Tables};

/// A version stays readable for this long after the next one took its place: longer than a query of a reader that opened it.
const KEPT_MICROS: i64 = 3_600_000_000;
/// So many versions stay in any case.
const KEPT_VERSIONS: usize = 16;
/// So many go at once, so that publishing stays short.
const MOST_AT_ONCE: usize = 16;

/// Deletes versions of `head` that were superseded long ago. Times are the store's, compared with each other only.
pub(super) async fn trim(tables: &Tables, head: &str, found: &HeadFolder) -> Result<()> {
    if found.referred {
        // Somebody gave a version a name, and means to come back to it.
        return Ok(());
    }
    for number in outlived(&found.versions) {
        tables.delete_head_version(head, number).await?;
    }
    Ok(())
}

fn outlived(versions: &[HeadVersion]) -> Vec<u64> {
    let Some(newest) = versions.last() else { return Vec::new() };
    let oldest = versions.len().saturating_sub(KEPT_VERSIONS);
    let pairs = versions.windows(2).take(oldest);
    let old = pairs.take_while(|pair| pair[1].modified < newest.modified.saturating_sub(KEPT_MICROS));
    old.take(MOST_AT_ONCE).map(|pair| pair[0].number).collect()
}

/// Deletes the versions of heads that no type calls for any more, oldest first, so that the newest goes last. What is not of
/// this graph's `main` is somebody else's and stays.
pub(super) async fn retire(
    tables: &Tables,
    branch: BranchId,
    sequence: u64,
    heads: &std::collections::BTreeMap<String, HeadFolder>,
    wanted: &[Wanted],
) -> Result<()> {
    let stale = heads.iter().filter(|(head, _)| wanted.iter().all(|wanted| wanted.head != **head));
    for (head, found) in stale.filter(|(_, found)| !found.referred) {
        let newest = found.newest();
        let shown = tables.read_head(head, newest, branch).await?;
        if newest > 0 && shown.ours && shown.sequence.is_some_and(|published| published < sequence) {
            for version in &found.versions {
                tables.delete_head_version(head, version.number).await?;
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
    fn what_was_superseded_long_ago_goes_and_the_newest_stay() {
        assert!(outlived(&[]).is_empty());
        assert!(outlived(&versions([0; 100])).is_empty(), "all of them new");
        let hourly = versions((0..100).map(|hour| hour * (KEPT_MICROS + 1)));
        assert_eq!(outlived(&hourly), (1..=16).collect::<Vec<_>>(), "a few at a time, oldest first");
        assert_eq!(outlived(&hourly[..20]), [1, 2, 3, 4], "{KEPT_VERSIONS} stay");
        // The second was superseded just now, however old it is.
        let quiet = versions([0, 1].into_iter().chain([i64::MAX; 20]));
        assert_eq!(outlived(&quiet), [1]);
    }
}
