//! Names: type names are unique in the workspace, functions are verbs or nouns, and doc comments begin with their subject or verb.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::{LintFinding, finding};
use crate::source_tree::{SourceTree, blanks, line_of, mask, pattern};

/// Type names that several crates define by convention.
const SHARED_TYPES: [&str; 3] = ["Error", "ErrorKind", "Result"];

/// Words that are not a name of a function by themselves.
const PREPOSITIONS: &str = "above after all_of among apart are around as aside at before below beside between both by for in is on only \
                            onto outward over so then through to together under with within without against";

static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    let visibility = r"(?:pub(?:\([^)]*\))? )?";
    pattern(&format!(
        r"(?m)^(?:\s*{visibility}(?:struct|enum|trait|union)|{visibility}type|\s+pub(?:\([^)]*\))? type) ([A-Z][A-Za-z0-9]*)"
    ))
});
static FUNCTION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bfn\s+([a-z_0-9]+)"));
static OPENER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^/// (What|Whether|How|Who|Whose|Where|Which|Of|Why|When|If)\b"));
static ONE_WORD: LazyLock<Regex> = LazyLock::new(|| pattern("^[A-Z][a-z0-9]*$"));

/// A definition or a doc comment.
pub(crate) struct NamedPlace<'a> {
    path: &'a str,
    line: usize,
    /// The name of a type, or the first line of a comment.
    pub(crate) text: &'a str,
}

impl NamedPlace<'_> {
    /// Returns true for the name of a type that is one plain word.
    pub(crate) fn is_one_word(&self) -> bool {
        ONE_WORD.is_match(self.text)
    }

    /// Returns the word that a doc comment should not begin with.
    pub(crate) fn opener(&self) -> Option<&str> {
        OPENER.captures(self.text).and_then(|found| found.get(1)).map(|word| word.as_str())
    }
}

/// Finds the definitions of types.
pub(crate) fn types(tree: &SourceTree) -> Vec<NamedPlace<'_>> {
    definitions(tree, &TYPE)
}

/// Finds types whose name another type has too.
pub(crate) fn shared_types(tree: &SourceTree) -> Vec<NamedPlace<'_>> {
    let types = types(tree);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    types.iter().for_each(|place| *counts.entry(place.text).or_default() += 1);
    types.into_iter().filter(|place| counts[place.text] > 1 && !SHARED_TYPES.contains(&place.text)).collect()
}

fn definitions<'a>(tree: &'a SourceTree, pattern: &Regex) -> Vec<NamedPlace<'a>> {
    let mut found = Vec::new();
    for (path, text) in tree.rust_files() {
        let mask = mask(text);
        let names = pattern.captures_iter(&mask).filter_map(|captures| captures.get(1));
        found.extend(names.map(|name| NamedPlace {
            path,
            line: line_of(text, name.start()),
            text: &text[name.range()],
        }));
    }
    found
}

/// Finds the first lines of doc comments on items.
pub(crate) fn doc_comments(tree: &SourceTree) -> Vec<NamedPlace<'_>> {
    let mut found = Vec::new();
    for (path, text) in tree.rust_files() {
        let mut last = 0;
        for range in blanks(text).filter(|range| text[range.clone()].starts_with("///")) {
            let line = line_of(text, range.start);
            if line != last + 1 {
                found.push(NamedPlace { path, line, text: &text[range] });
            }
            last = line;
        }
    }
    found
}

/// Reports names of types that are not unique, functions named by a preposition, and doc comments that begin with a question.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    for NamedPlace { path, line, text } in shared_types(tree) {
        findings.push(finding("names", path, line, format!("another type is called `{text}` too: use two words")));
    }
    for NamedPlace { path, line, text } in definitions(tree, &FUNCTION) {
        if text == "of" || text.starts_with("of_") || PREPOSITIONS.split_whitespace().any(|word| word == text) {
            findings.push(finding("names", path, line, format!("`{text}` is a preposition: use a verb or a noun")));
        }
    }
    for place in doc_comments(tree) {
        if let Some(word) = place.opener() {
            let message = format!("a doc comment begins with `{word}`: use a verb for functions and a noun for others");
            findings.push(finding("names", place.path, place.line, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let files = [("crates/a/src/lib.rs", "pub enum Error {}\npub struct Shared;\n"), ("crates/b/src/lib.rs", text)];
        check(&SourceTree::from_files(&files))
            .into_iter()
            .map(|(_, line, message)| format!("{line} {message}"))
            .collect()
    }

    #[test]
    fn type_names_are_unique() {
        assert!(found("pub enum Error {}\n// struct Shared\nimpl X {\n    type Shared = u8;\n}\n").is_empty());
        assert_eq!(found("pub(crate) type Shared<T> = Vec<T>;\n").len(), 2, "reported at both places");
    }

    #[test]
    fn functions_are_verbs_or_nouns() {
        assert!(found("fn offset() {}\nfn is_empty() {}\n").is_empty());
        assert!(found("fn of_node() {}\n")[0].contains("`of_node` is a preposition"));
        assert!(found("const fn within() {}\n")[0].contains("`within`"));
    }

    #[test]
    fn doc_comments_begin_with_their_subject() {
        assert!(found("/// A thing.\n/// What follows is fine.\nfn a() {}\n").is_empty());
        assert!(
            found("let x = 1;\n\n/// Whether it is.\nfn a() {}\n")[0]
                .starts_with("3 [names] a doc comment begins with")
        );
    }
}
