//! `schema show`: the schema as it was accepted.

use std::io::Write;

use clap::Args;
use omnigraph::{Omnigraph, Target};
use serde_json::json;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("schema show");

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph schema show cities.omni > cities.pg")]
pub(crate) struct Show {
    /// The graph; or use --store
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(Target::Branch(Omnigraph::default_branch().to_owned())).await?;
        let source = snapshot.schema_source();
        if self.json {
            session.out.json(&json!({ "schema_source": source }))?;
        } else {
            session.out.write_all(source.as_bytes())?;
        }
        Ok(())
    }
}
