//! The repository lints, one topic per file, each a pure function of the tree.
//!
//! - [`files`]: every source file has a header, stays small, and is named by its parent module
//! - [`layers`]: which module of the engine may import which
//! - [`storage_imports`]: which modules may name the crates of storage, execution and the runtime
//! - [`names`]: type names are unique, functions are verbs or nouns, doc comments begin with their subject or verb
//! - [`banned_terms`]: words and phrases that public text avoids
//! - [`invariants`]: every invariant names the code that keeps it and a test that breaks when it is broken
//! - [`errors`]: the registry has every error code, and its page is up to date
//!
//! Clippy limits the length of functions, and `cargo deny` checks dependencies between crates (`deny.toml`).

use std::path::Path;

pub(crate) mod banned_terms;
mod files;
mod invariants;
pub(crate) mod layers;
pub(crate) mod names;
mod storage_imports;

use crate::errors;
use crate::source_tree::SourceTree;

/// Runs every check on the workspace at `root` and returns findings in order of place.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn run(root: &Path) -> Result<Vec<String>, String> {
    let tree = SourceTree::load(root)?;
    let checks = [
        files::check,
        layers::check,
        storage_imports::check,
        names::check,
        banned_terms::check,
        invariants::check,
        errors::check,
    ];
    Ok(describe(checks.iter().flat_map(|check| check(&tree)).collect()))
}

/// Formats findings in order of place.
pub(crate) fn describe(mut findings: Vec<LintFinding>) -> Vec<String> {
    findings.sort();
    findings.into_iter().map(|(path, line, message)| format!("{path}:{line}: {message}")).collect()
}

/// A path, a line from one, and a message that begins with the name of the check.
pub(crate) type LintFinding = (String, usize, String);

/// Builds a finding.
pub(crate) fn finding(check: &str, path: &str, line: usize, message: impl std::fmt::Display) -> LintFinding {
    (path.to_owned(), line, format!("[{check}] {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_has_no_findings() {
        let findings = run(&crate::workspace_root().unwrap()).unwrap();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
