//! Nested blocks: the plan of a block runs once per batch of outer rows and returns the numbers of the rows that it found.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::compute::{concat, concat_batches, filter_record_batch, take, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef, UInt32Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use futures::TryStreamExt;

use super::argument::{ArgumentPlan, with_row_numbers};
use super::operator::{map_batches, single_input, split_batches};
use super::{BatchStream, GraphOperator};
use crate::error::{Error, Result};
use crate::query::lists::{null_counts_to_zero, null_lists_to_empty};

/// Outer rows per run of a block, which keeps all that it finds for them in memory.
const MAX_OUTER_ROWS: usize = 8192;

/// The effect of a nested block on an outer row.
#[derive(Clone, Debug)]
pub(crate) enum ApplyKind {
    /// Keeps the row if the block has a row.
    Exists,
    /// Keeps the row if the block has none.
    NotExists,
    /// Joins the row with each row of the block, or with nulls if there is none. The block's plan yields its own columns, then
    /// the number of the outer row.
    Optional,
    /// Adds a value. The block's plan yields the number of the outer row, then the value.
    Value {
        /// An empty block counts as 0 or the empty list.
        zero_if_empty: bool,
    },
}

/// Runs a nested block.
#[derive(Debug)]
pub(crate) struct Apply {
    pub(crate) kind: ApplyKind,
    pub(crate) block: ArgumentPlan,
    /// Schema of outer rows with their numbers.
    pub(crate) outer_schema: SchemaRef,
    /// Position of the block's column of row numbers.
    pub(crate) row_number: usize,
    pub(crate) schema: SchemaRef,
}

impl GraphOperator for Apply {
    fn name(&self) -> &'static str {
        match self.kind {
            ApplyKind::Exists => "Exists",
            ApplyKind::NotExists => "NotExists",
            ApplyKind::Optional => "Optional",
            ApplyKind::Value { .. } => "AggregateBlock",
        }
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, context: Arc<TaskContext>) -> Result<BatchStream> {
        let outer = split_batches(single_input(inputs)?, MAX_OUTER_ROWS);
        map_batches(self, vec![outer], move |this, batch| {
            let context = Arc::clone(&context);
            async move { this.apply(batch, context).await }
        })
    }
}

impl Apply {
    async fn apply(&self, outer: RecordBatch, context: Arc<TaskContext>) -> Result<RecordBatch> {
        let argument = with_row_numbers(&outer, Arc::clone(&self.outer_schema))?;
        let found: Vec<RecordBatch> = self.block.run(argument, context)?.try_collect().await?;
        match &self.kind {
            ApplyKind::Exists => self.filter(&outer, &found, true),
            ApplyKind::NotExists => self.filter(&outer, &found, false),
            ApplyKind::Optional => self.join(&outer, &found),
            ApplyKind::Value { zero_if_empty } => self.append_value(&outer, &found, *zero_if_empty),
        }
    }

    fn row_numbers<'a>(&self, batch: &'a RecordBatch) -> &'a [u32] {
        batch.column(self.row_number).as_primitive::<UInt32Type>().values()
    }

    fn filter(&self, outer: &RecordBatch, found: &[RecordBatch], keep_found: bool) -> Result<RecordBatch> {
        let mut keep = vec![!keep_found; outer.num_rows()];
        for row in found.iter().flat_map(|batch| self.row_numbers(batch)) {
            keep[*row as usize] = keep_found;
        }
        Ok(filter_record_batch(outer, &BooleanArray::from(keep))?)
    }

    fn join(&self, outer: &RecordBatch, found: &[RecordBatch]) -> Result<RecordBatch> {
        let mut unmatched = vec![true; outer.num_rows()];
        let mut rows: Vec<u32> = Vec::new();
        for row in found.iter().flat_map(|batch| self.row_numbers(batch)) {
            unmatched[*row as usize] = false;
            rows.push(*row);
        }
        let joined = rows.len();
        rows.extend((0u32..).zip(unmatched).filter(|(_, unmatched)| *unmatched).map(|(row, _)| row));
        let nulls = rows.len() - joined;
        let left = take_record_batch(outer, &UInt32Array::from(rows))?;
        let inner = concat_batches(&self.block.plan.schema(), found)?;
        let mut columns = left.columns().to_vec();
        for (index, column) in inner.columns().iter().enumerate().filter(|(index, _)| *index != self.row_number) {
            let missing = new_null_array(inner.schema().field(index).data_type(), nulls);
            columns.push(concat(&[column.as_ref(), missing.as_ref()])?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn append_value(&self, outer: &RecordBatch, found: &[RecordBatch], zero_if_empty: bool) -> Result<RecordBatch> {
        let inner = concat_batches(&self.block.plan.schema(), found)?;
        let mut positions: Vec<Option<u32>> = vec![None; outer.num_rows()];
        for (position, row) in (0u32..).zip(self.row_numbers(&inner)) {
            positions[*row as usize] = Some(position);
        }
        let values = inner.columns().iter().enumerate().find(|(index, _)| *index != self.row_number);
        let (_, values) = values.ok_or_else(|| Error::internal("a nested aggregate without a value"))?;
        let values: ArrayRef = take(values, &UInt32Array::from(positions), None)?;
        let values = match values.data_type() {
            _ if !zero_if_empty => values,
            DataType::Int64 => null_counts_to_zero(&values),
            _ => null_lists_to_empty(&values),
        };
        let columns = outer.columns().iter().cloned().chain([values]).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}
