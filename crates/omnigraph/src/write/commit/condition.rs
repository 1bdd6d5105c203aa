//! Preconditions of a write on the state that it changes.

use std::sync::Arc;

use futures::TryStreamExt;
use omnigraph_history::CommitRecord;

use super::{StagedTable, StagedWrite};
use crate::error::{Error, Result};
use crate::index::key::{KeyHash, KeyIndex};
use crate::snapshot::{Snapshot, Target};
use crate::table::{RowAddress, Table};

/// A precondition of a write. If it does not hold, the error is [`Error::Precondition`] and nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteCondition {
    /// The branch is at this commit. Any concurrent commit makes the write fail.
    Head(String),
    /// No node or edge that is written has changed since this commit. Changes of other rows do not matter.
    UnchangedSince(String),
}

impl WriteCondition {
    /// Checks the condition against the base of the commit.
    pub(super) async fn check(&self, staged: &StagedWrite, base: &Snapshot) -> Result<()> {
        match self {
            Self::Head(expected) => check_head(base, expected).await,
            Self::UnchangedSince(since) => check_unchanged(base, since, staged).await,
        }
    }
}

async fn check_head(base: &Snapshot, expected: &str) -> Result<()> {
    let actual = base.record().commit.to_string();
    if expected.eq_ignore_ascii_case(&actual) {
        return Ok(());
    }
    // A commit that does not exist is a mistake of the caller, not a conflict.
    if base.engine.log.resolve_commit(expected).await?.commit == base.record().commit {
        return Ok(());
    }
    let message = format!(
        "precondition failed on branch '{}': expected head '{expected}' but current is {actual}. Nothing was written; read \
         the branch again before the next attempt",
        base.target().name()
    );
    Err(Error::Precondition { message, expected: expected.to_owned(), actual: Some(actual) })
}

async fn check_unchanged(base: &Snapshot, since: &str, staged: &StagedWrite) -> Result<()> {
    let record = base.engine.log.resolve_commit(since).await?;
    let then = Snapshot::open(&base.engine, Target::Commit(since.to_owned()), Arc::clone(&record)).await?;
    for table in &staged.tables {
        let now = base.table(&table.path).await?;
        let before = match record.tables.get(&table.path) {
            Some(_) => Some(then.table(&table.path).await?),
            None => None,
        };
        if let Some((key, id)) = first_changed_row(before.as_ref(), &now, base, table).await? {
            return Err(changed_row_error(base, &record, table, key, &id).await?);
        }
    }
    Ok(())
}

/// Finds a written row that differs between the two versions, and its id. A row at the same address is unchanged.
async fn first_changed_row(
    before: Option<&Arc<Table>>,
    now: &Arc<Table>,
    base: &Snapshot,
    staged: &StagedTable,
) -> Result<Option<(KeyHash, String)>> {
    if before.is_some_and(|before| before.pin() == now.pin()) {
        return Ok(None);
    }
    let new = base.engine.keys.id_index(now).await?;
    let old = match before {
        Some(before) => base.engine.keys.id_index(before).await?,
        None => KeyIndex::default(),
    };
    for key in staged.keys.iter().chain(staged.removed.iter()) {
        match (old.get(key).zip(before), new.get(key)) {
            (None, None) => {}
            (Some((address, before)), Some(after)) => {
                if address != after && rows_differ(before, address, now, after).await? {
                    return Ok(Some((key, now.id_by_address(after).await?)));
                }
            }
            (Some((address, before)), None) => return Ok(Some((key, before.id_by_address(address).await?))),
            (None, Some(after)) => return Ok(Some((key, now.id_by_address(after).await?))),
        }
    }
    Ok(None)
}

async fn rows_differ(before: &Table, old: RowAddress, now: &Table, new: RowAddress) -> Result<bool> {
    if before.schema() != now.schema() {
        return Ok(true);
    }
    let names: Vec<&str> = now.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let old = before.fetch(&[old], &names).await?;
    let new = now.fetch(&[new], &names).await?;
    Ok(old.iter().zip(&new).any(|(old, new)| old.to_data() != new.to_data()))
}

/// Returns the error for a changed row. It names the row, and the commit that changed it if the history shows it.
async fn changed_row_error(
    base: &Snapshot,
    since: &CommitRecord,
    table: &StagedTable,
    key: KeyHash,
    id: &str,
) -> Result<Error> {
    let mut changed_by = None;
    let mut history = std::pin::pin!(base.engine.log.history(Arc::clone(base.record())));
    while let Some(record) = history.try_next().await? {
        if record.commit == since.commit || record.generation <= since.generation {
            break;
        }
        if record.changes.get(&table.path).is_some_and(|change| change.touched.may_contain(key.short())) {
            changed_by = Some(record.commit.to_string());
            break;
        }
    }
    let by = changed_by.as_ref().map_or_else(String::new, |commit| format!(", by commit {commit}"));
    let message = format!(
        "precondition failed on branch '{}': '{id}' of {} was changed since commit {}{by}. Nothing was written; read it again \
         before the next attempt",
        base.target().name(),
        table.label,
        since.commit
    );
    Ok(Error::Precondition { message, expected: since.commit.to_string(), actual: changed_by })
}
