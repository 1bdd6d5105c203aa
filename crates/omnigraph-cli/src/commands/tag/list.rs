//! `tag list`.

use clap::Args;
use omnigraph::log::TagRecord;
use serde::Serialize;
use serde_json::json;

use crate::error::Result;
use crate::session::Session;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph tag list --uri cities.omni")]
pub(crate) struct List {
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    graph_commit_id: String,
    actor_id: Option<String>,
    created_at: i64,
}

impl Shown {
    fn of(tag: &TagRecord) -> Self {
        Self {
            name: tag.name.clone(),
            graph_commit_id: tag.commit.commit.to_string(),
            actor_id: tag.created_by.clone(),
            created_at: tag.created_at,
        }
    }
}

impl List {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let tags: Vec<Shown> = graph.tags().await?.iter().map(|tag| Shown::of(tag)).collect();
        if self.json {
            session.out.json(&json!({ "tags": tags }))?;
            return Ok(());
        }
        for Shown { name, graph_commit_id, .. } in tags {
            session.out.line(&format!("{name} {graph_commit_id}"))?;
        }
        Ok(())
    }
}
