//! Every Rust file begins with a `//!` header: a reader learns what a room is for before entering it.

use super::{Finding, Tree};

/// Reports files whose first line is not a header with words in it.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let headed = |text: &str| text.lines().next().and_then(|line| line.strip_prefix("//! ")).is_some_and(has_words);
    tree.rust()
        .filter(|(_, text)| !headed(text))
        .map(|(path, _)| Finding::new("header", path, 1, "the first line must be `//! ` and say what the file is for"))
        .collect()
}

fn has_words(line: &str) -> bool {
    line.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_asked_for() {
        let tree = Tree::of(&[
            ("crates/a/src/good.rs", "//! Says what it is for.\n"),
            ("crates/a/src/none.rs", "use std::fs;\n//! Too late.\n"),
            ("crates/a/src/empty.rs", ""),
            ("crates/a/tests/it/mute.rs", "//! ---\n"),
            ("xtask/src/item.rs", "/// Documents an item, not the file.\n"),
        ]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(!found.iter().any(|finding| finding.contains("good.rs")));
    }
}
