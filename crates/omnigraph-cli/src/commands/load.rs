//! `load`: rows in, one atomic commit.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use omnigraph::{ErrorKind, LoadMode, LoadReceipt, LoadRequest, LoadSource, LoadedType, Omnigraph, Target};
use serde::Serialize;

use crate::address::Address;
use crate::consent::{self, Audience};
use crate::error::{Failure, Result};
use crate::guard::Verb;
use crate::progress::Bar;
use crate::session::{Session, say, watched};
use crate::view::{self, branch_of_commit};

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::write("load");

const HELP: &str = "\
Each line is a node or an edge:
  {\"type\": \"City\", \"data\": {\"name\": \"Oslo\"}}
  {\"edge\": \"Road\", \"from\": \"Oslo\", \"to\": \"Bergen\", \"data\": {\"km\": 463}}

Examples:
  omnigraph load --data cities.jsonl.zst --mode merge cities.omni
  generate | omnigraph load --data - --mode append --branch draft --from main cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Load {
    /// The graph; or use --store
    uri: Option<String>,
    /// JSON lines, plain or compressed with gzip or zstd; `-` reads stdin
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// What to do with rows that are there already
    #[arg(long, value_enum)]
    mode: Mode,
    /// The branch to load into
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// Create the branch from this one if it does not exist
    #[arg(long, value_name = "BASE")]
    from: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What to do with rows that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Replace every type that occurs in the data
    Overwrite,
    /// Fail if an id is there already
    Append,
    /// Replace rows whose id is there, add the others
    Merge,
}

impl From<Mode> for LoadMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Overwrite => Self::Overwrite,
            Mode::Append => Self::Append,
            Mode::Merge => Self::Merge,
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    uri: &'a str,
    branch: &'a str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_branch: Option<&'a str>,
    branch_created: bool,
    nodes: Vec<Loaded<'a>>,
    edges: Vec<Loaded<'a>>,
    total_entities: u64,
    commit: Option<view::Commit>,
}

#[derive(Serialize)]
struct Loaded<'a> {
    name: &'a str,
    entities_loaded: u64,
}

impl Load {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        if self.mode == Mode::Overwrite {
            consent::gate(session, "load --mode overwrite", &address, Audience::of(self.json)).await?;
        }
        consent::echo(session, "load", &address);
        let source = source(&self.data)?;
        let graph = session.open_to_write(&address).await?;
        let created = self.create_branch(&graph, session.actor()).await?;
        let receipt = self.load(&graph, source, session.actor()).await.inspect_err(|_| {
            if let (true, Some(base)) = (created, &self.from) {
                say(&format!("note: branch {} was created from {base}, and is there without these rows", self.branch));
            }
        })?;
        let report = self.report(&address, created, &receipt);
        if self.json {
            session.out.json(&report)?;
        } else {
            tell(session, &report)?;
        }
        // The rows are loaded, whatever becomes of this.
        let _ = graph.store_derived(&Target::Branch(self.branch.clone())).await;
        Ok(())
    }

    /// Creates the branch if it was asked for and is missing; says whether it did.
    async fn create_branch(&self, graph: &Omnigraph, actor: Option<&str>) -> Result<bool> {
        let Some(base) = &self.from else { return Ok(false) };
        match graph.commit_of(&Target::Branch(self.branch.clone())).await {
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        match graph.create_branch(&self.branch, &Target::Branch(base.clone()), actor).await {
            Ok(_) => Ok(true),
            // Somebody else made it just now, which is as good.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn load(&self, graph: &Omnigraph, source: LoadSource, actor: Option<&str>) -> Result<LoadReceipt> {
        let bar = (watched() && !self.json).then(|| Bar::new(source.bytes()));
        let request = LoadRequest {
            branch: self.branch.clone(),
            mode: self.mode.into(),
            source,
            actor: actor.map(str::to_owned),
            progress: bar.as_ref().map(Bar::report),
        };
        Ok(graph.load(request).await?)
    }

    fn report<'a>(&'a self, address: &'a Address, created: bool, receipt: &'a LoadReceipt) -> Report<'a> {
        let commit = receipt.commit.as_ref();
        Report {
            uri: address.as_str(),
            branch: &self.branch,
            mode: LoadMode::from(self.mode).as_str(),
            base_branch: self.from.as_deref(),
            branch_created: created,
            nodes: loaded(&receipt.nodes),
            edges: loaded(&receipt.edges),
            total_entities: receipt.total(),
            commit: commit.map(|record| view::Commit::new(record, branch_of_commit(&self.branch))),
        }
    }
}

fn source(data: &Path) -> Result<LoadSource> {
    if data == Path::new("-") {
        return Ok(LoadSource::reader("<stdin>", std::io::stdin()));
    }
    if !data.exists() {
        return Err(Failure::Input(format!("there is no file {} to load", data.display())));
    }
    Ok(LoadSource::file(data)?)
}

fn loaded(types: &[LoadedType]) -> Vec<Loaded<'_>> {
    let mut loaded: Vec<_> = types.iter().map(|ty| Loaded { name: &ty.name, entities_loaded: ty.rows }).collect();
    loaded.sort_by_key(|ty| ty.name);
    loaded
}

fn tell(session: &mut Session, report: &Report<'_>) -> Result<()> {
    let Report { uri, branch, mode, total_entities, .. } = report;
    let (nodes, edges) = (report.nodes.len(), report.edges.len());
    session.out.line(&format!(
        "loaded {uri} on branch {branch} with {mode}: {total_entities} entities across {nodes} node types and {edges} \
         edge types"
    ))?;
    if let (true, Some(base)) = (report.branch_created, report.base_branch) {
        session.out.line(&format!("branch {branch} created from {base}"))?;
    }
    Ok(())
}
