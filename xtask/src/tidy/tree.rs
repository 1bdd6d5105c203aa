//! The files of the workspace, held as text, so that every check is a pure function and testable on made-up trees.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Larger files are data, not text that a person maintains.
const LARGEST_TEXT_BYTES: u64 = 1 << 20;

/// Folders that hold no text of ours: build output, and hidden folders other than those named in [`HIDDEN_BUT_OURS`].
const NOT_OURS: [&str; 2] = ["target", "node_modules"];
const HIDDEN_BUT_OURS: [&str; 4] = [".ci", ".config", ".github", ".cargo"];

/// Text files by path from the workspace root, with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads every text file below `root`.
    ///
    /// # Errors
    /// When a folder or file cannot be read, with its path.
    pub(crate) fn load(root: &Path) -> Result<Tree, String> {
        let mut tree = Tree::default();
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
            if metadata.is_dir() && is_ours(&name) {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if metadata.is_file() && metadata.len() <= LARGEST_TEXT_BYTES {
                let bytes = fs::read(entry.path()).map_err(fail)?;
                if let Ok(text) = String::from_utf8(bytes) {
                    self.files.insert(path, text);
                }
            }
        }
        Ok(())
    }

    /// A tree made of the given files.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        Tree { files: files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect() }
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Every file, in order of path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every Rust file of the crates and of this tool.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(|(path, _)| path.ends_with(".rs") && (path.starts_with("crates/") || path.starts_with("xtask/")))
    }

    /// Rust files that ship: those below some crate's `src/`.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rust().filter(|(path, _)| path.starts_with("xtask/src/") || path.split('/').nth(2) == Some("src"))
    }
}

fn is_ours(folder: &str) -> bool {
    let hidden = folder.starts_with('.') && !HIDDEN_BUT_OURS.contains(&folder);
    !hidden && !NOT_OURS.contains(&folder) && !folder.ends_with(".omni")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_what_lies_below_src() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", ""),
            ("crates/a/tests/it/main.rs", ""),
            ("xtask/src/main.rs", ""),
            ("scripts/x.rs", ""),
        ]);
        let paths: Vec<_> = tree.sources().map(|(path, _)| path).collect();
        assert_eq!(paths, ["crates/a/src/lib.rs", "xtask/src/main.rs"]);
        assert_eq!(tree.rust().count(), 3);
    }

    #[test]
    fn build_output_and_hidden_folders_are_passed_over() {
        assert!(is_ours("src") && is_ours(".ci"));
        assert!(!is_ours("target") && !is_ours(".git") && !is_ours("demo.omni"));
    }
}
