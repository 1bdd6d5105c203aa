//! A mutation as a write operation.

use std::sync::Arc;

use omnigraph_compiler::ir::{MutationQuery, QueryOperation};
use omnigraph_history::{BranchRecord, CommitKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::request::MutationResponse;
use super::statements::{MutationOutput, StatementExecutor};
use super::{MutateRequest, MutationReceipt};
use crate::error::{Error, Result};
use crate::query::{MutationEvaluator, QueryLimits, decode_params, render_warnings};
use crate::snapshot::schema::{PreparedQuery, QueryText};
use crate::snapshot::{Engine, Snapshot};
use crate::write::commit::{
    Batching, GraphWriter, IdempotencyKey, PreparedEffect, StagedTable, StagedWrite, WriteOp, WriteRequest,
};

/// Bytes of the response of a mutation with an idempotency key: it is stored in the commit record.
const MAX_STORED_RESPONSE_BYTES: usize = 256 << 10;

/// Runs a mutation and commits it.
pub(crate) async fn mutate(
    engine: &Engine,
    writer: &GraphWriter,
    branch: &Arc<BranchRecord>,
    request: MutateRequest,
) -> Result<MutationReceipt> {
    let now_millis = engine.env().now_millis();
    let key = request.idempotency_key.clone().map(|key| IdempotencyKey { key, request: request_digest(&request) });
    let (actor, condition) = (request.actor.clone(), request.condition.clone());
    let op = Arc::new(MutationOp { request, writer: writer.clone(), now_millis });
    let outcome = writer.submit(engine, branch, WriteRequest { op, actor: actor.clone(), condition, key }).await?;
    let response = MutationResponse::deserialize(outcome.response.as_ref());
    let response = response.map_err(|error| Error::internal(error.to_string()))?;
    Ok(response.into_receipt(branch.name.clone(), actor, &outcome))
}

/// Returns the digest that identifies a request under its idempotency key: of the query and its parameters.
fn request_digest(request: &MutateRequest) -> String {
    let params = request.params.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [request.source.as_str(), request.name.as_deref().unwrap_or_default(), &params] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug)]
struct MutationOp {
    request: MutateRequest,
    writer: GraphWriter,
    now_millis: i64,
}

#[async_trait::async_trait]
impl WriteOp for MutationOp {
    async fn prepare(&self, base: &Snapshot) -> Result<PreparedEffect> {
        let request = &self.request;
        let text = QueryText {
            file: &request.file,
            source: &request.source,
            name: request.name.as_deref(),
            params: request.params.as_ref(),
        };
        let effect = run_mutation(base, &self.writer, text, request.limits, self.now_millis).await?;
        let MutationOutput { tables, read_set, response } = effect;
        let response = serde_json::to_value(&response).map_err(|error| Error::internal(error.to_string()))?;
        if request.idempotency_key.is_some() {
            check_response_size(&response)?;
        }
        let staged = StagedWrite {
            schema: base.record().schema.clone(),
            kind: CommitKind::Mutation,
            actor: request.actor.clone(),
            tables,
            endpoint_lookups: Vec::new(),
            swap: None,
        };
        Ok(PreparedEffect { staged: Arc::new(staged), read_set, response: Arc::new(response) })
    }

    fn batching(&self) -> Batching {
        Batching::Allowed
    }
}

/// The effect of a mutation as a part of another write.
pub(crate) struct AppliedMutation {
    pub(crate) tables: Vec<StagedTable>,
    pub(crate) query_name: String,
    pub(crate) affected_nodes: u64,
    pub(crate) affected_edges: u64,
}

/// Runs a mutation on a base without a commit.
pub(crate) async fn apply_mutation(
    base: &Snapshot,
    writer: &GraphWriter,
    text: QueryText<'_>,
    limits: QueryLimits,
    now_millis: i64,
) -> Result<AppliedMutation> {
    let MutationOutput { tables, response, .. } = run_mutation(base, writer, text, limits, now_millis).await?;
    let MutationResponse { query_name, affected_nodes, affected_edges, .. } = response;
    Ok(AppliedMutation { tables, query_name, affected_nodes, affected_edges })
}

async fn run_mutation(
    base: &Snapshot,
    writer: &GraphWriter,
    text: QueryText<'_>,
    limits: QueryLimits,
    now_millis: i64,
) -> Result<MutationOutput> {
    let prepared = base.compile_query(text)?;
    let mutation = mutation_query(&prepared)?;
    let params = decode_params(&mutation.params, text.params)?;
    let evaluator = MutationEvaluator::new(params, now_millis, limits.tightened(&prepared.settings));
    let run = StatementExecutor::new(base, writer, writer.row_plans(base)?, evaluator)?;
    let mut effect = Box::pin(run.run(mutation)).await?;
    effect.response.warnings = render_warnings(text.file, text.source, &prepared.warnings);
    Ok(effect)
}

fn check_response_size(response: &serde_json::Value) -> Result<()> {
    let bytes = response.to_string().len();
    if bytes <= MAX_STORED_RESPONSE_BYTES {
        return Ok(());
    }
    Err(Error::request(format!(
        "a mutation with an idempotency key can return at most 256 KiB, because its response is stored in the commit; this one \
         returns {bytes} bytes. Return less, or omit the key"
    )))
}

fn mutation_query(prepared: &PreparedQuery) -> Result<&MutationQuery> {
    match &prepared.operation {
        QueryOperation::Mutation(mutation) => Ok(mutation),
        QueryOperation::Read(query) => {
            let name = &query.name;
            Err(Error::request(format!("query '{name}' only reads; run it as a query and not as a mutation")))
        }
    }
}
