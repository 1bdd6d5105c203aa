//! `changes`: the change feed of a branch, for consumers that keep their own cursor.
//!
//! `changes baseline` prints the cursor only after the file has replaced an older one and is synced to disk. So a consumer with a
//! cursor has its initial snapshot.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use omnigraph::{BranchNames, ChangeFeed, ChangeFeedPage, EntityChange, EntityKind, FeedStart, Omnigraph, Snapshot};
use serde::Serialize;
use serde_json::json;

use crate::context::CommandContext;
use crate::error::{CliError, Result};
use crate::output::{CauseView, change_lines};
use crate::target_args::{ChangeFilterArgs, GraphFlag};

/// The default number of changes on a page.
const DEFAULT_PAGE: u64 = 1000;
/// The maximum number of changes on a page.
const MAX_PAGE: u64 = 8192;

const POLL_HELP: &str = "\
Examples:
  omnigraph changes poll --start beginning --store cities.omni
  omnigraph changes poll --cursor eyJncmFw… --kind node --json --store cities.omni";

/// The commands below `changes`.
#[derive(Debug, Subcommand)]
pub(crate) enum ChangesCommand {
    /// Print the next changes of a branch, and the cursor to continue with
    Poll(ChangesPoll),
    /// Write an initial snapshot of a branch to a file, and print the cursor that continues after it
    Baseline(ChangesBaseline),
}

/// The command line of `changes poll`.
#[derive(Args, Debug)]
#[command(after_help = POLL_HELP)]
pub(crate) struct ChangesPoll {
    #[command(flatten)]
    graph: GraphFlag,
    /// Branch to follow
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    branch: String,
    /// Continue after an earlier poll or baseline
    #[arg(long, value_name = "CURSOR", conflicts_with = "start")]
    cursor: Option<String>,
    /// Start of the feed: now, beginning, or after:<commit_id>
    #[arg(long, value_name = "START")]
    start: Option<String>,
    #[command(flatten)]
    filter: ChangeFilterArgs,
    /// Number of changes on a page; a commit is never split
    #[arg(long, value_name = "CHANGES", default_value_t = DEFAULT_PAGE, value_parser = clap::value_parser!(u64).range(1..=MAX_PAGE))]
    limit: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `changes baseline`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph changes baseline --out cities.jsonl --store cities.omni")]
pub(crate) struct ChangesBaseline {
    #[command(flatten)]
    graph: GraphFlag,
    /// Branch to write
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    branch: String,
    #[command(flatten)]
    filter: ChangeFilterArgs,
    /// File to write
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct CommitBlock {
    cause: CauseView,
    changes: Vec<EntityChange>,
}

#[derive(Serialize)]
struct PollReport {
    blocks: Vec<CommitBlock>,
    cursor: String,
    caught_up: bool,
}

impl ChangesCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        match self {
            Self::Poll(poll) => poll.run(context).await,
            Self::Baseline(baseline) => baseline.run(context).await,
        }
    }
}

impl ChangesPoll {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let start = match (self.cursor, self.start.as_deref()) {
            (Some(cursor), _) => FeedStart::Cursor(cursor),
            (None, Some(text)) => parse_start(text)?,
            (None, None) => FeedStart::Now,
        };
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let feed = graph.branch(self.branch).changes().start(start).filter(self.filter.filter()).limit(limit);
        let report = poll(&graph, feed).await?;
        if self.json {
            return Ok(context.out.json(&report)?);
        }
        if report.blocks.is_empty() {
            context.out.line("(no new commits)")?;
        }
        for (index, block) in report.blocks.iter().enumerate() {
            if index > 0 {
                context.out.line("")?;
            }
            let changes = block.changes.iter().flat_map(change_lines);
            block.cause.lines().into_iter().chain(changes).try_for_each(|line| context.out.line(&line))?;
        }
        context.out.line("")?;
        context.out.line(&format!("cursor: {}", report.cursor))?;
        Ok(context.out.line(&format!("caught_up: {}", report.caught_up))?)
    }
}

