//! `load`: rows in, one atomic commit.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use omnigraph::{LoadMapping, LoadMode, LoadReceipt, LoadRequest, LoadSource, LoadedType, Omnigraph, Tolerance};
use serde::Serialize;

use crate::address::Address;
use crate::consent::{self, Audience};
use crate::error::{Failure, Result};
use crate::guard::Verb;
use crate::input;
use crate::progress::Bar;
use crate::session::{Session, settle, watched};
use crate::view::{self, branch_of_commit};

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::write("load");

const HELP: &str = "\
Each line of NDJSON is a node or an edge:
  {\"type\": \"City\", \"data\": {\"name\": \"Oslo\"}}
  {\"edge\": \"Road\", \"from\": \"Oslo\", \"to\": \"Bergen\", \"data\": {\"km\": 463}}
CSV, Parquet and Arrow files are named for the type of their rows (City.csv, Road.parquet), or --mapping
says what they hold. Edges have columns from and to.

Examples:
  omnigraph load --data cities.jsonl.zst --mode merge cities.omni
  omnigraph load --data City.csv --data Road.parquet --mode append cities.omni
  omnigraph load --data export/ --mapping map.json --mode overwrite cities.omni
  generate | omnigraph load --data - --mode append --branch draft --from main cities.omni";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Load {
    /// The graph; or use --store
    uri: Option<String>,
    /// A file of NDJSON, CSV, Parquet or Arrow, text also compressed with gzip or zstd; a folder of them; `-` reads stdin.
    /// May be given several times
    #[arg(long, value_name = "PATH", required = true)]
    data: Vec<PathBuf>,
    /// What to do with rows that are there already
    #[arg(long, value_enum)]
    mode: Mode,
    /// The branch to load into
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::default_branch())]
    branch: String,
    /// Create the branch from this one if it does not exist
    #[arg(long, value_name = "BASE")]
    from: Option<String>,
    /// A JSON file that says which file holds which type, and what its columns are
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Report up to so many faults of the data at once
    #[arg(long, value_name = "N", default_value_t = 20)]
    error_limit: usize,
    /// Put up with up to so many bad rows, and load the others
    #[arg(long, value_name = "N", requires = "rejects")]
    max_errors: Option<u64>,
    /// Where bad rows go, as lines of JSON
    #[arg(long, value_name = "FILE", requires = "max_errors")]
    rejects: Option<PathBuf>,
    /// Where temporary files go; the usual place if nothing is said
    #[arg(long, value_name = "FOLDER")]
    temp_dir: Option<PathBuf>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<u64>,
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
        let source = self.source()?;
        let tolerance = self.tolerance()?;
        let graph = session.open_to_write(&address).await?;
        let receipt = self.load(session, &graph, source, tolerance).await?;
        settle(&graph).await;
        let report = self.report(&address, &receipt);
        if self.json {
            session.out.json(&report)?;
        } else {
            self.tell(session, &report)?;
        }
        // The rows are loaded, whatever becomes of this.
        let _ = graph.store_derived(&omnigraph::Target::Branch(self.branch.clone())).await;
        Ok(())
    }

    async fn load(
        &self,
        session: &Session,
        graph: &Omnigraph,
        source: LoadSource,
        tolerance: Option<Tolerance>,
    ) -> Result<LoadReceipt> {
        let bar = (watched() && !self.json).then(|| Bar::new(source.bytes()));
        let temporary = self.temp_dir.as_deref().unwrap_or(session.temporary());
        let request = LoadRequest {
            base: self.from.clone(),
            actor: session.actor().map(str::to_owned),
            most_reported: self.error_limit,
            tolerance,
            temporary: Some(temporary.to_owned()),
            progress: bar.as_ref().map(Bar::report),
            ..LoadRequest::new(&self.branch, self.mode.into(), source)
        };
        Ok(graph.load(request).await?)
    }

    fn source(&self) -> Result<LoadSource> {
        let mut sources = self.data.iter().map(|path| source(path));
        let first = sources.next().unwrap_or_else(|| Err(Failure::Input("there is nothing to load".to_owned())))?;
        let source = sources.try_fold(first, |all, next| Ok::<_, Failure>(all.and(next?)))?;
        let Some(path) = &self.mapping else { return Ok(source) };
        let text = input::read("mapping", path)?;
        Ok(source.mapped(&LoadMapping::parse(&text.name, &text.source)?)?)
    }

    fn tolerance(&self) -> Result<Option<Tolerance>> {
        let (Some(bad_rows), Some(path)) = (self.max_errors, &self.rejects) else { return Ok(None) };
        let file = File::create(path);
        let file = file.map_err(|error| Failure::Input(format!("cannot write {}: {error}", path.display())))?;
        Ok(Some(Tolerance { bad_rows, rejects: Box::new(BufWriter::new(file)) }))
    }

    fn report<'a>(&'a self, address: &'a Address, receipt: &'a LoadReceipt) -> Report<'a> {
        let commit = receipt.commit.as_ref();
        Report {
            uri: address.as_str(),
            branch: &self.branch,
            mode: LoadMode::from(self.mode).as_str(),
            base_branch: self.from.as_deref(),
            branch_created: receipt.branch_created,
            nodes: loaded(&receipt.nodes),
            edges: loaded(&receipt.edges),
            total_entities: receipt.total(),
            rejected: self.max_errors.map(|_| receipt.rejected),
            commit: commit.map(|record| view::Commit::new(record, branch_of_commit(&self.branch))),
        }
    }

    fn tell(&self, session: &mut Session, report: &Report<'_>) -> Result<()> {
        let Report { uri, branch, mode, total_entities, .. } = report;
        let (nodes, edges) = (report.nodes.len(), report.edges.len());
        session.out.line(&format!(
            "loaded {uri} on branch {branch} with {mode}: {total_entities} entities across {nodes} node types and \
             {edges} edge types"
        ))?;
        if let (true, Some(base)) = (report.branch_created, report.base_branch) {
            session.out.line(&format!("branch {branch} created from {base}"))?;
        }
        if let (Some(rejected @ 1..), Some(path)) = (report.rejected, &self.rejects) {
            session.out.line(&format!("{rejected} bad rows were left out; {} has them", path.display()))?;
        }
        Ok(())
    }
}

fn source(data: &Path) -> Result<LoadSource> {
    if data == Path::new("-") {
        return Ok(LoadSource::reader("<stdin>", std::io::stdin()));
    }
    if !data.exists() {
        return Err(Failure::Input(format!("there is no file {} to load", data.display())));
    }
    Ok(LoadSource::path(data)?)
}

fn loaded(types: &[LoadedType]) -> Vec<Loaded<'_>> {
    let mut loaded: Vec<_> = types.iter().map(|ty| Loaded { name: &ty.name, entities_loaded: ty.rows }).collect();
    loaded.sort_by_key(|ty| ty.name);
    loaded
}
