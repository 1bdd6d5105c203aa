//! The command line: global options and the root of the command tree.

use clap::{ArgAction, Args, Parser, ValueEnum};
use omnigraph::Durability;

use crate::commands::Command;

const GLOBAL: &str = "Global options";

const ABOUT: &str = "A typed property graph on open tables, with commits and branches over the whole graph";

const LEGEND: &str = "\
GETTING STARTED
  export OMNIGRAPH_STORE=cities.omni
  omnigraph init --schema cities.pg
  omnigraph load --data cities.jsonl --mode merge
  omnigraph query -e 'query all() { match { $c: City } return { $c.name } }'

COMMANDS BY CAPABILITY
  any      read and write one graph               load mutate query explain commit log diff
                                                  changes snapshot export schema branch tag audit
  served   need a server                          (none in this build)
  direct   open the storage of a graph            init repair lint and schema plan
  control  manage a cluster of graphs             (none in this build)
  local    access no graph                        fmt version

A graph is a folder, or s3://bucket/prefix with the usual AWS_* variables. Name it with --store, or
with the environment variable OMNIGRAPH_STORE; some commands also take its URI as an argument.
Exit codes: 0 success, 1 failure, 2 invalid command line, 4 a condition of a write does not hold,
130 interrupted.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "omnigraph", bin_name = "omnigraph", version, about = ABOUT, after_help = LEGEND)]
#[command(disable_version_flag = true, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    /// Print the version
    #[arg(short = 'v', long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

/// Flags accepted before and after the command.
#[derive(Args, Clone, Debug)]
pub(crate) struct GlobalOptions {
    /// Graph to use: a folder or s3://bucket/prefix [env: OMNIGRAPH_STORE]
    #[arg(long, global = true, value_name = "URI", help_heading = GLOBAL)]
    pub(crate) store: Option<String>,
    /// Actor recorded in the commit
    #[arg(long = "as", global = true, value_name = "ACTOR", help_heading = GLOBAL)]
    pub(crate) actor: Option<String>,
    /// Do not ask before destructive operations
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) yes: bool,
    /// Do not print the target of a write on stderr
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// Durability of writes to a folder: full syncs to the disk before the command returns, os leaves that to the
    /// operating system
    #[arg(long, global = true, value_enum, default_value_t = DurabilityArg::Full, value_name = "LEVEL", help_heading = GLOBAL)]
    #[arg(hide_possible_values = true)]
    pub(crate) durability: DurabilityArg,
}

/// Durability of writes to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DurabilityArg {
    /// Survives power loss
    Full,
    /// Survives the end of the process, not power loss
    Os,
}

impl From<DurabilityArg> for Durability {
    fn from(durability: DurabilityArg) -> Self {
        match durability {
            DurabilityArg::Full => Self::Full,
            DurabilityArg::Os => Self::Os,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
