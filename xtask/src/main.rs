//! Repository lints: `cargo run -p xtask -- tidy` runs every check of [`tidy`] and prints what it found.
//!
//! The same checks run as a test, so `cargo test` on the workspace fails while one of them has a finding.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod commits;
mod errors;
mod report;
mod source_tree;
mod tidy;

const USAGE: &str = "usage: cargo run -p xtask -- tidy | errors | report | commits [<range>]

  tidy      runs the repository lints
  errors    checks the registry of error codes and writes its page
  report    prints figures about names, words, modules and sizes
  commits   checks the subjects of the commits in a range, by default all that HEAD reaches";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result =
        workspace_root().and_then(|root| match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["tidy"] => verdict("tidy", &tidy::run(&root)?),
            ["errors"] => verdict("errors", &errors::generate(&root)?),
            ["report"] => Ok(report::report(&source_tree::SourceTree::load(&root)?)),
            ["commits"] => verdict("commits", &commits::check(&root, "HEAD")?),
            ["commits", range] => verdict("commits", &commits::check(&root, range)?),
            _ => Err(USAGE.to_owned()),
        });
    // A closed pipe (`| head`) is the reader's choice and not a failure of this tool.
    match result {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

fn verdict(check: &str, findings: &[String]) -> Result<String, String> {
    match findings.len() {
        0 => Ok(format!("{check}: no findings")),
        count => Err(format!("{}\n{check}: {count} findings", findings.join("\n"))),
    }
}

/// The folder above this crate, which Cargo passes in the environment. Clones that share a target folder differ in it.
#[expect(clippy::disallowed_methods, reason = "this is a binary, and Cargo passes the folder in the environment")]
fn workspace_root() -> Result<PathBuf, String> {
    let manifest_folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = manifest_folder.as_deref().and_then(Path::parent).map(Path::to_owned);
    root.ok_or_else(|| "cannot find the workspace: CARGO_MANIFEST_DIR is not set. Use `cargo run -p xtask`".to_owned())
}
