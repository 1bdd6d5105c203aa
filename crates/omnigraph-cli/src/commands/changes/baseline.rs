//! `changes baseline`: the state of a branch as a file, and the cursor that goes on behind it.
//!
//! The file takes the place of an older one only when it is whole and on the disk, and only then the cursor is printed: so
//! whoever has a cursor has its baseline.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use omnigraph::{EntityKind, Omnigraph};
use serde_json::json;

use crate::error::{Failure, Result};
use crate::moment::Wanted;
use crate::session::Session;

const HELP: &str = "\
Example:
  omnigraph changes baseline --out cities.jsonl --uri cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Baseline {
    /// The graph; or use --store
    #[arg(long)]
    uri: Option<String>,
    /// The branch
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// What to write; the cursor follows the same selection
    #[command(flatten)]
    wanted: Wanted,
    /// The file to write
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Baseline {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let graph = session.open_to_read(&address).await?;
        let filter = self.wanted.filter();
        // Captures of one file take turns; the lock file stays, for a lock on a file that is deleted locks nothing.
        let lock = beside(&self.out, "lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(failed(&lock))?;
        lock.lock().map_err(failed(&self.out))?;
        let baseline = graph.baseline(&self.branch, filter.clone()).await?;
        let types = types(&baseline.snapshot, &filter.kinds, &filter.types);
        let fresh = beside(&self.out, &format!("{}.part", std::process::id()));
        let written = write(&baseline.snapshot, &types, &fresh).await.and_then(|()| install(&fresh, &self.out));
        if written.is_err() {
            // What could not become the file is of no use to anybody.
            let _ = std::fs::remove_file(&fresh);
        }
        written?;
        let commit = baseline.snapshot.commit().commit.to_string();
        if self.json {
            let report = json!({ "snapshot_commit_id": commit, "resume_cursor": baseline.cursor });
            return Ok(session.out.json(&report)?);
        }
        session.out.line(&format!("snapshot: {}", self.out.display()))?;
        session.out.line(&format!("snapshot_commit_id: {commit}"))?;
        Ok(session.out.line(&format!("resume_cursor: {}", baseline.cursor))?)
    }
}

/// The types to export: those of the kinds that are wanted, and of the names if any are given.
fn types(snapshot: &omnigraph::Snapshot, kinds: &[EntityKind], names: &[String]) -> Vec<String> {
    let kind = |edge: bool| if edge { EntityKind::Edge } else { EntityKind::Node };
    let wanted = snapshot.tables().into_iter().filter(|table| {
        (kinds.is_empty() || kinds.contains(&kind(table.edge))) && (names.is_empty() || names.contains(&table.name))
    });
    wanted.map(|table| table.name).collect()
}

async fn write(snapshot: &omnigraph::Snapshot, types: &[String], fresh: &Path) -> Result<()> {
    let file = File::create(fresh).map_err(failed(fresh))?;
    let mut out = BufWriter::new(file);
    if !types.is_empty() {
        snapshot.export(types, &mut out).await?;
    }
    out.flush().map_err(failed(fresh))?;
    let file = out.into_inner().map_err(|error| failed(fresh)(error.into_error()))?;
    file.sync_all().map_err(failed(fresh))
}

/// Gives the file its name, for good.
fn install(fresh: &Path, out: &Path) -> Result<()> {
    std::fs::rename(fresh, out).map_err(failed(out))?;
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(out))
}

fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    out.with_file_name(name)
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| Failure::Input(format!("cannot write {path}: {error}"))
}
