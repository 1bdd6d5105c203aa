//! No Rust file is forgotten: one that no module names compiles never and tests nothing, and nobody is told.

use std::sync::LazyLock;

use regex::Regex;

use super::mask::mask;
use super::outline::pattern;
use super::{Finding, Tree};

static DECLARATION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bmod\s+(?:r#)?(\w+)\s*;"));

/// Folders whose files must hang together, each with the files that may be its root.
const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "mod.rs"];

/// Reports files below `src/` and `tests/it/` that their parent module does not name.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust().map(|(path, _)| path).filter(|path| in_scope(path));
    files.filter_map(|path| forgotten(tree, path)).collect()
}

fn in_scope(path: &str) -> bool {
    (path.contains("/src/") || path.contains("/tests/it/")) && !path.contains("/src/bin/")
}

fn forgotten(tree: &Tree, path: &str) -> Option<Finding> {
    let (folder, name) = module_of(path)?;
    let parents = parents_in(&folder);
    let declared = |parent: &String| {
        let text = tree.text(parent).map(mask).unwrap_or_default();
        DECLARATION.captures_iter(&text).any(|found| found[1] == name)
    };
    if parents.iter().any(declared) {
        return None;
    }
    let parent = parents.iter().find(|parent| tree.text(parent).is_some()).or(parents.first())?;
    Some(Finding::new("modules", path, 0, format!("forgotten: add `mod {name};` to {parent}")))
}

/// The folder that the parent of a file governs, and the file's module name. `None` for a root, which has no parent.
fn module_of(path: &str) -> Option<(String, String)> {
    let (folder, file) = path.rsplit_once('/')?;
    match file {
        "mod.rs" => folder.rsplit_once('/').map(|(above, name)| (above.to_owned(), name.to_owned())),
        "lib.rs" | "main.rs" if folder.ends_with("/src") || folder.ends_with("/tests/it") => None,
        _ => Some((folder.to_owned(), file.trim_end_matches(".rs").to_owned())),
    }
}

/// The files that may declare the modules of a folder.
fn parents_in(folder: &str) -> Vec<String> {
    let mut parents: Vec<String> = ROOTS.iter().map(|root| format!("{folder}/{root}")).collect();
    parents.push(format!("{folder}.rs"));
    parents
}

/// Where `mod name;`, written in `path`, may find its file.
pub(crate) fn places_of_child(path: &str, name: &str) -> [String; 2] {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = if ROOTS.contains(&file) { folder.to_owned() } else { path.trim_end_matches(".rs").to_owned() };
    [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_forgotten_test_is_told() {
        let main = ("crates/a/tests/it/main.rs", "mod seen;\n// mod lost;\n");
        let seen = ("crates/a/tests/it/seen.rs", "");
        assert!(found(&[main, seen]).is_empty());
        let lost = found(&[main, seen, ("crates/a/tests/it/lost.rs", "")]);
        assert_eq!(lost.len(), 1);
        assert!(lost[0].contains("add `mod lost;` to crates/a/tests/it/main.rs"), "{lost:?}");
    }

    #[test]
    fn folders_are_followed() {
        let files = [
            ("crates/a/src/lib.rs", "pub mod room;\nmod flat;\n"),
            ("crates/a/src/room/mod.rs", "mod inner;\n"),
            ("crates/a/src/room/inner.rs", ""),
            ("crates/a/src/flat.rs", "#[cfg(test)]\nmod tests;\n"),
            ("crates/a/src/flat/tests.rs", ""),
        ];
        assert!(found(&files).is_empty());
        assert_eq!(found(&[files[0], ("crates/a/src/room/mod.rs", ""), files[2], files[3], files[4]]).len(), 1);
        assert_eq!(found(&[("crates/a/src/lib.rs", ""), files[1], files[2]]).len(), 1, "a whole forgotten room");
    }

    #[test]
    fn children_are_found_beside_a_root_and_below_a_file() {
        assert_eq!(places_of_child("a/src/lib.rs", "t"), ["a/src/t.rs", "a/src/t/mod.rs"]);
        assert_eq!(places_of_child("a/src/x.rs", "t"), ["a/src/x/t.rs", "a/src/x/t/mod.rs"]);
    }
}
