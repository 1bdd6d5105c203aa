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

/// Each batch by itself, empty ones left out.
pub(in crate::query) fn each<F>(input: Stream, work: impl FnMut(RecordBatch) -> F + Send + 'static) -> Stream
where
    F: Future<Output = Result<RecordBatch>> + Send + 'static,
{
    input.and_then(work).try_filter(|batch| std::future::ready(batch.num_rows() > 0)).boxed()
}

/// The input of an operator that has one.
pub(super) fn only(inputs: Vec<Stream>) -> Result<Stream> {
    let mut inputs = inputs.into_iter();
    match (inputs.next(), inputs.next()) {
        (Some(input), None) => Ok(input),
        _ => Err(Error::internal("an operator with the wrong number of inputs")),
    }
}
