//! A mutation as the writer takes it.

use std::sync::Arc;

use omnigraph_compiler::ir::{Mutation, Operation};
use omnigraph_log::{BranchRecord, CommitKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::request::Answer;
use super::run::{Outcome, Run};
use super::{MutateRequest, MutationReceipt};
use crate::error::{Error, Result};
use crate::query::{QueryLimits, Statements, decode_params};
use crate::schema::{Prepared, QueryText};
use crate::snapshot::{Shared, Snapshot};
use crate::write::{Company, Effect, IdempotencyKey, Job, StagedTable, StagedWrite, Submission, Writer};

/// The most that a mutation under an idempotency key may return: its answer stands in the commit record.
const MOST_KEPT_BYTES: usize = 256 << 10;

/// Runs a mutation and makes its commit.
pub(crate) async fn mutate(
    shared: &Shared,
    writer: &Writer,
    branch: &Arc<BranchRecord>,
    request: MutateRequest,
) -> Result<MutationReceipt> {
    let now_millis = shared.ambient().now_millis();
    let key = request.idempotency_key.clone().map(|key| IdempotencyKey { key, request: digest(&request) });
    let (actor, condition) = (request.actor.clone(), request.condition.clone());
    let job = Arc::new(MutationJob { request, writer: writer.clone(), now_millis });
    let submission = Submission { job, actor: actor.clone(), condition, key };
    let publication = writer.submit(shared, branch, submission).await?;
    let answer =
        Answer::deserialize(publication.answer.as_ref()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(answer.receipt(branch.name.clone(), actor, &publication))
}

/// What tells requests apart under one key: which query, and its parameters.
fn digest(request: &MutateRequest) -> String {
    let params = request.params.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut hasher = Sha256::new();
    for part in [request.source.as_str(), request.name.as_deref().unwrap_or_default(), &params] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug)]
struct MutationJob {
    request: MutateRequest,
    writer: Writer,
    now_millis: i64,
}

#[async_trait::async_trait]
impl Job for MutationJob {
    async fn prepare(&self, base: &Snapshot) -> Result<Effect> {
        let request = &self.request;
        let text = QueryText { file: &request.file, source: &request.source, name: request.name.as_deref() };
        let terms = (request.params.as_ref(), request.limits, self.now_millis);
        let Outcome { tables, reads, answer } = run(base, &self.writer, text, terms).await?;
        let answer = serde_json::to_value(&answer).map_err(|error| Error::internal(error.to_string()))?;
        self.bound_answer(&answer)?;
        let staged = StagedWrite {
            schema: base.commit().schema.clone(),
            kind: CommitKind::Mutation,
            actor: request.actor.clone(),
            tables,
            ends: Vec::new(),
            adoption: None,
        };
        Ok(Effect { staged: Arc::new(staged), reads, answer: Arc::new(answer) })
    }

    fn company(&self) -> Company {
        Company::Shared
    }
}

/// What a mutation does on a base, as a part of another write.
pub(crate) struct Applied {
    pub(crate) tables: Vec<StagedTable>,
    pub(crate) query_name: String,
    pub(crate) affected_nodes: u64,
    pub(crate) affected_edges: u64,
}

/// Parameters, what reads may cost, and what `now()` is.
type Terms<'a> = (Option<&'a serde_json::Value>, QueryLimits, i64);

/// Runs a mutation without making a commit of it.
pub(crate) async fn apply(base: &Snapshot, writer: &Writer, text: QueryText<'_>, terms: Terms<'_>) -> Result<Applied> {
    let Outcome { tables, answer, .. } = run(base, writer, text, terms).await?;
    let Answer { query_name, affected_nodes, affected_edges, .. } = answer;
    Ok(Applied { tables, query_name, affected_nodes, affected_edges })
}

async fn run(
    base: &Snapshot,
    writer: &Writer,
    text: QueryText<'_>,
    (params, limits, now_millis): Terms<'_>,
) -> Result<Outcome> {
    let prepared = base.shared.queries.get(&base.commit().schema, base.catalog(), text)?;
    let mutation = mutation(&prepared)?;
    let params = decode_params(&mutation.params, params)?;
    let statements = Statements::new(params, now_millis, limits.tightened(&prepared.settings));
    let run = Run::new(base, writer, writer.plans(base)?, statements)?;
    let mut outcome = Box::pin(run.mutation(mutation)).await?;
    outcome.answer.warnings.clone_from(&prepared.warnings);
    Ok(outcome)
}

impl MutationJob {
    fn bound_answer(&self, answer: &serde_json::Value) -> Result<()> {
        if self.request.idempotency_key.is_none() {
            return Ok(());
        }
        let bytes = answer.to_string().len();
        if bytes <= MOST_KEPT_BYTES {
            return Ok(());
        }
        Err(Error::request(format!(
            "a mutation under an idempotency key may return 256 KiB, since its answer is kept with the commit; this one returns \
             {bytes} bytes. Return less, or leave the key out"
        )))
    }
}

fn mutation(prepared: &Prepared) -> Result<&Mutation> {
    match &prepared.operation {
        Operation::Mutation(mutation) => Ok(mutation),
        Operation::Read(query) => {
            let name = &query.name;
            Err(Error::request(format!("query '{name}' only reads; run it as a query and not as a mutation")))
        }
    }
}
