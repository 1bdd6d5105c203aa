//! The first rows of an order. Tie-breaking keys are computed only for rows that are otherwise equal.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{BooleanArray, DynComparator, UInt32Array, make_comparator};
use arrow::compute::{
    SortColumn, concat_batches, filter_record_batch, lexsort_to_indices, sort_to_indices, take_record_batch,
};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use futures::TryStreamExt;

use super::argument::ArgumentPlan;
use super::operator::{single_batch, single_input};
use super::{BatchStream, GraphOperator, SortKey};
use crate::error::{Error, Result};
use crate::query::limits::QueryBudget;

/// Keys that order rows whose other keys are equal: a plan that appends them to rows.
#[derive(Debug)]
pub(crate) struct TieBreakKeys {
    pub(crate) block: ArgumentPlan,
    pub(crate) keys: Vec<SortKey>,
    /// The number of columns of a row without the keys.
    pub(crate) width: usize,
}

/// Returns the first rows of an order, in order.
#[derive(Debug)]
pub(crate) struct TopRows {
    pub(crate) keys: Vec<SortKey>,
    pub(crate) ties: Option<TieBreakKeys>,
    /// The number of rows.
    pub(crate) fetch: usize,
    pub(crate) budget: Arc<QueryBudget>,
    pub(crate) schema: SchemaRef,
}

impl GraphOperator for TopRows {
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

    fn is_point_lookup(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, context: Arc<TaskContext>) -> Result<BatchStream> {
        let input = single_input(inputs)?;
        Ok(single_batch(self.top_rows(input, context)))
    }
}

impl TopRows {
    async fn top_rows(self: Arc<Self>, mut input: BatchStream, context: Arc<TaskContext>) -> Result<RecordBatch> {
        // The first rows so far, and those that are equal to the last of them.
        let mut first = RecordBatch::new_empty(Arc::clone(&self.schema));
        let mut pending: Vec<RecordBatch> = Vec::new();
        let mut pending_rows = 0;
        let max_pending = self.fetch.saturating_mul(4).max(1 << 14);
        while let Some(batch) = input.try_next().await? {
            self.budget.spend(batch.num_rows() as u64)?;
            let batch = self.drop_late_rows(&first, batch)?;
            pending_rows += batch.num_rows();
            pending.push(batch);
            if pending_rows > max_pending {
                first = self.merge(first, std::mem::take(&mut pending))?;
                pending_rows = 0;
            }
        }
        first = self.merge(first, pending)?;
        self.break_ties(first, context).await
    }

    /// Drops the rows of a batch that come after the last of the first rows.
    fn drop_late_rows(&self, first: &RecordBatch, batch: RecordBatch) -> Result<RecordBatch> {
        let Some(key) = self.keys.first() else { return Ok(batch) };
        if self.fetch == 0 {
            return Ok(batch.slice(0, 0));
        }
        if first.num_rows() < self.fetch {
            return Ok(batch);
        }
        let last = self.fetch - 1;
        let compare = make_comparator(batch.column(key.column), first.column(key.column), key.options)?;
        let early: BooleanArray =
            (0..batch.num_rows()).map(|row| Some(compare(row, last) != Ordering::Greater)).collect();
        Ok(filter_record_batch(&batch, &early)?)
    }

    /// Returns the first of all rows, and those that are equal to the last of them.
    fn merge(&self, first: RecordBatch, pending: Vec<RecordBatch>) -> Result<RecordBatch> {
        let all = concat_batches(&self.schema, std::iter::once(&first).chain(&pending))?;
        if all.num_rows() == 0 || self.fetch == 0 {
            return Ok(all.slice(0, 0));
        }
        let all = self.preselect(all)?;
        let order = row_order(&all, &self.keys)?;
        let mut end = self.fetch.min(order.len());
        if self.ties.is_some() && end > 0 {
            let last = order.value(end - 1) as usize;
            let compare = comparators(&all, &self.keys)?;
            let equal = |row: u32| compare.iter().all(|compare| compare(last, row as usize) == Ordering::Equal);
            while end < order.len() && equal(order.value(end)) {
                end += 1;
            }
        }
        Ok(take_record_batch(&all, &order.slice(0, end))?)
    }

    /// Selects rows by the first key alone, which is cheaper than sorting all rows by all keys.
    fn preselect(&self, all: RecordBatch) -> Result<RecordBatch> {
        let (Some(key), true) = (self.keys.first(), all.num_rows() > self.fetch.saturating_mul(2)) else {
            return Ok(all);
        };
        let column = all.column(key.column);
        let best = sort_to_indices(column, Some(key.options), Some(self.fetch))?;
        let Some(last) = best.values().last().map(|row| *row as usize) else { return Ok(all) };
        let compare = make_comparator(column, column, key.options)?;
        let early: BooleanArray =
            (0..all.num_rows()).map(|row| Some(compare(row, last) != Ordering::Greater)).collect();
        Ok(filter_record_batch(&all, &early)?)
    }

    /// Orders equal rows by the tie-breaking keys, and returns the first rows without those keys.
    async fn break_ties(&self, first: RecordBatch, context: Arc<TaskContext>) -> Result<RecordBatch> {
        let Some(ties) = &self.ties else { return Ok(first.slice(0, first.num_rows().min(self.fetch))) };
        if first.num_rows() == 0 {
            return Ok(first);
        }
        let batches: Vec<RecordBatch> = ties.block.run(first, context)?.try_collect().await?;
        let all = concat_batches(&ties.block.plan.schema(), &batches)?;
        let keys: Vec<SortKey> = self.keys.iter().chain(&ties.keys).copied().collect();
        let order = row_order(&all, &keys)?;
        let top = take_record_batch(&all, &order.slice(0, order.len().min(self.fetch)))?;
        Ok(top.project(&(0..ties.width).collect::<Vec<_>>())?)
    }
}

fn row_order(batch: &RecordBatch, keys: &[SortKey]) -> Result<UInt32Array> {
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
