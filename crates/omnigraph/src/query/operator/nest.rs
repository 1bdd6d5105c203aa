//! Nested blocks: the plan of the block runs once per batch of outer rows and tells, by their numbers, what it found for each.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt32Array};
use arrow::compute::{concat, concat_batches, filter_record_batch, take, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef, UInt32Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::TryStreamExt;

use super::exec::{mapped, slices};
use super::{Operator, Seed, Stream};
use crate::error::{Error, Result};

/// Outer rows for which a block runs at once: what it finds for them is held in memory.
const OUTER_ROWS: usize = 8192;

/// What a nested block does to an outer row.
#[derive(Clone, Debug)]
pub(in crate::query) enum Nesting {
    /// Keeps it if the block has a row.
    Exists,
    /// Keeps it if the block has none.
    NotExists,
    /// Joins it with each row of the block; without any, the block's columns are null. The block's plan yields its own
    /// columns, then the number of the outer row.
    Optional,
    /// Adds a value. The block's plan yields the number of the outer row, then the value.
    Value {
        /// Whether nothing found counts as 0.
        zero: bool,
    },
}

/// Runs a nested block.
#[derive(Debug)]
pub(in crate::query) struct Nest {
    /// What becomes of outer rows.
    pub(in crate::query) nesting: Nesting,
    /// The block's plan.
    pub(in crate::query) inner: Arc<dyn ExecutionPlan>,
    /// Where it takes outer rows from.
    pub(in crate::query) seed: Seed,
    /// Outer rows with numbers.
    pub(in crate::query) seeded: SchemaRef,
    /// The block's column of numbers.
    pub(in crate::query) row: usize,
    /// The result.
    pub(in crate::query) schema: SchemaRef,
}

impl Operator for Nest {
    fn name(&self) -> &'static str {
        match self.nesting {
            Nesting::Exists => "Exists",
            Nesting::NotExists => "NotExists",
            Nesting::Optional => "Optional",
            Nesting::Value { .. } => "AggregateBlock",
        }
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, context: Arc<TaskContext>) -> Result<Stream> {
        let outer = slices(super::exec::only(inputs)?, OUTER_ROWS);
        mapped(self, vec![outer], move |this, batch| {
            let context = Arc::clone(&context);
            async move { this.batch(batch, context).await }
        })
    }
}

impl Nest {
    async fn batch(&self, outer: RecordBatch, context: Arc<TaskContext>) -> Result<RecordBatch> {
        self.seed.fill(super::seed::numbered(&outer, Arc::clone(&self.seeded))?);
        let plan = reset_plan_states(Arc::clone(&self.inner))?;
        let found: Vec<RecordBatch> = execute_stream(plan, context)?.map_err(Error::from).try_collect().await?;
        match &self.nesting {
            Nesting::Exists => self.keep(&outer, &found, true),
            Nesting::NotExists => self.keep(&outer, &found, false),
            Nesting::Optional => self.join(&outer, &found),
            Nesting::Value { zero } => self.value(&outer, &found, *zero),
        }
    }

    fn numbers<'a>(&self, batch: &'a RecordBatch) -> &'a [u32] {
        batch.column(self.row).as_primitive::<UInt32Type>().values()
    }

    fn keep(&self, outer: &RecordBatch, found: &[RecordBatch], wanted: bool) -> Result<RecordBatch> {
        let mut keep = vec![!wanted; outer.num_rows()];
        for row in found.iter().flat_map(|batch| self.numbers(batch)) {
            keep[*row as usize] = wanted;
        }
        Ok(filter_record_batch(outer, &BooleanArray::from(keep))?)
    }

    fn join(&self, outer: &RecordBatch, found: &[RecordBatch]) -> Result<RecordBatch> {
        let mut alone = vec![true; outer.num_rows()];
        let mut rows: Vec<u32> = Vec::new();
        for row in found.iter().flat_map(|batch| self.numbers(batch)) {
            alone[*row as usize] = false;
            rows.push(*row);
        }
        let joined = rows.len();
        rows.extend((0u32..).zip(alone).filter(|(_, alone)| *alone).map(|(row, _)| row));
        let nulls = rows.len() - joined;
        let left = take_record_batch(outer, &UInt32Array::from(rows))?;
        let inner = concat_batches(&self.inner.schema(), found)?;
        let mut columns = left.columns().to_vec();
        for (index, column) in inner.columns().iter().enumerate().filter(|(index, _)| *index != self.row) {
            let missing = arrow::array::new_null_array(inner.schema().field(index).data_type(), nulls);
            columns.push(concat(&[column.as_ref(), missing.as_ref()])?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn value(&self, outer: &RecordBatch, found: &[RecordBatch], zero: bool) -> Result<RecordBatch> {
        let inner = concat_batches(&self.inner.schema(), found)?;
        let mut places: Vec<Option<u32>> = vec![None; outer.num_rows()];
        for (place, row) in (0u32..).zip(self.numbers(&inner)) {
            places[*row as usize] = Some(place);
        }
        let values = inner.columns().iter().enumerate().find(|(index, _)| *index != self.row);
        let (_, values) = values.ok_or_else(|| Error::internal("a nested aggregate without a value"))?;
        let values = take(values, &UInt32Array::from(places), None)?;
        let values = if zero { zeroed(&values) } else { values };
        let columns = outer.columns().iter().cloned().chain([values]).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// Null counts as 0, or as the empty list.
fn zeroed(values: &ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Int64 => {
            let counts = values.as_primitive::<arrow::datatypes::Int64Type>();
            Arc::new(counts.iter().map(Option::unwrap_or_default).map(Some).collect::<Int64Array>())
        }
        _ => crate::query::lists::present(values),
    }
}
