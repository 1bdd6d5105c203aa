//! The next version of a table: staged rows, deletions, and small fragments that are compacted in the same file.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use omnigraph_history::{TableChange, record::TouchedKeys};
use omnigraph_storage::SyncBatch;

use super::resolve::ResolvedTable;
use super::staged_write::id_column;
use super::{FragmentIdAllocator, StagedRows, StagedTable, WriteMode};
use crate::error::{Error, Result};
use crate::index::key::{KeyHash, KeyIndex};
use crate::snapshot::Snapshot;
use crate::table::{CompactionPlan, RowAddress, Table, VersionEdit, WrittenFile, plan_compaction};

/// The next version of a table.
#[derive(Debug)]
pub(super) struct NextVersion {
    pub(super) table: Arc<Table>,
    pub(super) change: TableChange,
    /// The newest known block of fragment ids.
    pub(super) newest_block: u64,
}

/// Data files that a version adds.
#[derive(Default)]
struct AddedRows {
    files: Vec<(u32, WrittenFile)>,
    compacted: CompactionPlan,
    /// The rows of the file that was written just now, with its fragment id.
    written: Option<(u32, RecordBatch)>,
}

/// Writes the next version of the table of `staged`. Rows in memory are written together with compacted fragments, so again
/// for each base. Staged files are reused.
pub(super) async fn write_version(
    base: &Snapshot,
    ids: &FragmentIdAllocator,
    staged: &StagedTable,
    resolved: ResolvedTable,
    sync_batch: &SyncBatch,
) -> Result<NextVersion> {
    let ResolvedTable { base: table, deleted, updated } = resolved;
    let replace = staged.mode == WriteMode::Replace;
    let deleted_rows = if replace { table.rows() } else { deleted.len() as u64 - updated };
    let mut newest_block = base.record().fragment_blocks;
    let mut allocate = async || {
        let (id, block) = ids.allocate(&base.engine.log, newest_block).await?;
        newest_block = block;
        Ok::<_, Error>(id)
    };
    let (mut added, mut objects) = (AddedRows::default(), Vec::new());
    match &staged.rows {
        StagedRows::Files(files) => {
            for file in files {
                added.files.push((allocate().await?, file.clone()));
            }
        }
        StagedRows::Memory(batches) if batches.is_empty() => {}
        StagedRows::Memory(batches) => {
            if !replace {
                added.compacted = plan_compaction(&table, batches.iter().map(|batch| batch.num_rows() as u64).sum());
            }
            let kept = read_compacted(&table, &added.compacted, &deleted).await?;
            let id = allocate().await?;
            let rows = concat(&table, kept.iter().chain(batches))?;
            let (file, pending) = base.engine.tables.write_rows(&table, &rows).await?;
            objects = pending;
            added.files.push((id, file));
            added.written = Some((id, rows));
        }
    }
    let AddedRows { files, compacted, written } = added;
    let delete = deleted.into_iter().filter(|address| !compacted.fragments.contains(&address.fragment())).collect();
    let reuse = staged.reused_fragments.clone();
    let edit = VersionEdit { replace, drop: compacted.fragments, delete, add: files, objects, reuse };
    let next = base.engine.tables.edit(&table, edit, sync_batch).await?;
    if let Some((fragment, rows)) = &written {
        // The next reader finds the rows in memory.
        next.cache_columns(*fragment, rows);
    }
    if matches!(staged.rows, StagedRows::Memory(_)) && staged.reused_fragments.is_empty() {
        cache_key_index(base, staged, &table, &next, written.as_ref())?;
    }
    let touched = touched_keys(staged)?;
    let change = TableChange { inserted: staged.count - updated, updated, deleted: deleted_rows, touched };
    Ok(NextVersion { table: next, change, newest_block })
}

/// Reads the rows of compacted fragments that are not deleted.
async fn read_compacted(table: &Table, plan: &CompactionPlan, deleted: &[RowAddress]) -> Result<Option<RecordBatch>> {
    if plan.fragments.is_empty() {
        return Ok(None);
    }
    let mut addresses = Vec::new();
    for fragment in table.fragments(Some(&plan.fragments)).await? {
        let live = (0..fragment.physical_rows).filter(|offset| fragment.is_live(*offset));
        let rows = live.map(|offset| RowAddress::new(fragment.id, offset));
        addresses.extend(rows.filter(|address| deleted.binary_search(address).is_err()));
    }
    // Small fragments were written recently, so their columns are usually cached.
    table.rows_by_address(&addresses).await.map(Some)
}

/// Concatenates compacted and staged rows. Their schemas differ in metadata only.
fn concat<'a>(table: &Table, batches: impl Iterator<Item = &'a RecordBatch>) -> Result<RecordBatch> {
    let batches: Vec<&RecordBatch> = batches.collect();
    arrow::compute::concat_batches(table.schema(), batches)
        .map_err(|error| Error::internal(format!("cannot concatenate staged rows: {error}")))
}

fn key_hashes<'a>(batches: impl IntoIterator<Item = &'a RecordBatch>) -> Result<Vec<KeyHash>> {
    let mut keys = Vec::new();
    for batch in batches {
        keys.extend(id_column(batch)?.iter().flatten().map(KeyHash::new));
    }
    Ok(keys)
}

/// Returns the keys for the read sets of concurrent writes.
fn touched_keys(staged: &StagedTable) -> Result<TouchedKeys> {
    let StagedRows::Memory(batches) = &staged.rows else { return Ok(TouchedKeys::Any) };
    if staged.mode == WriteMode::Replace && !batches.is_empty() {
        return Ok(TouchedKeys::Any);
    }
    let written = key_hashes(batches)?;
    // The rows of reused fragments are only among the keys.
    let reused = staged.keys.iter().filter(|_| !staged.reused_fragments.is_empty());
    Ok(TouchedKeys::from_hashes(
        written.into_iter().chain(reused).chain(staged.removed.iter()).map(KeyHash::short).collect(),
    ))
}

/// Caches the key index of the new version, which follows from the index of the base if that is cached.
fn cache_key_index(
    base: &Snapshot,
    staged: &StagedTable,
    table: &Table,
    next: &Arc<Table>,
    written: Option<&(u32, RecordBatch)>,
) -> Result<()> {
    let replace = staged.mode == WriteMode::Replace;
    let index = if replace { Some(KeyIndex::default()) } else { base.engine.keys.cached_id_index(table) };
    let Some(index) = index else { return Ok(()) };
    let keys = key_hashes(written.map(|(_, rows)| rows))?;
    let fragment = written.map_or(0, |(fragment, _)| *fragment);
    let addresses = (0u32..).map(|offset| RowAddress::new(fragment, offset));
    base.engine.keys.insert_id_index(next, index.with_changes(staged.removed.iter(), keys.into_iter().zip(addresses)));
    Ok(())
}
