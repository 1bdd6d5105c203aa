//! `branch rename`.

use clap::Args;
use serde_json::json;

use crate::consent;
use crate::error::Result;
use crate::session::Session;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph branch rename draft proposal --uri cities.omni")]
pub(crate) struct Rename {
    /// The branch
    from: String,
    /// Its new name
    to: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Rename {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let Self { from, to, uri, json } = self;
        let address = session.address(uri.as_deref())?;
        consent::echo(session, "branch rename", &address);
        let graph = session.open_to_write(&address).await?;
        graph.rename_branch(&from, &to, session.actor()).await?;
        if json {
            let actor = session.actor();
            session.out.json(&json!({ "uri": address.as_str(), "from": from, "name": to, "actor_id": actor }))?;
        } else {
            session.out.line(&format!("renamed branch {from} to {to}"))?;
        }
        Ok(())
    }
}
