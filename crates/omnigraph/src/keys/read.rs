//! Hashes and addresses of the rows of some fragments.

use std::collections::BTreeSet;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use futures::TryStreamExt;

use super::{CanonicalTexts, KeyHash};
use crate::error::{Error, Result};
use crate::table::{ROW_ADDRESS, RowAddress, Scan, Table};

/// The hash of the canonical text of `columns`, and the address, of every row that has one: a row with a null has none.
pub(super) async fn entries(
    table: &Table,
    columns: &[&str],
    fragments: Option<BTreeSet<u32>>,
) -> Result<Vec<(KeyHash, RowAddress)>> {
    if fragments.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let names = columns.iter().map(|name| (*name).to_owned()).collect();
    let scan = Scan { columns: names, fragments, addresses: true };
    let mut entries = Vec::new();
    let mut batches = std::pin::pin!(table.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        collect(&batch, columns, &mut entries)?;
    }
    Ok(entries)
}

fn collect(batch: &RecordBatch, columns: &[&str], entries: &mut Vec<(KeyHash, RowAddress)>) -> Result<()> {
    let found: Option<Vec<&ArrayRef>> = columns.iter().map(|name| batch.column_by_name(name)).collect();
    let texts = found.as_deref().and_then(CanonicalTexts::new);
    let addresses = batch.column_by_name(ROW_ADDRESS).and_then(|column| column.as_primitive_opt::<UInt64Type>());
    let (Some(texts), Some(addresses)) = (texts, addresses) else {
        return Err(Error::internal(format!(
            "a scan of {} came without them or without addresses",
            columns.join(", ")
        )));
    };
    let mut text = String::new();
    for (row, address) in addresses.values().iter().enumerate() {
        if texts.write(row, &mut text).is_ok() {
            entries.push((KeyHash::of(&text), RowAddress(*address)));
        }
    }
    Ok(())
}
