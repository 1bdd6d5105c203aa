//! Pages: the first rows of an order, and what comes after a cursor.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, DynComparator, UInt32Array, make_comparator};
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, filter_record_batch, lexsort_to_indices, sort_to_indices,
    take_record_batch,
};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt, TryStreamExt};

use super::exec::mapped;
use super::{Operator, Seed, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::cursor::Cursor;

/// A column that rows are ordered by.
#[derive(Clone, Copy, Debug)]
pub(in crate::query) struct SortKey {
    /// Where it is.
    pub(in crate::query) column: usize,
    /// In which direction.
    pub(in crate::query) options: SortOptions,
}

/// Keys that only rows are asked for which are otherwise equal: a plan that adds them to rows.
#[derive(Debug)]
pub(in crate::query) struct LateKeys {
    /// The plan.
    pub(in crate::query) plan: Arc<dyn ExecutionPlan>,
    /// Where it takes rows from.
    pub(in crate::query) seed: Seed,
    /// The keys.
    pub(in crate::query) keys: Vec<SortKey>,
    /// How many columns a row has without them.
    pub(in crate::query) width: usize,
}

/// The first rows of an order, in order.
#[derive(Debug)]
pub(in crate::query) struct TopK {
    /// What orders.
    pub(in crate::query) keys: Vec<SortKey>,
    /// What orders then.
    pub(in crate::query) late: Option<LateKeys>,
    /// How many rows.
    pub(in crate::query) fetch: usize,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
    /// The columns, which do not change.
    pub(in crate::query) schema: SchemaRef,
}

impl Operator for TopK {
    fn name(&self) -> &'static str {
        "TopK"
    }

    fn detail(&self) -> String {
        let name = |key: &SortKey| {
            let direction = if key.options.descending { "desc" } else { "asc" };
            format!("{} {direction}", self.schema.field(key.column).name())
        };
        let keys: Vec<String> = self.keys.iter().map(name).collect();
        format!("{} by {}", self.fetch, keys.join(", "))
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, context: Arc<TaskContext>) -> Result<Stream> {
        let input = super::exec::only(inputs)?;
        Ok(futures::stream::once(self.top(input, context)).boxed())
    }
}

impl TopK {
    async fn top(self: Arc<Self>, mut input: Stream, context: Arc<TaskContext>) -> Result<RecordBatch> {
        // Rows that are among the first so far, and those that are equal to the last of them.
        let mut first = RecordBatch::new_empty(Arc::clone(&self.schema));
        let mut waiting: Vec<RecordBatch> = Vec::new();
        let mut rows = 0;
        let enough = self.fetch.saturating_mul(4).max(1 << 14);
        while let Some(batch) = input.try_next().await? {
            self.budget.spend(batch.num_rows() as u64)?;
            let batch = self.candidates(&first, batch)?;
            rows += batch.num_rows();
            waiting.push(batch);
            if rows > enough {
                first = self.cut(first, std::mem::take(&mut waiting))?;
                rows = 0;
            }
        }
        first = self.cut(first, waiting)?;
        self.settled(first, context).await
    }

    /// The rows of a batch that may be among the first.
    fn candidates(&self, first: &RecordBatch, batch: RecordBatch) -> Result<RecordBatch> {
        let Some(key) = self.keys.first() else { return Ok(batch) };
        if self.fetch == 0 {
            return Ok(batch.slice(0, 0));
        }
        if first.num_rows() < self.fetch {
            return Ok(batch);
        }
        let last = self.fetch - 1;
        let compare = make_comparator(batch.column(key.column), first.column(key.column), key.options)?;
        let may: BooleanArray =
            (0..batch.num_rows()).map(|row| Some(compare(row, last) != Ordering::Greater)).collect();
        Ok(filter_record_batch(&batch, &may)?)
    }

    /// The first rows of all, and those that are equal to the last of them.
    fn cut(&self, first: RecordBatch, more: Vec<RecordBatch>) -> Result<RecordBatch> {
        let all = concat_batches(&self.schema, std::iter::once(&first).chain(&more))?;
        if all.num_rows() == 0 || self.fetch == 0 {
            return Ok(all.slice(0, 0));
        }
        let all = self.narrowed(all)?;
        let order = order(&all, &self.keys)?;
        let mut end = self.fetch.min(order.len());
        if self.late.is_some() && end > 0 {
            let last = order.value(end - 1) as usize;
            let compare = comparators(&all, &self.keys)?;
            let equal = |row: u32| compare.iter().all(|compare| compare(last, row as usize) == Ordering::Equal);
            while end < order.len() && equal(order.value(end)) {
                end += 1;
            }
        }
        Ok(take_record_batch(&all, &order.slice(0, end))?)
    }

