//! `load`: rows from files or stdin, in one atomic commit, with a progress bar on a terminal.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use omnigraph::{
    ErrorPolicy, LoadMapping, LoadMode, LoadProgress, LoadReceipt, LoadSource, LoadedType, Omnigraph, Target,
};
use serde::Serialize;

use crate::confirm::{self, OutputMode};
use crate::context::{CommandContext, flush_mirror, stderr_is_tty};
use crate::error::{CliError, Result};
use crate::input;
use crate::output::CommitView;
use crate::target_args::{GraphAddress, GraphArg};

const HELP: &str = "\
Each line of NDJSON is a node or an edge:
  {\"type\": \"City\", \"data\": {\"name\": \"Oslo\"}}
  {\"edge\": \"Road\", \"from\": \"Oslo\", \"to\": \"Bergen\", \"data\": {\"km\": 463}}
CSV, Parquet and Arrow files are named for the type of their rows (City.csv, Road.parquet), or --mapping
gives the type and the columns of each file. Edges have columns from and to.

Examples:
  omnigraph load --data cities.jsonl.zst --mode merge --store cities.omni
  omnigraph load --data City.csv --data Road.parquet --mode append --store cities.omni
  omnigraph load --data export/ --mapping map.json --mode overwrite --store cities.omni
  generate | omnigraph load --data - --mode append --branch draft --from main --store cities.omni";

const KNOWN_SIZE: &str = "{spinner} {binary_bytes} of {binary_total_bytes} {wide_bar} {msg}";
const UNKNOWN_SIZE: &str = "{spinner} {binary_bytes} {msg}";
/// Redraws of the progress bar per second.
const REDRAWS_PER_SECOND: u8 = 10;

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct LoadCommand {
    #[command(flatten)]
    graph: GraphArg,
    /// File of NDJSON, CSV, Parquet or Arrow (text also compressed with gzip or zstd), a folder of such files, or `-` for
    /// stdin; may be repeated
    #[arg(long, value_name = "PATH", required = true)]
    data: Vec<PathBuf>,
    /// Treatment of rows that exist
    #[arg(long, value_enum)]
    mode: ModeArg,
    /// Branch to load into
    #[arg(long, value_name = "BRANCH", default_value = Omnigraph::MAIN)]
    branch: String,
    /// Create the branch from this one if it does not exist
    #[arg(long, value_name = "BASE")]
    from: Option<String>,
    /// JSON file with the type and the columns of each file
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Report up to N errors in the data
    #[arg(long, value_name = "N", default_value_t = 20)]
    error_limit: usize,
    /// Skip up to N invalid rows
    #[arg(long, value_name = "N", requires = "rejects")]
    max_errors: Option<u64>,
    /// File for skipped rows, as JSON lines
    #[arg(long, value_name = "FILE", requires = "max_errors")]
    rejects: Option<PathBuf>,
    /// Folder for temporary files; default: that of the operating system
    #[arg(long, value_name = "FOLDER")]
    temp_dir: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The treatment of rows that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    /// Replace all rows of every type in the data
    Overwrite,
    /// Fail if an id exists
    Append,
    /// Replace rows whose id exists, insert the others
    Merge,
}

impl From<ModeArg> for LoadMode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Overwrite => Self::Overwrite,
            ModeArg::Append => Self::Append,
            ModeArg::Merge => Self::Merge,
        }
    }
}

#[derive(Serialize)]
struct LoadReport<'a> {
    uri: &'a str,
    branch: &'a str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_branch: Option<&'a str>,
    branch_created: bool,
    nodes: Vec<LoadedRows<'a>>,
    edges: Vec<LoadedRows<'a>>,
    total_entities: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<u64>,
    commit: Option<CommitView>,
}

#[derive(Serialize)]
struct LoadedRows<'a> {
    name: &'a str,
    entities_loaded: u64,
}

impl LoadCommand {
    pub(super) async fn run(self, context: &mut CommandContext) -> Result<()> {
        let address = context.address(self.graph.uri.as_deref())?;
        if self.mode == ModeArg::Overwrite {
            let mode = OutputMode::from_flag(self.json);
            confirm::confirm_destructive(context, "load --mode overwrite", &address, mode).await?;
        }
        confirm::print_target(context, "load", &address);
        let source = self.source()?;
        let policy = self.error_policy()?;
        let graph = context.open(&address).await?;
        let receipt = self.load(context, &graph, source, policy).await?;
        flush_mirror(&graph).await;
        let report = self.report(&address, &receipt);
        if self.json {
            context.out.json(&report)?;
        } else {
            self.print_report(context, &report)?;
        }
        // The commit is durable, and a persisted index only makes reads faster.
        let _ = graph.build_indexes(&Target::Branch(self.branch.clone())).await;
        Ok(())
    }

