//! Order keys of rows, and the rows after a cursor.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, make_comparator};
use arrow::compute::{SortOptions, filter_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;

use super::operator::map_batches;
use super::{BatchStream, GraphOperator};
use crate::error::Result;
use crate::query::cursor::PageCursor;

/// A column that orders rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortKey {
    /// Position of the column.
    pub(crate) column: usize,
    pub(crate) options: SortOptions,
}

/// Keeps the rows after a cursor.
#[derive(Debug)]
pub(crate) struct AfterCursor {
    keys: Vec<SortKey>,
    /// The keys of the cursor, as arrays of one.
    bounds: Vec<ArrayRef>,
}

impl AfterCursor {
    /// Creates the operator for rows in the order of `keys`.
    pub(crate) fn new(cursor: &PageCursor, keys: &[SortKey], schema: &SchemaRef) -> Result<Self> {
        let types: Vec<DataType> = keys.iter().map(|key| schema.field(key.column).data_type().clone()).collect();
        Ok(Self { keys: keys.to_vec(), bounds: cursor.keys(&types)? })
    }

    fn filter(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut compare = Vec::with_capacity(self.keys.len());
        for (key, bound) in self.keys.iter().zip(&self.bounds) {
            compare.push(make_comparator(batch.column(key.column), bound, key.options)?);
        }
        let is_after = |row: usize| {
            let decisive = compare.iter().map(|compare| compare(row, 0)).find(|order| *order != Ordering::Equal);
            decisive == Some(Ordering::Greater)
        };
        let after: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_after(row))).collect();
        Ok(filter_record_batch(batch, &after)?)
    }
}

impl GraphOperator for AfterCursor {
    fn name(&self) -> &'static str {
        "AfterCursor"
    }

    fn is_point_lookup(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        map_batches(self, inputs, |this, batch| std::future::ready(this.filter(&batch)))
    }
}
