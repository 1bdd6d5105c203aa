//! The key index of a pinned version, brought forward from that of an earlier one.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use futures::TryStreamExt;
use omnigraph_log::TablePath;

use super::{KeyHash, KeyIndex};
use crate::error::{Error, Result};
use crate::table::{ID, ROW_ADDRESS, RowAddress, Scan, Table};

/// Versions of one table whose index is kept: those of a few branches.
const MOST_VERSIONS: usize = 8;

/// Key indexes by table and version. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndexes {
    known: Arc<Mutex<HashMap<TablePath, Vec<Known>>>>,
}

#[derive(Clone, Debug)]
struct Known {
    table: Arc<Table>,
    index: KeyIndex,
}

impl KeyIndexes {
    /// The ids of `table`. Reads only what changed since a version that is known.
    pub(crate) async fn of(&self, table: &Arc<Table>) -> Result<KeyIndex> {
        if table.rows() == 0 {
            return Ok(KeyIndex::default());
        }
        let index = match self.nearest(table) {
            Some(known) if known.table.pin() == table.pin() => return Ok(known.index),
            Some(known) => bring_forward(&known, table).await?,
            None => KeyIndex::of(read(table, None).await?),
        };
        self.keep(table, index.clone());
        Ok(index)
    }

    /// The ids of `table` if that costs no read.
    pub(crate) fn known(&self, table: &Table) -> Option<KeyIndex> {
        if table.rows() == 0 {
            return Some(KeyIndex::default());
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = known.get(table.path())?;
        versions.iter().find(|known| known.table.pin() == table.pin()).map(|known| known.index.clone())
    }

    /// Remembers the ids of a version that this process wrote.
    pub(crate) fn keep(&self, table: &Arc<Table>, index: KeyIndex) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = known.entry(table.path().clone()).or_default();
        if versions.len() >= MOST_VERSIONS {
            versions.remove(0);
        }
        versions.push(Known { table: Arc::clone(table), index });
    }

    fn nearest(&self, table: &Table) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = known.get(table.path())?;
        let exact = versions.iter().find(|known| known.table.pin() == table.pin());
        exact.or_else(|| versions.iter().max_by_key(|known| known.table.shared_rows(table))).cloned()
    }
}

/// From the index of one version to that of another, by the difference of their fragments.
async fn bring_forward(known: &Known, table: &Table) -> Result<KeyIndex> {
    let difference = known.table.difference(table);
    let gone = read(&known.table, Some(difference.only_here)).await?;
    let came = read(table, Some(difference.only_there)).await?;
    Ok(known.index.next(gone.into_iter().map(|(key, _)| key), came))
}

async fn read(table: &Table, fragments: Option<BTreeSet<u32>>) -> Result<Vec<(KeyHash, RowAddress)>> {
    if fragments.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let scan = Scan { columns: vec![ID.to_owned()], fragments, addresses: true, ..Scan::default() };
    let mut entries = Vec::new();
    let mut batches = std::pin::pin!(table.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        collect(&batch, &mut entries)?;
    }
    Ok(entries)
}

fn collect(batch: &RecordBatch, entries: &mut Vec<(KeyHash, RowAddress)>) -> Result<()> {
    let ids = batch.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
    let addresses = batch.column_by_name(ROW_ADDRESS).and_then(|column| column.as_primitive_opt::<UInt64Type>());
    let (Some(ids), Some(addresses)) = (ids, addresses) else {
        return Err(Error::internal("a scan of ids came without ids or addresses"));
    };
    let pairs = ids.iter().zip(addresses.values());
    entries.extend(pairs.filter_map(|(id, address)| Some((KeyHash::of(id?), RowAddress(*address)))));
    Ok(())
}
