//! Graph operators as nodes of a DataFusion plan: one partition in, one partition out.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion_common::DataFusionError;
use datafusion_execution::{SendableRecordBatchStream, TaskContext};
use datafusion_physical_expr::EquivalenceProperties;
use datafusion_physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion_physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion_physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion_physical_plan::stream::RecordBatchStreamAdapter;
use datafusion_physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use crate::error::{Error, Result};

/// A stream of record batches with errors of this crate.
pub(crate) type BatchStream = BoxStream<'static, Result<RecordBatch>>;

/// An operator of a query plan.
pub(crate) trait GraphOperator: fmt::Debug + Send + Sync {
    /// Returns the name shown in plans.
    fn name(&self) -> &'static str;

    /// Returns the description shown in plans.
    fn detail(&self) -> String {
        String::new()
    }

    /// Reports if the operator takes microseconds for few rows, and makes few rows of few.
    fn is_point_lookup(&self) -> bool {
        false
    }

    /// Runs the operator over the rows of its inputs.
    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, context: Arc<TaskContext>) -> Result<BatchStream>;
}

/// A graph operator with its inputs, as DataFusion runs it.
pub(crate) struct OperatorExec {
    operator: Arc<dyn GraphOperator>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// Plans that the operator runs itself. Explain shows them; DataFusion never runs them.
    blocks: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl OperatorExec {
    /// Creates a plan node whose rows have `schema`.
    pub(crate) fn new(
        operator: Arc<dyn GraphOperator>,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let inputs = inputs.into_iter().map(coalesce_partitions).collect();
        let metrics = ExecutionPlanMetricsSet::new();
        Self { operator, inputs, blocks: Vec::new(), properties: Arc::new(properties), metrics }
    }

    /// Adds a plan that the operator runs itself.
    pub(crate) fn with_block(mut self, block: Arc<dyn ExecutionPlan>) -> Self {
        self.blocks.push(block);
        self
    }

    /// Returns the plans that the operator runs itself.
    pub(crate) fn blocks(&self) -> &[Arc<dyn ExecutionPlan>] {
        &self.blocks
    }

    /// Returns the operator's description.
    pub(crate) fn detail(&self) -> String {
        self.operator.detail()
    }
}

/// Reports if all operators of a plan are cheap for few rows. Moving such a plan to another thread takes longer than running it.
pub(crate) fn is_point_lookup(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let ours = (plan.as_ref() as &dyn std::any::Any).downcast_ref::<OperatorExec>();
    ours.is_none_or(|ours| ours.operator.is_point_lookup() && ours.blocks.iter().all(is_point_lookup))
        && plan.children().into_iter().all(is_point_lookup)
}

fn coalesce_partitions(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    if plan.output_partitioning().partition_count() == 1 { plan } else { Arc::new(CoalescePartitionsExec::new(plan)) }
}

impl fmt::Debug for OperatorExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operator.fmt(f)
    }
}

impl DisplayAs for OperatorExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.operator.detail();
        f.write_str(self.operator.name())?;
        if detail.is_empty() { Ok(()) } else { write!(f, ": {detail}") }
    }
}

impl ExecutionPlan for OperatorExec {
    fn name(&self) -> &str {
        self.operator.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(Arc::new(Self {
            operator: Arc::clone(&self.operator),
            inputs,
            blocks: self.blocks.clone(),
            properties: Arc::clone(&self.properties),
            metrics: self.metrics.clone(),
        }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let stream = input.execute(0, Arc::clone(&context))?;
            inputs.push(stream.map_err(Error::from).boxed());
        }
        let output = Arc::clone(&self.operator).run(inputs, context).map_err(into_datafusion)?;
        let metered = metered(output, &self.metrics, partition);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), metered.map_err(into_datafusion))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// Wraps an error of this crate, which `Error::from` unwraps again.
fn into_datafusion(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Records rows, bytes and the time spent in the operator and its inputs.
#[expect(clippy::disallowed_methods, reason = "measures the machine's time, and nothing depends on it")]
fn metered(mut stream: BatchStream, metrics: &ExecutionPlanMetricsSet, partition: usize) -> BatchStream {
    let baseline = BaselineMetrics::new(metrics, partition);
    let bytes = MetricBuilder::new(metrics).counter("output_bytes", partition);
    futures::stream::poll_fn(move |context| {
        let started = Instant::now();
        let polled = stream.poll_next_unpin(context);
        baseline.elapsed_compute().add_elapsed(started);
        if let Poll::Ready(Some(Ok(batch))) = &polled {
            baseline.record_output(batch.num_rows());
            bytes.add(batch.get_array_memory_size());
        }
        polled
    })
    .boxed()
}

/// Applies an operator to each batch of its input, and leaves out empty results.
pub(super) fn map_batches<O, F>(
    operator: Arc<O>,
    inputs: Vec<BatchStream>,
    apply: impl Fn(Arc<O>, RecordBatch) -> F + Send + 'static,
) -> Result<BatchStream>
where
    O: Send + Sync + 'static,
    F: Future<Output = Result<RecordBatch>> + Send + 'static,
{
    let mapped = single_input(inputs)?.and_then(move |batch| apply(Arc::clone(&operator), batch));
    Ok(mapped.try_filter(|batch| std::future::ready(batch.num_rows() > 0)).boxed())
}

/// Splits batches into slices of at most `rows` rows.
pub(super) fn split_batches(input: BatchStream, rows: usize) -> BatchStream {
    let split = move |batch: RecordBatch| {
        let starts = (0..batch.num_rows()).step_by(rows);
        let slices: Vec<_> = starts.map(|start| Ok(batch.slice(start, rows.min(batch.num_rows() - start)))).collect();
        futures::stream::iter(slices)
    };
    input.map_ok(split).try_flatten().boxed()
}

/// Returns the input of an operator with one.
pub(super) fn single_input(inputs: Vec<BatchStream>) -> Result<BatchStream> {
    let mut inputs = inputs.into_iter();
    match (inputs.next(), inputs.next()) {
        (Some(input), None) => Ok(input),
        _ => Err(Error::internal("an operator with the wrong number of inputs")),
    }
}

/// Returns a stream of one batch that an operator computes.
pub(super) fn single_batch(batch: impl Future<Output = Result<RecordBatch>> + Send + 'static) -> BatchStream {
    futures::stream::once(batch).boxed()
}
