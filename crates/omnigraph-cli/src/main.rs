//! The `omnigraph` command. This file knows the world outside the process, arguments and environment, and hands it on; from
//! here down everything is passed in.
//!
//! - `cli`      what may be typed
//! - `guard`    flags that a command cannot use are refused, never ignored
//! - `run`      parse, run, report, exit code
//! - `commands` one verb per file
//! - `spelling` commands under the names that they had before
//! - `session`  what every command gets: options, the streams, the way to a graph
//! - `address`  which graph is meant
//! - `schema_file` schemas on disk, with what they import
//! - `moment`   which state of it: branch, commit, tag, time
//! - `consent`  naming the target of a write, and asking before destruction
//! - `taking`   how disagreements of a merge are settled, and how its result is told
//! - `progress` the bar of a load
//! - `view`     objects that several commands show
//! - `output`   results, one format per file
//! - `error`    what went wrong, and the exit code it has

mod address;
mod cli;
mod commands;
mod consent;
mod environment;
mod error;
mod guard;
mod input;
mod moment;
mod output;
mod progress;
mod run;
mod schema_file;
mod session;
mod spelling;
mod taking;
mod view;

use std::process::ExitCode;

use environment::Environment;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read; the rest gets it passed in"
)]
fn main() -> ExitCode {
    run::run(std::env::args_os(), Environment::of(std::env::vars_os(), std::env::temp_dir()))
}
