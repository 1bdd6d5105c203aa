//! Where the functions and the test modules of a Rust file lie, found in its [mask](super::mask).

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use regex::Regex;

use super::mask::mask;

/// What is not code, but a fixed pattern of this file: a failure here is a defect of the tool itself.
#[expect(clippy::expect_used, reason = "the patterns are constants and every test compiles them")]
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern compiles")
}

static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"#\[cfg\((?:all\(\s*)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*([{;])")
});
static FUNCTION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bfn\s+(\w+)"));

/// A function and how many lines it takes, from its `fn` to its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// The shape of one file. Lines count from one.
#[derive(Debug)]
pub(crate) struct Outline {
    /// The text without comments and literals; same offsets as the file.
    pub(crate) mask: String,
    /// The lines of `#[cfg(test)] mod name { … }`, attribute and braces included.
    pub(crate) test_blocks: Vec<RangeInclusive<usize>>,
    /// The names of modules declared as `#[cfg(test)] mod name;`.
    pub(crate) test_files: Vec<String>,
    /// Functions that have a body, in order, nested ones too.
    pub(crate) functions: Vec<Function>,
    lines: usize,
}

impl Outline {
    /// Reads the shape of `text`.
    pub(crate) fn of(text: &str) -> Outline {
        let mask = mask(text);
        let mut test_blocks = Vec::new();
        let mut test_files = Vec::new();
        for found in TEST_MODULE.captures_iter(&mask) {
            let (whole, name, opener) = (found.get_match(), &found[1], &found[2]);
            if opener == ";" {
                test_files.push(name.to_owned());
            } else {
                let end = closing_brace(&mask, whole.end() - 1);
                test_blocks.push(line_of(&mask, whole.start())..=line_of(&mask, end));
            }
        }
        let functions = FUNCTION.captures_iter(&mask).filter_map(|found| function(&mask, &found)).collect();
        let lines = text.lines().count();
        Outline { mask, test_blocks, test_files, functions, lines }
    }

    /// How many lines lie outside test blocks.
    pub(crate) fn lines_without_tests(&self) -> usize {
        let tests: usize = self.test_blocks.iter().map(|block| block.end() - block.start() + 1).sum();
        self.lines.saturating_sub(tests)
    }

    /// Whether a line lies in a test block.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.test_blocks.iter().any(|block| block.contains(&line))
    }
}

/// The line, from one, that holds the byte at `offset`.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

fn function(mask: &str, found: &regex::Captures<'_>) -> Option<Function> {
    let start = found.get_match().start();
    let body = body_start(mask, found.get_match().end())?;
    let line = line_of(mask, start);
    let lines = line_of(mask, closing_brace(mask, body)) - line + 1;
    Some(Function { name: found[1].to_owned(), line, lines })
}

/// The brace that opens the body of a function; `None` for one that is only declared. The semicolon of `[u8; 4]` in a
/// signature stands inside brackets and ends nothing.
fn body_start(mask: &str, from: usize) -> Option<usize> {
    let mut depth = 0i32;
    for (offset, byte) in mask.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(offset),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The brace that closes the one at `open`; the end of the text when there is none.
fn closing_brace(mask: &str, open: usize) -> usize {
    let mut depth = 0i32;
    for (offset, byte) in mask.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return offset,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    mask.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
//! Header }
fn outer(a: [u8; 4]) -> u8 {
    let text = \"}\"; // }
    fn inner() {}
    text.len() as u8
}
trait Door {
    fn declared(&self) -> [u8; 2];
}

#[cfg(test)]
#[allow(dead_code)]
mod tests {
    #[test]
    fn it() {
        assert_eq!(\"{\", \"{\");
    }
}

#[cfg(test)]
mod far;
";

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let outline = Outline::of(FILE);
        let found: Vec<_> = outline.functions.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(found, [("outer", 2, 5), ("inner", 4, 1), ("it", 15, 3)]);
    }

    #[test]
    fn test_modules_are_told_apart() {
        let outline = Outline::of(FILE);
        assert_eq!(outline.test_blocks, vec![11..=18]);
        assert_eq!(outline.test_files, ["far"]);
        assert_eq!(outline.lines_without_tests(), FILE.lines().count() - 8);
        assert!(outline.is_test(15) && !outline.is_test(4));
    }

    #[test]
    fn compound_conditions_count_as_tests() {
        assert_eq!(Outline::of("#[cfg(all(test, unix))]\nmod t {\n}\n").test_blocks, vec![1..=3]);
        assert_eq!(Outline::of("#[cfg(testing)]\nmod t {\n}\n").test_blocks, vec![]);
    }
}
