//! `branch reset`.

use clap::Args;
use omnigraph::History;
use serde_json::json;

use crate::consent::{self, Audience};
use crate::error::Result;
use crate::moment;
use crate::session::{Session, settle};
use crate::view;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch reset draft --to 01J9Z3… --uri cities.omni")]
pub(crate) struct Reset {
    /// The branch
    name: String,
    /// The state it is to have again: a commit id, a tag, a branch, or branch@time
    #[arg(long, value_name = "STATE")]
    to: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Reset {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        consent::gate(session, "branch reset", &address, Audience::of(self.json)).await?;
        consent::echo(session, "branch reset", &address);
        let graph = session.open_to_write(&address).await?;
        let to = moment::named(&graph, &self.to).await?;
        let record = graph.reset_branch(&self.name, &to, session.actor()).await?;
        settle(&graph).await;
        let commit = view::Commit::new(&record, History::default().branch_name(&graph, &record).await?);
        if self.json {
            session.out.json(&json!({ "uri": address.as_str(), "branch": self.name, "commit": commit }))?;
        } else {
            session.out.line(&format!("reset branch {} to {} as commit {}", self.name, self.to, record.commit))?;
        }
        Ok(())
    }
}
