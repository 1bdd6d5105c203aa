//! Filters and columns.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::{filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::execution::TaskContext;
use omnigraph_kernels::Failure;

use super::exec::mapped;
use super::{Field, Operator, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::graph::Entities;
use crate::query::scalar::Scalar;
use crate::table::ID;

/// Who to name when a row has no value: a variable's column and what it ranges over.
#[derive(Clone, Debug, Default)]
pub(in crate::query) struct Witness(pub(in crate::query) Option<(usize, Entities)>);

impl Witness {
    async fn explain(&self, failure: Failure, batch: &RecordBatch) -> Error {
        let mut entity = String::new();
        if let Some((column, entities)) = &self.0 {
            let row = failure.row.min(batch.num_rows().saturating_sub(1));
            let refs = batch.column(*column).as_primitive::<UInt64Type>().slice(row, 1.min(batch.num_rows()));
            let fields = [Field::Type, Field::Column(ID.to_owned())];
            if let Ok(named) = entities.gather(&refs, &fields).await {
                let texts: Vec<&str> =
                    named.iter().filter_map(|array| array.as_string_opt::<i32>()?.iter().next()?).collect();
                entity = texts.join(" ");
            }
        }
        let code = failure.problem.code();
        Error::Value { problem: failure.problem.to_string(), code, entity }
    }
}

/// Keeps the rows for which all conditions are true.
#[derive(Debug)]
pub(in crate::query) struct Filter {
    /// The condition.
    pub(in crate::query) condition: Scalar,
    /// What it says, for plans.
    pub(in crate::query) text: String,
    /// Whom to name when it fails.
    pub(in crate::query) witness: Witness,
    /// Which columns stay.
    pub(in crate::query) keep: Vec<usize>,
}

impl Operator for Filter {
    fn name(&self) -> &'static str {
        "Filter"
    }

    fn detail(&self) -> String {
        self.text.clone()
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        mapped(self, inputs, |this, batch| async move { this.filter(batch).await })
    }
}

impl Filter {
    async fn filter(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let evaluated = match self.condition.array(&batch) {
            Ok(evaluated) => evaluated,
            Err(failure) => return Err(self.witness.explain(failure, &batch).await),
        };
        let batch = batch.project(&self.keep)?;
        let Some(truth) = evaluated.as_boolean_opt() else {
            // Only a null of no type is no truth value.
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
pub(in crate::query) struct Project {
    /// One for each column of the schema.
    pub(in crate::query) columns: Vec<Scalar>,
    /// Names and types.
    pub(in crate::query) schema: SchemaRef,
    /// Whom to name when one fails.
    pub(in crate::query) witness: Witness,
}

impl Operator for Project {
    fn name(&self) -> &'static str {
        "Project"
    }

    fn detail(&self) -> String {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        names.join(", ")
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        mapped(self, inputs, |this, batch| async move { this.project(batch).await })
    }
}

impl Project {
    async fn project(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (scalar, field) in self.columns.iter().zip(self.schema.fields()) {
            let array = match scalar.array(&batch) {
                Ok(array) => array,
                Err(failure) => return Err(self.witness.explain(failure, &batch).await),
            };
            // The literal `null`, and lists that only differ in what they call their items.
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

/// The same rows, counted against the budget.
#[derive(Debug)]
pub(in crate::query) struct Counted {
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for Counted {
    fn name(&self) -> &'static str {
        "Joined"
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        mapped(self, inputs, |this, batch| {
            let spent = this.budget.spend(batch.num_rows() as u64);
            std::future::ready(spent.map(|()| batch))
        })
    }
}
