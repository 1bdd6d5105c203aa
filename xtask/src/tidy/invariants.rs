//! Every invariant of `docs/internals/invariants.md` names the function that keeps it and a test that fails when it is broken.
//!
//! An invariant begins at a line whose first word, after any of `#`, `-`, `*` and spaces, is `I-` and a number. It ends where
//! the next one begins. It has at least one `code:` and one `test:` line with references:
//!
//! ```text
//! ## I-1: an object of the history is created once and never changed
//!
//! - code: `crates/omnigraph-history/src/append.rs::append`
//! - test: `crates/omnigraph-history/tests/it/append.rs::a_taken_slot_is_refused`, `crates/…`
//! ```
//!
//! Fenced text is an example and not read. A reference is `path::function` with the path from the root. The function must
//! exist in that file, and the function of a `test:` line must carry a test attribute.

use std::sync::LazyLock;

use regex::Regex;

use super::{LintFinding, finding};
use crate::source_tree::{SourceTree, mask, pattern};

/// The page of invariants.
const PATH: &str = "docs/internals/invariants.md";

static START: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[#\-*\s]*I-(\d+)\b"));
static REFERENCES: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[\-*\s]*(code|test):\s*(.*)$"));
static TEST_ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\[(?:\w+\s*::\s*)*test\b"));

/// Reports invariants without code or test, references to missing functions, and numbers out of order.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let Some(text) = tree.text(PATH) else { return vec![finding("invariants", PATH, 1, "file not found")] };
    let mut findings = Vec::new();
    // The line of each invariant, and the kinds of its references.
    let mut invariants: Vec<(usize, Vec<String>)> = Vec::new();
    let mut fenced = false;
    for (index, content) in text.lines().enumerate() {
        let mut report = |message: String| findings.push(finding("invariants", PATH, index + 1, message));
        fenced ^= content.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        if let Some(found) = START.captures(content) {
            invariants.push((index + 1, Vec::new()));
            if found[1] != invariants.len().to_string() {
                report(format!("I-{} where I-{} is next", &found[1], invariants.len()));
            }
        } else if let (Some(found), Some((_, kinds))) = (REFERENCES.captures(content), invariants.last_mut()) {
            kinds.push(found[1].to_owned());
            let names = found[2].split([',', ' ']).map(|name| name.trim_matches(['`', '.', ' ']));
            for name in names.filter(|name| !name.is_empty()) {
                if let Err(message) = resolve(tree, &found[1], name) {
                    report(message);
                }
            }
        }
    }
    for (number, (line, kinds)) in invariants.iter().enumerate() {
        for wanted in ["code", "test"].iter().filter(|wanted| !kinds.iter().any(|kind| kind == **wanted)) {
            let message = format!("I-{} has no `{wanted}: path::function`", number + 1);
            findings.push(finding("invariants", PATH, *line, message));
        }
    }
    findings
}

fn resolve(tree: &SourceTree, kind: &str, reference: &str) -> Result<(), String> {
    let (path, name) = reference.rsplit_once("::").ok_or_else(|| format!("`{reference}` is not `path::function`"))?;
    let mask = mask(tree.text(path).ok_or_else(|| format!("file `{path}` not found"))?);
    let function = Regex::new(&format!(r"\bfn\s+{}\b", regex::escape(name))).map_err(|error| error.to_string())?;
    let at = function.find(&mask).ok_or_else(|| format!("`fn {name}` not found in `{path}`"))?.start();
    // Attributes are between the end of the item before and the function. `proptest!` takes them too.
    let start = mask[..at].rfind(['{', '}', ';']).map_or(0, |end| end + 1);
    if kind == "test" && !TEST_ATTRIBUTE.is_match(&mask[start..at]) {
        return Err(format!("`{name}` in `{path}` is not a test: it has no test attribute"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: (&str, &str) = ("crates/a/src/append.rs", "pub fn append() {}\n// fn ghost\n");
    const TEST: (&str, &str) = (
        "crates/a/tests/it/append.rs",
        "fn helper() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn slot_is_refused() {}\n",
    );
    const GOOD: &str = "# Invariants\n## I-1: created once\n- code: `crates/a/src/append.rs::append`\n\
                        - test: `crates/a/tests/it/append.rs::slot_is_refused`\n";

    fn found(page: &str) -> String {
        let findings = check(&SourceTree::from_files(&[(PATH, page), CODE, TEST]));
        findings.into_iter().map(|(_, _, message)| message + "\n").collect()
    }

    #[test]
    fn references_are_resolved() {
        assert_eq!(found(GOOD), "");
        assert_eq!(found(&format!("```text\n## I-7: an example\n```\n{GOOD}")), "");
        let broken = |from: &str, to: &str| found(&GOOD.replace(from, to));
        assert!(
            broken("append.rs::append", "append.rs::ghost").contains("`fn ghost` not found"),
            "a comment is skipped"
        );
        assert!(
            broken("src/append.rs::append", "src/lost.rs::append").contains("file `crates/a/src/lost.rs` not found")
        );
        assert!(broken("append.rs::append", "append.rs").contains("is not `path::function`"));
        assert!(broken("slot_is_refused", "helper").contains("is not a test"));
        assert!(
            broken("append.rs::append`", "append.rs::append`, `crates/a/src/append.rs::lost`").contains("`fn lost`")
        );
    }

    #[test]
    fn code_and_test_are_required_and_numbers_count_up() {
        assert_eq!(found("## I-1: created once\nprose about code and test\n").lines().count(), 2);
        assert!(found(&GOOD.replace("I-1", "I-2")).contains("I-2 where I-1 is next"));
        assert!(found(&format!("{GOOD}{GOOD}")).contains("I-1 where I-2 is next"));
        assert_eq!(check(&SourceTree::from_files(&[])).len(), 1);
    }
}
