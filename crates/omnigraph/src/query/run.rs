//! Read queries: compile, plan, run.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use datafusion_execution::config::SessionConfig;
use datafusion_execution::memory_pool::{FairSpillPool, MemoryConsumer};
use datafusion_execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion_physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt, TryStreamExt};
use omnigraph_compiler::ir::{QueryOperation, QueryParam, ReadQuery, Value};
use omnigraph_compiler::params;
use tokio::sync::mpsc;

use super::cursor::PageCursor;
use super::exec::{BatchStream, is_point_lookup};
use super::explain::{QueryPlan, describe_plan};
use super::limits::{QueryBudget, QueryLimits};
use super::planner::{PhysicalQuery, PlanContext, Planner};
use super::result::schema::ResultShape;
use super::result::{PageEnd, QueryOrigin, QueryResult, QueryStream};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::snapshot::schema::{PreparedQuery, QueryText};

/// Rows of a batch between DataFusion's operators.
const BATCH_ROWS: usize = 8192;
/// Batches that a running query may be ahead of its caller.
const MAX_BUFFERED_BATCHES: usize = 4;

/// A query to run: the text of a query file, the name of one of its queries, and its parameters as one JSON object.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryRequest {
    pub(crate) source: String,
    /// Name of the file, for messages.
    pub(crate) file: String,
    /// Optional if the file has one query.
    pub(crate) name: Option<String>,
    pub(crate) params: Option<serde_json::Value>,
    pub(crate) limits: QueryLimits,
}

impl Snapshot {
    /// Runs a read query to its end.
    pub(crate) async fn run_query(&self, request: QueryRequest) -> Result<QueryResult> {
        let stream = self.open_query(request, ResultMemory::Limited).await?;
        Box::pin(stream.collect_result()).await
    }

    /// Plans a read query and streams its rows. The query runs when the stream is polled.
    pub(crate) async fn stream_query(&self, request: QueryRequest) -> Result<QueryStream> {
        self.open_query(request, ResultMemory::Unlimited).await
    }

    async fn open_query(&self, request: QueryRequest, memory: ResultMemory) -> Result<QueryStream> {
        let prepared = self.prepare(&request)?;
        let query = read_query(&prepared)?;
        let (snapshot, run) = self.plan(query, &prepared, &request).await?;
        let origin = QueryOrigin {
            query_name: query.name.clone(),
            commit: snapshot.commit(),
            target: snapshot.target().clone(),
            file: request.file,
            source: request.source,
            warnings: prepared.warnings.clone(),
        };
        Ok(QueryStream {
            origin,
            shape: ResultShape::new(query.columns.iter().map(|column| (column.name.as_str(), &column.ty))),
            page: PageEnd::new(run.plan.limit, query.order.total),
            budget: Arc::clone(&run.budget),
            batches: run.stream(memory),
        })
    }

    /// Returns the plan of a read query, without running it.
    pub(crate) async fn explain_query(&self, request: QueryRequest) -> Result<QueryPlan> {
        let prepared = self.prepare(&request)?;
        let (_, run) = self.plan(read_query(&prepared)?, &prepared, &request).await?;
        Ok(describe_plan(&run.plan.root, false))
    }

    /// Runs a read query and returns its plan with the rows, bytes and time of each operator.
    pub(crate) async fn analyze_query(&self, request: QueryRequest) -> Result<QueryPlan> {
        let prepared = self.prepare(&request)?;
        let (_, run) = self.plan(read_query(&prepared)?, &prepared, &request).await?;
        let root = Arc::clone(&run.plan.root);
        run.stream(ResultMemory::Limited).try_for_each(|_| std::future::ready(Ok(()))).await?;
        Ok(describe_plan(&root, true))
    }

    fn prepare(&self, request: &QueryRequest) -> Result<Arc<PreparedQuery>> {
        let QueryRequest { source, file, name, params, .. } = request;
        self.compile_query(QueryText { file, source, name: name.as_deref(), params: params.as_ref() })
    }

    /// Plans a query, and returns the snapshot that it reads.
    async fn plan(
        &self,
        query: &ReadQuery,
        prepared: &PreparedQuery,
        request: &QueryRequest,
    ) -> Result<(Self, QueryRun)> {
        let params = decode_params(&query.params, request.params.as_ref())?;
        let (snapshot, cursor) = self.resume(query, &params).await?;
        let budget = Arc::new(QueryBudget::new(request.limits.tightened(&prepared.settings)));
        let planner = Planner::new(PlanContext::new(&snapshot, params, Arc::clone(&budget)));
        // Boxed: the futures of nested blocks make a type too deep for the compilers of callers.
        let plan = budget.until_timeout(Box::pin(planner.plan_query(query, cursor.as_ref()))).await?;
        Ok((snapshot, QueryRun { plan, budget }))
    }

    /// Returns the cursor among the parameters, and the snapshot of its commit: pages of a query never shift.
    async fn resume(&self, query: &ReadQuery, params: &[Value]) -> Result<(Self, Option<PageCursor>)> {
        let text = match query.after.and_then(|index| params.get(index)) {
            Some(Value::String(text)) => text,
            _ => return Ok((self.clone(), None)),
        };
        let cursor = PageCursor::decode(text)?;
        if cursor.commit == self.record().commit.to_string() {
            return Ok((self.clone(), Some(cursor)));
        }
        let id = cursor.commit.parse().map_err(|_| Error::request("invalid cursor: it does not name a commit"))?;
        let snapshot = self.at_commit(id).await?;
        if snapshot.record().schema != self.record().schema {
            let message = "cannot continue after the cursor: the schema has changed since its page was read. Start again \
                           without the cursor";
            return Err(Error::request(message));
        }
        Ok((snapshot, Some(cursor)))
    }
}

