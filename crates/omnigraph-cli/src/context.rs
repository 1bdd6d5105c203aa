//! The context of one command: global options, environment, stdout, and the way to open a graph.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use omnigraph::{Omnigraph, OpenMode, OpenOptions, S3Config, StoreOptions};

use crate::cli::GlobalOptions;
use crate::error::Result;
use crate::output::ResultWriter;
use crate::target_args::GraphAddress;

/// Settings from the environment, read once and passed on as values.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessEnv {
    /// `OMNIGRAPH_STORE`: the graph of commands that do not name one.
    store: Option<String>,
    /// Access to buckets: the usual `AWS_*` names.
    s3: S3Config,
    /// Set by `NO_COLOR`: plain text.
    pub(crate) no_color: bool,
    /// `OMNIGRAPH_LOG`: internal events to print on stderr, as a filter such as `omnigraph=debug`.
    pub(crate) log: Option<String>,
    temp_dir: PathBuf,
}

impl ProcessEnv {
    /// Reads the variables of this command. Variables that are not Unicode are ignored, as are empty ones.
    pub(crate) fn from_vars(variables: impl Iterator<Item = (OsString, OsString)>, temp_dir: PathBuf) -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let pairs: Vec<(String, String)> = variables.filter_map(text).collect();
        let find = |wanted: &str| {
            let found = pairs.iter().find(|(name, value)| name == wanted && !value.is_empty());
            found.map(|(_, value)| value.clone())
        };
        let (store, log) = (find("OMNIGRAPH_STORE"), find("OMNIGRAPH_LOG"));
        Self { store, log, no_color: find("NO_COLOR").is_some(), temp_dir, s3: S3Config::from_pairs(pairs) }
    }
}

/// One run of one command.
#[derive(Debug)]
pub(crate) struct CommandContext {
    /// Flags of every command.
    pub(crate) global: GlobalOptions,
    /// Stdout, for results.
    pub(crate) out: ResultWriter,
    env: ProcessEnv,
}

impl CommandContext {
    /// Creates the context of a command of this process.
    pub(crate) fn new(global: GlobalOptions, env: ProcessEnv) -> Self {
        Self { global, env, out: ResultWriter::stdout() }
    }

    /// Returns the address of the graph: the URI that the command takes itself, `--store`, or `OMNIGRAPH_STORE`.
    ///
    /// # Errors
    ///
    /// As [`GraphAddress::resolve`].
    pub(crate) fn address(&self, uri: Option<&str>) -> Result<GraphAddress> {
        GraphAddress::resolve(uri, self.global.store.as_deref(), self.env.store.as_deref())
    }

    /// Returns the options for opening a graph.
    pub(crate) fn options(&self, mode: OpenMode) -> OpenOptions {
        let store = StoreOptions {
            durability: self.global.durability.into(),
            s3: self.env.s3.clone(),
            ..StoreOptions::default()
        };
        OpenOptions { mode, store, ..OpenOptions::default() }
    }

    /// Opens a graph for reading.
    ///
    /// # Errors
    ///
    /// If the graph does not exist or cannot be read.
    pub(crate) async fn open_read_only(&self, address: &GraphAddress) -> Result<Omnigraph> {
        Ok(Omnigraph::open(address.as_str()).options(self.options(OpenMode::ReadOnly)).await?)
    }

    /// Opens a graph for reading and writing. Its commits record the actor of this command.
    ///
    /// # Errors
    ///
    /// If the graph does not exist or cannot be opened.
    pub(crate) async fn open(&self, address: &GraphAddress) -> Result<Omnigraph> {
        let graph = Omnigraph::open(address.as_str()).options(self.options(OpenMode::ReadWrite)).await?;
        Ok(match self.actor() {
            Some(actor) => graph.as_actor(actor),
            None => graph,
        })
    }

    /// Returns the folder for temporary files.
    pub(crate) fn temp_dir(&self) -> &Path {
        &self.env.temp_dir
    }

    /// Returns the actor to record in commits.
    pub(crate) fn actor(&self) -> Option<&str> {
        self.global.actor.as_deref()
    }
}

/// Waits until the Lance mirror shows the commit. A failure is a note: the commit is durable already.
pub(crate) async fn flush_mirror(graph: &Omnigraph) {
    if let Err(error) = graph.flush_mirror().await {
        print_status(&format!(
            "note: committed; the Lance mirror is not updated yet ({error}). The next write updates it, or run \
             `omnigraph repair --confirm`"
        ));
    }
}

/// Prints a line on stderr. An error is ignored, because stderr is the stream of reports.
pub(crate) fn print_status(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Returns true if stderr is a terminal.
pub(crate) fn stderr_is_tty() -> bool {
    std::io::stderr().is_terminal()
}
