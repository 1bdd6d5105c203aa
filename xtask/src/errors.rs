//! The registry of error codes, `docs/reference/errors.json`, and the page that it generates.
//!
//! ```text
//! errors.json ─┐
//! code.rs ─────┼─► docs/reference/errors.md
//! exit codes ──┘
//! ```
//!
//! A code is in the registry if and only if a string literal of a crate has it. The codes of the language are in the registry
//! of the compiler instead. An example of the registry must fit a format string of the sources, so that it follows when a
//! message changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::source_tree::{SourceTree, blanks, line_of, pattern};
use crate::tidy::{LintFinding, describe, finding};

const REGISTRY: &str = "docs/reference/errors.json";
const PAGE: &str = "docs/reference/errors.md";
/// The codes of the language.
const LANGUAGE_CODES: &str = "crates/omnigraph-compiler/src/diagnostic/code.rs";
/// The exit codes of the CLI, as a table in the header.
const EXIT_CODES: &str = "crates/omnigraph-cli/src/error.rs";
const COMMAND: &str = "cargo run -p xtask -- errors";

const MAX_COLUMNS: usize = 100;
/// Bytes outside of its placeholders that the format string of an example has at least.
const MIN_FIXED_BYTES: usize = 14;
/// The first line of an example is at most this many times as long as the text outside of the placeholders.
const MAX_EXAMPLE_RATIO: usize = 8;

/// The sections of the page, in order.
const SUBJECTS: [(&str, &str); 14] = [
    ("QUERY", "Queries and requests"),
    ("CONSTRAINT", "Constraints"),
    ("LOAD", "Loads"),
    ("COMMIT", "Commits and history"),
    ("BRANCH", "Branches"),
    ("TAG", "Tags"),
    ("MERGE", "Merges"),
    ("FEED", "Change feed"),
    ("GRAPH", "Graphs"),
    ("STORAGE", "Storage"),
    ("MIRROR", "Lance mirror"),
    ("ACCESS", "Access"),
    ("CLI", "Command line"),
    ("INTERNAL", "Bugs"),
];

/// The tables of the language, by the letters of their codes.
const LANGUAGE: [(&str, &str); 7] = [
    ("Q", "Query files"),
    ("T", "Queries"),
    ("S", "Schemas"),
    ("W", "Warnings"),
    ("L", "Warnings about files"),
    ("OG-MF-", "Schema changes"),
    ("OG-DS-", "Schema changes that delete data"),
];

const INTRODUCTION: &str = "An error has a stable code. The command line prints it on standard error, as `error[CODE]` before the message. `Error::code` returns it, and `Error::kind` returns the next step of the caller. A published code never \
    changes its meaning.";
const LANGUAGE_INTRODUCTION: &str = "The compiler reports every finding with its position. [Diagnostics](diagnostics.md) shows \
    examples, and [Warnings](warnings.md) explains the warnings.";

static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bOG-[A-Z]+-\d{3}\b"));
static LANGUAGE_CODE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"((?:[ ]*/// [^\n]*\n)+)[ ]*\w+ = "([A-Z-]+)(\d+)","#));
static CONTINUATION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\\\n\s*"));
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{[^{}]*\}"));

/// An entry of the registry.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorEntry {
    code: String,
    title: String,
    /// The reason for the error.
    cause: String,
    /// A message without its code; none if the program never prints the code.
    example: Option<String>,
    /// The next step.
    remedy: String,
}

/// A code of the language: its letters, its digits and its title.
type LanguageCode = (String, String, String);

/// Writes the page, and returns the findings about the registry.
///
/// # Errors
/// A file that cannot be read or written, or an invalid registry.
pub(crate) fn generate(root: &Path) -> Result<Vec<String>, String> {
    let tree = SourceTree::load(root)?;
    let entries = parse(&tree)?;
    let page = root.join(PAGE);
    std::fs::write(&page, render(&tree, &entries))
        .map_err(|error| format!("cannot write {}: {error}", page.display()))?;
    Ok(describe(check_entries(&tree, &entries)))
}

