//! `snapshot` and `export`: the tables of one commit, and their rows.

use clap::Args;
use omnigraph::{BranchNames, Omnigraph, TableSummary, Target};
use serde::Serialize;

use crate::context::CommandContext;
use crate::error::Result;
use crate::target_args::{GraphArg, TargetArgs};

const EXPORT_HELP: &str = "\
Examples:
  omnigraph export --store cities.omni > cities.jsonl
  omnigraph export --type City --snapshot 01J9Z3… --store cities.omni | zstd > cities.jsonl.zst";

/// The command line of `snapshot`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph snapshot --branch draft --store cities.omni")]
pub(crate) struct SnapshotCommand {
    #[command(flatten)]
    graph: GraphArg,
    #[command(flatten)]
    target: TargetArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `export`.
#[derive(Args, Debug)]
#[command(after_help = EXPORT_HELP)]
pub(crate) struct ExportCommand {
    #[command(flatten)]
    graph: GraphArg,
    /// Only this node or edge type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Serialize)]
struct SnapshotReport {
    graph_branch: String,
    generation: u64,
    format_version: u32,
    datasets: Vec<DatasetView>,
}

#[derive(Serialize)]
struct DatasetView {
    entity_kind: &'static str,
    type_name: String,
    dataset_path: String,
    /// A decimal string: these numbers are above 2^53, where JSON numbers stop being exact.
    published_dataset_version: String,
    /// Always null: a branch is not a branch of the tables.
    native_dataset_branch: Option<String>,
    entity_count: u64,
}

impl DatasetView {
    fn new(table: TableSummary) -> Self {
        Self {
            entity_kind: if table.edge { "edge" } else { "node" },
            dataset_path: table.path,
            published_dataset_version: table.version.to_string(),
            native_dataset_branch: None,
            entity_count: table.rows,
            type_name: table.name,
        }
    }

    fn line(&self) -> String {
        let Self { entity_kind, type_name, published_dataset_version, entity_count, .. } = self;
        let branch = self.native_dataset_branch.as_deref().unwrap_or(Omnigraph::MAIN);
        format!(
            "{entity_kind} type '{type_name}' published_dataset_version={published_dataset_version} \
             native_dataset_branch={branch} entities={entity_count}"
        )
    }
}

impl SnapshotCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let snapshot = graph.snapshot(self.target.target()?).await?;
        let graph_branch = match snapshot.target() {
            Target::Branch(branch) | Target::Time { branch, .. } => branch.clone(),
            Target::Commit(_) => BranchNames::new(&graph).branch_name(&snapshot.commit()).await?,
        };
        let report = SnapshotReport {
            graph_branch,
            generation: snapshot.commit().generation(),
            format_version: graph.format_version(),
            datasets: snapshot.tables().into_iter().map(DatasetView::new).collect(),
        };
        if self.json {
            return Ok(context.out.json(&report)?);
        }
        context.out.line(&format!("graph_branch: {}", report.graph_branch))?;
        context.out.line(&format!("generation: {}", report.generation))?;
        context.out.line(&format!("format_version: {}", report.format_version))?;
        Ok(report.datasets.iter().try_for_each(|dataset| context.out.line(&dataset.line()))?)
    }
}

impl ExportCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let graph = context.open_read_only(&address).await?;
        let snapshot = graph.snapshot(self.target.target()?).await?;
        snapshot.export(&self.types, &mut context.out).await?;
        Ok(())
    }
}
