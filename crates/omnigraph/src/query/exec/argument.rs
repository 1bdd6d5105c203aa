//! Leaves of plans whose rows come from elsewhere: the outer rows of a block, and constants.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use datafusion_physical_plan::execution_plan::reset_plan_states;
use datafusion_physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt, TryStreamExt};

use super::{BatchStream, GraphOperator};
use crate::error::{Error, Result};

/// A plan that runs once per batch of outer rows, which its leaf, the [`ArgumentRows`], yields.
#[derive(Clone, Debug)]
pub(crate) struct ArgumentPlan {
    pub(crate) plan: Arc<dyn ExecutionPlan>,
    pub(crate) argument: ArgumentRows,
}

impl ArgumentPlan {
    /// Runs the plan over `outer` rows.
    pub(super) fn run(&self, outer: RecordBatch, context: Arc<TaskContext>) -> Result<BatchStream> {
        self.argument.fill(outer);
        let plan = reset_plan_states(Arc::clone(&self.plan))?;
        Ok(execute_stream(plan, context)?.map_err(Error::from).boxed())
    }
}

/// The leaf of a block's plan. The operator that runs the block fills it for each batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArgumentRows {
    batch: Arc<Mutex<Option<RecordBatch>>>,
}

impl ArgumentRows {
    /// Sets the batch that the next run of the plan yields.
    pub(crate) fn fill(&self, batch: RecordBatch) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
    }
}

/// Appends the column of row numbers to outer rows.
pub(super) fn with_row_numbers(outer: &RecordBatch, schema: SchemaRef) -> Result<RecordBatch> {
    let rows = u32::try_from(outer.num_rows()).map_err(|error| Error::internal(error.to_string()))?;
    let numbers: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..rows));
    let columns = outer.columns().iter().cloned().chain([numbers]).collect();
    Ok(RecordBatch::try_new(schema, columns)?)
}

impl GraphOperator for ArgumentRows {
    fn name(&self) -> &'static str {
        "OuterRows"
    }

    fn run(self: Arc<Self>, _: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(futures::stream::iter(batch.map(Ok)).boxed())
    }
}

/// Rows that are known when the plan is built.
#[derive(Clone, Debug)]
pub(crate) struct ConstantRows(pub(crate) RecordBatch);

impl GraphOperator for ConstantRows {
    fn name(&self) -> &'static str {
        "ConstantRows"
    }

    fn detail(&self) -> String {
        format!("rows={}", self.0.num_rows())
    }

    fn is_point_lookup(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, _: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        Ok(super::operator::single_batch(std::future::ready(Ok(self.0.clone()))))
    }
}
