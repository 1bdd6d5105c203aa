//! `repair`: what tools see under `heads/`, compared with `main` and brought in order.

use clap::Args;
use omnigraph::{Classification, HeadReport, Omnigraph, OpenMode, OpenOptions, RepairAction, RepairReport};
use serde::Serialize;

use crate::address::Address;
use crate::consent;
use crate::error::Result;
use crate::guard::{Class, Verb};
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb { label: "repair", class: Class::Direct, takes_store: true, takes_actor: false };

const HELP: &str = "\
Examples:
  omnigraph repair cities.omni
  omnigraph repair cities.omni --confirm

Nothing that a commit pins is ever touched: a dataset under heads/ that is wrong gets a new version that is right.";

/// The width of the column with the names of types.
const NAME_WIDTH: usize = 40;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Repair {
    /// The graph; or use --store
    uri: Option<String>,
    /// Do it, rather than show what would be done
    #[arg(long)]
    confirm: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    uri: &'a str,
    confirm: bool,
    graph_commit_id: &'a str,
    graph_manifest_version: u64,
    datasets: Vec<Dataset<'a>>,
    intents: Vec<Intent<'a>>,
}

#[derive(Serialize)]
struct Dataset<'a> {
    type_key: &'a str,
    dataset_path: &'a str,
    /// A decimal string: these numbers are above 2^53, where JSON numbers stop being exact.
    published_dataset_version: String,
    lance_head_version: Option<u64>,
    classification: Classification,
    action: &'static str,
    operations: &'a [String],
}

#[derive(Serialize)]
struct Intent<'a> {
    object: &'a str,
    decision: String,
}

impl Repair {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        consent::echo(session, "repair", &address);
        let report = self.report(session, &address).await?;
        if self.json {
            session.out.json(&self.document(&address, &report))?;
            return Ok(());
        }
        let mode = if self.confirm { "confirm" } else { "preview" };
        session.out.line(&format!(
            "repair {address} ({mode}): {} datasets at {}",
            report.heads.len(),
            report.commit
        ))?;
        for head in &report.heads {
            session.out.line(&line(head))?;
        }
        for (object, decision) in &report.intents {
            session.out.line(&format!("intent {object}: {decision}"))?;
        }
        let due = report.heads.iter().any(|head| head.action == RepairAction::Preview) || !report.intents.is_empty();
        if due && !self.confirm {
            session.out.line("nothing was changed; run again with --confirm to do this")?;
        }
        Ok(())
    }

    async fn report(&self, session: &Session, address: &Address) -> Result<RepairReport> {
        let options = session.options();
        if self.confirm {
            return Ok(Omnigraph::repair_heads(address.as_str(), options).await?);
        }
        let options = OpenOptions { mode: OpenMode::ReadOnly, ..options };
        Ok(Omnigraph::inspect_heads(address.as_str(), options).await?)
    }

    fn document<'a>(&self, address: &'a Address, report: &'a RepairReport) -> Report<'a> {
        let intents = report.intents.iter();
        Report {
            uri: address.as_str(),
            confirm: self.confirm,
            graph_commit_id: &report.commit,
            graph_manifest_version: report.generation,
            datasets: report.heads.iter().map(dataset).collect(),
            intents: intents.map(|(object, decision)| Intent { object, decision: decision.to_string() }).collect(),
        }
    }
}

fn dataset(head: &HeadReport) -> Dataset<'_> {
    Dataset {
        type_key: &head.table_key,
        dataset_path: &head.head_path,
        published_dataset_version: head.pinned_version.to_string(),
        lance_head_version: head.head_version,
        classification: head.classification,
        action: word(head.action),
        operations: &head.operations,
    }
}

const fn word(action: RepairAction) -> &'static str {
    match action {
        RepairAction::NoOp => "no_op",
        RepairAction::Preview => "preview",
        RepairAction::Healed => "healed",
    }
}

fn line(head: &HeadReport) -> String {
    let name = match head.table_key.split_once(':') {
        Some((kind, name)) => format!("{kind} type '{name}'"),
        None => head.table_key.clone(),
    };
    let version = head.head_version.map_or_else(|| "no head".to_owned(), |version| format!("head {version}"));
    let foreign = match head.operations.as_slice() {
        [] => String::new(),
        operations => format!("; moved by others: {}", operations.join(", ")),
    };
    let action = word(head.action);
    format!("{name:<NAME_WIDTH$} {version}, {}{foreign} -> {action}", head.classification)
}
