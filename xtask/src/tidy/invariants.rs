//! Every invariant of `docs/INVARIANTS.md` names the function that keeps it and a test that breaks when it is broken.
//!
//! An invariant starts at a line whose first word, after any of `#`, `-`, `*` and spaces, is `I-` and a number. It ends where
//! the next one starts. In between stand at least one `code:` and one `test:` line, each with one or more references:
//!
//! ```text
//! ## I-1: an object of the log is created once and never changed
//!
//! What it means, in prose.
//!
//! - code: `crates/omnigraph-log/src/append.rs::append`
//! - test: `crates/omnigraph-log/tests/it/append.rs::a_taken_slot_is_refused`, `crates/…`
//! ```
//!
//! Fenced text is an example and not read. A reference is `path::function`, path from the root; the function must exist in that file. A `test:` function must carry a
//! test attribute (`#[test]`, `#[tokio::test]` and the like).

use std::sync::LazyLock;

use regex::Regex;

use super::mask::mask;
use super::outline::pattern;
use super::{Finding, Tree};

/// The page of promises.
const PATH: &str = "docs/INVARIANTS.md";

static START: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[#\-*\s]*I-(\d+)\b"));
static REFERENCES: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[\-*\s]*(code|test):\s*(.*)$"));

#[derive(Debug)]
struct Invariant<'a> {
    number: u32,
    line: usize,
    /// Kind (`code` or `test`), reference, line.
    references: Vec<(&'a str, &'a str, usize)>,
}

/// Reports invariants without code or test, references that lead nowhere, and numbers that are out of order.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(PATH) else {
        return vec![Finding::new("invariants", PATH, 0, "missing: the promises of the system are written here")];
    };
    let invariants = read(text);
    let mut findings = Vec::new();
    for (index, invariant) in invariants.iter().enumerate() {
        let mut tell = |line: usize, message: String| findings.push(Finding::new("invariants", PATH, line, message));
        if invariant.number as usize != index + 1 {
            tell(invariant.line, format!("I-{} stands where I-{} is due", invariant.number, index + 1));
        }
        for wanted in ["code", "test"] {
            if !invariant.references.iter().any(|(kind, ..)| *kind == wanted) {
                tell(invariant.line, format!("I-{} names no `{wanted}: path::function`", invariant.number));
            }
        }
        for (kind, reference, line) in &invariant.references {
            if let Err(message) = follow(tree, kind, reference) {
                tell(*line, message);
            }
        }
    }
    findings
}

fn read(text: &str) -> Vec<Invariant<'_>> {
    let mut invariants: Vec<Invariant<'_>> = Vec::new();
    let mut fenced = false;
    for (index, content) in text.lines().enumerate() {
        let line = index + 1;
        fenced ^= content.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        if let Some(number) = START.captures(content).and_then(|found| found[1].parse().ok()) {
            invariants.push(Invariant { number, line, references: Vec::new() });
        } else if let (Some(found), Some(invariant)) = (REFERENCES.captures(content), invariants.last_mut()) {
            let (_, [kind, list]) = found.extract();
            let names =
                list.split([',', ' ']).map(|name| name.trim_matches(['`', '.', ' '])).filter(|name| !name.is_empty());
            invariant.references.extend(names.map(|name| (kind, name, line)));
        }
    }
    invariants
}

fn follow(tree: &Tree, kind: &str, reference: &str) -> Result<(), String> {
    let (path, name) = reference.rsplit_once("::").ok_or_else(|| format!("`{reference}` is not `path::function`"))?;
    let text = tree.text(path).ok_or_else(|| format!("there is no file `{path}`"))?;
    let mask = mask(text);
    let function = Regex::new(&format!(r"\bfn\s+{}\b", regex::escape(name))).map_err(|error| error.to_string())?;
    let at = function.find(&mask).ok_or_else(|| format!("there is no `fn {name}` in `{path}`"))?.start();
    match kind == "test" && !is_test(&mask, at) {
        true => Err(format!("`{name}` in `{path}` is no test: it carries no test attribute")),
        false => Ok(()),
    }
}

/// Whether the function at `at` carries a test attribute, which `proptest!` asks for as well. Attributes lie between the
/// end of the item before (`}` or `;`) or the brace that opens the module, and the function itself.
fn is_test(mask: &str, at: usize) -> bool {
    let before = &mask[..at];
    let start = before.rfind(['{', '}', ';']).map_or(0, |end| end + 1);
    static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\[(?:\w+\s*::\s*)*test\b"));
    ATTRIBUTE.is_match(&before[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: (&str, &str) = ("crates/a/src/append.rs", "pub fn append() {}\n// fn ghost\n");
    const TEST: (&str, &str) = (
        "crates/a/tests/it/append.rs",
        "fn helper() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn slot_is_refused() {}\n",
    );
    const GOOD: &str = "\
# Invariants
## I-1: created once
- code: `crates/a/src/append.rs::append`
- test: `crates/a/tests/it/append.rs::slot_is_refused`
";

    fn found(page: &str) -> Vec<String> {
        check(&Tree::of(&[(PATH, page), CODE, TEST])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_kept_and_tested_promise_passes() {
        assert_eq!(found(GOOD), [""; 0]);
        assert_eq!(
            found(
                "- **I-1** inline style.\n  code: crates/a/src/append.rs::append\n  test: crates/a/tests/it/append.rs::slot_is_refused\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn code_and_test_are_both_asked_for() {
        let found = found("## I-1: created once\nprose about code and test\n");
        assert_eq!(found.len(), 2, "{found:#?}");
    }

    #[test]
    fn references_must_lead_somewhere() {
        let broken = |from: &str, to: &str| found(&GOOD.replace(from, to)).join("\n");
        assert!(broken("append.rs::append", "append.rs::ghost").contains("no `fn ghost`"), "a comment is no function");
        assert!(broken("src/append.rs::append", "src/lost.rs::append").contains("no file"));
        assert!(broken("append.rs::append", "append.rs").contains("is not `path::function`"));
        assert!(broken("slot_is_refused", "helper").contains("is no test"));
    }

    #[test]
    fn every_reference_of_a_list_is_followed() {
        let list = GOOD.replace("append.rs::append`", "append.rs::append`, `crates/a/src/append.rs::lost`");
        assert_eq!(found(&list).len(), 1);
    }

    #[test]
    fn fenced_text_is_an_example() {
        assert_eq!(found(&format!("```text\n## I-7: an example\n```\n{GOOD}")), [""; 0]);
    }

    #[test]
    fn numbers_count_up() {
        assert!(found(&GOOD.replace("I-1", "I-2"))[0].contains("stands where I-1 is due"));
        assert!(found(&format!("{GOOD}{GOOD}"))[0].contains("stands where I-2 is due"));
    }

    #[test]
    fn the_page_must_exist() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
