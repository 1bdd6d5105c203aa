//! The next version of each table.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::record_batch::RecordBatch;
use omnigraph_log::{TableChange, record::TouchedKeys};
use omnigraph_objects::Unsettled;

use super::FragmentIds;
use super::judge::Judged;
use super::staged::{StagedRows, StagedTable};
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::snapshot::Snapshot;
use crate::table::{Edit, FoldPlan, ID, RowAddress, Table, plan_fold};

/// A table's next version.
#[derive(Debug)]
pub(super) struct NextVersion {
    pub(super) table: Arc<Table>,
    pub(super) change: TableChange,
    /// The newest block of fragment ids known.
    pub(super) newest_block: u64,
}

/// Makes the next version of the table that `staged` is for. Rows in memory are written with what is folded, so anew on
/// each base; files that were staged are used again.
pub(super) async fn next_version(
    base: &Snapshot,
    ids: &FragmentIds,
    staged: &StagedTable,
    judged: Judged,
    unsettled: &Unsettled,
) -> Result<NextVersion> {
    let Judged { base: table, gone, updated } = judged;
    let deleted = if staged.replace { table.rows() } else { gone.len() as u64 - updated };
    let mut newest_block = base.commit().fragment_blocks;
    let mut objects = Vec::new();
    let (add, touched, drop, written) = match &staged.rows {
        StagedRows::Files(files) => {
            let mut add = Vec::with_capacity(files.len());
            for file in files {
                let (id, block) = ids.take(&base.shared.log, newest_block).await?;
                newest_block = block;
                add.push((id, file.clone()));
            }
            (add, TouchedKeys::Any, FoldPlan::default(), None)
        }
        StagedRows::Memory(batches) if batches.is_empty() => {
            (Vec::new(), touched(staged, batches)?, FoldPlan::default(), None)
        }
        StagedRows::Memory(batches) => {
            let fold = if staged.replace { FoldPlan::default() } else { plan_fold(&table, rows_in(batches)) };
            let kept = read_folded(&table, &fold, &gone).await?;
            let (id, block) = ids.take(&base.shared.log, newest_block).await?;
            newest_block = block;
            let rows = joined(&table, kept.iter().chain(batches))?;
            let (file, unput) = base.shared.tables.write_rows(&table, &rows).await?;
            objects = unput;
            let touched = if staged.replace { TouchedKeys::Any } else { touched(staged, batches)? };
            (vec![(id, file)], touched, fold, Some((id, rows)))
        }
    };
    let delete = gone.into_iter().filter(|address| !drop.fragments.contains(&address.fragment())).collect();
    let edit =
        Edit { replace: staged.replace, drop: drop.fragments, delete, add, objects, carry: staged.carried.clone() };
    let next = base.shared.tables.edit(&table, edit, unsettled).await?.table;
    // Whoever reads it next need not read the file.
    written.iter().for_each(|(fragment, rows)| next.keep_columns(*fragment, rows));
    if matches!(staged.rows, StagedRows::Memory(_)) && staged.carried.is_empty() {
        remember_keys(base, staged, &table, &next, written.as_ref())?;
    }
    let change = TableChange { inserted: staged.count - updated, updated, deleted, touched };
    Ok(NextVersion { table: next, change, newest_block })
}

/// The rows of the fragments that are folded, but those that go.
async fn read_folded(table: &Table, fold: &FoldPlan, gone: &[RowAddress]) -> Result<Option<RecordBatch>> {
    if fold.fragments.is_empty() {
        return Ok(None);
    }
    let mut addresses = Vec::new();
    for fragment in table.fragments(Some(&fold.fragments)).await? {
        let live = (0..fragment.written).filter(|offset| fragment.lives(*offset));
        let rows = live.map(|offset| RowAddress::new(fragment.id, offset));
        addresses.extend(rows.filter(|address| gone.binary_search(address).is_err()));
    }
    // Small fragments were written a moment ago, and what was written is in memory.
    table.rows_at(&addresses).await.map(Some)
}

/// Folded rows come with the table's schema, staged ones with the catalogue's; the columns are the same.
fn joined<'a>(table: &Table, batches: impl Iterator<Item = &'a RecordBatch>) -> Result<RecordBatch> {
    let batches: Vec<&RecordBatch> = batches.collect();
    arrow::compute::concat_batches(table.schema(), batches)
        .map_err(|error| Error::internal(format!("joining staged rows: {error}")))
}

fn rows_in(batches: &[RecordBatch]) -> u64 {
    batches.iter().map(|batch| batch.num_rows() as u64).sum()
}

fn key_column<'a>(batches: impl Iterator<Item = &'a RecordBatch>) -> Result<Vec<KeyHash>> {
    let mut keys = Vec::new();
    for batch in batches {
        let ids = batch.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
        let ids = ids.ok_or_else(|| Error::internal("staged rows without ids"))?;
        keys.extend(ids.iter().flatten().map(KeyHash::of));
    }
    Ok(keys)
}

fn touched(staged: &StagedTable, batches: &[RecordBatch]) -> Result<TouchedKeys> {
    let written = key_column(batches.iter())?;
    // Rows that are carried are among the keys only.
    let carried = staged.keys.iter().filter(|_| !staged.carried.is_empty());
    Ok(TouchedKeys::of(written.into_iter().chain(carried).chain(staged.removed.iter()).map(KeyHash::short).collect()))
}

/// The key index of the version just written follows from that of its base, if that is at hand.
fn remember_keys(
    base: &Snapshot,
    staged: &StagedTable,
    table: &Table,
    next: &Arc<Table>,
    written: Option<&(u32, RecordBatch)>,
) -> Result<()> {
    let index = if staged.replace { Some(crate::keys::KeyIndex::default()) } else { base.shared.keys.known(table) };
    let Some(index) = index else { return Ok(()) };
    let keys = key_column(written.iter().map(|(_, rows)| rows))?;
    let fragment = written.map_or(0, |(fragment, _)| *fragment);
    let addresses = (0u32..).map(|offset| RowAddress::new(fragment, offset));
    base.shared.keys.keep(next, index.next(staged.removed.iter(), keys.into_iter().zip(addresses)));
    Ok(())
}
