//! `diff` and `commit changes`: differences entity by entity.

use std::pin::pin;

use clap::Args;
use futures::TryStreamExt;
use omnigraph::{BranchNames, ChangePosition, GraphDiff, Omnigraph, Snapshot, Target};
use serde_json::{Value, json};

use crate::context::CommandContext;
use crate::error::{CliError, Result};
use crate::output::{CauseView, ChangeFormat, ChangeWriter, CommitView};
use crate::target_args::{ChangeFilterArgs, GraphFlag, resolve_target};

/// The default number of changes on a page.
const DEFAULT_PAGE: u64 = 1000;
/// The maximum number of changes on a page.
const MAX_PAGE: u64 = 8192;

const DIFF_HELP: &str = "\
Examples:
  omnigraph diff main draft --store cities.omni
  omnigraph diff main@2026-03-01 main --kind node --op delete --format table --store cities.omni";

const CHANGES_HELP: &str = "\
Examples:
  omnigraph commit changes 01J9Z3… --store cities.omni
  omnigraph commit changes 01J9Z3… --kind node --op insert --json --store cities.omni";

/// The command line of `diff`.
#[derive(Args, Debug)]
#[command(after_help = DIFF_HELP)]
pub(crate) struct DiffCommand {
    /// First state: the head of a branch, a commit id, a tag, or branch@time
    before: String,
    /// Second state
    after: String,
    /// Compare AFTER with the merge base of the two instead
    #[arg(long)]
    since_fork: bool,
    #[command(flatten)]
    filter: ChangeFilterArgs,
    /// Format of the changes
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = ChangeFormat::Text)]
    format: ChangeFormat,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `commit changes`.
#[derive(Args, Debug)]
#[command(after_help = CHANGES_HELP)]
pub(crate) struct CommitChanges {
    /// Commit, as commit id or tag
    commit_id: String,
    #[command(flatten)]
    graph: GraphFlag,
    #[command(flatten)]
    filter: ChangeFilterArgs,
    /// Number of changes on a page
    #[arg(long, value_name = "CHANGES", value_parser = clap::value_parser!(u64).range(1..=MAX_PAGE))]
    limit: Option<u64>,
    /// Print only the page at this token: `start`, or the token of the page before
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<String>,
    /// Format of the changes
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = ChangeFormat::Text)]
    format: ChangeFormat,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl DiffCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let format = if self.json { ChangeFormat::Json } else { self.format };
        let address = context.address(None)?;
        let graph = context.open_read_only(&address).await?;
        let mut before = resolve_target(&graph, &self.before).await?;
        let after = resolve_target(&graph, &self.after).await?;
        if self.since_fork {
            before = Target::Commit(graph.merge_base(&before, &after).await?.id().to_string());
        }
        let difference = graph.diff(&before, &after, self.filter.filter()).await?;
        let members = json!({
            "from": commit_view(&graph, difference.old_snapshot()).await?,
            "to": commit_view(&graph, difference.new_snapshot()).await?,
            "schema": difference.schema_steps(),
        });
        let mut writer = ChangeWriter::begin(format, &members, &mut context.out)?;
        if format == ChangeFormat::Text {
            print_header(context, &difference)?;
        }
        write_all(context, &difference, &mut writer).await?;
        Ok(writer.end(None, &mut context.out)?)
    }
}

impl CommitChanges {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let format = if self.json { ChangeFormat::Json } else { self.format };
        let start = self.page_token.as_deref().map(parse_page_token).transpose()?;
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let commit = graph.commit(&Target::Commit(self.commit_id)).await?;
        let branch = BranchNames::new(&graph).branch_name(&commit).await?;
        let difference = graph.commit_diff(&commit, self.filter.filter()).await?;
        let cause = CauseView::new(&commit, branch);
        let mut writer = ChangeWriter::begin(format, &json!({ "cause": cause }), &mut context.out)?;
        if format == ChangeFormat::Text {
            cause.lines().iter().try_for_each(|line| context.out.line(line))?;
        }
        let Some(start) = start else {
            write_all(context, &difference, &mut writer).await?;
            return Ok(writer.end(None, &mut context.out)?);
        };
        let limit = usize::try_from(self.limit.unwrap_or(DEFAULT_PAGE)).unwrap_or(usize::MAX);
        let page = difference.page(start.as_ref(), limit).await?;
        page.changes.iter().try_for_each(|change| writer.write(change, &mut context.out))?;
        let next = page.next.as_ref().map(ChangePosition::to_string);
        Ok(writer.end(next.as_deref(), &mut context.out)?)
    }
}

async fn write_all(context: &mut CommandContext, difference: &GraphDiff, writer: &mut ChangeWriter) -> Result<()> {
    let mut changes = pin!(difference.changes());
    while let Some(some) = changes.try_next().await? {
        some.iter().try_for_each(|change| writer.write(change, &mut context.out))?;
    }
    Ok(())
}

async fn commit_view(graph: &Omnigraph, snapshot: &Snapshot) -> Result<CommitView> {
    let commit = snapshot.commit();
    Ok(CommitView::new(&commit, &BranchNames::new(graph).branch_name(&commit).await?))
}

fn print_header(context: &mut CommandContext, difference: &GraphDiff) -> Result<()> {
    context.out.line(&format!("from: {}", difference.old_snapshot().commit().id()))?;
    context.out.line(&format!("to: {}", difference.new_snapshot().commit().id()))?;
    let steps = difference.schema_steps();
    Ok(steps.iter().map(Value::to_string).try_for_each(|step| context.out.line(&format!("schema: {step}")))?)
}

/// Returns the position that a page follows; `None` for the first page.
fn parse_page_token(token: &str) -> Result<Option<ChangePosition>> {
    match token {
        "start" => Ok(None),
        token => token.parse().map(Some).map_err(|problem| CliError::Input(format!("--page-token: {problem}"))),
    }
}
