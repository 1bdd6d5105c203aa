//! The house keeper: `cargo run -p xtask -- tidy` runs every check of [`tidy`] and prints what it found.
//!
//! The same checks run as a test, so `cargo test` on the workspace cannot pass while the house is untidy.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod tidy;

const USAGE: &str = "usage: cargo run -p xtask -- tidy";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy_command(),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(report) => say(&mut std::io::stdout(), &report, ExitCode::SUCCESS),
        Err(report) => say(&mut std::io::stderr(), &report, ExitCode::FAILURE),
    }
}

fn tidy_command() -> Result<String, String> {
    let findings = tidy::run(&workspace_root()?)?;
    if findings.is_empty() {
        return Ok("tidy: nothing to mend".to_owned());
    }
    let mut report: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    report.push_str(&format!("tidy: {} to mend", findings.len()));
    Err(report)
}

/// The folder above this crate, as cargo says when it runs the tool: clones that share what they build are different folders.
#[expect(clippy::disallowed_methods, reason = "this is a binary, and cargo tells it by the environment")]
fn workspace_root() -> Result<PathBuf, String> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = here.as_deref().and_then(Path::parent).map(Path::to_owned);
    root.ok_or_else(|| "run it as `cargo run -p xtask -- tidy`".to_owned())
}

/// Writes the report. A closed pipe (`| head`) is the reader's choice and no failure of ours.
fn say(out: &mut dyn Write, report: &str, code: ExitCode) -> ExitCode {
    let _ = writeln!(out, "{report}");
    code
}
