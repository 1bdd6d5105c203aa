//! The key index of a pinned version, brought forward from that of an earlier one.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use futures::TryStreamExt;

use super::{KeyHash, KeyIndex};
use crate::error::{Error, Result};
use crate::table::{Derived, ID, ROW_ADDRESS, RowAddress, Scan, Table};

/// Key indexes by table and version. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndexes {
    known: Derived<KeyIndex>,
}

impl KeyIndexes {
    /// The ids of `table`. Reads only what changed since a version that is known.
    pub(crate) async fn of(&self, table: &Arc<Table>) -> Result<KeyIndex> {
        if let Some(index) = self.known(table) {
            return Ok(index);
        }
        let index = match self.known.nearest(table) {
            Some(known) => bring_forward(&known.table, &known.value, table).await?,
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
        self.known.exact(table)
    }

    /// Remembers the ids of a version that this process wrote.
    pub(crate) fn keep(&self, table: &Arc<Table>, index: KeyIndex) {
        self.known.keep(table, index);
    }
}

/// From the index of one version to that of another, by the difference of their fragments.
async fn bring_forward(from: &Table, index: &KeyIndex, table: &Table) -> Result<KeyIndex> {
    let difference = from.difference(table);
    let gone = read(from, Some(difference.only_here)).await?;
    let came = read(table, Some(difference.only_there)).await?;
    Ok(index.next(gone.into_iter().map(|(key, _)| key), came))
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
