//! `commit list`: the commits of a branch, newest first.

use clap::Args;
use omnigraph::{History, Omnigraph, Target};
use serde_json::json;

use crate::error::Result;
use crate::session::Session;
use crate::view;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph commit list cities.omni --branch draft")]
pub(crate) struct List {
    /// The graph; or use --store
    uri: Option<String>,
    /// The branch whose history to list
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let names = History::default();
        let mut commits = Vec::new();
        let mut next = Some(graph.commit_of(&Target::Branch(self.branch)).await?);
        while let Some(record) = next {
            let commit = view::Commit::new(&record, names.branch_name(&graph, &record).await?);
            if self.json {
                commits.push(commit);
            } else {
                session.out.line(&commit.line())?;
            }
            next = graph.parent_of(&record).await?;
        }
        if self.json {
            session.out.json(&json!({ "commits": commits }))?;
        }
        Ok(())
    }
}
