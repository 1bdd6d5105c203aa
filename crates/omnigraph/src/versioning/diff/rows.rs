//! The changed rows of one table between two versions.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, DynComparator, make_comparator};
use arrow::compute::SortOptions;
use futures::TryStreamExt;
use omnigraph_history::TableChange;
use omnigraph_history::record::TouchedKeys;

use super::change::ChangeOp;
use super::types::{EntityType, TypePair};
use crate::error::{Error, Result};
use crate::index::key::KeyHash;
use crate::snapshot::Snapshot;
use crate::table::{ID, RowAddress, RowDelta, Scan, Table, row_addresses};

/// Rows that are compared together.
const MAX_BATCH_ROWS: usize = 1024;

/// One row, before and after.
#[derive(Clone, Debug)]
pub(crate) struct RowChange {
    /// The id of the entity.
    pub(crate) id: Box<str>,
    /// The operation; `None` if the row only moved to another address.
    pub(crate) op: Option<ChangeOp>,
    /// The address before, or [`RowAddress::NONE`].
    pub(crate) before: RowAddress,
    /// The address after, or [`RowAddress::NONE`].
    pub(crate) after: RowAddress,
}

/// Returns the change summary of a commit record for `rows`.
pub(crate) fn count_changes(rows: &[RowChange]) -> TableChange {
    let count = |op: ChangeOp| rows.iter().filter(|row| row.op == Some(op)).count() as u64;
    let changed = rows.iter().filter(|row| row.op.is_some());
    let touched = changed.map(|row| KeyHash::new(&row.id).short()).collect();
    TableChange {
        inserted: count(ChangeOp::Insert),
        updated: count(ChangeOp::Update),
        deleted: count(ChangeOp::Delete),
        touched: TouchedKeys::from_hashes(touched),
    }
}

/// One table in two states. A state without the table has no rows of it.
#[derive(Clone, Debug)]
pub(crate) struct TablePair {
    pub(crate) before: Option<Arc<Table>>,
    pub(crate) after: Option<Arc<Table>>,
}

impl TablePair {
    /// Opens the tables of a type in two states.
    pub(crate) async fn open(before: &Snapshot, after: &Snapshot, types: &TypePair<'_>) -> Result<Self> {
        let open = async |snapshot: &Snapshot, ty: Option<EntityType<'_>>| match ty {
            Some(ty) => snapshot.table(&ty.path()).await.map(Some),
            None => Ok(None),
        };
        Ok(Self { before: open(before, types.before).await?, after: open(after, types.after).await? })
    }

    /// Reports if both states have the same version, so that nothing can differ.
    pub(crate) fn is_same(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.pin() == after.pin(),
            (None, None) => true,
            _ => false,
        }
    }

    /// Returns rows that changed or moved, by id. Reads the ids of the rows that the versions do not share, and whole rows of
    /// those that exist on both sides.
    pub(crate) async fn changed_rows(&self, types: &TypePair<'_>) -> Result<Vec<RowChange>> {
        if self.is_same() {
            return Ok(Vec::new());
        }
        let old = read_ids(self.before.as_ref(), self.after.as_ref());
        let new = read_ids(self.after.as_ref(), self.before.as_ref());
        let (old, new) = futures::try_join!(old, new)?;
        let mut changes = merge_join(old, new);
        self.clear_unchanged(types, &mut changes).await?;
        Ok(changes)
    }

    /// Clears the operation of updates that have the same values before and after.
    async fn clear_unchanged(&self, types: &TypePair<'_>, changes: &mut [RowChange]) -> Result<()> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Ok(()) };
        let names = types.common_columns();
        let (old_names, new_names): (Vec<&str>, Vec<&str>) = names.iter().copied().unzip();
        let mut updates: Vec<_> = changes.iter_mut().filter(|change| change.op == Some(ChangeOp::Update)).collect();
        for chunk in updates.chunks_mut(MAX_BATCH_ROWS) {
            let (old, new): (Vec<_>, Vec<_>) = chunk.iter().map(|change| (change.before, change.after)).unzip();
            let (old, new) = futures::try_join!(before.fetch(&old, &old_names), after.fetch(&new, &new_names))?;
            let comparison = ColumnComparison::new(&names, &old, &new)?;
            for (row, change) in chunk.iter_mut().enumerate() {
                if comparison.differing(row, row).next().is_none() {
                    change.op = None;
                }
            }
        }
        Ok(())
    }
}

