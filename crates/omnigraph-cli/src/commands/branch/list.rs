//! `branch list`.

use clap::Args;
use serde_json::json;

use crate::error::Result;
use crate::session::Session;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch list --uri cities.omni")]
pub(crate) struct List {
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let branches = graph.branches().await?;
        let mut names: Vec<&str> = branches.iter().map(|branch| branch.record.name.as_str()).collect();
        names.sort_unstable();
        if self.json {
            session.out.json(&json!({ "branches": names }))?;
            return Ok(());
        }
        for name in names {
            session.out.line(name)?;
        }
        Ok(())
    }
}
