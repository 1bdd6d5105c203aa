//! Figures about names, words, modules and sizes of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use crate::source_tree::SourceTree;
use crate::tidy::{banned_terms, layers, names};

/// First words of doc comments that are counted.
const COUNTED_OPENERS: [&str; 6] = ["What", "Whether", "How", "Who", "Where", "Of"];

/// Prints the figures.
pub(crate) fn report(tree: &SourceTree) -> String {
    let types = names::types(tree);
    let one_word = types.iter().filter(|place| place.is_one_word()).count();
    let docs = names::doc_comments(tree);
    let openers =
        docs.iter().filter(|place| place.opener().is_some_and(|word| COUNTED_OPENERS.contains(&word))).count();
    let mut lengths: Vec<usize> = tree.rust_files().map(|(_, text)| text.lines().count()).collect();
    lengths.sort_unstable();
    let src_lines: usize = tree.src_files().map(|(_, text)| text.lines().count()).sum();
    format!(
        "types: {}\n  of one plain word: {}\n  with a shared name: {}\ndoc comments: {}\n  that begin with {}: {}\n\
         banned terms: {}\n{}\nRust files: {}\n  median length: {} lines\n  lines: {} ({src_lines} below src)",
        types.len(),
        share(one_word, types.len()),
        share(names::shared_types(tree).len(), types.len()),
        docs.len(),
        COUNTED_OPENERS.join(", "),
        share(openers, docs.len()),
        banned_terms::check(tree).len(),
        modules(tree),
        lengths.len(),
        lengths.get(lengths.len() / 2).copied().unwrap_or_default(),
        lengths.iter().sum::<usize>(),
    )
}

fn share(part: usize, whole: usize) -> String {
    let tenths = part * 1000 / whole.max(1);
    format!("{part} ({}.{} %)", tenths / 10, tenths % 10)
}

/// Prints the modules of the engine by layer, with the modules that each uses.
fn modules(tree: &SourceTree) -> String {
    let layers = layers::layers(tree);
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for import in layers::imports(tree).into_iter().filter(|import| layers.contains_key(&import.to)) {
        arrows.entry(import.from).or_default().insert(import.to);
    }
    let count: usize = arrows.values().map(BTreeSet::len).sum();
    let points_up = |from: &String, to: &String| layers.get(to) >= layers.get(from);
    let upward: usize =
        arrows.iter().map(|(from, targets)| targets.iter().filter(|to| points_up(from, to)).count()).sum();
    let mut text = format!("modules of the engine: {} with {count} arrows, {upward} of them upward", layers.len());
    let mut rows: Vec<_> = layers.iter().collect();
    rows.sort_by_key(|(name, layer)| (std::cmp::Reverse(**layer), (*name).clone()));
    for (name, layer) in rows {
        let targets = arrows.get(name).into_iter().flatten();
        let targets = targets.map(|to| if points_up(name, to) { format!("{to} (upward)") } else { to.clone() });
        text.push_str(&format!("\n  {layer} {name} -> {}", targets.collect::<Vec<_>>().join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_counted() {
        let tree = SourceTree::from_files(&[
            ("crates/omnigraph/src/lib.rs", "//! | 2 | `api` | x |\n//! | 1 | `error` | y |\n"),
            ("crates/omnigraph/src/api.rs", "use crate::error::X;\n/// Whether.\nstruct One;\nstruct TwoWords;\n"),
            ("crates/omnigraph/src/error.rs", "use crate::api::X;\nstruct One;\n"),
        ]);
        let text = report(&tree);
        for line in [
            "types: 3",
            "of one plain word: 2 (66.6 %)",
            "shared name: 2 (66.6 %)",
            "Of: 1 (100.0 %)",
            "2 with 2 arrows, 1 of them upward",
            "1 error -> api (upward)",
            "Rust files: 3",
            "lines: 8 (8 below src)",
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
    }
}