fn read_query(prepared: &PreparedQuery) -> Result<&ReadQuery> {
    match &prepared.operation {
        QueryOperation::Read(query) => Ok(query),
        QueryOperation::Mutation(mutation) => {
            let name = &mutation.name;
            let message = format!("query '{name}' contains mutations (insert/update/delete); it cannot run as a read");
            Err(Error::request(message))
        }
    }
}

/// Decodes the values of declared parameters.
pub(crate) fn decode_params(declared: &[QueryParam], given: Option<&serde_json::Value>) -> Result<Vec<Value>> {
    let decoded = params::decode(declared, given, params::NumberMode::Native);
    decoded.map_err(|error| Error::request(error.to_string()))
}

/// The memory that the batches of a result may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResultMemory {
    /// The caller keeps all batches: they count against the memory limit of the query.
    Limited,
    /// The caller takes batches one by one.
    Unlimited,
}

/// A query that is planned and not yet run.
#[derive(Debug)]
pub(super) struct QueryRun {
    pub(super) plan: PhysicalQuery,
    pub(super) budget: Arc<QueryBudget>,
}

impl QueryRun {
    /// Runs the plan when the stream is first polled. A point lookup runs in the caller's task. Other plans run in a task of
    /// their own, so that dropping the stream stops them even in the middle of a long computation.
    pub(super) fn stream(self, memory: ResultMemory) -> BatchStream {
        let start = async move {
            let guard = CancelOnDrop(Arc::clone(&self.budget));
            if is_point_lookup(&self.plan.root) {
                let batches = plan_batches(self.plan.root, &self.budget, memory)?;
                return Ok::<_, Error>(until_timeout(guard, BatchSource::Inline(batches)));
            }
            let (sender, receiver) = mpsc::channel(MAX_BUFFERED_BATCHES);
            let budget = Arc::clone(&self.budget);
            let task = tokio::spawn(async move {
                let mut batches = plan_batches(self.plan.root, &budget, memory)?;
                while let Some(batch) = batches.try_next().await? {
                    if sender.send(batch).await.is_err() {
                        break;
                    }
                }
                Ok(())
            });
            Ok(until_timeout(guard, BatchSource::Task { receiver, task }))
        };
        futures::stream::once(start).try_flatten().boxed()
    }
}

/// The source of a running query's batches.
enum BatchSource {
    Inline(BatchStream),
    Task { receiver: mpsc::Receiver<RecordBatch>, task: tokio::task::JoinHandle<Result<()>> },
}

impl BatchSource {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        match self {
            Self::Inline(batches) => batches.try_next().await,
            Self::Task { receiver, task } => match receiver.recv().await {
                Some(batch) => Ok(Some(batch)),
                None => match task.await {
                    Ok(finished) => finished.map(|()| None),
                    Err(failed) => Err(Error::internal(format!("the query's task ended: {failed}"))),
                },
            },
        }
    }
}

/// Returns the batches of a running query until its time is over.
fn until_timeout(guard: CancelOnDrop, source: BatchSource) -> BatchStream {
    let next = |(guard, mut source): (CancelOnDrop, BatchSource)| async move {
        let batch = guard.0.until_timeout(source.next()).await?;
        Ok(batch.map(|batch| (batch, (guard, source))))
    };
    futures::stream::try_unfold((guard, source), next).boxed()
}

/// Cancels the running query when its result is dropped.
struct CancelOnDrop(Arc<QueryBudget>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Runs a plan and returns all its batches.
pub(super) async fn collect_plan(plan: Arc<dyn ExecutionPlan>, budget: &Arc<QueryBudget>) -> Result<Vec<RecordBatch>> {
    plan_batches(plan, budget, ResultMemory::Limited)?.try_collect().await
}

/// Runs a plan and streams its batches, counted against the limits.
fn plan_batches(plan: Arc<dyn ExecutionPlan>, budget: &Arc<QueryBudget>, memory: ResultMemory) -> Result<BatchStream> {
    let context = task_context(budget.limits())?;
    let kept = match memory {
        ResultMemory::Limited => Some(MemoryConsumer::new("Result").register(context.memory_pool())),
        ResultMemory::Unlimited => None,
    };
    let budget = Arc::clone(budget);
    let mut rows = 0;
    let counted = execute_stream(plan, context)?.map(move |batch| {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        budget.admit_rows(rows)?;
        budget.spend(batch.num_rows() as u64)?;
        if let Some(kept) = &kept {
            kept.try_grow(batch.get_array_memory_size())?;
        }
        Ok(batch)
    });
    Ok(counted.boxed())
}

/// Creates the context of DataFusion's operators: memory of the query's own, and temporary files that all queries share.
fn task_context(limits: &QueryLimits) -> Result<Arc<TaskContext>> {
    static SHARED: OnceLock<(RuntimeEnv, SessionConfig)> = OnceLock::new();
    let (runtime, config) = match SHARED.get() {
        Some(shared) => shared,
        None => {
            let runtime = RuntimeEnvBuilder::new().build()?;
            let config = SessionConfig::new().with_target_partitions(1).with_batch_size(BATCH_ROWS);
            SHARED.get_or_init(|| (runtime, config))
        }
    };
    let pool = Arc::new(FairSpillPool::new(limits.memory_bytes));
    let runtime = RuntimeEnv { memory_pool: pool, ..runtime.clone() };
    // Plans hold their functions, so the context registers none by name.
    Ok(Arc::new(TaskContext::new(
        None,
        String::new(),
        config.clone(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        Arc::new(runtime),
    )))
}