/// Reports codes that only one of the registry and the sources has, entries out of order, examples that no format string prints,
/// and a page that differs from the registry.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let entries = match parse(tree) {
        Ok(entries) => entries,
        Err(message) => return vec![finding("errors", REGISTRY, 1, message)],
    };
    let mut findings = check_entries(tree, &entries);
    if tree.text(PAGE) != Some(&render(tree, &entries)) {
        findings.push(finding("errors", PAGE, 1, format!("differs from {REGISTRY}: run `{COMMAND}`")));
    }
    findings
}

fn parse(tree: &SourceTree) -> Result<Vec<ErrorEntry>, String> {
    let text = tree.text(REGISTRY).ok_or_else(|| format!("{REGISTRY} not found"))?;
    serde_json::from_str(text).map_err(|error| format!("invalid {REGISTRY}: {error}"))
}

fn check_entries(tree: &SourceTree, entries: &[ErrorEntry]) -> Vec<LintFinding> {
    let text = tree.text(REGISTRY).unwrap_or_default();
    let language: BTreeSet<String> =
        language_codes(tree).into_iter().map(|(letters, digits, _)| letters + &digits).collect();
    let literals: Vec<SourceLiteral<'_>> = literals(tree).collect();
    let mut unregistered: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for literal in &literals {
        for code in CODE.find_iter(literal.text).filter(|code| !language.contains(code.as_str())) {
            unregistered.entry(code.as_str()).or_insert((literal.path, literal.line));
        }
    }
    let formats: Vec<Vec<String>> = literals.iter().map(|literal| fixed_parts(literal.text)).collect();
    let mut findings = Vec::new();
    let mut previous = None;
    for entry in entries {
        let line = line_of(text, text.find(&format!("\"{}\"", entry.code)).unwrap_or(0));
        let mut report = |message: &str| {
            findings.push(finding("errors", REGISTRY, line, format!("{}: {message}", entry.code)));
        };
        let place = place(&entry.code);
        match place {
            None => report("invalid code: expected OG-SUBJECT-NNN with a subject of `xtask/src/errors.rs`"),
            Some(_) if place <= previous => report("entries must be unique and ordered by subject and number"),
            Some(_) if unregistered.remove(entry.code.as_str()).is_none() => {
                report("not found in a literal of a crate")
            }
            Some(_) => {}
        }
        previous = place.or(previous);
        if entry.title.ends_with('.') || !entry.cause.ends_with('.') || !entry.remedy.ends_with('.') {
            report("`cause` and `remedy` are sentences, and `title` is a phrase without a period");
        }
        if entry.example.as_ref().is_some_and(|example| !formats.iter().any(|format| prints(format, example))) {
            report("no format string of the crates prints the example: update it to the current message");
        }
    }
    findings.extend(unregistered.into_iter().map(|(code, (path, line))| {
        finding("errors", path, line, format!("`{code}` not found in {REGISTRY}: add an entry"))
    }));
    findings
}

/// Returns the index of the subject, and the number, of a valid code.
fn place(code: &str) -> Option<(usize, &str)> {
    let (subject, number) = CODE.find(code).filter(|found| found.len() == code.len())?.as_str()[3..].split_once('-')?;
    Some((SUBJECTS.iter().position(|(name, _)| *name == subject)?, number))
}

/// A string literal of a crate.
struct SourceLiteral<'a> {
    path: &'a str,
    line: usize,
    /// The content between the quotes, escaped as in the source.
    text: &'a str,
}

fn literals(tree: &SourceTree) -> impl Iterator<Item = SourceLiteral<'_>> {
    let files = tree.src_files().filter(|(path, _)| path.starts_with("crates/"));
    files.flat_map(|(path, text)| {
        blanks(text).filter_map(move |range| {
            let literal = text.get(range.clone()).filter(|literal| !literal.starts_with('/'))?;
            let content = literal.get(literal.find('"')? + 1..literal.rfind('"')?)?;
            Some(SourceLiteral { path, line: line_of(text, range.start), text: content })
        })
    })
}

