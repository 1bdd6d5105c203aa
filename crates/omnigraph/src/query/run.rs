//! Compile, lower, execute, collect.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{FairSpillPool, MemoryConsumer};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::TryStreamExt;
use omnigraph_compiler::ir::{Operation, Param, Query, Type, Value};
use omnigraph_compiler::params;
use omnigraph_compiler::types::Scalar;

use super::budget::{Budget, QueryLimits};
use super::cursor::Cursor;
use super::json::{Encoding, cell};
use super::lower::{Lowering, Planned};
use super::operator::is_brief;
use super::{QueryPlan, QueryRequest, QueryResult, explain};
use crate::error::{Error, Result};
use crate::schema::{Prepared, QueryText};
use crate::snapshot::{Snapshot, Target};

/// Rows of a batch between DataFusion's operators.
const BATCH_ROWS: usize = 8192;

impl Snapshot {
    /// Runs a read query on this state of the graph. A query that continues after a cursor reads the commit that the cursor
    /// names, so that pages never shift.
    ///
    /// # Errors
    ///
    /// [`Error::Compile`] with every finding when the query is wrong, [`Error::Request`] when a parameter is,
    /// [`Error::Budget`] when it costs more than it may, [`Error::Value`] when a row has no value.
    pub async fn query(&self, request: QueryRequest) -> Result<QueryResult> {
        let prepared = self.prepare(&request)?;
        let query = read(&prepared)?;
        let params = decode(query, request.params.as_ref())?;
        let (snapshot, cursor) = self.at_cursor(query, &params).await?;
        let limits = request.limits.tightened(&prepared.settings);
        let run = Run::plan(&snapshot, query, params, cursor.as_ref(), limits).await?;
        let batches = Box::pin(run.execute()).await?;
        snapshot.result(query, &prepared.warnings, &run, &batches)
    }

    /// How a read query is run. With `run`, it is run, and the plan tells what each operator took.
    ///
    /// # Errors
    ///
    /// As [`Self::query`].
    pub async fn explain(&self, request: QueryRequest, run: bool) -> Result<QueryPlan> {
        let prepared = self.prepare(&request)?;
        let query = read(&prepared)?;
        let params = decode(query, request.params.as_ref())?;
        let (snapshot, cursor) = self.at_cursor(query, &params).await?;
        let limits = request.limits.tightened(&prepared.settings);
        let planned = Run::plan(&snapshot, query, params, cursor.as_ref(), limits).await?;
        if run {
            planned.execute().await?;
        }
        Ok(explain::plan(&planned.planned.plan, run))
    }

    /// The snapshot that a cursor among the parameters names, and the cursor.
    async fn at_cursor(&self, query: &Query, params: &[Value]) -> Result<(Self, Option<Cursor>)> {
        let text = match query.after.and_then(|index| params.get(index)) {
            Some(Value::String(text)) => text,
            _ => return Ok((self.clone(), None)),
        };
        let cursor = Cursor::decode(text)?;
        if cursor.commit == self.commit().commit.to_string() {
            return Ok((self.clone(), Some(cursor)));
        }
        let id = cursor.commit.parse().map_err(|_| Error::request("the cursor names no commit"))?;
        let record = self.shared.log.commit(id).await?;
        if record.schema != self.commit().schema {
            let message = "the schema has changed since the first page was read; start again without the cursor";
            return Err(Error::request(message));
        }
        let snapshot = Self::of(&self.shared, Target::Commit(cursor.commit.clone()), record).await?;
        Ok((snapshot, Some(cursor)))
    }

    fn prepare(&self, request: &QueryRequest) -> Result<Arc<Prepared>> {
        let QueryRequest { source, file, name, .. } = request;
        let text = QueryText { file, source, name: name.as_deref() };
        self.shared.queries.get(&self.commit().schema, self.catalog(), text)
    }

    fn result(
        &self,
        query: &Query,
        warnings: &[serde_json::Value],
        run: &Run,
        batches: &[RecordBatch],
    ) -> Result<QueryResult> {
        let rows = rows(query, batches)?;
        let full = run.planned.limit.is_some_and(|limit| limit > 0 && rows.len() == limit);
        let next_cursor = if full && query.order.total { self.next_cursor(query, batches)? } else { None };
        Ok(QueryResult {
            columns: query.columns.iter().map(|(name, _)| name.clone()).collect(),
            rows,
            next_cursor,
            query_name: query.name.clone(),
            commit: Arc::clone(self.commit()),
            target: self.target().clone(),
            warnings: warnings.to_vec(),
        })
    }

