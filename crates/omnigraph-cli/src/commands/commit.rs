//! `commit` and `log`: the history of a graph.

use std::collections::BTreeMap;
use std::pin::pin;

use clap::{Args, Subcommand};
use futures::TryStreamExt;
use omnigraph::{BranchNames, Commit, CommitFilter, CommitId, Omnigraph, Target};
use serde::Serialize;
use serde_json::json;

use super::diff::CommitChanges;
use crate::confirm::{self, OutputMode};
use crate::context::{CommandContext, flush_mirror};
use crate::error::Result;
use crate::flag_rules::FlagRules;
use crate::merge_args::{LoadedMergeArgs, MergeArgs, print_merge};
use crate::output::{CommitGraph, CommitView};
use crate::target_args::{GraphArg, GraphFlag, TargetArgs, format_time, parse_time};

const LIST_HELP: &str = "\
Examples:
  omnigraph commit list --branch draft --store cities.omni
  omnigraph commit list --actor ann --type City --since 2026-03-01 --limit 20 --store cities.omni";

const SHOW_HELP: &str = "\
Examples:
  omnigraph commit show 01J9Z3… --store cities.omni
  omnigraph commit show v1 --summary --json --store cities.omni";

const LOG_HELP: &str = "\
Examples:
  omnigraph log --store cities.omni
  omnigraph log --graph --branch draft --limit 50 --store cities.omni";

const REVERT_HELP: &str = "Example:\n  omnigraph commit revert 01J9Z3… --on main --store cities.omni";
const CHERRY_PICK_HELP: &str = "Example:\n  omnigraph commit cherry-pick 01J9Z3… --on main --store cities.omni";

/// The commands below `commit`.
#[derive(Debug, Subcommand)]
pub(crate) enum CommitCommand {
    /// List the commits of a branch, newest first
    List(CommitList),
    /// Show one commit
    Show(CommitShow),
    /// Show the changes of a commit, entity by entity
    Changes(CommitChanges),
    /// Revert the changes of a commit, as a new commit
    #[command(after_help = REVERT_HELP)]
    Revert(CommitReapply),
    /// Apply the changes of a commit to another branch, as a new commit
    #[command(after_help = CHERRY_PICK_HELP)]
    CherryPick(CommitReapply),
}

/// The command line of `commit list`.
#[derive(Args, Debug)]
#[command(after_help = LIST_HELP)]
pub(crate) struct CommitList {
    #[command(flatten)]
    graph: GraphArg,
    #[command(flatten)]
    target: TargetArgs,
    /// Only commits of this actor
    #[arg(long = "actor", value_name = "ACTOR")]
    filter_actor: Option<String>,
    /// Only commits that changed rows of this type
    #[arg(long = "type", value_name = "TYPE")]
    touched: Option<String>,
    /// Only commits made at this time or later
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Maximum number of commits
    #[arg(long, value_name = "COMMITS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Continue after this commit, the last of the page before
    #[arg(long, value_name = "COMMIT")]
    after: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `commit show`.
#[derive(Args, Debug)]
#[command(after_help = SHOW_HELP)]
pub(crate) struct CommitShow {
    /// Commit, as commit id or tag
    commit_id: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Show the number of changes per type
    #[arg(long)]
    summary: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `commit revert` and `commit cherry-pick`.
#[derive(Args, Debug)]
pub(crate) struct CommitReapply {
    /// Commit, as commit id or tag
    commit_id: String,
    /// Branch to write to
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    on: String,
    #[command(flatten)]
    merge: MergeArgs,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `log`.
#[derive(Args, Debug)]
#[command(after_help = LOG_HELP)]
pub(crate) struct LogCommand {
    #[command(flatten)]
    graph_uri: GraphArg,
    #[command(flatten)]
    target: TargetArgs,
    /// Draw forks and merges
    #[arg(long)]
    graph: bool,
    /// Maximum number of commits
    #[arg(long, value_name = "COMMITS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// The direction in which a commit's changes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReapplyMode {
    Revert,
    CherryPick,
}

/// The number of changes of one type.
#[derive(Serialize)]
struct TypeChanges {
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
    inserted: u64,
    updated: u64,
    deleted: u64,
}

#[derive(Serialize)]
struct CommitSummary {
    #[serde(flatten)]
    commit: CommitView,
    commit_kind: String,
    source_commit_id: Option<String>,
    summary: Vec<TypeChanges>,
}

impl CommitCommand {
    /// Returns the global flags that the command accepts.
    pub(super) fn flag_rules(&self) -> FlagRules {
        match self {
            Self::Revert(_) | Self::CherryPick(_) => FlagRules::write("commit"),
            Self::List(_) | Self::Show(_) | Self::Changes(_) => FlagRules::read("commit"),
        }
    }

    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        match self {
            Self::List(list) => list.run(context).await,
            Self::Show(show) => show.run(context).await,
            Self::Changes(changes) => changes.run(context).await,
            Self::Revert(revert) => revert.run(ReapplyMode::Revert, context).await,
            Self::CherryPick(pick) => pick.run(ReapplyMode::CherryPick, context).await,
        }
    }
}

impl CommitList {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let since = self.since.as_deref().map(parse_time).transpose()?;
        let filter = CommitFilter { actor: self.filter_actor, touched: self.touched, since };
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let start = match self.after {
            None => Some(graph.commit(&self.target.target()?).await?),
            Some(after) => graph.parent(&graph.commit(&Target::Commit(after)).await?).await?,
        };
        let names = BranchNames::new(&graph);
        let mut commits = Vec::new();
        if let Some(start) = start {
            let mut listed = pin!(graph.commits(start, filter));
            let mut left = self.limit.unwrap_or(u64::MAX);
            while left > 0
                && let Some(commit) = listed.try_next().await?
            {
                left -= 1;
                let commit = CommitView::new(&commit, &names.branch_name(&commit).await?);
                if self.json {
                    commits.push(commit);
                } else {
                    context.out.line(&commit.line())?;
                }
            }
        }
        if self.json {
            context.out.json(&json!({ "commits": commits }))?;
        }
        Ok(())
    }
}

impl CommitShow {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let commit = graph.commit(&Target::Commit(self.commit_id)).await?;
        let view = CommitView::new(&commit, &BranchNames::new(&graph).branch_name(&commit).await?);
        if !self.summary {
            return if self.json { Ok(context.out.json(&view)?) } else { print_lines(context, &view) };
        }
        let source_commit_id = commit.source().map(|source| source.to_string());
        let summary = type_changes(&graph, &commit).await?;
        if self.json {
            let commit_kind = commit.kind().to_string();
            return Ok(context.out.json(&CommitSummary { commit: view, commit_kind, source_commit_id, summary })?);
        }
        print_lines(context, &view)?;
        if let Some(source) = source_commit_id {
            context.out.line(&format!("source_commit_id: {source}"))?;
        }
        for TypeChanges { kind, ty, inserted, updated, deleted } in summary {
            let line = format!("changed: {kind} {ty} inserted={inserted} updated={updated} deleted={deleted}");
            context.out.line(&line)?;
        }
        Ok(())
    }
}

