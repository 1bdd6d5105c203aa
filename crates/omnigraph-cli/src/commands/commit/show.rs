//! `commit show`: one commit, and what it came to.

use clap::Args;
use omnigraph::{CommitRecord, History, Omnigraph, Target};
use serde::Serialize;

use crate::error::Result;
use crate::session::Session;
use crate::view;

const HELP: &str = "\
Examples:
  omnigraph commit show 01J9Z3… --uri cities.omni
  omnigraph commit show v1 --summary --json --uri cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Show {
    /// The commit, by its id or by the name of a tag
    commit_id: String,
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// Say what it changed, type by type
    #[arg(long)]
    summary: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What became of one type.
#[derive(Serialize)]
struct Changed {
    kind: &'static str,
    #[serde(rename = "type")]
    ty: String,
    inserted: u64,
    updated: u64,
    deleted: u64,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    commit: view::Commit,
    commit_kind: String,
    source_commit_id: Option<String>,
    summary: Vec<Changed>,
}

impl Show {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let record = graph.commit_of(&Target::Commit(self.commit_id)).await?;
        let commit = view::Commit::new(&record, History::default().branch_name(&graph, &record).await?);
        if !self.summary {
            return if self.json { Ok(session.out.json(&commit)?) } else { lines(session, &commit) };
        }
        let source_commit_id = record.source.map(|source| source.commit.to_string());
        let summary = changed(&graph, &record).await?;
        if self.json {
            let commit_kind = record.kind.to_string();
            return Ok(session.out.json(&Report { commit, commit_kind, source_commit_id, summary })?);
        }
        lines(session, &commit)?;
        if let Some(source) = source_commit_id {
            session.out.line(&format!("source_commit_id: {source}"))?;
        }
        for Changed { kind, ty, inserted, updated, deleted } in summary {
            session
                .out
                .line(&format!("changed: {kind} {ty} inserted={inserted} updated={updated} deleted={deleted}"))?;
        }
        Ok(())
    }
}

fn lines(session: &mut Session, commit: &view::Commit) -> Result<()> {
    Ok(commit.lines().iter().try_for_each(|line| session.out.line(line))?)
}

async fn changed(graph: &Omnigraph, record: &CommitRecord) -> Result<Vec<Changed>> {
    let snapshot = graph.snapshot(Target::Commit(record.commit.to_string())).await?;
    let tables = snapshot.tables().into_iter();
    let changed = tables.filter_map(|table| {
        let change = record.changes.get(&table.path)?;
        Some(Changed {
            kind: if table.edge { "edge" } else { "node" },
            ty: table.name,
            inserted: change.inserted,
            updated: change.updated,
            deleted: change.deleted,
        })
    });
    Ok(changed.collect())
}
