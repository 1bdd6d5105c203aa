//! `branch list`.

use clap::Args;
use omnigraph::{BranchState, Omnigraph};
use serde::Serialize;
use serde_json::json;

use crate::error::Result;
use crate::moment::readable;
use crate::session::Session;

const HELP: &str = "\
Examples:
  omnigraph branch list --uri cities.omni
  omnigraph branch list --verbose --uri cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct List {
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Show the head, the fork point, the commits ahead and behind, who made it and when
    #[arg(long)]
    verbose: bool,
    /// The branch that ahead and behind are counted against
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch(), requires = "verbose")]
    against: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A branch as JSON.
#[derive(Serialize)]
struct Shown {
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

impl Shown {
    fn of(state: &BranchState) -> Self {
        Self {
            name: state.record.name.clone(),
            branch_id: state.record.id.to_string(),
            head: state.head.commit.to_string(),
            head_at: state.head.authored_at,
            forked_from: state.record.forked_from.map(|from| from.commit.to_string()),
            ahead: state.distance.ahead,
            behind: state.distance.behind,
            created_by: state.record.created_by.clone(),
            created_at: state.record.created_at,
        }
    }

    fn line(&self) -> String {
        let Self { name, head, ahead, behind, .. } = self;
        let fork = self.forked_from.as_ref().map(|from| format!(" forked_from={from}")).unwrap_or_default();
        let author = self.created_by.as_ref().map(|by| format!(" created_by={by}")).unwrap_or_default();
        let (created, moved) = (readable(self.created_at), readable(self.head_at));
        format!("{name} head={head} head_at={moved} ahead={ahead} behind={behind}{fork}{author} created_at={created}")
    }
}

impl List {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let (names, details) = if self.verbose {
            let details: Vec<Shown> = graph.branch_states(&self.against).await?.iter().map(Shown::of).collect();
            (details.iter().map(|shown| shown.name.clone()).collect::<Vec<_>>(), Some(details))
        } else {
            (graph.branches().await?.into_iter().map(|branch| branch.record.name.clone()).collect(), None)
        };
        match (self.json, details) {
            (true, None) => session.out.json(&json!({ "branches": names }))?,
            (true, Some(details)) => session.out.json(&json!({ "branches": names, "details": details }))?,
            (false, None) => names.iter().try_for_each(|name| session.out.line(name))?,
            (false, Some(details)) => details.iter().try_for_each(|shown| session.out.line(&shown.line()))?,
        }
        Ok(())
    }
}