    fn next_cursor(&self, query: &Query, batches: &[RecordBatch]) -> Result<Option<String>> {
        let Some(last) = batches.iter().rfind(|batch| batch.num_rows() > 0) else { return Ok(None) };
        let row = last.slice(last.num_rows() - 1, 1);
        let keys: Vec<ArrayRef> = row.columns().iter().skip(query.columns.len()).cloned().collect();
        if keys.is_empty() {
            return Ok(None);
        }
        Cursor::after(self.commit().commit.to_string(), &keys)?.encode().map(Some)
    }
}

fn read(prepared: &Prepared) -> Result<&Query> {
    match &prepared.operation {
        Operation::Read(query) => Ok(query),
        Operation::Mutation(mutation) => {
            let name = &mutation.name;
            let message = format!("query '{name}' contains mutations (insert/update/delete); it cannot run as a read");
            Err(Error::request(message))
        }
    }
}

fn decode(query: &Query, params: Option<&serde_json::Value>) -> Result<Vec<Value>> {
    decode_params(&query.params, params)
}

/// The values of declared parameters.
pub(crate) fn decode_params(declared: &[Param], given: Option<&serde_json::Value>) -> Result<Vec<Value>> {
    let decoded = params::decode(declared, given, params::NumberMode::Native);
    decoded.map_err(|error| Error::request(error.to_string()))
}

/// A query that is planned and not yet run.
struct Run {
    planned: Planned,
    budget: Arc<Budget>,
}

impl Run {
    async fn plan(
        snapshot: &Snapshot,
        query: &Query,
        params: Vec<Value>,
        cursor: Option<&Cursor>,
        limits: QueryLimits,
    ) -> Result<Self> {
        let budget = Arc::new(Budget::new(limits));
        let lowering = Lowering::new(snapshot, params, Arc::clone(&budget));
        // Boxed: the futures of nested blocks make a type too deep for the compilers of callers.
        let planned = within(limits.timeout, Box::pin(lowering.query(query, cursor))).await?;
        Ok(Self { planned, budget })
    }

    /// Runs it: at once if that is soon done, otherwise as a task of its own, so that whoever drops the answer stops it even in
    /// the middle of a long computation.
    async fn execute(&self) -> Result<Vec<RecordBatch>> {
        let _cancelled = CancelOnDrop(Arc::clone(&self.budget));
        let limits = *self.budget.limits();
        let (plan, budget) = (Arc::clone(&self.planned.plan), Arc::clone(&self.budget));
        if is_brief(&plan) {
            return within(limits.timeout, collect(plan, &budget)).await;
        }
        let task = tokio::spawn(async move { collect(plan, &budget).await });
        match within(limits.timeout, async { Ok(task.await) }).await? {
            Ok(collected) => collected,
            Err(failed) => Err(Error::internal(format!("the query's task ended: {failed}"))),
        }
    }
}

/// The rows of a plan.
pub(super) async fn collect(plan: Arc<dyn ExecutionPlan>, budget: &Budget) -> Result<Vec<RecordBatch>> {
    let context = context(budget.limits())?;
    let reservation = MemoryConsumer::new("Result").register(context.memory_pool());
    let mut stream = execute_stream(plan, context)?;
    let mut batches = Vec::new();
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        rows += batch.num_rows() as u64;
        budget.admit_rows(rows)?;
        budget.spend(batch.num_rows() as u64)?;
        reservation.try_grow(batch.get_array_memory_size())?;
        batches.push(batch);
    }
    Ok(batches)
}

/// Tells the running query that nobody waits for it any more.
struct CancelOnDrop(Arc<Budget>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit on the machine's own time: no data depends on it")]
pub(super) async fn within<T>(timeout: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(timeout, work).await {
        Ok(done) => done,
        Err(_) => Err(Error::Budget { limit: "timeout", value: format!("{timeout:?}") }),
    }
}

/// What DataFusion's operators run in: memory of the query's own, temporary files that all queries share.
fn context(limits: &QueryLimits) -> Result<Arc<TaskContext>> {
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
    // The plan holds its functions itself, so none is registered by name.
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

fn rows(query: &Query, batches: &[RecordBatch]) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
    let encodings: Vec<Encoding> = query.columns.iter().map(|(_, ty)| encoding(ty)).collect();
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        for row in 0..batch.num_rows() {
            let mut object = serde_json::Map::with_capacity(query.columns.len());
            let columns = query.columns.iter().zip(&encodings).zip(batch.columns());
            for (((name, _), encoding), array) in columns {
                object.insert(name.clone(), cell(array, row, *encoding)?);
            }
            rows.push(object);
        }
    }
    Ok(rows)
}

/// Nodes, edges, paths and JSON values travel as JSON text.
pub(super) fn encoding(ty: &Type) -> Encoding {
    match ty {
        Type::Object { .. } | Type::Objects { .. } => Encoding::Whole,
        Type::Path { .. } => Encoding::Json,
        Type::Value(ty) if ty.scalar == Scalar::Json => Encoding::Json,
        _ => Encoding::Result,
    }
}