    /// The rows whose first key is not beyond that of the last row that may stay: cheaper than to sort them all by all keys.
    fn narrowed(&self, all: RecordBatch) -> Result<RecordBatch> {
        let (Some(key), true) = (self.keys.first(), all.num_rows() > self.fetch.saturating_mul(2)) else {
            return Ok(all);
        };
        let column = all.column(key.column);
        let best = sort_to_indices(column, Some(key.options), Some(self.fetch))?;
        let Some(last) = best.values().last().map(|row| *row as usize) else { return Ok(all) };
        let compare = make_comparator(column, column, key.options)?;
        let may: BooleanArray = (0..all.num_rows()).map(|row| Some(compare(row, last) != Ordering::Greater)).collect();
        Ok(filter_record_batch(&all, &may)?)
    }

    /// Ties broken, and no row too many.
    async fn settled(&self, first: RecordBatch, context: Arc<TaskContext>) -> Result<RecordBatch> {
        let Some(late) = &self.late else { return Ok(first.slice(0, first.num_rows().min(self.fetch))) };
        if first.num_rows() == 0 {
            return Ok(first);
        }
        late.seed.fill(first);
        let plan = reset_plan_states(Arc::clone(&late.plan))?;
        let schema = plan.schema();
        let batches: Vec<RecordBatch> = execute_stream(plan, context)?.map_err(Error::from).try_collect().await?;
        let all = concat_batches(&schema, &batches)?;
        let keys: Vec<SortKey> = self.keys.iter().chain(&late.keys).copied().collect();
        let order = order(&all, &keys)?;
        let top = take_record_batch(&all, &order.slice(0, order.len().min(self.fetch)))?;
        let columns: Vec<usize> = (0..late.width).collect();
        Ok(top.project(&columns)?)
    }
}

fn order(batch: &RecordBatch, keys: &[SortKey]) -> Result<UInt32Array> {
    if keys.is_empty() {
        let rows = u32::try_from(batch.num_rows()).map_err(|error| Error::internal(error.to_string()))?;
        return Ok(UInt32Array::from_iter_values(0..rows));
    }
    let column =
        |key: &SortKey| SortColumn { values: Arc::clone(batch.column(key.column)), options: Some(key.options) };
    let columns: Vec<SortColumn> = keys.iter().map(column).collect();
    Ok(lexsort_to_indices(&columns, None)?)
}

fn comparators(batch: &RecordBatch, keys: &[SortKey]) -> Result<Vec<DynComparator>> {
    let comparator = |key: &SortKey| {
        let column = batch.column(key.column);
        Ok(make_comparator(column, column, key.options)?)
    };
    keys.iter().map(comparator).collect()
}

/// The rows that come after a place in the order.
#[derive(Debug)]
pub(in crate::query) struct After {
    keys: Vec<SortKey>,
    place: Vec<ArrayRef>,
}

impl After {
    /// The rows after `cursor`, in the order of `keys`.
    pub(in crate::query) fn new(cursor: &Cursor, keys: &[SortKey], schema: &SchemaRef) -> Result<Self> {
        let types: Vec<DataType> = keys.iter().map(|key| schema.field(key.column).data_type().clone()).collect();
        Ok(Self { keys: keys.to_vec(), place: cursor.keys(&types)? })
    }

    fn filter(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut compare = Vec::with_capacity(self.keys.len());
        for (key, place) in self.keys.iter().zip(&self.place) {
            compare.push(make_comparator(batch.column(key.column), place, key.options)?);
        }
        let after = |row: usize| {
            let decisive = compare.iter().map(|compare| compare(row, 0)).find(|order| *order != Ordering::Equal);
            decisive == Some(Ordering::Greater)
        };
        let after: BooleanArray = (0..batch.num_rows()).map(|row| Some(after(row))).collect();
        Ok(filter_record_batch(batch, &after)?)
    }
}

impl Operator for After {
    fn name(&self) -> &'static str {
        "AfterCursor"
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        mapped(self, inputs, |this, batch| std::future::ready(this.filter(&batch)))
    }
}
