//! Any operator as a node of DataFusion's plan: one partition in, one partition out.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use crate::error::{Error, Result};

/// Batches on their way.
pub(in crate::query) type Stream = BoxStream<'static, Result<RecordBatch>>;

/// What an operator does.
pub(in crate::query) trait Operator: fmt::Debug + Send + Sync {
    /// Its name in plans.
    fn name(&self) -> &'static str;

    /// What else a plan says of it.
    fn detail(&self) -> String;

    /// Whether it takes next to no time for few rows, and makes few of few.
    fn is_brief(&self) -> bool {
        false
    }

    /// Its rows, from those of its inputs.
    fn run(self: Arc<Self>, inputs: Vec<Stream>, context: Arc<TaskContext>) -> Result<Stream>;
}

/// An operator in a plan.
pub(in crate::query) struct OperatorExec {
    operator: Arc<dyn Operator>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// Plans that the operator runs itself: shown, and never run by DataFusion.
    inner: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl OperatorExec {
    /// `operator` over `inputs`, with rows of `schema`.
    pub(in crate::query) fn new(
        operator: Arc<dyn Operator>,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let inputs = inputs.into_iter().map(one_partition).collect();
        let metrics = ExecutionPlanMetricsSet::new();
        Self { operator, inputs, inner: Vec::new(), properties: Arc::new(properties), metrics }
    }

    /// With a plan that the operator runs itself.
    pub(in crate::query) fn with_inner(mut self, inner: Arc<dyn ExecutionPlan>) -> Self {
        self.inner.push(inner);
        self
    }

    /// The plans that the operator runs itself.
    pub(in crate::query) fn inner(&self) -> &[Arc<dyn ExecutionPlan>] {
        &self.inner
    }

    /// Whether it takes next to no time for few rows.
    pub(in crate::query) fn is_brief(&self) -> bool {
        self.operator.is_brief() && self.inner.iter().all(is_brief)
    }

    /// What it does.
    pub(in crate::query) fn detail(&self) -> String {
        self.operator.detail()
    }
}

/// A node of a plan.
pub(in crate::query) fn node(
    operator: impl Operator + 'static,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    schema: SchemaRef,
) -> Arc<dyn ExecutionPlan> {
    Arc::new(OperatorExec::new(Arc::new(operator), inputs, schema))
}

/// Whether a plan looks up a few rows and does no more than show them: to hand it to another thread takes longer than to run
/// it.
pub(in crate::query) fn is_brief(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let ours = (plan.as_ref() as &dyn std::any::Any).downcast_ref::<OperatorExec>();
    ours.is_none_or(OperatorExec::is_brief) && plan.children().into_iter().all(is_brief)
}

fn one_partition(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
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
            inner: self.inner.clone(),
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
        let output = Arc::clone(&self.operator).run(inputs, context).map_err(outward)?;
        let metered = metered(output, &self.metrics, partition);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), metered.map_err(outward))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// Our error, to travel through DataFusion.
pub(in crate::query) fn outward(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Counts rows, bytes and the time spent in here and below.
#[expect(clippy::disallowed_methods, reason = "what is measured is the machine's time, and nothing depends on it")]
fn metered(mut stream: Stream, metrics: &ExecutionPlanMetricsSet, partition: usize) -> Stream {
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

/// What an operator makes of each batch of its input, empty ones left out.
pub(super) fn mapped<O, F>(
    operator: Arc<O>,
    inputs: Vec<Stream>,
    work: impl Fn(Arc<O>, RecordBatch) -> F + Send + 'static,
) -> Result<Stream>
where
    O: Send + Sync + 'static,
    F: Future<Output = Result<RecordBatch>> + Send + 'static,
{
    let made = only(inputs)?.and_then(move |batch| work(Arc::clone(&operator), batch));
    Ok(made.try_filter(|batch| std::future::ready(batch.num_rows() > 0)).boxed())
}

/// The same rows in batches of at most so many.
pub(super) fn slices(input: Stream, rows: usize) -> Stream {
    let sliced = move |batch: RecordBatch| {
        let starts = (0..batch.num_rows()).step_by(rows);
        let slices: Vec<_> = starts.map(|start| Ok(batch.slice(start, rows.min(batch.num_rows() - start)))).collect();
        futures::stream::iter(slices)
    };
    input.map_ok(sliced).try_flatten().boxed()
}

/// The input of an operator that has one.
pub(super) fn only(inputs: Vec<Stream>) -> Result<Stream> {
    let mut inputs = inputs.into_iter();
    match (inputs.next(), inputs.next()) {
        (Some(input), None) => Ok(input),
        _ => Err(Error::internal("an operator with the wrong number of inputs")),
    }
}
