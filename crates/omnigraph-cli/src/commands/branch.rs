//! `branch`: lines of history.

use clap::{Args, Subcommand};
use omnigraph::{BranchDivergence, BranchNames, MergeOutcome, Omnigraph};
use serde::Serialize;
use serde_json::json;

use crate::confirm::{self, OutputMode};
use crate::context::{CommandContext, flush_mirror, print_status};
use crate::error::Result;
use crate::flag_rules::FlagRules;
use crate::merge_args::{LoadedMergeArgs, MergeArgs, print_merge};
use crate::output::CommitView;
use crate::target_args::{GraphFlag, format_time, resolve_target};

const CREATE_HELP: &str = "\
Examples:
  omnigraph branch create draft --from main --store cities.omni
  omnigraph branch create past --from main@2026-03-01 --store cities.omni";

const LIST_HELP: &str = "\
Examples:
  omnigraph branch list --store cities.omni
  omnigraph branch list --verbose --store cities.omni";

const MERGE_HELP: &str = "\
Examples:
  omnigraph branch merge draft --into main --delete-branch --store cities.omni
  omnigraph branch merge draft --dry-run --json --store cities.omni
  omnigraph branch merge draft --theirs City --choices choices.json --store cities.omni
  omnigraph branch merge draft --resolve resolve.gq --store cities.omni";

/// The commands below `branch`.
#[derive(Debug, Subcommand)]
pub(crate) enum BranchCommand {
    /// Create a branch; it costs one small object, whatever the size of the graph
    Create(BranchCreate),
    /// List the branches
    List(BranchList),
    /// Merge a branch into another
    Merge(BranchMerge),
    /// Rename a branch
    Rename(BranchRename),
    /// Reset a branch to the state of another commit, as a new commit
    Reset(BranchReset),
    /// Delete a branch; its commits can still be read by id
    Delete(BranchDelete),
}

/// The command line of `branch create`.
#[derive(Args, Debug)]
#[command(after_help = CREATE_HELP)]
pub(crate) struct BranchCreate {
    /// Name of the new branch
    name: String,
    /// Commit to start from: the head of a branch, a commit id, a tag, or branch@time
    #[arg(long, value_name = "STATE", default_value = Omnigraph::MAIN)]
    from: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `branch list`.
#[derive(Args, Debug)]
#[command(after_help = LIST_HELP)]
pub(crate) struct BranchList {
    #[command(flatten)]
    graph: GraphFlag,
    /// Show head, fork point, commits ahead and behind, author and age
    #[arg(long)]
    verbose: bool,
    /// Branch against which ahead and behind are counted
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN, requires = "verbose")]
    against: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `branch merge`.
#[derive(Args, Debug)]
#[command(after_help = MERGE_HELP)]
pub(crate) struct BranchMerge {
    /// Branch to merge
    source: String,
    /// Branch to merge into
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    into: String,
    #[command(flatten)]
    merge: MergeArgs,
    /// Report the result and all conflicts, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete the source branch after the merge
    #[arg(long, conflicts_with = "dry_run")]
    delete_branch: bool,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `branch rename`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch rename draft proposal --store cities.omni")]
pub(crate) struct BranchRename {
    /// Branch to rename
    from: String,
    /// New name
    to: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `branch reset`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch reset draft --to 01J9Z3… --store cities.omni")]
pub(crate) struct BranchReset {
    /// Branch to reset
    name: String,
    /// State to restore: a commit id, a tag, the head of a branch, or branch@time
    #[arg(long, value_name = "STATE")]
    to: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `branch delete`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch delete draft --store cities.omni")]
pub(crate) struct BranchDelete {
    /// Branch to delete
    name: String,
    #[command(flatten)]
    graph: GraphFlag,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A branch as JSON.
#[derive(Serialize)]
struct BranchView {
    name: String,
    branch_id: String,
    head: String,
    head_at: i64,
    forked_from: Option<String>,
    ahead: u64,
    behind: u64,
    created_by: Option<String>,
    created_at: i64,
}

impl BranchView {
    fn new(divergence: &BranchDivergence) -> Self {
        let BranchDivergence { branch, head, ahead, behind } = divergence;
        Self {
            name: branch.name().to_owned(),
            branch_id: branch.id().to_string(),
            head: head.id().to_string(),
            head_at: head.authored_at(),
            forked_from: branch.forked_from().map(|commit| commit.to_string()),
            ahead: *ahead,
            behind: *behind,
            created_by: branch.created_by().map(str::to_owned),
            created_at: branch.created_at(),
        }
    }

