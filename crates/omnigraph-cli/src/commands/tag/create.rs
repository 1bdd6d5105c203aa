//! `tag create`.

use clap::Args;
use omnigraph::Omnigraph;
use serde_json::json;

use crate::consent;
use crate::error::Result;
use crate::moment;
use crate::session::Session;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph tag create v1 --on main --uri cities.omni")]
pub(crate) struct Create {
    /// The name of the new tag
    name: String,
    /// What it names: a branch as it is now, a commit id, a tag, or branch@time
    #[arg(long, value_name = "STATE", default_value = Omnigraph::default_branch())]
    on: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Create {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let Self { name, on, uri, json } = self;
        let address = session.address(uri.as_deref())?;
        consent::echo(session, "tag create", &address);
        let graph = session.open_to_write(&address).await?;
        let target = moment::named(&graph, &on).await?;
        let tag = graph.create_tag(&name, &target, session.actor()).await?;
        let commit = tag.commit.commit.to_string();
        if json {
            let actor = session.actor();
            let report = json!({ "uri": address.as_str(), "name": name, "graph_commit_id": commit, "actor_id": actor });
            session.out.json(&report)?;
        } else {
            session.out.line(&format!("tagged {commit} as {name}"))?;
        }
        Ok(())
    }
}
