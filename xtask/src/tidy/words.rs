//! What public text must not say: the table is `xtask/words.txt`, one `regular expression => reason` a line.

use regex::Regex;

use super::outline::line_of;
use super::table;
use super::{Finding, Tree};

/// Where the table lives. It is the one text that may hold the words.
const PATH: &str = "xtask/words.txt";
/// What a person reads in a public repository, beside the files named without an ending.
const ENDINGS: [&str; 10] = [".rs", ".md", ".toml", ".txt", ".sh", ".pg", ".gq", ".gqt", ".yml", ".py"];
const WHOLE_NAMES: [&str; 3] = ["Makefile", "LICENSE", ".ci/run"];

/// Reports each place where a forbidden expression matches, with the reason.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (rules, mut findings) = read(tree);
    for (path, text) in tree.files().filter(|(path, _)| is_public(path)) {
        for (words, reason) in &rules {
            let places = words.find_iter(text).map(|found| (line_of(text, found.start()), found.as_str()));
            findings
                .extend(places.map(|(line, said)| Finding::new("words", path, line, format!("`{said}`: {reason}"))));
        }
    }
    findings
}

fn read(tree: &Tree) -> (Vec<(Regex, &str)>, Vec<Finding>) {
    let mut rules = Vec::new();
    let mut findings = Vec::new();
    for (line, entry) in table::entries(tree, PATH) {
        let rule = entry.split_once(" => ").ok_or_else(|| "a line is `regular expression => reason`".to_owned());
        let rule = rule.and_then(|(words, reason)| match Regex::new(words.trim()) {
            Ok(words) => Ok((words, reason.trim())),
            Err(error) => Err(error.to_string()),
        });
        match rule {
            Ok(rule) => rules.push(rule),
            Err(message) => findings.push(Finding::new("words", PATH, line, message)),
        }
    }
    (rules, findings)
}

fn is_public(path: &str) -> bool {
    path != PATH && (ENDINGS.iter().any(|ending| path.ends_with(ending)) || WHOLE_NAMES.contains(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_with_line_and_reason() {
        let table = "# why\n\\bunspeakable\\b => say it otherwise\n";
        let text = "fine\nan unspeakable thing\nunspeakables are another word\n";
        let tree = Tree::of(&[(PATH, table), ("docs/a.md", text), ("data/a.bin", text), ("Makefile", "unspeakable")]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found.contains(&"docs/a.md:2: [words] `unspeakable`: say it otherwise".to_owned()));
    }

    #[test]
    fn the_table_is_checked() {
        assert_eq!(check(&Tree::of(&[(PATH, "no reason\n")])).len(), 1);
        assert_eq!(check(&Tree::of(&[(PATH, "(open => unbalanced\n")])).len(), 1);
    }
}
