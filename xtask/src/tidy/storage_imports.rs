//! Crates of storage, execution and the runtime, and the only places below `crates/*/src` that may name each.
//!
//! A change of such a crate then touches these places and no other. `deny.toml` limits dependencies between our own crates.

use std::sync::LazyLock;

use regex::Regex;

use super::{LintFinding, finding};
use crate::source_tree::{SourceTree, line_of, mask_without_tests, pattern};

/// Names of crates as a pattern, and the places that may use them.
const OWNERS: [(&str, &[&str]); 4] = [
    (r"lance(?:_\w+)?", &["crates/omnigraph/src/table/"]),
    (
        r"object_store",
        &["crates/omnigraph-storage/src/", "crates/omnigraph/src/table/", "crates/omnigraph-testkit/src/"],
    ),
    (r"datafusion(?:_\w+)?", &["crates/omnigraph/src/"]),
    (
        r"tokio",
        &[
            "crates/omnigraph-cli/src/",
            "crates/omnigraph-history/src/",
            "crates/omnigraph-storage/src/",
            "crates/omnigraph-testkit/src/",
            "crates/omnigraph/src/",
        ],
    ),
];

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let named = |name: &str| pattern(&format!(r"\b{name}\s*::|\b(?:use|extern\s+crate)\s+(?:::\s*)?{name}\b"));
    OWNERS.iter().map(|(name, _)| named(name)).collect()
});

/// Reports lines elsewhere that name such a crate. Tests and benches may.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    for (path, text) in tree.src_files().filter(|(path, _)| path.starts_with("crates/")) {
        let mask = mask_without_tests(text);
        for ((name, places), pattern) in OWNERS.iter().zip(PATTERNS.iter()) {
            if places.iter().any(|place| path.starts_with(place)) {
                continue;
            }
            findings.extend(pattern.find_iter(&mask).map(|found| {
                let message = format!("only {} may name `{name}`: add a function there", places.join(", "));
                finding("imports", path, line_of(&mask, found.start()), message)
            }));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&SourceTree::from_files(&[(path, text)])).len()
    }

    #[test]
    fn crates_are_named_in_their_places_only() {
        for text in
            ["use lance::Dataset;", "use lance as l;", "fn f(x: lance_io::Store) {}", "use ::lance_core::Error;"]
        {
            assert_eq!(found("crates/omnigraph/src/table/open.rs", text), 0, "{text}");
            assert!(found("crates/omnigraph/src/query/run.rs", text) > 0, "{text}");
            assert_eq!(found("crates/omnigraph/tests/it/main.rs", text), 0, "{text}");
        }
        assert_eq!(found("crates/omnigraph-storage/src/put.rs", "use object_store::path::Path;"), 0);
        assert!(found("crates/omnigraph-history/src/append.rs", "use object_store::path::Path;") > 0);
        assert!(found("crates/omnigraph-traversal/src/lib.rs", "tokio::spawn(x)") > 0);
        let text = "// lance::Dataset\nlet x = \"use lance\"; let balance = free_lance(ambulance::x);";
        assert_eq!(found("crates/omnigraph/src/query/run.rs", text), 0);
    }
}
