//! `repair` and `audit`: the Lance mirror of `main`, and the recovery events of a graph.

use clap::Args;
use omnigraph::{
    AuditEntry, MirrorDatasetReport, Omnigraph, OpenMode, RepairAction, RepairReport, TableClassification,
};
use serde::Serialize;
use serde_json::json;

use crate::confirm;
use crate::context::CommandContext;
use crate::error::Result;
use crate::target_args::{GraphAddress, GraphArg};

const REPAIR_HELP: &str = "\
Examples:
  omnigraph repair --store cities.omni
  omnigraph repair --confirm --store cities.omni

Repair never changes a file that a commit pins: a wrong dataset under heads/ gets a new, correct version.";

/// The width of the column of type names.
const NAME_WIDTH: usize = 40;

/// The command line of `repair`.
#[derive(Args, Debug)]
#[command(after_help = REPAIR_HELP)]
pub(crate) struct RepairCommand {
    #[command(flatten)]
    graph: GraphArg,
    /// Repair, instead of a preview
    #[arg(long)]
    confirm: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The command line of `audit`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph audit --store cities.omni")]
pub(crate) struct AuditCommand {
    #[command(flatten)]
    graph: GraphArg,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct RepairDocument<'a> {
    uri: &'a str,
    confirm: bool,
    graph_commit_id: &'a str,
    graph_manifest_version: u64,
    datasets: Vec<MirrorDataset<'a>>,
    intents: Vec<IntentView<'a>>,
}

#[derive(Serialize)]
struct MirrorDataset<'a> {
    type_key: &'a str,
    dataset_path: &'a str,
    /// A decimal string: these numbers are above 2^53, where JSON numbers stop being exact.
    published_dataset_version: String,
    lance_head_version: Option<u64>,
    classification: TableClassification,
    action: &'static str,
    operations: &'a [String],
}

#[derive(Serialize)]
struct IntentView<'a> {
    object: &'a str,
    decision: String,
}

impl RepairCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        confirm::print_target(context, "repair", &address);
        let report = self.repair(context, &address).await?;
        if self.json {
            return Ok(context.out.json(&self.document(&address, &report))?);
        }
        let mode = if self.confirm { "confirm" } else { "preview" };
        let (count, commit) = (report.datasets.len(), &report.commit);
        context.out.line(&format!("repair {address} ({mode}): {count} datasets at {commit}"))?;
        for head in &report.datasets {
            context.out.line(&dataset_line(head))?;
        }
        for (object, decision) in &report.intents {
            context.out.line(&format!("intent {object}: {decision}"))?;
        }
        let due = report.datasets.iter().any(|head| head.action == RepairAction::Preview) || !report.intents.is_empty();
        if due && !self.confirm {
            context.out.line("no changes were made; run again with --confirm to repair")?;
        }
        Ok(())
    }

    async fn repair(&self, context: &CommandContext, address: &GraphAddress) -> Result<RepairReport> {
        if self.confirm {
            return Ok(Omnigraph::repair_mirror(address.as_str(), context.options(OpenMode::ReadWrite)).await?);
        }
        Ok(Omnigraph::check_mirror(address.as_str(), context.options(OpenMode::ReadOnly)).await?)
    }

    fn document<'a>(&self, address: &'a GraphAddress, report: &'a RepairReport) -> RepairDocument<'a> {
        let intents = report.intents.iter();
        RepairDocument {
            uri: address.as_str(),
            confirm: self.confirm,
            graph_commit_id: &report.commit,
            graph_manifest_version: report.generation,
            datasets: report.datasets.iter().map(MirrorDataset::new).collect(),
            intents: intents.map(|(object, decision)| IntentView { object, decision: decision.to_string() }).collect(),
        }
    }
}

impl<'a> MirrorDataset<'a> {
    fn new(head: &'a MirrorDatasetReport) -> Self {
        Self {
            type_key: &head.table_key,
            dataset_path: &head.dataset_path,
            published_dataset_version: head.pinned_version.to_string(),
            lance_head_version: head.head_version,
            classification: head.classification,
            action: action_name(head.action),
            operations: &head.operations,
        }
    }
}

const fn action_name(action: RepairAction) -> &'static str {
    match action {
        RepairAction::NoOp => "no_op",
        RepairAction::Preview => "preview",
        RepairAction::Healed => "healed",
    }
}

fn dataset_line(head: &MirrorDatasetReport) -> String {
    let name = match head.table_key.split_once(':') {
        Some((kind, name)) => format!("{kind} type '{name}'"),
        None => head.table_key.clone(),
    };
    let version = head.head_version.map_or_else(|| "no head".to_owned(), |version| format!("head {version}"));
    let foreign = match head.operations.as_slice() {
        [] => String::new(),
        operations => format!("; foreign operations: {}", operations.join(", ")),
    };
    let action = action_name(head.action);
    format!("{name:<NAME_WIDTH$} {version}, {}{foreign} -> {action}", head.classification)
}

impl AuditCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        let entries = context.open_read_only(&address).await?.audit().await?;
        if self.json {
            return Ok(context.out.json(&json!({ "entries": entries }))?);
        }
        for entry in &entries {
            context.out.line(&audit_line(entry))?;
            for table in &entry.tables {
                let (found, last) = (table.found_version, table.final_version);
                context.out.line(&format!("  {} {} {found} -> {last}", table.table_key, table.classification))?;
            }
        }
        Ok(())
    }
}

fn audit_line(entry: &AuditEntry) -> String {
    let AuditEntry { audit_id, actor_id, decision, head_commit, .. } = entry;
    let operation = entry.operation_id.as_ref().map(|id| format!(" operation={id}")).unwrap_or_default();
    format!("{audit_id} actor={actor_id} decision={decision}{operation} heads_at={head_commit}")
}
