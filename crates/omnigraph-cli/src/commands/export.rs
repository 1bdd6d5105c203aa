//! `export`: a graph as lines that load again.

use clap::Args;

use crate::error::Result;
use crate::guard::Verb;
use crate::moment::Moment;
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
    /// The state to export
    #[command(flatten)]
    moment: Moment,
}

impl Export {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(self.moment.target()?).await?;
        snapshot.export(&self.types, &mut session.out).await?;
        Ok(())
    }
}
