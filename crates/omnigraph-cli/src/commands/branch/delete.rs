//! `branch delete`.

use clap::Args;
use serde_json::json;

use crate::consent::{self, Audience};
use crate::error::Result;
use crate::session::Session;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch delete draft --uri cities.omni")]
pub(crate) struct Delete {
    /// The branch to delete
    name: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Delete {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let Self { name, uri, json } = self;
        let address = session.address(uri.as_deref())?;
        consent::gate(session, "branch delete", &address, Audience::of(json)).await?;
        consent::echo(session, "branch delete", &address);
        let graph = session.open_to_write(&address).await?;
        graph.delete_branch(&name, session.actor()).await?;
        if json {
            let actor = session.actor();
            session.out.json(&json!({ "uri": address.as_str(), "name": name, "actor_id": actor }))?;
        } else {
            session.out.line(&format!("deleted branch {name}"))?;
        }
        Ok(())
    }
}
