//! The commands, one topic per file. A new command is a variant of [`Command`], an arm in [`Command::flag_rules`] and one in
//! [`run`].

mod branch;
mod changes;
mod commit;
mod diff;
mod fmt;
mod lint;
mod load;
mod mirror;
mod mutate;
mod query;
mod schema;
mod snapshot;
mod tag;

use clap::{Args, Subcommand};
use omnigraph::Omnigraph;

use crate::context::CommandContext;
use crate::error::Result;
use crate::flag_rules::FlagRules;

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an empty graph with a schema
    Init(schema::InitCommand),
    /// Load rows in one atomic commit
    Load(load::LoadCommand),
    /// Run a query
    Query(query::QueryCommand),
    /// Insert, update and delete rows in one atomic commit
    Mutate(mutate::MutateCommand),
    /// Show the plan of a query, and the cost of each step
    Explain(query::ExplainCommand),
    /// List, show, revert and cherry-pick commits
    #[command(subcommand)]
    Commit(commit::CommitCommand),
    /// Show the history of a branch, including merged commits
    Log(commit::LogCommand),
    /// Show the difference between two states of a graph
    Diff(diff::DiffCommand),
    /// Follow the change feed of a branch
    #[command(subcommand)]
    Changes(changes::ChangesCommand),
    /// Show the tables of a branch, their versions and sizes
    Snapshot(snapshot::SnapshotCommand),
    /// Write a graph as NDJSON that `load` accepts
    Export(snapshot::ExportCommand),
    /// Show the schema of a graph, or plan a schema change
    #[command(subcommand)]
    Schema(schema::SchemaCommand),
    /// Check queries against a schema
    Lint(lint::LintCommand),
    /// Format schemas and queries
    Fmt(fmt::FmtCommand),
    /// Create, list, merge, rename, reset and delete branches
    #[command(subcommand)]
    Branch(branch::BranchCommand),
    /// Create, list and delete tags
    #[command(subcommand)]
    Tag(tag::TagCommand),
    /// Check and repair the Lance mirror of `main`
    Repair(mirror::RepairCommand),
    /// List recovery and repair events
    Audit(mirror::AuditCommand),
    /// Print the version of the program and of its storage format
    Version(VersionCommand),
}

/// The command line of `version`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph version")]
pub(crate) struct VersionCommand {}

impl Command {
    /// Returns the global flags that the command accepts.
    pub(crate) fn flag_rules(&self) -> FlagRules {
        match self {
            Self::Init(_) => FlagRules::storage("init"),
            Self::Load(_) => FlagRules::write("load"),
            Self::Query(_) => FlagRules::read("query"),
            Self::Mutate(_) => FlagRules::write("mutate"),
            Self::Explain(_) => FlagRules::read("explain"),
            Self::Commit(command) => command.flag_rules(),
            Self::Log(_) => FlagRules::read("log"),
            Self::Diff(_) => FlagRules::read("diff"),
            Self::Changes(_) => FlagRules::read("changes"),
            Self::Snapshot(_) => FlagRules::read("snapshot"),
            Self::Export(_) => FlagRules::read("export"),
            Self::Schema(command) => command.flag_rules(),
            Self::Lint(_) => FlagRules::storage("lint"),
            Self::Fmt(_) => FlagRules::local("fmt"),
            Self::Branch(command) => command.flag_rules(),
            Self::Tag(command) => command.flag_rules(),
            Self::Repair(_) => FlagRules::storage("repair"),
            Self::Audit(_) => FlagRules::read("audit"),
            Self::Version(_) => FlagRules::local("version"),
        }
    }
}

/// Runs a command.
///
/// # Errors
///
/// Any error of the command.
pub(crate) async fn run(command: Command, context: &mut CommandContext) -> Result<()> {
    match command {
        Command::Init(init) => init.run(context).await,
        Command::Load(load) => load.run(context).await,
        Command::Query(query) => query.run(context).await,
        Command::Mutate(mutate) => mutate.run(context).await,
        Command::Explain(explain) => explain.run(context).await,
        Command::Commit(commit) => commit.run(context).await,
        Command::Log(log) => log.run(context).await,
        Command::Diff(diff) => diff.run(context).await,
        Command::Changes(changes) => changes.run(context).await,
        Command::Snapshot(snapshot) => snapshot.run(context).await,
        Command::Export(export) => export.run(context).await,
        Command::Schema(schema) => schema.run(context).await,
        Command::Lint(lint) => lint.run(context).await,
        Command::Fmt(fmt) => fmt.run(context),
        Command::Branch(branch) => branch.run(context).await,
        Command::Tag(tag) => tag.run(context).await,
        Command::Repair(repair) => repair.run(context).await,
        Command::Audit(audit) => audit.run(context).await,
        Command::Version(_) => print_version(context),
    }
}

fn print_version(context: &mut CommandContext) -> Result<()> {
    context.out.line(&format!("omnigraph {}", env!("CARGO_PKG_VERSION")))?;
    Ok(context.out.line(&format!("internal-schema {}", Omnigraph::FORMAT_VERSION))?)
}
