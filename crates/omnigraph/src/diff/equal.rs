//! Whether two rows say the same.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, DynComparator, make_comparator};
use arrow::compute::SortOptions;

use super::types::TypePair;
use crate::error::Result;
use crate::table::{RowAddress, Table};

/// Rows compared at once.
const ROWS_AT_ONCE: usize = 1024;

/// The same columns of rows of two versions, row by row.
pub(crate) struct Compared<'a> {
    /// Names before and after, with what tells whether two values are the same.
    columns: Vec<((&'a str, &'a str), DynComparator)>,
}

impl<'a> Compared<'a> {
    /// Columns of `before` and `after`, named by `names`.
    pub(crate) fn new(names: &[(&'a str, &'a str)], before: &[ArrayRef], after: &[ArrayRef]) -> Result<Self> {
        let pairs = names.iter().zip(before.iter().zip(after));
        // Floats compare by their bits' order, so NaN equals itself and the two zeros differ: a stored value either changed or
        // did not.
        let of = |(names, (before, after)): (&(&'a str, &'a str), (&ArrayRef, &ArrayRef))| {
            Ok((*names, make_comparator(before, after, SortOptions::default())?))
        };
        Ok(Self { columns: pairs.map(of).collect::<Result<_>>()? })
    }

    /// The columns, by their names after, in which row `before` of the one differs from row `after` of the other.
    pub(crate) fn differing(&self, before: usize, after: usize) -> impl Iterator<Item = &'a str> {
        let differs = move |compare: &DynComparator| compare(before, after) != Ordering::Equal;
        self.columns.iter().filter(move |(_, compare)| differs(compare)).map(|((_, name), _)| *name)
    }
}

/// For each pair of addresses whether the rows are the same in every column that both versions have.
pub(crate) async fn same_rows(
    types: &TypePair<'_>,
    before: &Arc<Table>,
    after: &Arc<Table>,
    pairs: &[(RowAddress, RowAddress)],
) -> Result<Vec<bool>> {
    let names = types.columns();
    let (old, new): (Vec<&str>, Vec<&str>) = names.iter().copied().unzip();
    let mut same = Vec::with_capacity(pairs.len());
    for chunk in pairs.chunks(ROWS_AT_ONCE) {
        let (left, right): (Vec<RowAddress>, Vec<RowAddress>) = chunk.iter().copied().unzip();
        let (left, right) = futures::try_join!(before.fetch(&left, &old), after.fetch(&right, &new))?;
        let compared = Compared::new(&names, &left, &right)?;
        same.extend((0..chunk.len()).map(|row| compared.differing(row, row).next().is_none()));
    }
    Ok(same)
}