/// Returns the parts of a format string between its placeholders.
fn fixed_parts(format: &str) -> Vec<String> {
    let text = CONTINUATION.replace_all(format, "").replace("\\\"", "\"").replace("\\\\", "\\");
    PLACEHOLDER.split(&text).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Returns true if the first line of the example has the parts in this order, and they are a sufficient share of it.
fn prints(parts: &[String], example: &str) -> bool {
    let line = example.lines().next().unwrap_or_default();
    let fixed: usize = parts.iter().map(String::len).sum();
    let mut rest = Some(line);
    for part in parts {
        rest = rest.and_then(|rest| rest.split_once(part.as_str())).map(|(_, rest)| rest);
    }
    rest.is_some() && fixed >= MIN_FIXED_BYTES && fixed * MAX_EXAMPLE_RATIO >= line.len()
}

fn language_codes(tree: &SourceTree) -> Vec<LanguageCode> {
    let text = tree.text(LANGUAGE_CODES).unwrap_or_default();
    let codes = LANGUAGE_CODE.captures_iter(text).map(|found| {
        let lines: Vec<&str> = found[1].lines().map(|line| line.trim().trim_start_matches("/// ")).collect();
        (found[2].to_owned(), found[3].to_owned(), lines.join(" ").trim_end_matches('.').to_owned())
    });
    codes.collect()
}

fn render(tree: &SourceTree, entries: &[ErrorEntry]) -> String {
    let mut page = format!("# Error codes\n\n<!-- Generated by `{COMMAND}` from {REGISTRY}. -->\n\n");
    page.push_str(&wrap(INTRODUCTION, MAX_COLUMNS, ""));
    page.push_str("\n\n## Exit codes\n\n");
    for row in tree.text(EXIT_CODES).unwrap_or_default().lines().filter_map(|line| line.strip_prefix("//! |")) {
        page.push_str(&format!("|{row}\n"));
    }
    for (index, (subject, title)) in SUBJECTS.iter().enumerate() {
        page.push_str(&format!("\n## {title}: OG-{subject}\n"));
        for entry in entries.iter().filter(|entry| place(&entry.code).is_some_and(|place| place.0 == index)) {
            page.push_str(&render_entry(entry));
        }
    }
    page.push_str("\n## Language\n\n");
    page.push_str(&wrap(LANGUAGE_INTRODUCTION, MAX_COLUMNS, ""));
    page.push('\n');
    let codes = language_codes(tree);
    for (letters, title) in LANGUAGE {
        page.push_str(&format!("\n### {title}: {}\n\n| Code | Subject |\n|---|---|\n", letters.trim_end_matches('-')));
        for (_, digits, title) in codes.iter().filter(|code| code.0 == letters) {
            page.push_str(&format!("| {letters}{digits} | {} |\n", title.replace('|', "\\|")));
        }
    }
    page
}

fn render_entry(entry: &ErrorEntry) -> String {
    let ErrorEntry { code, title, cause, example, remedy } = entry;
    let mut text = format!("\n### {code}\n\n{}\n\n", wrap(&format!("**{title}.** {cause}"), MAX_COLUMNS, ""));
    if let Some(example) = example {
        let message = format!("error[{code}]: {example}");
        let lines: Vec<String> = message.lines().map(|line| wrap(line, MAX_COLUMNS, "    ")).collect();
        text.push_str(&format!("```text\n{}\n```\n\n", lines.join("\n")));
    }
    text + &wrap(&format!("Remedy: {remedy}"), MAX_COLUMNS, "") + "\n"
}

/// Breaks a text at spaces into lines of at most `columns` characters. A short text keeps its spaces.
fn wrap(text: &str, columns: usize, indent: &str) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let (mut wrapped, mut length) = (String::new(), 0);
    for word in text.split_whitespace() {
        let count = word.chars().count();
        if length > 0 && length + 1 + count > columns {
            wrapped.push('\n');
            wrapped.push_str(indent);
            length = indent.len();
        } else if length > 0 {
            wrapped.push(' ');
            length += 1;
        }
        wrapped.push_str(word);
        length += count;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! Errors.\n\"OG-TAG-001\" // \"OG-TAG-009\"\n\"tag '{name}' not found. \\\n    Try {}\"\n";
    const CODES: &str = "codes! {\n    /// A walk\n    /// without `|`.\n    W004 = \"W004\",\n    OgMf103 = \"OG-MF-103\",\n    /// New.\n    OgMf104 = \"OG-MF-104\",\n}";

    fn entry(code: &str, example: &str) -> String {
        format!(
            "{{\"code\": \"{code}\", \"title\": \"T\", \"cause\": \"C.\", \"example\": \"{example}\", \"remedy\": \"R.\"}}"
        )
    }

    fn tree(entries: &[String], source: &str) -> SourceTree {
        let registry = format!("[{}]", entries.join(",\n"));
        let exits = "//! | Exit code |\n//! |---|\n//! | 0 |\n";
        SourceTree::from_files(&[
            (REGISTRY, &registry),
            ("crates/a/src/lib.rs", source),
            (LANGUAGE_CODES, CODES),
            (EXIT_CODES, exits),
        ])
    }

    fn found(entries: &[String], source: &str) -> Vec<String> {
        let tree = tree(entries, source);
        check_entries(&tree, &parse(&tree).unwrap())
            .into_iter()
            .filter(|(path, ..)| *path != LANGUAGE_CODES)
            .map(|(path, line, message)| format!("{path}:{line} {message}"))
            .collect()
    }

    #[test]
    fn the_registry_has_the_codes_of_the_sources() {
        let tag = entry("OG-TAG-001", "tag 'v1' not found. Try v2");
        assert_eq!(found(std::slice::from_ref(&tag), SOURCE), Vec::<String>::new());
        assert!(found(&[], SOURCE)[0].starts_with("crates/a/src/lib.rs:2 [errors] `OG-TAG-001` not found in"));
        let other = entry("OG-TAG-002", "tag 'v1' not found. Try v2");
        assert!(found(&[tag.clone(), other], SOURCE)[0].contains(":2 [errors] OG-TAG-002: not found in a literal"));
        assert!(found(&[tag.clone(), tag.clone()], SOURCE)[0].contains("unique"));
        assert!(found(&[entry("OG-NEW-001", "tag 'v1' not found. Try v2"), tag], SOURCE)[0].contains("invalid code"));
    }

    #[test]
    fn entries_are_ordered_by_subject_and_number() {
        let source = format!("{SOURCE}\"OG-TAG-002\" \"OG-LOAD-001\"");
        let entries = ["OG-LOAD-001", "OG-TAG-001", "OG-TAG-002"].map(|code| entry(code, "tag 'v1' not found. Try v2"));
        assert_eq!(found(&entries, &source), Vec::<String>::new());
        let [load, first, second] = entries;
        assert!(
            found(&[first.clone(), load.clone(), second.clone()], &source)[0].contains("OG-LOAD-001: entries must")
        );
        assert!(found(&[load, second, first], &source)[0].contains("OG-TAG-001: entries must"));
    }

    #[test]
    fn examples_follow_the_format_strings() {
        for example in ["tag 'v1' is absent. Try v2", "not found", "Try tag 'v1' not found. "] {
            assert!(found(&[entry("OG-TAG-001", example)], SOURCE)[0].contains("no format string"), "{example}");
        }
    }

    #[test]
    fn the_page_is_that_of_the_registry() {
        let entries = [entry("OG-TAG-001", "tag 'v1' not found. Try v2\\n --> a  b")];
        let tree = tree(&entries, SOURCE);
        let page = render(&tree, &parse(&tree).unwrap());
        for part in [
            "## Exit codes\n\n| Exit code |\n|---|\n| 0 |\n",
            "## Tags: OG-TAG\n\n### OG-TAG-001\n\n**T.** C.\n\n```text\nerror[OG-TAG-001]: tag 'v1' not found. Try v2\n --> a  b\n```\n\nRemedy: R.\n",
            "| W004 | A walk without `\\|` |\n",
            "### Schema changes: OG-MF\n\n| Code | Subject |\n|---|---|\n| OG-MF-104 | New |\n",
        ] {
            assert!(page.contains(part), "{part} is missing in:\n{page}");
        }
        assert!(check(&tree).iter().any(|(path, _, message)| path == PAGE && message.contains("differs")));
    }

    #[test]
    fn long_lines_are_wrapped() {
        assert_eq!(wrap("a  b", 4, "  "), "a  b");
        assert_eq!(wrap("one two three four", 9, "  "), "one two\n  three\n  four");
    }
}
