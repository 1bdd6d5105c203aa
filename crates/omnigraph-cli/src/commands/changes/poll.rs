//! `changes poll`: the next changes of a branch.

use clap::Args;
use omnigraph::{EntityChange, FeedPage, FeedRequest, FeedStart, History, Omnigraph};
use serde::Serialize;

use crate::error::{Failure, Result};
use crate::moment::Wanted;
use crate::output::change_lines;
use crate::session::Session;
use crate::view::Cause;

/// Changes of a page if nothing else is said.
const USUAL_PAGE: u64 = 1000;
/// Changes of a page at the most.
const LARGEST_PAGE: u64 = 8192;

const HELP: &str = "\
Examples:
  omnigraph changes poll --start beginning --uri cities.omni
  omnigraph changes poll --cursor eyJncmFw… --kind node --json --uri cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Poll {
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// The branch to follow
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// Go on where an earlier poll or a baseline ended
    #[arg(long, value_name = "CURSOR", conflicts_with = "start")]
    cursor: Option<String>,
    /// Where to start: now, beginning, or after:<commit_id>
    #[arg(long, value_name = "WHERE")]
    start: Option<String>,
    /// What to show
    #[command(flatten)]
    wanted: Wanted,
    /// Changes of a page; a commit is shown whole, however many it has
    #[arg(long, value_name = "CHANGES", default_value_t = USUAL_PAGE, value_parser = clap::value_parser!(u64).range(1..=LARGEST_PAGE))]
    limit: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Block {
    cause: Cause,
    changes: Vec<EntityChange>,
}

#[derive(Serialize)]
struct Report {
    blocks: Vec<Block>,
    cursor: String,
    caught_up: bool,
}

impl Poll {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let start = match (self.cursor, self.start.as_deref()) {
            (Some(cursor), _) => FeedStart::Cursor(cursor),
            (None, Some(text)) => start(text)?,
            (None, None) => FeedStart::Now,
        };
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let request = FeedRequest { branch: self.branch, start, filter: self.wanted.filter(), limit };
        let report = report(&graph, request).await?;
        if self.json {
            return Ok(session.out.json(&report)?);
        }
        if report.blocks.is_empty() {
            session.out.line("(no new commits)")?;
        }
        for (at, block) in report.blocks.iter().enumerate() {
            if at > 0 {
                session.out.line("")?;
            }
            let changes = block.changes.iter().flat_map(change_lines);
            block.cause.lines().into_iter().chain(changes).try_for_each(|line| session.out.line(&line))?;
        }
        session.out.line("")?;
        session.out.line(&format!("cursor: {}", report.cursor))?;
        Ok(session.out.line(&format!("caught_up: {}", report.caught_up))?)
    }
}

/// One page; its last commit is read to the end.
async fn report(graph: &Omnigraph, mut request: FeedRequest) -> Result<Report> {
    let names = History::default();
    let mut blocks: Vec<Block> = Vec::new();
    let mut stitched = None;
    loop {
        let FeedPage { blocks: found, cursor, is_partial, caught_up } = graph.changes(request.clone()).await?;
        for block in found {
            match blocks.last_mut().filter(|_| stitched == Some(block.commit.commit)) {
                Some(open) => open.changes.extend(block.changes),
                None => {
                    let branch = names.branch_name(graph, &block.commit).await?;
                    stitched = Some(block.commit.commit);
                    blocks.push(Block { cause: Cause::new(&block.commit, branch), changes: block.changes });
                }
            }
        }
        if !is_partial {
            return Ok(Report { blocks, cursor, caught_up });
        }
        request.start = FeedStart::Cursor(cursor);
    }
}

fn start(text: &str) -> Result<FeedStart> {
    match (text, text.strip_prefix("after:")) {
        ("now", _) => Ok(FeedStart::Now),
        ("beginning", _) => Ok(FeedStart::Beginning),
        (_, Some(commit)) if !commit.is_empty() => Ok(FeedStart::After(commit.to_owned())),
        _ => Err(Failure::Input(format!("'{text}' is no start: it is one of now | beginning | after:<commit_id>"))),
    }
}
