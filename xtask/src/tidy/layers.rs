//! Layers of the engine: the table in the header of its `lib.rs` says which module may import which.
//!
//! ```text
//! //! | 4 | `query` | … |
//! //! | 4 | `mirror` | … |
//! ```
//!
//! A top-level module may use itself and modules of lower layers. Test modules may use every module.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::{LintFinding, finding};
use crate::source_tree::{SourceTree, line_of, mask_without_tests, pattern};

/// The file with the table, which belongs to no layer itself.
const ROOT: &str = "crates/omnigraph/src/lib.rs";
/// The folder of the modules.
const ENGINE: &str = "crates/omnigraph/src/";

static ROW: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^//! \| (\d+) \| `(\w+)` \|"));
/// `crate::` or a chain of `super::`, and the name or brace after it.
static IMPORT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(crate|super(?:\s*::\s*super)*)\s*::\s*(?:(?:r#)?(\w+)|\{([^;]*))"));
static INNER_BRACES: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{[^{}]*\}"));

/// One import of a module by another.
pub(crate) struct ModuleImport {
    path: String,
    line: usize,
    /// The importing module.
    pub(crate) from: String,
    /// The imported name at the top of the crate.
    pub(crate) to: String,
}

/// Reads the layer of each module from the table.
pub(crate) fn layers(tree: &SourceTree) -> BTreeMap<String, u32> {
    let text = tree.text(ROOT).unwrap_or_default();
    let row = |row: regex::Captures<'_>| Some((row[2].to_owned(), row[1].parse().ok()?));
    ROW.captures_iter(text).filter_map(row).collect()
}

/// Reads the imports between modules of the engine, test modules left out.
pub(crate) fn imports(tree: &SourceTree) -> Vec<ModuleImport> {
    let files: Vec<_> = tree.files().filter_map(|(path, text)| Some((path, module_of(path)?, text))).collect();
    let modules: BTreeSet<&str> = files.iter().map(|(_, module, _)| *module).collect();
    let mut imports = Vec::new();
    for (path, from, text) in files {
        let mask = mask_without_tests(text);
        for found in IMPORT.captures_iter(&mask) {
            let from_root = &found[1] == "crate";
            let names = match (found.get(2), found.get(3)) {
                (Some(name), _) => vec![name.as_str().to_owned()],
                (None, group) => names_in_group(group.map_or("", |group| group.as_str())),
            };
            // After `super::` another name belongs to a module inside this file.
            let is_import = |to: &String| from_root || climbs_to_root(path, &found[1]) && modules.contains(to.as_str());
            let line = line_of(&mask, found.get_match().start());
            imports.extend(names.into_iter().filter(|to| to != from && is_import(to)).map(|to| ModuleImport {
                path: path.to_owned(),
                line,
                from: from.to_owned(),
                to,
            }));
        }
    }
    imports
}

/// Reports imports that do not point down, and modules without a layer.
pub(crate) fn check(tree: &SourceTree) -> Vec<LintFinding> {
    let layers = layers(tree);
    let modules: BTreeSet<&str> = tree.files().filter_map(|(path, _)| module_of(path)).collect();
    let missing = modules.iter().filter(|module| !layers.contains_key(**module)).map(|module| {
        finding("layers", ROOT, 1, format!("the module `{module}` has no layer: add a row to the table in the header"))
    });
    let upward = imports(tree).into_iter().filter_map(|ModuleImport { path, line, from, to }| {
        let message = match (layers.get(&from), layers.get(&to)) {
            _ if !modules.contains(to.as_str()) => {
                format!("`crate::{to}` is not a module: import it from the module that owns it, not through lib.rs")
            }
            (Some(own), Some(other)) if other >= own => {
                format!("`{from}` (layer {own}) cannot use `{to}` (layer {other}): move the shared part down a layer")
            }
            _ => return None,
        };
        Some(finding("layers", &path, line, message))
    });
    missing.chain(upward).collect()
}

/// Returns the top-level module that a file of the engine belongs to.
fn module_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(ENGINE).filter(|rest| rest.ends_with(".rs") && *rest != "lib.rs")?;
    let first = rest.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

/// Returns true if a chain of `super` in this file ends at the top of the crate.
fn climbs_to_root(path: &str, chain: &str) -> bool {
    let inside = path.strip_prefix(ENGINE).unwrap_or(path).trim_end_matches(".rs").trim_end_matches("/mod");
    chain.matches("super").count() >= inside.split('/').count()
}

/// Returns the first name of each entry of `a::b, c::{d, e} }`, the opening brace already passed.
fn names_in_group(rest: &str) -> Vec<String> {
    let mut flat = rest.to_owned();
    while let std::borrow::Cow::Owned(shorter) = INNER_BRACES.replace_all(&flat, "") {
        flat = shorter;
    }
    let entries = flat.split('}').next().unwrap_or_default().split(',');
    let first = |entry: &str| {
        entry.split(|c: char| !c.is_alphanumeric() && c != '_').find(|word| !word.is_empty()).map(str::to_owned)
    };
    entries.filter_map(first).filter(|name| name != "self").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "//! | 3 | `write` | rows in |\n//! | 2 | `query` | read |\n//! | 2 | `mirror` | x |\n//! | 1 | `error` | y |\n";
    const MODULES: [(&str, &str); 4] = [
        ("crates/omnigraph/src/write/mod.rs", ""),
        ("crates/omnigraph/src/query/run.rs", ""),
        ("crates/omnigraph/src/mirror/open.rs", ""),
        ("crates/omnigraph/src/error.rs", ""),
    ];

    /// Returns the findings when the file at `path` has this text.
    fn found(path: &str, text: &str) -> Vec<String> {
        let path = format!("{ENGINE}{path}");
        let mut files: Vec<_> = MODULES.into_iter().filter(|(other, _)| *other != path).collect();
        files.extend([(path.as_str(), text), (ROOT, TABLE)]);
        check(&SourceTree::from_files(&files)).into_iter().map(|(_, _, message)| message).collect()
    }

    #[test]
    fn imports_point_down() {
        assert!(
            found("write/a.rs", "use crate::query::open::Pin;\nuse crate::{error::{Error, Kind}, write::x};")
                .is_empty()
        );
        assert!(
            found("query/a.rs", "use crate::write::stage;")[0]
                .contains("`query` (layer 2) cannot use `write` (layer 3)")
        );
        assert_eq!(found("error.rs", "use crate::{\n  error::{Error, Kind},\n  query::{run, self},\n};").len(), 1);
        assert_eq!(found("query/a.rs", "fn f() -> crate::write::Receipt { todo() }").len(), 1, "paths count too");
        assert_eq!(found("query/a.rs", "use crate::mirror::x;").len(), 1, "modules of one layer are apart");
    }

    #[test]
    fn chains_of_super_are_followed() {
        assert_eq!(found("query/a.rs", "use super::super::write::stage;").len(), 1);
        assert_eq!(found("error.rs", "use super::query;").len(), 1);
        assert!(found("query/a.rs", "use super::write;").is_empty(), "a module of the same folder");
    }

    #[test]
    fn tests_and_comments_are_free() {
        let text = "// crate::write\n#[cfg(test)]\nmod tests {\n    use crate::write::stage;\n}\n";
        assert!(found("query/a.rs", text).is_empty());
    }

    #[test]
    fn unknown_modules_are_reported() {
        assert!(found("query/a.rs", "use crate::Error;")[0].contains("not a module"));
        assert!(found("shed.rs", "")[0].contains("`shed` has no layer"));
    }
}
