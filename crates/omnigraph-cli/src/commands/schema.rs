//! `init`, `schema show` and `schema plan`: a graph and its schema.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use omnigraph::{MirrorMode, Omnigraph, OpenMode, OpenOptions, SchemaSource};
use omnigraph_compiler::migrate::{DropMode, plan};
use serde_json::json;

use crate::context::{CommandContext, flush_mirror};
use crate::error::Result;
use crate::flag_rules::FlagRules;
use crate::input::SchemaFile;
use crate::target_args::GraphArg;

const PLAN_HELP: &str = "\
Examples:
  omnigraph schema plan --schema cities.pg --store cities.omni
  omnigraph schema plan --schema cities.pg --allow-data-loss --json --store cities.omni";

/// The command line of `init`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph init --schema cities.pg --store cities.omni")]
pub(crate) struct InitCommand {
    /// Folder to create, or s3://bucket/prefix, as with --store
    uri: Option<String>,
    /// Schema file: node types, edge types and their properties
    #[arg(long, value_name = "PATH")]
    schema: PathBuf,
    /// Keep no Lance mirror of `main` under heads/ for tools that read Lance datasets by path
    #[arg(long)]
    no_heads: bool,
}

/// The commands below `schema`.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Print the schema as accepted
    Show(SchemaShow),
    /// Show the steps that migrate a graph to another schema
    Plan(SchemaPlan),
}

/// The command line of `schema show`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph schema show --store cities.omni > cities.pg")]
pub(crate) struct SchemaShow {
    #[command(flatten)]
    graph: GraphArg,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `schema plan`.
#[derive(Args, Debug)]
#[command(after_help = PLAN_HELP)]
pub(crate) struct SchemaPlan {
    #[command(flatten)]
    graph: GraphArg,
    /// New schema
    #[arg(long, value_name = "PATH")]
    schema: PathBuf,
    /// Plan to remove dropped data permanently, from earlier commits too
    #[arg(long)]
    allow_data_loss: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl InitCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.uri.as_deref())?;
        let schema = SchemaFile::read(&self.schema)?;
        // Compiled here first: the engine receives one text, and cannot name the imported file of an error.
        schema.catalog(None)?;
        let source = SchemaSource::new(&schema.name, schema.source());
        let mirror = if self.no_heads { MirrorMode::Off } else { MirrorMode::default() };
        let options = OpenOptions { mirror, ..context.options(OpenMode::ReadWrite) };
        let graph = Omnigraph::create(address.as_str(), source).options(options).await?;
        flush_mirror(&graph).await;
        Ok(context.out.line(&format!("initialized {address}"))?)
    }
}

impl SchemaCommand {
    /// Returns the global flags that the command accepts.
    pub(super) fn flag_rules(&self) -> FlagRules {
        match self {
            Self::Show(_) => FlagRules::read("schema show"),
            Self::Plan(_) => FlagRules::storage("schema plan"),
        }
    }

    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        match self {
            Self::Show(show) => show.run(context).await,
            Self::Plan(plan) => plan.run(context).await,
        }
    }
}

impl SchemaShow {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let snapshot = graph.branch(Omnigraph::MAIN).snapshot().await?;
        let source = snapshot.schema_source();
        if self.json {
            context.out.json(&json!({ "schema_source": source }))?;
        } else {
            context.out.write_all(source.as_bytes())?;
        }
        Ok(())
    }
}

impl SchemaPlan {
    async fn run(self, context: &mut CommandContext) -> Result<()> {
        let wanted = SchemaFile::read(&self.schema)?;
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let snapshot = graph.branch(Omnigraph::MAIN).snapshot().await?;
        let accepted = snapshot.catalog();
        let drops = if self.allow_data_loss { DropMode::Hard } else { DropMode::Soft };
        let plan = plan(accepted, &wanted.catalog(Some(accepted))?, drops);
        if self.json {
            let (uri, supported, steps) = (address.as_str(), plan.supported, &plan.steps);
            let document = json!({ "uri": uri, "supported": supported, "step_count": steps.len(), "steps": steps });
            return Ok(context.out.json(&document)?);
        }
        context.out.line(&format!("schema plan for {address}"))?;
        context.out.line(if plan.supported { "supported: yes" } else { "supported: no" })?;
        if plan.steps.is_empty() {
            context.out.line("no schema changes")?;
        }
        Ok(plan.steps.iter().try_for_each(|step| context.out.line(&format!("- {step}")))?)
    }
}
