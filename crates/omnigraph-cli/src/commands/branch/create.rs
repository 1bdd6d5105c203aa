//! `branch create`.

use clap::Args;
use omnigraph::Omnigraph;
use serde_json::json;

use crate::consent;
use crate::error::Result;
use crate::moment;
use crate::session::Session;

/// The command line.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  omnigraph branch create draft --from main --uri cities.omni\n  omnigraph branch create past \
    --from main@2026-03-01 --uri cities.omni"
)]
pub(crate) struct Create {
    /// The name of the new branch
    name: String,
    /// Where it starts: a branch, a commit id, a tag, or branch@time
    #[arg(long, value_name = "STATE", default_value = Omnigraph::default_branch())]
    from: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Create {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let Self { name, from, uri, json } = self;
        let address = session.address(uri.as_deref())?;
        consent::echo(session, "branch create", &address);
        let graph = session.open_to_write(&address).await?;
        let start = moment::named(&graph, &from).await?;
        graph.create_branch(&name, &start, session.actor()).await?;
        if json {
            let actor = session.actor();
            let report = json!({ "uri": address.as_str(), "from": from, "name": name, "actor_id": actor });
            session.out.json(&report)?;
        } else {
            session.out.line(&format!("created branch {name} from {from}"))?;
        }
        Ok(())
    }
}