/// A comparison of the same columns in rows of two versions.
pub(crate) struct ColumnComparison<'a> {
    /// The names of the columns in the second version, with comparators.
    columns: Vec<(&'a str, DynComparator)>,
}

impl<'a> ColumnComparison<'a> {
    /// Compares columns of `before` and `after`. `names` has the names of each column in both.
    pub(crate) fn new(names: &[(&str, &'a str)], before: &[ArrayRef], after: &[ArrayRef]) -> Result<Self> {
        let pairs = names.iter().zip(before.iter().zip(after));
        // Floats compare by the order of their bits: NaN equals itself and the two zeros differ.
        let comparators = pairs
            .map(|((_, name), (before, after))| Ok((*name, make_comparator(before, after, SortOptions::default())?)));
        Ok(Self { columns: comparators.collect::<Result<_>>()? })
    }

    /// Returns the columns in which row `before` of the first version differs from row `after` of the second.
    pub(crate) fn differing(&self, before: usize, after: usize) -> impl Iterator<Item = &'a str> {
        let differs = move |compare: &DynComparator| compare(before, after) != Ordering::Equal;
        self.columns.iter().filter(move |(_, compare)| differs(compare)).map(|(name, _)| *name)
    }
}

type IdAddresses = Vec<(Box<str>, RowAddress)>;

/// Reads ids and addresses of the rows of `table` that `other` lacks, sorted by id.
async fn read_ids(table: Option<&Arc<Table>>, other: Option<&Arc<Table>>) -> Result<IdAddresses> {
    let Some(table) = table else { return Ok(Vec::new()) };
    let RowDelta { fragments, rows } = match other {
        Some(other) => table.rows_missing_in(other).await?,
        None => table.all_rows(),
    };
    let mut found = Vec::new();
    if !rows.is_empty() {
        let ids = table.fetch(&rows, &[ID]).await?;
        let ids = ids.first().ok_or_else(|| Error::internal("rows without ids"))?;
        collect(ids, rows.into_iter(), &mut found)?;
    }
    if !fragments.is_empty() {
        let scan =
            Scan { columns: vec![ID.to_owned()], fragments: Some(fragments), addresses: true, ..Scan::default() };
        let mut batches = std::pin::pin!(table.scan(&scan)?);
        while let Some(batch) = batches.try_next().await? {
            let ids = batch.column_by_name(ID).ok_or_else(|| Error::internal("a scan without ids"))?;
            let addresses = row_addresses(&batch)?;
            collect(ids, addresses.values().iter().map(|address| RowAddress(*address)), &mut found)?;
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn collect(ids: &ArrayRef, addresses: impl Iterator<Item = RowAddress>, rows: &mut IdAddresses) -> Result<()> {
    let ids = ids.as_string_opt::<i32>().ok_or_else(|| Error::internal("ids are not strings"))?;
    rows.extend(ids.iter().zip(addresses).filter_map(|(id, address)| Some((id?.into(), address))));
    Ok(())
}

/// Joins two sorted lists by id.
fn merge_join(old: IdAddresses, new: IdAddresses) -> Vec<RowChange> {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    let mut changes = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        let (op, id, before, after) = match (before, after) {
            (Some((id, before)), Some((_, after))) => (ChangeOp::Update, id, before, after),
            (Some((id, before)), None) => (ChangeOp::Delete, id, before, RowAddress::NONE),
            (None, Some((id, after))) => (ChangeOp::Insert, id, RowAddress::NONE, after),
            (None, None) => return changes,
        };
        changes.push(RowChange { id, op: Some(op), before, after });
    }
}
