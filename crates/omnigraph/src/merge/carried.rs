//! What rules need to know of rows that are carried over unread: only the columns that a rule is about are read.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use futures::TryStreamExt;
use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::TablePath;

use crate::error::{Error, Result};
use crate::table::{CarriedFragment, RowAddress, Scan, addresses};
use crate::validate::{Facts, TableRules};

/// What rows that are written are known by here: they speak for themselves.
const NO_ADDRESS: u64 = RowAddress::NONE.0;

/// The row that is carried over and that a rule blames, if it is one.
pub(super) fn address(place: u64) -> Option<RowAddress> {
    (place != NO_ADDRESS).then_some(RowAddress(place))
}

/// Facts about the rows of a table that a merge writes and carries over; none if it carries nothing, for then the rows speak
/// for themselves. Ends of edges were judged between the two sides already.
pub(super) async fn facts(
    path: &TablePath,
    catalog: &Catalog,
    written: &[RecordBatch],
    carried: &[CarriedFragment],
) -> Result<Option<Arc<Facts>>> {
    if carried.is_empty() {
        return Ok(None);
    }
    let rules = TableRules::of(catalog, path);
    let rules = rules.ok_or_else(|| Error::internal(format!("table {path} is of no type")))?;
    let mut facts = Facts::of_stream(&rules);
    written.iter().try_for_each(|batch| facts.note(batch, &vec![NO_ADDRESS; batch.num_rows()]))?;
    let columns = rules.streamed_columns();
    if !columns.is_empty() {
        for fragment in carried {
            note(&mut facts, &columns, fragment).await?;
        }
    }
    Ok(Some(Arc::new(facts)))
}

async fn note(facts: &mut Facts, columns: &BTreeSet<&str>, carried: &CarriedFragment) -> Result<()> {
    let without: BTreeSet<RowAddress> = carried.without.iter().copied().collect();
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let scan = Scan { columns, fragments: Some([carried.fragment].into()), addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(carried.table.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        let keep = addresses(&batch)?.values().iter().map(|address| Some(!without.contains(&RowAddress(*address))));
        let kept = filter_record_batch(&batch, &keep.collect::<BooleanArray>())?;
        facts.note(&kept, addresses(&kept)?.values())?;
    }
    Ok(())
}
