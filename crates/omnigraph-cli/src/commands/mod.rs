//! The commands: one verb per file. A new one is a file, a variant and an arm in [`run`] and in [`Command::verb`].

mod audit;
mod branch;
mod changes;
mod commit;
mod diff;
mod explain;
mod export;
mod fmt;
mod init;
mod lint;
mod load;
mod log;
mod mutate;
mod query;
mod repair;
mod schema;
mod snapshot;
mod source;
mod tag;
mod version;

use clap::Subcommand;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an empty graph with a schema
    Init(init::Init),
    /// Load rows in one atomic commit
    Load(load::Load),
    /// Ask a graph a question
    Query(query::Query),
    /// Insert, change and delete rows in one atomic commit
    Mutate(mutate::Mutate),
    /// Show how a query is run, and what each step takes
    Explain(explain::Explain),
    /// Look at the history of a graph
    #[command(subcommand)]
    Commit(commit::Commit),
    /// Draw the history of a branch, merges and all
    Log(log::Log),
    /// Show what two states of a graph differ by
    Diff(diff::Diff),
    /// Follow what happens on a branch
    #[command(subcommand)]
    Changes(changes::Changes),
    /// Show the tables of a branch, their versions and sizes
    Snapshot(snapshot::Snapshot),
    /// Write a graph as lines that load again
    Export(export::Export),
    /// Show the schema of a graph, or plan a change of it
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Judge a file of queries against a schema
    Lint(lint::Lint),
    /// Put schemas and queries in their canonical form
    Fmt(fmt::Fmt),
    /// Create, list, merge, rename, reset and delete branches
    #[command(subcommand)]
    Branch(branch::Branch),
    /// Give commits names
    #[command(subcommand)]
    Tag(tag::Tag),
    /// Compare what tools see under heads/ with `main`, and bring it in order
    Repair(repair::Repair),
    /// List what was finished for processes that ended, and repaired
    Audit(audit::Audit),
    /// Print the version of the program and of its storage format
    Version(version::Version),
}

impl Command {
    /// The command as the guard sees it.
    pub(crate) fn verb(&self) -> Verb {
        match self {
            Self::Init(_) => init::VERB,
            Self::Load(_) => load::VERB,
            Self::Query(_) => query::VERB,
            Self::Mutate(_) => mutate::VERB,
            Self::Explain(_) => explain::VERB,
            Self::Commit(command) => command.verb(),
            Self::Log(_) => log::VERB,
            Self::Diff(_) => diff::VERB,
            Self::Changes(_) => changes::VERB,
            Self::Snapshot(_) => snapshot::VERB,
            Self::Export(_) => export::VERB,
            Self::Schema(command) => command.verb(),
            Self::Lint(_) => lint::VERB,
            Self::Fmt(_) => fmt::VERB,
            Self::Branch(command) => command.verb(),
            Self::Tag(command) => command.verb(),
            Self::Repair(_) => repair::VERB,
            Self::Audit(_) => audit::VERB,
            Self::Version(_) => version::VERB,
        }
    }
}

/// Runs a command.
///
/// # Errors
///
/// Whatever it fails by.
pub(crate) async fn run(command: Command, session: &mut Session) -> Result<()> {
    match command {
        Command::Init(init) => init.run(session).await,
        Command::Load(load) => load.run(session).await,
        Command::Query(query) => query.run(session).await,
        Command::Mutate(mutate) => mutate.run(session).await,
        Command::Explain(explain) => explain.run(session).await,
        Command::Commit(commit) => commit.run(session).await,
        Command::Log(log) => log.run(session).await,
        Command::Diff(diff) => diff.run(session).await,
        Command::Changes(changes) => changes.run(session).await,
        Command::Snapshot(snapshot) => snapshot.run(session).await,
        Command::Export(export) => export.run(session).await,
        Command::Schema(schema) => schema.run(session).await,
        Command::Lint(lint) => lint.run(session).await,
        Command::Fmt(fmt) => fmt.run(session),
        Command::Branch(branch) => branch.run(session).await,
        Command::Tag(tag) => tag.run(session).await,
        Command::Repair(repair) => repair.run(session).await,
        Command::Audit(audit) => audit.run(session).await,
        Command::Version(version) => version.run(session),
    }
}
