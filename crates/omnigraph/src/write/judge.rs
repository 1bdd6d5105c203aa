//! What staged rows mean for the rows that are there, and whether they may.
//!
//! Judged anew on every base they are to be published on, so a commit never rests on a state that is gone. Rules are reported in
//! this order: keys, uniqueness, ends of edges, cardinality; those of single rows were judged before.

use std::borrow::Cow;
use std::sync::Arc;

use super::staged::{Existing, StagedRows, StagedTable, StagedWrite};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::table::{RowAddress, Table};
use crate::validate::{Broken, Facts, Image, NewRows, TableRules, TableWrite};

/// What a staged table does to its base.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) base: Arc<Table>,
    /// Rows that go.
    pub(super) gone: Vec<RowAddress>,
    /// How many of them have a successor.
    pub(super) updated: u64,
}

/// Judges `staged` on `base`.
pub(super) async fn judge(staged: &StagedWrite, base: &Snapshot) -> Result<Vec<Judged>> {
    let mut judged = Vec::with_capacity(staged.tables.len());
    for table in &staged.tables {
        judged.push(resolve(table, base).await?);
    }
    let writes = staged.tables.iter().zip(&judged).map(|(table, judged)| table_write(table, judged, base));
    let image = Image { base, writes: writes.collect::<Result<_>>()? };
    let mut broken = Broken::default();
    image.check_uniques(&mut broken).await?;
    image.check_ends(&staged.ends, &mut broken).await?;
    image.check_cardinalities(&mut broken).await?;
    broken.verdict()?;
    Ok(judged)
}

/// Holds `staged` to the rules without writing anything.
pub(crate) async fn judged(staged: &StagedWrite, base: &Snapshot) -> Result<()> {
    judge(staged, base).await.map(drop)
}

/// The rows of the base that a staged table replaces or removes.
pub(super) async fn resolve(staged: &StagedTable, snapshot: &Snapshot) -> Result<Judged> {
    let base = snapshot.table(&staged.path).await?;
    if staged.replace || (staged.keys.is_empty() && staged.removed.is_empty()) || base.rows() == 0 {
        return Ok(Judged { base, gone: Vec::new(), updated: 0 });
    }
    let index = snapshot.shared.keys.of(&base).await?;
    let mut gone: Vec<RowAddress> = staged.keys.iter().filter_map(|key| index.get(key)).collect();
    if staged.existing == Existing::Refuse
        && let Some(first) = gone.iter().min()
    {
        let id = base.id_at(*first).await?;
        return Err(Error::KeyConflict { message: format!("{} already has id '{id}'", staged.describe) });
    }
    let updated = gone.len() as u64;
    let removed = staged.removed.iter().filter(|key| !staged.keys.contains(*key));
    gone.extend(removed.filter_map(|key| index.get(key)));
    gone.sort_unstable();
    Ok(Judged { base, gone, updated })
}

fn table_write<'a>(staged: &'a StagedTable, judged: &'a Judged, base: &Snapshot) -> Result<TableWrite<'a>> {
    let rules = TableRules::of(base.catalog(), &staged.path);
    let rules = rules.ok_or_else(|| Error::internal(format!("table {} is of no type", staged.path)))?;
    let batches: &[_] = match &staged.rows {
        StagedRows::Memory(batches) => batches,
        StagedRows::Files(_) => &[],
    };
    let facts = match (&staged.facts, &staged.rows) {
        (Some(facts), _) => Cow::Borrowed(facts.as_ref()),
        (None, StagedRows::Memory(batches)) => Cow::Owned(Facts::of_memory(&rules, batches)?),
        (None, StagedRows::Files(_)) => return Err(Error::internal("nothing is known of the rows in files")),
    };
    let new = NewRows { batches, facts, streamed: staged.facts.is_some() };
    Ok(TableWrite {
        rules,
        base: Arc::clone(&judged.base),
        replace: staged.replace,
        gone: &judged.gone,
        keys: &staged.keys,
        removed: &staged.removed,
        new,
    })
}
