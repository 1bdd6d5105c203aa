//! Files: each begins with a header, has at most [`MAX_FILE_LINES`] lines without its tests, and belongs to a module.

use std::sync::LazyLock;

use regex::Regex;

use super::{LintFinding, finding};
use crate::source_tree::{SourceTree, mask, pattern, test_modules};

/// Lines of one file below `src/`, its test modules not counted.
const MAX_FILE_LINES: usize = 600;

static HEADER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^//! .*\w"));
static DECLARATION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bmod\s+(?:r#)?(\w+)\s*;"));

/// Reports files without a header, files over the limit, and files that no module names: those are never compiled.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let headless = tree.rust_files().filter(|(_, text)| !HEADER.is_match(text)).map(|(path, _)| {
        finding("header", path, 1, "the first line must be `//! ` and a sentence about the purpose of the file")
    });
    let large = tree.src_files().filter_map(|(path, text)| {
        let lines = line_count(text);
        let message = format!("{lines} lines without tests, at most {MAX_FILE_LINES} are allowed: split it by topic");
        (lines > MAX_FILE_LINES && !path.ends_with("/tests.rs")).then(|| finding("size", path, 1, message))
    });
    let in_scope = |path: &&str| (path.contains("/src/") || path.contains("/tests/it/")) && !path.contains("/src/bin/");
    let orphans = tree.rust_files().map(|(path, _)| path).filter(in_scope).filter_map(|path| orphan(tree, path));
    headless.chain(large).chain(orphans).collect()
}

/// Returns the number of lines outside test modules.
fn line_count(text: &str) -> usize {
    let mask = mask(text);
    text.lines().count() - test_modules(&mask).map(|range| mask[range].lines().count()).sum::<usize>()
}

fn orphan(tree: &SourceTree, path: &str) -> Option<LintFinding> {
    let (folder, file) = path.rsplit_once('/')?;
    let (folder, name) = match file {
        "mod.rs" => folder.rsplit_once('/')?,
        "lib.rs" | "main.rs" if folder.ends_with("/src") || folder.ends_with("/tests/it") => return None,
        _ => (folder, file.trim_end_matches(".rs")),
    };
    let parents = ["/lib.rs", "/main.rs", "/mod.rs", ".rs"].map(|root| format!("{folder}{root}"));
    let declares = |parent: &&String| {
        let text = tree.text(parent).map(mask).unwrap_or_default();
        DECLARATION.captures_iter(&text).any(|found| &found[1] == name)
    };
    let message = || format!("no module names this file: add `mod {name};` to its parent");
    parents.iter().find(declares).is_none().then(|| finding("modules", path, 1, message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&SourceTree::from_files(files))
            .into_iter()
            .map(|(path, _, message)| format!("{path}: {message}"))
            .collect()
    }

    #[test]
    fn a_header_is_required() {
        assert!(found(&[("crates/a/benches/good.rs", "//! Says something.\n")]).is_empty());
        for text in ["use std::fs;\n//! Too late.\n", "", "//! ---\n", "/// Documents an item.\n"] {
            assert!(found(&[("crates/a/benches/bad.rs", text)])[0].contains("[header]"), "{text}");
        }
    }

    #[test]
    fn files_have_a_limit_without_tests() {
        let block = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    let x = 1;\n".repeat(900));
        let file = |lines: usize| format!("//! Header.\n{}{block}", "// line\n".repeat(lines - 1));
        assert!(found(&[("crates/a/src/lib.rs", &file(600))]).is_empty());
        assert!(found(&[("crates/a/src/lib.rs", &file(601))])[0].contains("601 lines"));
    }

    #[test]
    fn files_must_belong_to_a_module() {
        let header = "//! Header.\n";
        let files = [
            ("crates/a/src/lib.rs", "//! Header.\npub mod topic;\nmod flat;\n// mod lost;\n"),
            ("crates/a/src/topic/mod.rs", "//! Header.\nmod inner;\n"),
            ("crates/a/src/topic/inner.rs", header),
            ("crates/a/src/flat.rs", "//! Header.\n#[cfg(test)]\nmod tests;\n"),
            ("crates/a/src/flat/tests.rs", header),
        ];
        assert!(found(&files).is_empty(), "{:?}", found(&files));
        assert_eq!(found(&[files[0], ("crates/a/src/topic/mod.rs", header), files[2], files[3], files[4]]).len(), 1);
        assert_eq!(found(&[("crates/a/src/lib.rs", header), files[1], files[2]]).len(), 1, "a whole folder");
        assert!(
            found(&[files[0], files[1], files[2], files[3], files[4], ("crates/a/src/lost.rs", header)])[0]
                .contains("mod lost;")
        );
    }
}
