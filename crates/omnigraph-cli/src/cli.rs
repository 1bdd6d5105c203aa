//! What may be typed: the top of the command tree and the flags that stand before or after any command.

use clap::{ArgAction, Args, Parser, ValueEnum};
use omnigraph::Durability;

use crate::commands::Command;

const GLOBAL: &str = "Global options";

const ABOUT: &str = "A typed property graph on open tables, with commits and branches over the whole graph";

const LEGEND: &str = "\
START HERE
  omnigraph init --schema cities.pg cities.omni
  omnigraph load --data cities.jsonl --mode merge cities.omni
  omnigraph query --store cities.omni -e 'query all() { match { $c: City } return { $c.name } }'

COMMANDS BY CAPABILITY
  any      read and write one graph               load mutate query explain commit log diff
                                                  changes snapshot export schema branch tag audit
  served   need a server                          (none in this build)
  direct   open the storage of a graph            init repair lint and schema plan
  control  manage a cluster of graphs             (none in this build)
  local    touch no graph                         fmt version

A graph is a folder, or s3://bucket/prefix with the usual AWS_* variables.
Exit codes: 0 success, 1 failure, 2 misuse of the command line, 4 a condition of a write does not
hold, 130 interrupted.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "omnigraph", bin_name = "omnigraph", version, about = ABOUT, after_help = LEGEND)]
#[command(disable_version_flag = true, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// Print the version
    #[arg(short = 'v', long = "version", action = ArgAction::Version)]
    _version: Option<bool>,
}

/// Flags accepted before and after the command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// The graph's storage: a folder or s3://bucket/prefix
    #[arg(long, global = true, value_name = "URI", help_heading = GLOBAL)]
    pub(crate) store: Option<String>,
    /// Who is answerable for this write; recorded in the commit
    #[arg(long = "as", global = true, value_name = "ACTOR", help_heading = GLOBAL)]
    pub(crate) actor: Option<String>,
    /// Consent beforehand to what destroys data on remote storage
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) yes: bool,
    /// Do not name the target of a write on stderr
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// When a write to a folder is done: full, on the disk; os, handed to the operating system
    #[arg(long, global = true, value_enum, default_value_t = Durable::Full, value_name = "WHEN", help_heading = GLOBAL)]
    #[arg(hide_possible_values = true)]
    pub(crate) durability: Durable,
}

/// When a write to a folder counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Durable {
    /// Survives a power failure
    Full,
    /// Survives the end of the process, not of the power
    Os,
}

impl From<Durable> for Durability {
    fn from(durable: Durable) -> Self {
        match durable {
            Durable::Full => Self::Full,
            Durable::Os => Self::Os,
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
