//! `schema plan`: the steps from the schema of a graph to another one. Nothing is changed.

use std::path::PathBuf;

use clap::Args;
use omnigraph::{Omnigraph, Target};
use omnigraph_compiler::migrate::{DropMode, plan};
use serde_json::json;

use crate::error::Result;
use crate::guard::{Class, Verb};
use crate::schema_file::SchemaFile;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb =
    Verb { label: "schema plan", class: Class::Direct, takes_store: true, takes_actor: false };

const HELP: &str = "\
Examples:
  omnigraph schema plan --schema cities.pg cities.omni
  omnigraph schema plan --schema cities.pg --allow-data-loss --json --store cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Plan {
    /// The graph; or use --store
    uri: Option<String>,
    /// The schema it is to have
    #[arg(long, value_name = "PATH")]
    schema: PathBuf,
    /// Plan to remove dropped data for good, from earlier commits too
    #[arg(long)]
    allow_data_loss: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let wanted = SchemaFile::read(&self.schema)?;
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(Target::Branch(Omnigraph::default_branch().to_owned())).await?;
        let accepted = snapshot.catalog();
        let drops = if self.allow_data_loss { DropMode::Hard } else { DropMode::Soft };
        let plan = plan(accepted, &wanted.catalog(Some(accepted))?, drops);
        if self.json {
            let (supported, steps) = (plan.supported, &plan.steps);
            let uri = address.as_str();
            session
                .out
                .json(&json!({ "uri": uri, "supported": supported, "step_count": steps.len(), "steps": steps }))?;
            return Ok(());
        }
        session.out.line(&format!("schema plan for {address}"))?;
        session.out.line(if plan.supported { "supported: yes" } else { "supported: no" })?;
        if plan.steps.is_empty() {
            session.out.line("no schema changes")?;
        }
        for step in &plan.steps {
            session.out.line(&format!("- {step}"))?;
        }
        Ok(())
    }
}
