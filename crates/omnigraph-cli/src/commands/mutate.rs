//! `mutate`: rows inserted, changed and deleted by a query, in one atomic commit.

use clap::Args;
use omnigraph::{MutateRequest, MutationReceipt, Omnigraph, WriteCondition};
use serde::Serialize;
use serde_json::{Map, Value};

use super::source::{self, Limits, Source};
use crate::error::Result;
use crate::guard::Verb;
use crate::input::Text;
use crate::session::{Session, say, settle};
use crate::view::{self, branch_of_commit};

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::write("mutate");

const HELP: &str = "\
Examples:
  omnigraph mutate --store cities.omni -e 'query grow() { update City set { people: people + 1 } where name = \"Oslo\" }'
  omnigraph mutate add --query roads.gq --params '{\"from\": \"Oslo\"}' --branch draft --store cities.omni
  omnigraph mutate add --query roads.gq --if-commit 01J9Z3… --store cities.omni       # only if nobody wrote since
  omnigraph mutate add --query roads.gq --if-unchanged-since 01J9Z3… --store cities.omni

A condition that does not hold ends with exit code 4, and nothing is written.";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Mutate {
    /// The mutation.
    #[command(flatten)]
    source: Source,
    /// The branch to change
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// Only while the branch is at this commit
    #[arg(long, value_name = "COMMIT", conflicts_with = "if_unchanged_since")]
    if_commit: Option<String>,
    /// Only if nothing that is written was changed since this commit
    #[arg(long, value_name = "COMMIT")]
    if_unchanged_since: Option<String>,
    /// Repeat it safely: the same key gets the first answer, and nothing is written twice
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// What its reads may cost.
    #[command(flatten)]
    limits: Limits,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    branch: &'a str,
    query_name: &'a str,
    affected_nodes: u64,
    affected_edges: u64,
    actor_id: Option<&'a str>,
    commit: Option<view::Commit>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    columns: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rows: &'a [Map<String, Value>],
    retries: u32,
    replayed: bool,
}

impl Mutate {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let json = self.json;
        match self.change(session).await {
            Ok(receipt) => tell(session, &receipt, json),
            Err(failure) => {
                if let (true, Some(refusal)) = (json, failure.precondition()) {
                    session.out.json(&refusal)?;
                }
                Err(failure)
            }
        }
    }

    async fn change(self, session: &Session) -> Result<MutationReceipt> {
        let Text { name: file, source } = self.source.text()?;
        let params = self.source.params()?;
        let address = session.address(None)?;
        let graph = session.open_to_write(&address).await?;
        let since = self.if_unchanged_since.map(WriteCondition::UnchangedSince);
        let request = MutateRequest {
            branch: self.branch,
            source,
            file,
            name: self.source.name,
            params,
            actor: session.actor().map(str::to_owned),
            condition: self.if_commit.map(WriteCondition::Head).or(since),
            idempotency_key: self.idempotency_key,
            limits: self.limits.limits(),
        };
        let receipt = graph.mutate(request).await?;
        settle(&graph).await;
        Ok(receipt)
    }
}

fn tell(session: &mut Session, receipt: &MutationReceipt, json: bool) -> Result<()> {
    receipt.warnings.iter().for_each(source::warn);
    let MutationReceipt { branch, query_name, affected_nodes, affected_edges, actor, .. } = receipt;
    if json {
        let commit = receipt.commit.as_deref().map(|record| view::Commit::new(record, branch_of_commit(branch)));
        return Ok(session.out.json(&Report {
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
    session.out.line(&format!("changed {branch} via {query_name}: {affected_nodes} nodes, {affected_edges} edges"))?;
    if let Some(actor) = actor {
        session.out.line(&format!("actor_id: {actor}"))?;
    }
    for row in &receipt.rows {
        session.out.line(&Value::Object(row.clone()).to_string())?;
    }
    if receipt.replayed {
        say("note: this key was used before for the same mutation; its answer is repeated and nothing was written");
    }
    Ok(())
}
