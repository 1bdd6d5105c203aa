//! The line format shared by the tables in `xtask/*.txt`: one entry a line, `#` begins a comment line.

use super::Tree;

/// The entries of the table at `path`, each with its line number. A missing table has none.
pub(crate) fn entries<'a>(tree: &'a Tree, path: &str) -> Vec<(usize, &'a str)> {
    tree.text(path)
        .unwrap_or_default()
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_entries() {
        let tree = Tree::of(&[("t.txt", "# why\n\n  a b\nc # part of the entry\n")]);
        assert_eq!(entries(&tree, "t.txt"), [(3, "a b"), (4, "c # part of the entry")]);
        assert_eq!(entries(&tree, "missing.txt"), []);
    }
}
