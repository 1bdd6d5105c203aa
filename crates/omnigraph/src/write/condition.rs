//! What a careful writer asks of the state it writes to.

use std::sync::Arc;

use futures::TryStreamExt;
use omnigraph_log::CommitRecord;

use super::{StagedTable, StagedWrite};
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::snapshot::{Snapshot, Target};
use crate::table::{RowAddress, Table};

/// What must be true for a write to happen. The error of one that is not is [`Error::Precondition`], and nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteCondition {
    /// The branch is at this commit: whatever else is written in between makes the write fail.
    Head(String),
    /// No node or edge that is written was changed since this commit: what others did to other rows does not matter.
    UnchangedSince(String),
}

impl WriteCondition {
    /// Holds a write to its condition on the state it is about to change.
    pub(super) async fn hold(&self, staged: &StagedWrite, base: &Snapshot) -> Result<()> {
        match self {
            Self::Head(expected) => at_head(base, expected).await,
            Self::UnchangedSince(since) => unchanged(base, since, staged).await,
        }
    }
}

async fn at_head(base: &Snapshot, expected: &str) -> Result<()> {
    let actual = base.commit().commit.to_string();
    if expected.eq_ignore_ascii_case(&actual) {
        return Ok(());
    }
    // A commit that never was is a mistake of the caller and no lost race.
    if base.shared.log.commit_named(expected).await?.commit == base.commit().commit {
        return Ok(());
    }
    let message = format!(
        "precondition failed on branch '{}': expected head '{expected}' but current is {actual}. Nothing was written; read \
         again and decide anew",
        base.target().name()
    );
    Err(Error::Precondition { message, expected: expected.to_owned(), actual: Some(actual) })
}

async fn unchanged(base: &Snapshot, since: &str, staged: &StagedWrite) -> Result<()> {
    let record = base.shared.log.commit_named(since).await?;
    let then = Snapshot::of(&base.shared, Target::Commit(since.to_owned()), Arc::clone(&record)).await?;
    for table in &staged.tables {
        let now = base.table(&table.path).await?;
        let before = match record.tables.get(&table.path) {
            Some(_) => Some(then.table(&table.path).await?),
            None => None,
        };
        if let Some((key, id)) = first_changed(before.as_ref(), &now, base, table).await? {
            return Err(changed(base, &record, table, key, &id).await?);
        }
    }
    Ok(())
}

/// A row that is written and is not now what it was before, and its id. A row that did not move did not change.
async fn first_changed(
    before: Option<&Arc<Table>>,
    now: &Arc<Table>,
    base: &Snapshot,
    staged: &StagedTable,
) -> Result<Option<(KeyHash, String)>> {
    if before.is_some_and(|before| before.pin() == now.pin()) {
        return Ok(None);
    }
    let new = base.shared.keys.of(now).await?;
    let old = match before {
        Some(before) => base.shared.keys.of(before).await?,
        None => crate::keys::KeyIndex::default(),
    };
    for key in staged.keys.iter().chain(staged.removed.iter()) {
        match (old.get(key).zip(before), new.get(key)) {
            (None, None) => {}
            (Some((address, before)), Some(after)) => {
                if address != after && different(before, address, now, after).await? {
                    return Ok(Some((key, now.id_at(after).await?)));
                }
            }
            (Some((address, before)), None) => return Ok(Some((key, before.id_at(address).await?))),
            (None, Some(after)) => return Ok(Some((key, now.id_at(after).await?))),
        }
    }
    Ok(None)
}

/// Whether two rows differ in any column.
async fn different(before: &Table, old: RowAddress, now: &Table, new: RowAddress) -> Result<bool> {
    if before.schema() != now.schema() {
        return Ok(true);
    }
    let names: Vec<&str> = now.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let old = before.fetch(&[old], &names).await?;
    let new = now.fetch(&[new], &names).await?;
    Ok(old.iter().zip(&new).any(|(old, new)| old.to_data() != new.to_data()))
}

/// The error for a row that was changed: it names the row, and the commit that changed it if that can be told.
async fn changed(base: &Snapshot, since: &CommitRecord, table: &StagedTable, key: KeyHash, id: &str) -> Result<Error> {
    let mut culprit = None;
    let mut history = std::pin::pin!(base.shared.log.history(Arc::clone(base.commit())));
    while let Some(record) = history.try_next().await? {
        if record.commit == since.commit || record.generation <= since.generation {
            break;
        }
        if record.changes.get(&table.path).is_some_and(|change| change.touched.may_hold(key.short())) {
            culprit = Some(record.commit.to_string());
            break;
        }
    }
    let by = culprit.as_ref().map_or_else(String::new, |commit| format!(", by commit {commit}"));
    let message = format!(
        "precondition failed on branch '{}': '{id}' of {} was changed since commit {}{by}. Nothing was written; read it again \
         and decide anew",
        base.target().name(),
        table.describe,
        since.commit
    );
    Ok(Error::Precondition { message, expected: since.commit.to_string(), actual: culprit })
}
