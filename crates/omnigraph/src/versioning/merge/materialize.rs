//! Rows of several versions of a table, in the columns of the target, and constraint inputs of reused fragments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave};
use futures::TryStreamExt;
use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::TablePath;

use super::resolve::EntityResolution;
use super::type_diff::TypeDiff;
use crate::error::{Error, Result};
use crate::table::{ReusedFragment, RowAddress, Scan, row_addresses};
use crate::write::constraints::{BatchOrigins, ConstraintInputs, TableConstraints};

/// Rows of one batch.
const MAX_BATCH_ROWS: usize = 1024;

/// Reads the rows of `resolutions`. A deleted entity has none.
pub(super) async fn read_rows(diff: &TypeDiff<'_>, resolutions: &[&EntityResolution]) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for chunk in resolutions.chunks(MAX_BATCH_ROWS) {
        batches.extend(read_batch(diff, chunk).await?);
    }
    Ok(batches)
}

async fn read_batch(diff: &TypeDiff<'_>, resolutions: &[&EntityResolution]) -> Result<Option<RecordBatch>> {
    let table = diff.ours.as_ref().ok_or_else(|| Error::internal("rows of a table that the target lacks"))?;
    let mut lookups = RowLookups::default();
    let mut rows: Vec<SourceRow<'_>> = Vec::with_capacity(resolutions.len());
    for resolution in resolutions {
        rows.push(match resolution {
            EntityResolution::Delete => continue,
            EntityResolution::Theirs(address) => SourceRow::new(lookups.add(RowLookups::THEIRS, *address)),
            EntityResolution::Base(address) => SourceRow::new(lookups.add(RowLookups::BASE, *address)),
            EntityResolution::Merged(merge) => SourceRow {
                row: lookups.add(RowLookups::OURS, merge.ours),
                overlay: Some((lookups.add(RowLookups::THEIRS, merge.theirs), &merge.from_theirs)),
            },
        });
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let schema = table.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let fetched = lookups.fetch(diff, &names).await?;
    let columns = names.iter().enumerate().map(|(index, name)| {
        let arrays: Vec<&dyn Array> = fetched.iter().filter_map(|columns| Some(columns.get(index)?.as_ref())).collect();
        let indices: Vec<InterleaveIndex> = rows.iter().map(|row| row.index(name)).collect();
        Ok(interleave(&arrays, &indices)?)
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    Ok(Some(RecordBatch::try_new(Arc::clone(schema), columns)?))
}

/// The version and the row within its fetched rows, as [`interleave`] takes them.
type InterleaveIndex = (usize, usize);

/// The source of a row, and of those of its columns that come from another row.
struct SourceRow<'a> {
    row: InterleaveIndex,
    overlay: Option<(InterleaveIndex, &'a BTreeSet<String>)>,
}

impl SourceRow<'_> {
    fn new(row: InterleaveIndex) -> Self {
        Self { row, overlay: None }
    }

    fn index(&self, column: &str) -> InterleaveIndex {
        match &self.overlay {
            Some((row, columns)) if columns.contains(column) => *row,
            _ => self.row,
        }
    }
}

/// Addresses to fetch from each of the three versions.
#[derive(Default)]
struct RowLookups {
    addresses: BTreeMap<usize, Vec<RowAddress>>,
}

impl RowLookups {
    const OURS: usize = 0;
    const THEIRS: usize = 1;
    const BASE: usize = 2;

    fn add(&mut self, version: usize, address: RowAddress) -> InterleaveIndex {
        let addresses = self.addresses.entry(version).or_default();
        addresses.push(address);
        (version, addresses.len() - 1)
    }

    /// Fetches the columns of each version.
    async fn fetch(&self, diff: &TypeDiff<'_>, names: &[&str]) -> Result<Vec<Vec<ArrayRef>>> {
        let ours = diff.ours.as_ref();
        let versions = [(Self::OURS, ours), (Self::THEIRS, diff.theirs.as_ref()), (Self::BASE, diff.base.as_ref())];
        let mut fetched = Vec::with_capacity(versions.len());
        for (version, table) in versions {
            let addresses = self.addresses.get(&version).map(Vec::as_slice).unwrap_or_default();
            // A version without rows may not exist. It gets the empty columns of the target.
            let table = if addresses.is_empty() { ours } else { table };
            let table = table.ok_or_else(|| Error::internal("rows of a version that does not exist"))?;
            fetched.push(table.fetch(addresses, names).await?);
        }
        Ok(fetched)
    }
}

/// Returns the constraint inputs of the `written` rows and of those in reused fragments; none without reused fragments. Only the
/// columns of constraints are read. Endpoints were checked between the two sides.
pub(super) async fn reused_constraint_inputs(
    path: &TablePath,
    catalog: &Catalog,
    written: &[RecordBatch],
    reused: &[ReusedFragment],
) -> Result<Option<Arc<ConstraintInputs>>> {
    if reused.is_empty() {
        return Ok(None);
    }
    let constraints = TableConstraints::for_table(catalog, path)?;
    let mut inputs = ConstraintInputs::for_stream(&constraints);
    written.iter().try_for_each(|batch| inputs.add_batch(batch, || BatchOrigins::Staged))?;
    let columns: Vec<String> = constraints.input_columns().into_iter().map(str::to_owned).collect();
    if !columns.is_empty() {
        for fragment in reused {
            add_fragment(&mut inputs, columns.clone(), fragment).await?;
        }
    }
    Ok(Some(Arc::new(inputs)))
}

async fn add_fragment(inputs: &mut ConstraintInputs, columns: Vec<String>, reused: &ReusedFragment) -> Result<()> {
    let without: BTreeSet<RowAddress> = reused.without.iter().copied().collect();
    let scan = Scan { columns, fragments: Some([reused.fragment].into()), addresses: true, ..Scan::default() };
    let mut batches = std::pin::pin!(reused.table.scan(&scan)?);
    while let Some(batch) = batches.try_next().await? {
        let is_kept = |address: &u64| !without.contains(&RowAddress(*address));
        let kept: BooleanArray = row_addresses(&batch)?.values().iter().map(|address| Some(is_kept(address))).collect();
        let kept = filter_record_batch(&batch, &kept)?;
        let addresses = row_addresses(&kept)?.values().iter().map(|address| RowAddress(*address)).collect();
        inputs.add_batch(&kept, || BatchOrigins::Stored(addresses))?;
    }
    Ok(())
}