/// Reads one page, and the rest of its last commit.
async fn poll(graph: &Omnigraph, mut feed: ChangeFeed) -> Result<PollReport> {
    let names = BranchNames::new(graph);
    let mut blocks: Vec<CommitBlock> = Vec::new();
    let mut last = None;
    loop {
        let ChangeFeedPage { blocks: found, cursor, is_partial, caught_up } = feed.clone().await?;
        for block in found {
            match blocks.last_mut().filter(|_| last == Some(block.commit.id())) {
                Some(open) => open.changes.extend(block.changes),
                None => {
                    let branch = names.branch_name(&block.commit).await?;
                    last = Some(block.commit.id());
                    blocks.push(CommitBlock { cause: CauseView::new(&block.commit, branch), changes: block.changes });
                }
            }
        }
        if !is_partial {
            return Ok(PollReport { blocks, cursor, caught_up });
        }
        feed = feed.start(FeedStart::Cursor(cursor));
    }
}

fn parse_start(text: &str) -> Result<FeedStart> {
    match (text, text.strip_prefix("after:")) {
        ("now", _) => Ok(FeedStart::Now),
        ("beginning", _) => Ok(FeedStart::Beginning),
        (_, Some(commit)) if !commit.is_empty() => Ok(FeedStart::After(commit.to_owned())),
        _ => Err(CliError::Input(format!("invalid start '{text}': expected now | beginning | after:<commit_id>"))),
    }
}

impl ChangesBaseline {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let filter = self.filter.filter();
        // Captures of one file are serialized. The lock file remains: a lock on a deleted file excludes no other process.
        let lock = sibling_path(&self.out, "lock");
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(write_error(&lock))?;
        lock.lock().map_err(write_error(&self.out))?;
        let baseline = graph.branch(&self.branch).changes().filter(filter.clone()).snapshot().await?;
        let types = selected_types(&baseline.snapshot, &filter.kinds, &filter.types);
        let part = sibling_path(&self.out, &format!("{}.part", std::process::id()));
        let written = export(&baseline.snapshot, &types, &part).await.and_then(|()| install(&part, &self.out));
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        written?;
        let commit = baseline.snapshot.commit().id().to_string();
        if self.json {
            let report = json!({ "snapshot_commit_id": commit, "resume_cursor": baseline.cursor });
            return Ok(context.out.json(&report)?);
        }
        context.out.line(&format!("snapshot: {}", self.out.display()))?;
        context.out.line(&format!("snapshot_commit_id: {commit}"))?;
        Ok(context.out.line(&format!("resume_cursor: {}", baseline.cursor))?)
    }
}

/// Returns the types to export: those of the selected kinds and names; an empty selection selects all.
fn selected_types(snapshot: &Snapshot, kinds: &[EntityKind], names: &[String]) -> Vec<String> {
    let kind = |edge: bool| if edge { EntityKind::Edge } else { EntityKind::Node };
    let selected = snapshot.tables().into_iter().filter(|table| {
        (kinds.is_empty() || kinds.contains(&kind(table.edge))) && (names.is_empty() || names.contains(&table.name))
    });
    selected.map(|table| table.name).collect()
}

async fn export(snapshot: &Snapshot, types: &[String], path: &Path) -> Result<()> {
    let file = File::create(path).map_err(write_error(path))?;
    let mut out = BufWriter::new(file);
    if !types.is_empty() {
        snapshot.export(types, &mut out).await?;
    }
    out.flush().map_err(write_error(path))?;
    let file = out.into_inner().map_err(|error| write_error(path)(error.into_error()))?;
    file.sync_all().map_err(write_error(path))
}

/// Renames the file into place and syncs its folder.
fn install(part: &Path, out: &Path) -> Result<()> {
    std::fs::rename(part, out).map_err(write_error(out))?;
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(write_error(out))
}

fn sibling_path(out: &Path, ending: &str) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    out.with_file_name(name)
}

fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> CliError {
    let path = path.display().to_string();
    move |error| CliError::Input(format!("cannot write {path}: {error}"))
}
