//! The commands: one verb per file. A new one is a file, a variant and an arm in [`run`] and in [`Command::verb`].

mod audit;
mod branch;
mod commit;
mod explain;
mod export;
mod init;
mod load;
mod query;
mod repair;
mod schema;
mod snapshot;
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
    /// Show how a query is run, and what each step takes
    Explain(explain::Explain),
    /// Look at the history of a graph
    #[command(subcommand)]
    Commit(commit::Commit),
    /// Show the tables of a branch, their versions and sizes
    Snapshot(snapshot::Snapshot),
    /// Write a graph as lines that load again
    Export(export::Export),
    /// Show the schema of a graph
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Create, list and delete branches
    #[command(subcommand)]
    Branch(branch::Branch),
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
            Self::Explain(_) => explain::VERB,
            Self::Commit(_) => commit::VERB,
            Self::Snapshot(_) => snapshot::VERB,
            Self::Export(_) => export::VERB,
            Self::Schema(command) => command.verb(),
            Self::Branch(command) => command.verb(),
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
        Command::Explain(explain) => explain.run(session).await,
        Command::Commit(commit) => commit.run(session).await,
        Command::Snapshot(snapshot) => snapshot.run(session).await,
        Command::Export(export) => export.run(session).await,
        Command::Schema(schema) => schema.run(session).await,
        Command::Branch(branch) => branch.run(session).await,
        Command::Repair(repair) => repair.run(session).await,
        Command::Audit(audit) => audit.run(session).await,
        Command::Version(version) => version.run(session),
    }
}
