//! Conditions, computed columns, and distinct rows.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::{filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::{DataType, SchemaRef, UInt32Type, UInt64Type};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion_execution::TaskContext;
use datafusion_execution::memory_pool::MemoryConsumer;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashSet;
use omnigraph_expr::EvalError;

use super::operator::{map_batches, single_input};
use super::{BatchStream, EntityField, GraphOperator};
use crate::error::{Error, Result};
use crate::query::limits::QueryBudget;
use crate::query::scalar::ScalarExpr;
use crate::query::tables::EntitySet;
use crate::table::ID;

/// The node or edge that an error names when an expression of a row has no value: a column and its entities.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowContext(pub(crate) Option<(usize, EntitySet)>);

impl RowContext {
    async fn error(&self, failure: EvalError, batch: &RecordBatch) -> Error {
        let mut entity = String::new();
        if let Some((column, entities)) = &self.0 {
            let row = failure.row.min(batch.num_rows().saturating_sub(1));
            let refs = batch.column(*column).as_primitive::<UInt64Type>().slice(row, 1.min(batch.num_rows()));
            let fields = [EntityField::Type, EntityField::Column(ID.to_owned())];
            if let Ok(named) = entities.fetch(&refs, &fields).await {
                let texts: Vec<&str> =
                    named.iter().filter_map(|array| array.as_string_opt::<i32>()?.iter().next()?).collect();
                entity = texts.join(" ");
            }
        }
        let code = failure.kind.code();
        Error::Value { problem: failure.kind.to_string(), code, entity }
    }
}

/// Keeps the rows for which a condition is true.
#[derive(Debug)]
pub(crate) struct FilterRows {
    pub(crate) condition: ScalarExpr,
    /// The condition as text, for plans.
    pub(crate) text: String,
    pub(crate) context: RowContext,
    /// Positions of the columns to keep.
    pub(crate) projection: Vec<usize>,
}

impl GraphOperator for FilterRows {
    fn name(&self) -> &'static str {
        "Filter"
    }

    fn detail(&self) -> String {
        self.text.clone()
    }

    fn is_point_lookup(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        map_batches(self, inputs, |this, batch| async move { this.filter(batch).await })
    }
}

impl FilterRows {
    async fn filter(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let evaluated = match self.condition.to_array(&batch) {
            Ok(evaluated) => evaluated,
            Err(failure) => return Err(self.context.error(failure, &batch).await),
        };
        let batch = batch.project(&self.projection)?;
        let Some(truth) = evaluated.as_boolean_opt() else {
            // Only the untyped null is not Boolean.
            return Ok(batch.slice(0, 0));
        };
        let truth = if truth.null_count() > 0 { prep_null_mask_filter(truth) } else { truth.clone() };
        if truth.true_count() == batch.num_rows() {
            return Ok(batch);
        }
        Ok(filter_record_batch(&batch, &truth)?)
    }
}

/// Computes columns.
#[derive(Debug)]
pub(crate) struct ProjectColumns {
    /// One expression for each column of the schema.
    pub(crate) columns: Vec<ScalarExpr>,
    pub(crate) schema: SchemaRef,
    pub(crate) context: RowContext,
}

impl GraphOperator for ProjectColumns {
    fn name(&self) -> &'static str {
        "Project"
    }

    fn detail(&self) -> String {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        names.join(", ")
    }

    fn is_point_lookup(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        map_batches(self, inputs, |this, batch| async move { this.project(batch).await })
    }
}

impl ProjectColumns {
    async fn project(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (scalar, field) in self.columns.iter().zip(self.schema.fields()) {
            let array = match scalar.to_array(&batch) {
                Ok(array) => array,
                Err(failure) => return Err(self.context.error(failure, &batch).await),
            };
            // The untyped null, and lists that differ only in the name of their items.
            let array = if array.data_type() == field.data_type() {
                array
            } else {
                arrow::compute::cast(&array, field.data_type())?
            };
            columns.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// Counts the rows of a join against the budget.
#[derive(Debug)]
pub(crate) struct MeterRows {
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for MeterRows {
    fn name(&self) -> &'static str {
        "Joined"
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        map_batches(self, inputs, |this, batch| {
            let spent = this.budget.spend(batch.num_rows() as u64);
            std::future::ready(spent.map(|()| batch))
        })
    }
}

/// Keeps the first of equal rows. All columns are references to nodes, edges or rows.
#[derive(Debug)]
pub(crate) struct DistinctRows {
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for DistinctRows {
    fn name(&self) -> &'static str {
        "Distinct"
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, context: Arc<TaskContext>) -> Result<BatchStream> {
        let input = single_input(inputs)?;
        let reservation = MemoryConsumer::new("Distinct").register(context.memory_pool());
        let mut seen = SeenRows::default();
        let distinct = input.map(move |batch| {
            let fresh = seen.admit(&batch?, &self.budget)?;
            reservation.try_resize(seen.memory_bytes())?;
            Ok(fresh)
        });
        Ok(distinct.try_filter(|batch| std::future::ready(batch.num_rows() > 0)).boxed())
    }
}

/// Rows seen so far, by the number of their columns. In a row, null is 0 and a reference is one more than its number.
#[derive(Default)]
struct SeenRows {
    empty: bool,
    singles: HashSet<u64>,
    pairs: HashSet<[u64; 2]>,
    wider: HashSet<Box<[u64]>>,
}

impl SeenRows {
    /// Returns the approximate memory in bytes.
    fn memory_bytes(&self) -> usize {
        self.singles.capacity() * 9 + self.pairs.capacity() * 17 + self.wider.capacity() * 64
    }

    /// Returns the rows of a batch that were not seen before.
    fn admit(&mut self, batch: &RecordBatch, budget: &QueryBudget) -> Result<RecordBatch> {
        budget.spend(batch.num_rows() as u64)?;
        let columns = batch.columns().iter().map(|column| row_keys(column.as_ref())).collect::<Result<Vec<_>>>()?;
        let fresh: BooleanArray = match columns.as_slice() {
            [] => {
                let first = !self.empty && batch.num_rows() > 0;
                self.empty |= first;
                return Ok(batch.slice(0, usize::from(first)));
            }
            [one] => one.iter().map(|key| Some(self.singles.insert(*key))).collect(),
            [one, two] => one.iter().zip(two).map(|(a, b)| Some(self.pairs.insert([*a, *b]))).collect(),
            wider => (0..batch.num_rows())
                .map(|row| Some(self.wider.insert(wider.iter().map(|column| column[row]).collect())))
                .collect(),
        };
        Ok(filter_record_batch(batch, &fresh)?)
    }
}

fn row_keys(column: &dyn Array) -> Result<Vec<u64>> {
    match column.data_type() {
        DataType::UInt64 => {
            Ok(column.as_primitive::<UInt64Type>().iter().map(|value| value.map_or(0, |value| value + 1)).collect())
        }
        DataType::UInt32 => Ok(column
            .as_primitive::<UInt32Type>()
            .iter()
            .map(|value| value.map_or(0, |value| u64::from(value) + 1))
            .collect()),
        other => Err(Error::internal(format!("cannot compare rows by a column of type {other}"))),
    }
}
