//! `snapshot`: the tables of a branch, their versions and sizes.

use clap::Args;
use omnigraph::{History, Omnigraph, TableSummary, Target};
use serde::Serialize;

use crate::error::Result;
use crate::guard::Verb;
use crate::moment::Moment;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("snapshot");

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph snapshot cities.omni --branch draft")]
pub(crate) struct Snapshot {
    /// The graph; or use --store
    uri: Option<String>,
    /// The state to look at
    #[command(flatten)]
    moment: Moment,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    graph_branch: String,
    graph_manifest_version: u64,
    internal_schema_version: u32,
    datasets: Vec<Dataset>,
}

#[derive(Serialize)]
struct Dataset {
    entity_kind: &'static str,
    type_name: String,
    dataset_path: String,
    /// A decimal string: these numbers are above 2^53, where JSON numbers stop being exact.
    published_dataset_version: String,
    /// Always null: a branch is not a branch of the tables.
    native_dataset_branch: Option<String>,
    entity_count: u64,
}

impl Dataset {
    fn of(table: TableSummary) -> Self {
        Self {
            entity_kind: if table.edge { "edge" } else { "node" },
            dataset_path: table.path.to_string(),
            published_dataset_version: table.pin.version.to_string(),
            native_dataset_branch: None,
            entity_count: table.pin.rows,
            type_name: table.name,
        }
    }

    fn line(&self) -> String {
        let Self { entity_kind, type_name, published_dataset_version, entity_count, .. } = self;
        let branch = self.native_dataset_branch.as_deref().unwrap_or(Omnigraph::default_branch());
        format!(
            "{entity_kind} type '{type_name}' published_dataset_version={published_dataset_version} \
             native_dataset_branch={branch} entities={entity_count}"
        )
    }
}

impl Snapshot {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let snapshot = graph.snapshot(self.moment.target()?).await?;
        let branch = History::default().branch_name(&graph, snapshot.commit()).await?;
        let graph_branch = match snapshot.target() {
            Target::Branch(branch) | Target::Time { branch, .. } => branch.clone(),
            Target::Commit(_) => branch.unwrap_or_else(|| Omnigraph::default_branch().to_owned()),
        };
        let report = Report {
            graph_branch,
            graph_manifest_version: snapshot.commit().generation,
            internal_schema_version: graph.stamp().format,
            datasets: snapshot.tables().into_iter().map(Dataset::of).collect(),
        };
        if self.json {
            session.out.json(&report)?;
            return Ok(());
        }
        session.out.line(&format!("graph_branch: {}", report.graph_branch))?;
        session.out.line(&format!("graph_manifest_version: {}", report.graph_manifest_version))?;
        session.out.line(&format!("internal_schema_version: {}", report.internal_schema_version))?;
        for dataset in &report.datasets {
            session.out.line(&dataset.line())?;
        }
        Ok(())
    }
}
