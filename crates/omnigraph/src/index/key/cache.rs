//! Key indexes by table version, updated incrementally from one version to another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use futures::TryStreamExt;

use super::{CanonicalTexts, KeyHash, KeyIndex};
use crate::error::{Error, Result};
use crate::table::{ID, RowAddress, RowDelta, Scan, Table, VersionCache, row_addresses};

/// Key indexes by table and version: of ids, and of columns with unique values. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndexCache {
    ids: VersionCache<KeyIndex>,
    uniques: Arc<Mutex<HashMap<ColumnIds, VersionCache<KeyIndex>>>>,
}

/// Columns by name and Lance's id: a column that takes the name of another is a different column.
type ColumnIds = Vec<(String, i32)>;

impl KeyIndexCache {
    /// Returns the index of the ids of `table`. Reads only the rows that differ from a cached version.
    pub(crate) async fn id_index(&self, table: &Arc<Table>) -> Result<KeyIndex> {
        get_or_update(&self.ids, table, &[ID]).await
    }

    /// Returns the index of the values of `columns`, which must be unique. Rows with a null are left out.
    pub(crate) async fn unique_index(&self, table: &Arc<Table>, columns: &[&str]) -> Result<KeyIndex> {
        let ids = columns.iter().map(|name| table.field_id(name).map(|id| ((*name).to_owned(), id)));
        let ids: ColumnIds = ids.collect::<Result<_>>()?;
        let cache = {
            let mut uniques = self.uniques.lock().unwrap_or_else(PoisonError::into_inner);
            uniques.entry(ids).or_default().clone()
        };
        get_or_update(&cache, table, columns).await
    }

    /// Returns the index of the ids of `table` if that needs no read.
    pub(crate) fn cached_id_index(&self, table: &Table) -> Option<KeyIndex> {
        cached(&self.ids, table)
    }

    /// Caches the index of the ids of a version that this process wrote.
    pub(crate) fn insert_id_index(&self, table: &Arc<Table>, index: KeyIndex) {
        self.ids.insert(table, index);
    }
}

fn cached(cache: &VersionCache<KeyIndex>, table: &Table) -> Option<KeyIndex> {
    if table.rows() == 0 { Some(KeyIndex::default()) } else { cache.get(table) }
}

async fn get_or_update(cache: &VersionCache<KeyIndex>, table: &Arc<Table>, columns: &[&str]) -> Result<KeyIndex> {
    if let Some(index) = cached(cache, table) {
        return Ok(index);
    }
    let index = match cache.closest(table) {
        Some(known) => update_index(&known.table, &known.value, table, columns).await?,
        None => KeyIndex::from_iter(read_entries(table, columns, table.all_rows()).await?),
    };
    cache.insert(table, index.clone());
    Ok(index)
}

/// Updates the index of the version `from` by the rows in which the version `to` differs.
async fn update_index(from: &Table, index: &KeyIndex, to: &Table, columns: &[&str]) -> Result<KeyIndex> {
    let deleted = read_entries(from, columns, from.rows_missing_in(to).await?).await?;
    let inserted = read_entries(to, columns, to.rows_missing_in(from).await?).await?;
    Ok(index.with_changes(deleted.into_iter().map(|(key, _)| key), inserted))
}

/// Reads the hash of the canonical text of `columns`, and the address, of each of `rows` without a null.
async fn read_entries(table: &Table, columns: &[&str], rows: RowDelta) -> Result<Vec<(KeyHash, RowAddress)>> {
    let mut entries = Vec::new();
    let RowDelta { fragments, rows } = rows;
    if !fragments.is_empty() {
        let names = columns.iter().map(|name| (*name).to_owned()).collect();
        let scan = Scan { columns: names, fragments: Some(fragments), addresses: true, ..Scan::default() };
        let mut batches = std::pin::pin!(table.scan(&scan)?);
        while let Some(batch) = batches.try_next().await? {
            let addresses = row_addresses(&batch)?;
            let found = columns.iter().map(|name| batch.column_by_name(name)).collect::<Option<Vec<_>>>();
            let found = found.ok_or_else(|| Error::internal("a scan without its columns"))?;
            collect(&found, addresses.values().iter().map(|address| RowAddress(*address)), &mut entries)?;
        }
    }
    if !rows.is_empty() {
        let fetched = table.fetch(&rows, columns).await?;
        collect(&fetched.iter().collect::<Vec<_>>(), rows.into_iter(), &mut entries)?;
    }
    Ok(entries)
}

fn collect(
    columns: &[&ArrayRef],
    addresses: impl Iterator<Item = RowAddress>,
    entries: &mut Vec<(KeyHash, RowAddress)>,
) -> Result<()> {
    let texts =
        CanonicalTexts::new(columns).ok_or_else(|| Error::internal("a key of columns without canonical text"))?;
    let mut text = String::new();
    for (row, address) in addresses.enumerate() {
        if texts.write(row, &mut text).is_ok() {
            entries.push((KeyHash::new(&text), address));
        }
    }
    Ok(())
}
