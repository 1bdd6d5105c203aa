//! `export`: a graph as lines that load again.

use clap::Args;
use omnigraph::{Omnigraph, Target};

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("export");

const HELP: &str = "\
Examples:
  omnigraph export cities.omni > cities.jsonl
  omnigraph export cities.omni --type City --snapshot 01J9Z3… | zstd > cities.jsonl.zst";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Export {
    /// The graph; or use --store
    uri: Option<String>,
    /// Only this node or edge type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// The branch to export
    #[arg(long, value_name = "BRANCH", conflicts_with = "snapshot", default_value = Omnigraph::default_branch())]
    branch: String,
    /// The commit to export, by its id
    #[arg(long, value_name = "COMMIT")]
    snapshot: Option<String>,
}

impl Export {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let target = self.snapshot.map_or(Target::Branch(self.branch), Target::Commit);
        let snapshot = graph.snapshot(target).await?;
        snapshot.export(&self.types, &mut session.out).await?;
        Ok(())
    }
}
