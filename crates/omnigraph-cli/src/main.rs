//! The `omnigraph` command. This file reads the arguments and the environment; every other module receives them as values.
//!
//! - `cli`          the command line: global options and the command tree
//! - `deprecated`   rewrites deprecated command names before parsing
//! - `flag_rules`   rejects global flags that a command cannot use
//! - `run`          parses, runs, reports, returns the exit code
//! - `context`      options, environment and stdout of one run, and the way to open a graph
//! - `commands`     one file per topic
//! - `target_args`  the graph and the state of it that a command addresses
//! - `merge_args`   conflict strategy of a merge, and its report
//! - `input`        files that a command reads whole: schemas, queries, parameters
//! - `confirm`      prints the target of a write, and confirms destructive operations
//! - `output`       results on stdout
//! - `error`        errors and exit codes

mod cli;
mod commands;
mod confirm;
mod context;
mod deprecated;
mod error;
mod flag_rules;
mod input;
mod merge_args;
mod output;
mod run;
mod target_args;

use std::process::ExitCode;

use context::ProcessEnv;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment; the rest receives it as values"
)]
fn main() -> ExitCode {
    run::run(std::env::args_os(), ProcessEnv::from_vars(std::env::vars_os(), std::env::temp_dir()))
}
