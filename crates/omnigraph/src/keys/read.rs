//! Hashes and addresses of rows.

use arrow::array::ArrayRef;
use futures::TryStreamExt;

use super::{CanonicalTexts, KeyHash};
use crate::error::{Error, Result};
use crate::table::{RowAddress, RowsApart, Scan, Table, addresses};

/// The hash of the canonical text of `columns`, and the address, of every one of `rows` that has one: a row with a null has
/// none.
pub(super) async fn entries(table: &Table, columns: &[&str], rows: RowsApart) -> Result<Vec<(KeyHash, RowAddress)>> {
    let mut entries = Vec::new();
    let RowsApart { fragments, rows } = rows;
    if !fragments.is_empty() {
        let names = columns.iter().map(|name| (*name).to_owned()).collect();
        let scan = Scan { columns: names, fragments: Some(fragments), addresses: true, ..Scan::default() };
        let mut batches = std::pin::pin!(table.scan(scan).await?);
        while let Some(batch) = batches.try_next().await? {
            let addresses = addresses(&batch)?;
            let found = columns.iter().map(|name| batch.column_by_name(name)).collect::<Option<Vec<_>>>();
            let found = found.ok_or_else(|| Error::internal("a scan came without its columns"))?;
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
    let texts = CanonicalTexts::new(columns).ok_or_else(|| Error::internal("an index of what has no text"))?;
    let mut text = String::new();
    for (row, address) in addresses.enumerate() {
        if texts.write(row, &mut text).is_ok() {
            entries.push((KeyHash::of(&text), address));
        }
    }
    Ok(())
}
