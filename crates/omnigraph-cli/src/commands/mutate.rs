//! `mutate`: rows inserted, updated and deleted by a query, in one atomic commit.

use clap::Args;
use omnigraph::{MutationReceipt, Omnigraph};
use serde::Serialize;
use serde_json::{Map, Value};

use super::query::{LimitArgs, QueryArgs, print_warning};
use crate::context::{CommandContext, flush_mirror, print_status};
use crate::error::Result;
use crate::input::SourceText;
use crate::output::CommitView;

const HELP: &str = "\
Examples:
  omnigraph mutate -e 'query grow() { update City set { people: people + 1 } where name = \"Oslo\" }' --store cities.omni
  omnigraph mutate add --query roads.gq --params '{\"from\": \"Oslo\"}' --branch draft --store cities.omni
  omnigraph mutate add --query roads.gq --if-commit 01J9Z3… --store cities.omni
  omnigraph mutate add --query roads.gq --if-unchanged-since 01J9Z3… --store cities.omni

A condition that does not hold ends with exit code 4; no changes are made.";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct MutateCommand {
    #[command(flatten)]
    query: QueryArgs,
    /// Branch to write to
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    branch: String,
    /// Write only while this commit is the head of the branch
    #[arg(long, value_name = "COMMIT", conflicts_with = "if_unchanged_since")]
    if_commit: Option<String>,
    /// Write only if no affected row changed since this commit
    #[arg(long, value_name = "COMMIT")]
    if_unchanged_since: Option<String>,
    /// Make the mutation idempotent: a repeat with the same key returns the first result and writes nothing
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct MutationReport<'a> {
    branch: &'a str,
    query_name: &'a str,
    affected_nodes: u64,
    affected_edges: u64,
    actor_id: Option<&'a str>,
    commit: Option<CommitView>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    columns: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rows: &'a [Map<String, Value>],
    retries: u32,
    replayed: bool,
}

impl MutateCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let json = self.json;
        match self.mutate(context).await {
            Ok(receipt) => print_receipt(context, &receipt, json),
            Err(error) => {
                if let (true, Some(report)) = (json, error.precondition()) {
                    context.out.json(&report)?;
                }
                Err(error)
            }
        }
    }

    async fn mutate(self, context: &CommandContext) -> Result<MutationReceipt> {
        let SourceText { name: file, source } = self.query.text()?;
        let params = self.query.params()?;
        let address = context.address(None)?;
        let graph = context.open(&address).await?;
        let mut mutation = graph.branch(self.branch).mutate(source).file(file).limits(self.limits.limits());
        if let Some(name) = self.query.name {
            mutation = mutation.name(name);
        }
        if let Some(params) = params {
            mutation = mutation.params(params);
        }
        if let Some(commit) = self.if_commit {
            mutation = mutation.if_head(commit);
        }
        if let Some(commit) = self.if_unchanged_since {
            mutation = mutation.if_unchanged_since(commit);
        }
        if let Some(key) = self.idempotency_key {
            mutation = mutation.idempotency_key(key);
        }
        let receipt = mutation.await?;
        flush_mirror(&graph).await;
        Ok(receipt)
    }
}

fn print_receipt(context: &mut CommandContext, receipt: &MutationReceipt, json: bool) -> Result<()> {
    receipt.warnings.iter().for_each(print_warning);
    let MutationReceipt { branch, query_name, affected_nodes, affected_edges, actor, .. } = receipt;
    if json {
        let commit = receipt.commit.as_ref().map(|commit| CommitView::new(commit, branch));
        return Ok(context.out.json(&MutationReport {
            branch,
            query_name,
            affected_nodes: *affected_nodes,
            affected_edges: *affected_edges,
            actor_id: actor.as_deref(),
            commit,
            columns: &receipt.columns,
            rows: &receipt.rows,
            retries: receipt.retries,
            replayed: receipt.replayed,
        })?);
    }
    context.out.line(&format!("changed {branch} via {query_name}: {affected_nodes} nodes, {affected_edges} edges"))?;
    if let Some(actor) = actor {
        context.out.line(&format!("actor_id: {actor}"))?;
    }
    for row in &receipt.rows {
        context.out.line(&Value::Object(row.clone()).to_string())?;
    }
    if receipt.replayed {
        print_status(
            "note: this key was used before for the same mutation; its result is repeated and no changes were made",
        );
    }
    Ok(())
}