fn print_lines(context: &mut CommandContext, commit: &CommitView) -> Result<()> {
    Ok(commit.lines().iter().try_for_each(|line| context.out.line(line))?)
}

async fn type_changes(graph: &Omnigraph, commit: &Commit) -> Result<Vec<TypeChanges>> {
    let snapshot = graph.snapshot(Target::Commit(commit.id().to_string())).await?;
    let changes = snapshot.change_summary().into_iter().map(|change| TypeChanges {
        kind: if change.edge { "edge" } else { "node" },
        ty: change.name,
        inserted: change.inserted,
        updated: change.updated,
        deleted: change.deleted,
    });
    Ok(changes.collect())
}

impl CommitReapply {
    async fn run(self, mode: ReapplyMode, context: &mut CommandContext) -> Result<()> {
        let Self { commit_id, on, merge, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        let LoadedMergeArgs { policy, choices, resolution } = merge.load()?;
        let label = match mode {
            ReapplyMode::Revert => "commit revert",
            ReapplyMode::CherryPick => "commit cherry-pick",
        };
        confirm::print_target(context, label, &address);
        let graph = context.open(&address).await?;
        let branch = graph.branch(&on);
        let (request, done) = match mode {
            ReapplyMode::Revert => (branch.revert(&commit_id), "reverted"),
            ReapplyMode::CherryPick => (branch.cherry_pick(&commit_id), "picked"),
        };
        let mut request = request.policy(policy).resolve_with(choices);
        if let Some(resolution) = resolution {
            request = request.resolve_by_mutation(resolution);
        }
        let receipt = request.await?;
        flush_mirror(&graph).await;
        let (outcome, actor) = (receipt.outcome, context.actor());
        let mut document = json!({ "commit": commit_id, "target": on, "outcome": outcome, "actor_id": actor });
        let headline = format!("{done} {commit_id} on {on}");
        print_merge(context, OutputMode::from_flag(json), &mut document, &receipt, &headline)
    }
}

impl LogCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph_uri.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let head = graph.commit(&self.target.target()?).await?;
        let names = BranchNames::new(&graph);
        // A parent's generation is smaller than its child's, so the greatest is next.
        let mut open = BTreeMap::from([((head.generation(), head.id()), head)]);
        let mut drawing = CommitGraph::<CommitId>::new();
        let mut left = self.limit.unwrap_or(u64::MAX);
        while left > 0
            && let Some((_, commit)) = open.pop_last()
        {
            left -= 1;
            let branch = names.branch_name(&commit).await?;
            let actor = commit.actor().map(|actor| format!(" {actor}")).unwrap_or_default();
            let time = format_time(commit.authored_at());
            let text = format!("{} {branch} {}{actor} {time}", commit.id(), commit.kind());
            for parent in graph.parents(&commit).await? {
                open.insert((parent.generation(), parent.id()), parent);
            }
            if self.graph {
                let parents: Vec<CommitId> = commit.parents().collect();
                let lines = drawing.commit(&commit.id(), &parents, &text);
                lines.iter().try_for_each(|line| context.out.line(line))?;
            } else {
                context.out.line(&text)?;
            }
        }
        Ok(())
    }
}