    fn line(&self) -> String {
        let Self { name, head, ahead, behind, .. } = self;
        let fork = self.forked_from.as_ref().map(|from| format!(" forked_from={from}")).unwrap_or_default();
        let author = self.created_by.as_ref().map(|by| format!(" created_by={by}")).unwrap_or_default();
        let (created, moved) = (format_time(self.created_at), format_time(self.head_at));
        format!("{name} head={head} head_at={moved} ahead={ahead} behind={behind}{fork}{author} created_at={created}")
    }
}

impl BranchCommand {
    /// Returns the global flags that the command accepts.
    pub(super) fn flag_rules(&self) -> FlagRules {
        match self {
            Self::List(_) => FlagRules::read("branch"),
            Self::Create(_) | Self::Merge(_) | Self::Rename(_) | Self::Reset(_) | Self::Delete(_) => {
                FlagRules::write("branch")
            }
        }
    }

    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        match self {
            Self::Create(create) => create.run(context).await,
            Self::List(list) => list.run(context).await,
            Self::Merge(merge) => merge.run(context).await,
            Self::Rename(rename) => rename.run(context).await,
            Self::Reset(reset) => reset.run(context).await,
            Self::Delete(delete) => delete.run(context).await,
        }
    }
}

impl BranchCreate {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { name, from, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        confirm::print_target(context, "branch create", &address);
        let graph = context.open(&address).await?;
        let start = resolve_target(&graph, &from).await?;
        graph.create_branch(&name, &start).await?;
        if json {
            let (uri, actor) = (address.as_str(), context.actor());
            return Ok(context.out.json(&json!({ "uri": uri, "from": from, "name": name, "actor_id": actor }))?);
        }
        Ok(context.out.line(&format!("created branch {name} from {from}"))?)
    }
}

impl BranchList {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let (names, details) = if self.verbose {
            let details: Vec<BranchView> =
                graph.branches_with_divergence(&self.against).await?.iter().map(BranchView::new).collect();
            (details.iter().map(|branch| branch.name.clone()).collect::<Vec<_>>(), Some(details))
        } else {
            (graph.branches().await?.into_iter().map(|branch| branch.name().to_owned()).collect(), None)
        };
        match (self.json, details) {
            (true, None) => context.out.json(&json!({ "branches": names }))?,
            (true, Some(details)) => context.out.json(&json!({ "branches": names, "details": details }))?,
            (false, None) => names.iter().try_for_each(|name| context.out.line(name))?,
            (false, Some(details)) => details.iter().try_for_each(|branch| context.out.line(&branch.line()))?,
        }
        Ok(())
    }
}

impl BranchMerge {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { source, into, merge, dry_run, delete_branch, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        let LoadedMergeArgs { policy, choices, resolution } = merge.load()?;
        let mode = OutputMode::from_flag(json);
        if !dry_run {
            confirm::print_target(context, "branch merge", &address);
        }
        let graph = match &resolution {
            None if dry_run => context.open_read_only(&address).await?,
            _ => context.open(&address).await?,
        };
        let mut merge = graph.branch(&into).merge(&source).policy(policy).resolve_with(choices);
        if let Some(resolution) = resolution {
            merge = merge.resolve_by_mutation(resolution);
        }
        if dry_run {
            let receipt = merge.preview().await?;
            let mut document = json!({ "source": source, "target": into, "outcome": receipt.outcome, "dry_run": true });
            return print_merge(context, mode, &mut document, &receipt, &format!("would merge {source} into {into}"));
        }
        let receipt = merge.await?;
        debug_assert!(receipt.commit.is_some() || receipt.outcome == MergeOutcome::AlreadyUpToDate);
        flush_mirror(&graph).await;
        let (outcome, actor) = (receipt.outcome, context.actor());
        let mut document = json!({ "source": source, "target": into, "outcome": outcome, "actor_id": actor });
        let mut refused = None;
        if delete_branch {
            refused = graph.delete_branch(&source).await.err().map(|error| error.to_string());
            document["branch_deleted"] = refused.is_none().into();
            if let Some(reason) = &refused {
                document["branch_delete_error"] = reason.as_str().into();
            }
        }
        print_merge(context, mode, &mut document, &receipt, &format!("merged {source} into {into}"))?;
        match (delete_branch, refused) {
            (true, None) if !json => context.out.line(&format!("deleted branch {source}"))?,
            (true, Some(reason)) => print_status(&format!("warning: could not delete branch {source}: {reason}")),
            _ => {}
        }
        Ok(())
    }
}

impl BranchRename {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { from, to, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        confirm::print_target(context, "branch rename", &address);
        let graph = context.open(&address).await?;
        graph.rename_branch(&from, &to).await?;
        if json {
            let (uri, actor) = (address.as_str(), context.actor());
            return Ok(context.out.json(&json!({ "uri": uri, "from": from, "name": to, "actor_id": actor }))?);
        }
        Ok(context.out.line(&format!("renamed branch {from} to {to}"))?)
    }
}

impl BranchReset {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { name, to, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        confirm::confirm_destructive(context, "branch reset", &address, OutputMode::from_flag(json)).await?;
        confirm::print_target(context, "branch reset", &address);
        let graph = context.open(&address).await?;
        let target = resolve_target(&graph, &to).await?;
        let commit = graph.reset_branch(&name, &target).await?;
        flush_mirror(&graph).await;
        let view = CommitView::new(&commit, &BranchNames::new(&graph).branch_name(&commit).await?);
        if json {
            let document = json!({ "uri": address.as_str(), "branch": name, "commit": view });
            return Ok(context.out.json(&document)?);
        }
        Ok(context.out.line(&format!("reset branch {name} to {to} as commit {}", commit.id()))?)
    }
}

impl BranchDelete {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let Self { name, graph, json } = self;
        let address = context.address(graph.uri.as_deref())?;
        confirm::confirm_destructive(context, "branch delete", &address, OutputMode::from_flag(json)).await?;
        confirm::print_target(context, "branch delete", &address);
        let graph = context.open(&address).await?;
        graph.delete_branch(&name).await?;
        if json {
            let (uri, actor) = (address.as_str(), context.actor());
            return Ok(context.out.json(&json!({ "uri": uri, "name": name, "actor_id": actor }))?);
        }
        Ok(context.out.line(&format!("deleted branch {name}"))?)
    }
}
