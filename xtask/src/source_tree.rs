//! The files of the workspace as text, and Rust text without comments and literals, so that every check is a pure function.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// Larger files are data, not text that a person maintains.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// Folders of generated files.
const GENERATED: [&str; 2] = ["target", "node_modules"];

/// Hidden folders with text of the project.
const HIDDEN_SOURCES: [&str; 4] = [".ci", ".config", ".github", ".cargo"];

/// Text files by path from the workspace root, with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct SourceTree {
    files: BTreeMap<String, String>,
}

impl SourceTree {
    /// Reads every text file below `root`.
    ///
    /// # Errors
    /// A folder or file that cannot be read, with its path.
    pub(crate) fn load(root: &Path) -> Result<Self, String> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), String> {
        let fail = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let metadata = entry.metadata().map_err(fail)?;
            if metadata.is_dir() && has_sources(&name) {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if metadata.is_file() && metadata.len() <= MAX_TEXT_BYTES {
                let bytes = fs::read(entry.path()).map_err(fail)?;
                if let Ok(text) = String::from_utf8(bytes) {
                    self.files.insert(path, text);
                }
            }
        }
        Ok(())
    }

    /// Builds a tree of the given files.
    #[cfg(test)]
    pub(crate) fn from_files(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect() }
    }

    /// Returns the text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Yields every file in order of path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Yields every Rust file of the crates and of this tool.
    pub(crate) fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(|(path, _)| path.ends_with(".rs") && (path.starts_with("crates/") || path.starts_with("xtask/")))
    }

    /// Yields the Rust files below some crate's `src/`.
    pub(crate) fn src_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rust_files().filter(|(path, _)| path.starts_with("xtask/src/") || path.split('/').nth(2) == Some("src"))
    }
}

fn has_sources(folder: &str) -> bool {
    let hidden = folder.starts_with('.') && !HIDDEN_SOURCES.contains(&folder);
    !hidden && !GENERATED.contains(&folder) && !folder.ends_with(".omni")
}

/// Compiles a constant pattern of this tool.
#[expect(clippy::expect_used, reason = "the patterns are constants and every test compiles them")]
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern compiles")
}

/// Comments and literals of Rust. Block comments do not nest here, and raw strings have at most two `#`.
static BLANKS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r###"(?s)//[^\n]*|/\*.*?\*/|\b[bc]?r"[^"]*"|\b[bc]?r#".*?"#|\b[bc]?r##".*?"##|"(?:\\.|[^"\\])*"|'(?:\\.[^'\n]*|[^'\\\n])'"###,
    )
});
static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?ms)^#\[cfg\((?:all\()?test\b[^\n]*\n(?:#\[[^\n]*\n)*(?:pub(?:\([^)]*\))? )?mod \w+ \{.*?^\}")
});

/// Returns the ranges of comments and literals in order.
pub(crate) fn blanks(text: &str) -> impl Iterator<Item = Range<usize>> {
    BLANKS.find_iter(text).map(|found| found.range())
}

/// Returns the text with comments and literals blanked: offsets and lines stay valid.
pub(crate) fn mask(text: &str) -> String {
    blank_out(text, blanks(text))
}

/// Returns the masked text with `#[cfg(test)] mod name { … }` blanked too. rustfmt puts its closing brace at the margin.
pub(crate) fn mask_without_tests(text: &str) -> String {
    let mask = mask(text);
    blank_out(&mask, test_modules(&mask))
}

/// Returns the ranges of test modules in a masked text.
pub(crate) fn test_modules(mask: &str) -> impl Iterator<Item = Range<usize>> {
    TEST_MODULE.find_iter(mask).map(|found| found.range())
}

fn blank_out(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in ranges {
        bytes[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    // Ranges begin and end at characters, so what remains is valid text.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Returns the line, from one, that holds the byte at `offset`.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let masked = mask(text);
        assert_eq!(masked.len(), text.len(), "offsets stay valid");
        assert_eq!(masked.lines().count(), text.lines().count(), "lines stay valid");
        assert_eq!(masked.split_whitespace().collect::<Vec<_>>().join(" "), expected, "in {text:?}");
    }

    #[test]
    fn comments_and_literals_are_blanked() {
        check("a // { lance::x\nb /* { \n } */ /// doc }\nc", "a b c");
        check(r#"f("{ \" {", b"{", x)"#, "f( , b , x)");
        check(r###"f(r#"{ " {"#, r"\", br##"{"# "##, x)"###, "f( , , , x)");
        check("match c { '{' => 'é', '\\'' => b'}', '\\u{7b}' => '\"' }", "match c { => , => b , => }");
        check("fn f<'a>(x: &'a str, y: &'static str) {}", "fn f<'a>(x: &'a str, y: &'static str) {}");
        check("let r#type = for_r; b.c.r", "let r#type = for_r; b.c.r");
    }

    #[test]
    fn test_modules_are_blanked() {
        let text =
            "fn a() {}\n#[cfg(all(test, unix))]\n#[allow(dead_code)]\nmod t {\n    fn b() { \"}\" }\n}\nfn c() {}\n";
        let masked = mask_without_tests(text);
        assert_eq!(masked.split_whitespace().collect::<Vec<_>>().join(" "), "fn a() {} fn c() {}");
        assert!(mask_without_tests("#[cfg(testing)]\nmod t {\n}\n").contains("mod t"));
    }

    #[test]
    fn src_files_are_those_below_src() {
        let files = ["crates/a/src/lib.rs", "crates/a/tests/it/main.rs", "xtask/src/main.rs", "scripts/x.rs"];
        let tree = SourceTree::from_files(&files.map(|path| (path, "")));
        let paths: Vec<_> = tree.src_files().map(|(path, _)| path).collect();
        assert_eq!(paths, ["crates/a/src/lib.rs", "xtask/src/main.rs"]);
        assert_eq!(tree.rust_files().count(), 3);
        assert!(has_sources("src") && has_sources(".ci"));
        assert!(!has_sources("target") && !has_sources(".git") && !has_sources("demo.omni"));
    }
}
