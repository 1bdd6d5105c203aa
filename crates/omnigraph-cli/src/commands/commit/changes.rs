//! `commit changes`: what a commit did to each entity.

use std::pin::pin;

use clap::Args;
use futures::TryStreamExt;
use omnigraph::{History, Position, Target};
use serde_json::json;

use crate::error::{Failure, Result};
use crate::moment::Wanted;
use crate::output::{ChangeFormat, ChangeWriter};
use crate::session::Session;
use crate::view::Cause;

/// Changes on a page if nothing else is said.
const USUAL_PAGE: u64 = 1000;
/// Changes on a page at the most.
const LARGEST_PAGE: u64 = 8192;

const HELP: &str = "\
Examples:
  omnigraph commit changes 01J9Z3… --uri cities.omni
  omnigraph commit changes 01J9Z3… --kind node --op insert --json --uri cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Changes {
    /// The commit, by its id or by the name of a tag
    commit_id: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// What to show
    #[command(flatten)]
    wanted: Wanted,
    /// Changes on a page
    #[arg(long, value_name = "CHANGES", value_parser = clap::value_parser!(u64).range(1..=LARGEST_PAGE))]
    limit: Option<u64>,
    /// Print the one page that begins here, `start` or what a page before named; without it all are printed
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<String>,
    /// How changes are written
    #[arg(long, value_enum, conflicts_with = "json", default_value_t = ChangeFormat::Text)]
    format: ChangeFormat,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Changes {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let format = if self.json { ChangeFormat::Json } else { self.format };
        let start = self.page_token.as_deref().map(place).transpose()?;
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let record = graph.commit_of(&Target::Commit(self.commit_id)).await?;
        let branch = History::default().branch_name(&graph, &record).await?;
        let difference = graph.changes_of(&record, self.wanted.filter()).await?;
        let cause = Cause::new(&record, branch);
        let mut writer = ChangeWriter::begin(format, &json!({ "cause": cause }), &mut session.out)?;
        if format == ChangeFormat::Text {
            cause.lines().iter().try_for_each(|line| session.out.line(line))?;
        }
        let Some(start) = start else {
            let mut changes = pin!(difference.changes());
            while let Some(some) = changes.try_next().await? {
                some.iter().try_for_each(|change| writer.write(change, &mut session.out))?;
            }
            return Ok(writer.end(None, &mut session.out)?);
        };
        let most = usize::try_from(self.limit.unwrap_or(USUAL_PAGE)).unwrap_or(usize::MAX);
        let page = difference.page(start.as_ref(), most).await?;
        page.changes.iter().try_for_each(|change| writer.write(change, &mut session.out))?;
        let next = page.next.as_ref().map(Position::to_string);
        Ok(writer.end(next.as_deref(), &mut session.out)?)
    }
}

/// The place a page begins after; none for the first.
fn place(token: &str) -> Result<Option<Position>> {
    match token {
        "start" => Ok(None),
        token => token.parse().map(Some).map_err(|problem| Failure::Input(format!("--page-token: {problem}"))),
    }
}
