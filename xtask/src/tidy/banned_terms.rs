//! Words and phrases that public text avoids: the table is `xtask/banned_terms.txt`.
//!
//! ```text
//! all      regular expression => advice      anywhere
//! prose    regular expression => advice      in comments and Markdown
//! message  regular expression => advice      in literals of Rust
//! ```

use std::ops::Range;

use regex::Regex;

use super::{LintFinding, finding};
use crate::source_tree::{SourceTree, blanks, line_of};

/// The table, which is the only text that may hold the words.
const PATH: &str = "xtask/banned_terms.txt";
/// Endings of files that a reader of the repository sees.
const ENDINGS: [&str; 10] = [".rs", ".md", ".toml", ".txt", ".sh", ".pg", ".gq", ".gqt", ".yml", ".py"];
const WHOLE_NAMES: [&str; 3] = ["Makefile", "LICENSE", ".ci/run"];

/// Reports each match of a banned expression with its advice.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let (mut findings, mut rules) = (Vec::new(), Vec::new());
    for (index, entry) in tree.text(PATH).unwrap_or_default().lines().enumerate() {
        match rule(entry) {
            Some(Ok(rule)) => rules.push(rule),
            Some(Err(message)) => findings.push(finding("words", PATH, index + 1, message)),
            None => {}
        }
    }
    let is_public = |path: &str| {
        path != PATH && (ENDINGS.iter().any(|ending| path.ends_with(ending)) || WHOLE_NAMES.contains(&path))
    };
    for (path, text) in tree.files().filter(|(path, _)| is_public(path)) {
        for (scope, range) in parts(path, text) {
            for (_, words, advice) in rules.iter().filter(|(wanted, ..)| *wanted == scope) {
                findings.extend(words.find_iter(&text[range.clone()]).map(|found| {
                    let line = line_of(text, range.start + found.start());
                    finding("words", path, line, format!("`{}`: {advice}", found.as_str()))
                }));
            }
        }
    }
    findings
}

/// Parses a line of the table; `None` for a blank line or a comment.
fn rule(entry: &str) -> Option<Result<(&str, Regex, &str), String>> {
    if entry.is_empty() || entry.starts_with('#') {
        return None;
    }
    let parts = entry.split_once(" => ").and_then(|(left, advice)| Some((left.split_once(' ')?, advice)));
    let Some(((scope @ ("all" | "prose" | "message"), words), advice)) = parts else {
        return Some(Err("a line is `all|prose|message <regular expression> => <advice>`".to_owned()));
    };
    Some(Regex::new(words.trim()).map(|words| (scope, words, advice)).map_err(|error| error.to_string()))
}

/// Returns the parts of a file by scope.
fn parts(path: &str, text: &str) -> Vec<(&'static str, Range<usize>)> {
    let mut parts = vec![("all", 0..text.len())];
    if path.ends_with(".rs") {
        let scope = |range: &Range<usize>| if text[range.clone()].starts_with('/') { "prose" } else { "message" };
        parts.extend(blanks(text).map(|range| (scope(&range), range)));
    } else if path.ends_with(".md") {
        parts.push(("prose", 0..text.len()));
    } else {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with('#') {
                parts.push(("prose", start..start + line.len()));
            }
            start += line.len();
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "# advice\n\nall \\bunspeakable\\b => rephrase\nprose \\broom\\b => module\nmessage was nil => not\n";

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree = SourceTree::from_files(&[(PATH, TABLE), (path, text)]);
        check(&tree).into_iter().map(|(_, line, message)| format!("{line} {message}")).collect()
    }

    #[test]
    fn scopes_limit_the_search() {
        assert_eq!(
            found("docs/a.md", "fine\nan unspeakable thing\nunspeakables\n"),
            ["2 [words] `unspeakable`: rephrase"]
        );
        assert!(found("data/a.bin", "unspeakable").is_empty());
        assert_eq!(found("a.rs", "let room = 1; // a room\n\"a room\"\n").len(), 1);
        assert_eq!(found("a.rs", "// was nil\nlet x = \"this was nil number\";\n"), ["2 [words] `was nil`: not"]);
        assert_eq!(found("a.toml", "room = 1\n# a room\n"), ["2 [words] `room`: module"]);
    }

    #[test]
    fn the_table_is_checked() {
        let broken = |table: &str| check(&SourceTree::from_files(&[(PATH, table)])).len();
        assert_eq!((broken("no advice\n"), broken("all (open => x\n"), broken("some x => y\n")), (1, 1, 1));
    }
}
