//! The checks of the house, one per file, each a pure function of the tree and its table.
//!
//! - [`header`]: every source file says what it is for
//! - [`size`]: files and functions stay small; [`allow`] holds the exceptions, which may only shrink
//! - [`arrows`]: which crate may depend on which
//! - [`substrate`]: which rooms may name the storage crates
//! - [`layers`]: which room of the engine may import which
//! - [`modules`]: no source or test file is forgotten
//! - [`words`]: what public text must not say
//! - [`invariants`]: every promise names the code that keeps it and the test that would notice
//!
//! Beneath them: [`tree`] (the files), [`workspace`] (the crates), [`mask`] and [`outline`] (reading Rust without a
//! compiler), [`table`] (the line format of the tables), [`finding`] (what a check reports).

use std::path::Path;

mod finding;
mod mask;
mod outline;
mod table;
mod tree;
mod workspace;

mod allow;
mod arrows;
mod header;
mod invariants;
mod layers;
mod modules;
mod size;
mod substrate;
mod words;

pub(crate) use finding::Finding;
use tree::Tree;

/// Runs every check on the workspace at `root`, sorted by place.
///
/// # Errors
/// When the tree cannot be read or `cargo metadata` fails: then nothing is known about the house.
pub(crate) fn run(root: &Path) -> Result<Vec<Finding>, String> {
    let tree = Tree::load(root)?;
    let crates = workspace::load(root)?;
    let mut findings = arrows::check(&crates, &tree);
    for check in
        [header::check, size::check, substrate::check, layers::check, modules::check, words::check, invariants::check]
    {
        findings.extend(check(&tree));
    }
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let findings = run(&crate::workspace_root().unwrap()).unwrap();
        let report: String = findings.iter().map(|finding| format!("\n{finding}")).collect();
        assert!(findings.is_empty(), "{report}");
    }
}
