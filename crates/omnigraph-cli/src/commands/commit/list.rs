//! `commit list`: the commits of a branch, newest first.

use std::pin::pin;

use clap::Args;
use futures::TryStreamExt;
use omnigraph::{CommitFilter, History, Target};
use serde_json::json;

use crate::error::Result;
use crate::moment::{Moment, time_of};
use crate::session::Session;
use crate::view;

const HELP: &str = "\
Examples:
  omnigraph commit list cities.omni --branch draft
  omnigraph commit list cities.omni --actor ann --type City --since 2026-03-01 --limit 20";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct List {
    /// The graph; or use --store
    uri: Option<String>,
    /// Where to start
    #[command(flatten)]
    moment: Moment,
    /// Only commits of this actor
    #[arg(long = "actor", value_name = "ACTOR")]
    by: Option<String>,
    /// Only commits that changed rows of this type
    #[arg(long = "type", value_name = "TYPE")]
    touched: Option<String>,
    /// Only commits made at this time or later
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Show so many commits at the most
    #[arg(long, value_name = "COMMITS", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Go on after this commit, the last one of the page before
    #[arg(long, value_name = "COMMIT")]
    after: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let since = self.since.as_deref().map(time_of).transpose()?;
        let filter = CommitFilter { actor: self.by, touched: self.touched, since };
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let start = match self.after {
            None => Some(graph.commit_of(&self.moment.target()?).await?),
            Some(after) => graph.parent_of(&graph.commit_of(&Target::Commit(after)).await?).await?,
        };
        let names = History::default();
        let mut commits = Vec::new();
        if let Some(start) = start {
            let mut listed = pin!(graph.commits(start, &filter));
            let mut left = self.limit.unwrap_or(u64::MAX);
            while left > 0
                && let Some(record) = listed.try_next().await?
            {
                left -= 1;
                let commit = view::Commit::new(&record, names.branch_name(&graph, &record).await?);
                if self.json {
                    commits.push(commit);
                } else {
                    session.out.line(&commit.line())?;
                }
            }
        }
        if self.json {
            session.out.json(&json!({ "commits": commits }))?;
        }
        Ok(())
    }
}