    async fn load(
        &self,
        context: &CommandContext,
        graph: &Omnigraph,
        source: LoadSource,
        policy: Option<ErrorPolicy>,
    ) -> Result<LoadReceipt> {
        let bar = (stderr_is_tty() && !self.json).then(|| LoadProgressBar::new(source.bytes()));
        let temp_dir = self.temp_dir.as_deref().unwrap_or(context.temp_dir());
        let mut load = graph.branch(&self.branch).load(self.mode.into(), source);
        load = load.report_limit(self.error_limit).temporary_folder(temp_dir);
        if let Some(base) = &self.from {
            load = load.create_from(base);
        }
        if let Some(policy) = policy {
            load = load.skip_invalid(policy);
        }
        if let Some(bar) = &bar {
            load = load.on_progress(bar.callback());
        }
        Ok(load.await?)
    }

    fn source(&self) -> Result<LoadSource> {
        let mut sources = self.data.iter().map(|path| open_source(path));
        let first =
            sources.next().unwrap_or_else(|| Err(CliError::Input("input missing. Pass it with --data".to_owned())))?;
        let source = sources.try_fold(first, |all, next| Ok::<_, CliError>(all.and(next?)))?;
        let Some(path) = &self.mapping else { return Ok(source) };
        let text = input::read_text("mapping", path)?;
        Ok(source.mapped(&LoadMapping::parse(&text.name, &text.source)?)?)
    }

    fn error_policy(&self) -> Result<Option<ErrorPolicy>> {
        let (Some(max_errors), Some(path)) = (self.max_errors, &self.rejects) else { return Ok(None) };
        let file = File::create(path);
        let file = file.map_err(|error| CliError::Input(format!("cannot write {}: {error}", path.display())))?;
        Ok(Some(ErrorPolicy { max_errors, rejects: Box::new(BufWriter::new(file)) }))
    }

    fn report<'a>(&'a self, address: &'a GraphAddress, receipt: &'a LoadReceipt) -> LoadReport<'a> {
        let commit = receipt.commit.as_ref();
        LoadReport {
            uri: address.as_str(),
            branch: &self.branch,
            mode: LoadMode::from(self.mode).as_str(),
            base_branch: self.from.as_deref(),
            branch_created: receipt.branch_created,
            nodes: loaded_rows(&receipt.nodes),
            edges: loaded_rows(&receipt.edges),
            total_entities: receipt.total(),
            rejected: self.max_errors.map(|_| receipt.rejected),
            commit: commit.map(|commit| CommitView::new(commit, &self.branch)),
        }
    }

    fn print_report(&self, context: &mut CommandContext, report: &LoadReport<'_>) -> Result<()> {
        let LoadReport { uri, branch, mode, total_entities, .. } = report;
        let (nodes, edges) = (report.nodes.len(), report.edges.len());
        context.out.line(&format!(
            "loaded {uri} on branch {branch} with {mode}: {total_entities} entities across {nodes} node types and \
             {edges} edge types"
        ))?;
        if let (true, Some(base)) = (report.branch_created, report.base_branch) {
            context.out.line(&format!("branch {branch} created from {base}"))?;
        }
        if let (Some(rejected @ 1..), Some(path)) = (report.rejected, &self.rejects) {
            context.out.line(&format!("{rejected} invalid rows were skipped; see {}", path.display()))?;
        }
        Ok(())
    }
}

fn open_source(data: &Path) -> Result<LoadSource> {
    if data == Path::new("-") {
        return Ok(LoadSource::reader("<stdin>", std::io::stdin()));
    }
    if !data.exists() {
        return Err(CliError::Input(format!("input file {} not found", data.display())));
    }
    Ok(LoadSource::path(data)?)
}

fn loaded_rows(types: &[LoadedType]) -> Vec<LoadedRows<'_>> {
    let mut loaded: Vec<_> = types.iter().map(|ty| LoadedRows { name: &ty.name, entities_loaded: ty.rows }).collect();
    loaded.sort_by_key(|ty| ty.name);
    loaded
}

/// A progress bar on stderr: bytes read, rows, rows per second, remaining time. It disappears when it is dropped.
#[derive(Debug)]
struct LoadProgressBar {
    bar: ProgressBar,
}

impl LoadProgressBar {
    /// Creates a bar for an input of that many bytes, if known.
    fn new(bytes: Option<u64>) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
        let bar = ProgressBar::with_draw_target(bytes, target);
        let template = if bytes.is_some() { KNOWN_SIZE } else { UNKNOWN_SIZE };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar }
    }

    /// Returns the callback for the load.
    fn callback(&self) -> Arc<dyn Fn(LoadProgress) + Send + Sync> {
        let bar = self.bar.clone();
        Arc::new(move |progress: LoadProgress| {
            bar.set_position(progress.bytes_read);
            let rows = HumanCount(progress.rows);
            let message = match bar.length() {
                Some(length) if progress.bytes_read >= length => format!("{rows} rows, writing"),
                _ => {
                    let rate = HumanCount(per_second(progress.rows, bar.elapsed().as_secs_f64()));
                    let left = bar.length().map(|_| format!(", {} left", HumanDuration(bar.eta())));
                    format!("{rows} rows, {rate} rows/s{}", left.unwrap_or_default())
                }
            };
            bar.set_message(message);
        })
    }
}

impl Drop for LoadProgressBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate for display"
)]
fn per_second(rows: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (rows as f64 / seconds) as u64 } else { 0 }
}
