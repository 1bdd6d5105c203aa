//! `commit show`: one commit.

use clap::Args;
use omnigraph::{History, Target};

use crate::error::Result;
use crate::session::Session;
use crate::view;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph commit show 01J9Z3… --uri cities.omni")]
pub(crate) struct Show {
    /// The commit, by its id
    commit_id: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let record = graph.commit_of(&Target::Commit(self.commit_id)).await?;
        let commit = view::Commit::new(&record, History::default().branch_name(&graph, &record).await?);
        if self.json {
            session.out.json(&commit)?;
            return Ok(());
        }
        for line in commit.lines() {
            session.out.line(&line)?;
        }
        Ok(())
    }
}
