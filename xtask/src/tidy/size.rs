//! Files and functions stay small enough to be read at one sitting: rooms grow by default, so a check has to push back.

use std::collections::{BTreeMap, BTreeSet};

use super::allow::{AllowList, Subject};
use super::modules;
use super::outline::Outline;
use super::{Finding, Tree};

/// Lines of one file, its test blocks not counted.
const FILE_LINES: usize = 600;
/// Lines of one function outside tests, from `fn` to the closing brace.
const FUNCTION_LINES: usize = 70;

/// Reports what is over a limit and not on the allow-list at its present size, and entries of that list gone stale.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (allowed, mut findings) = AllowList::load(tree);
    let mut oversized = BTreeMap::new();
    let tests = test_files(tree);
    for (path, text) in tree.sources().filter(|(path, _)| !tests.contains(*path)) {
        for (subject, line, size) in measure(path, &Outline::of(text)) {
            findings.extend(judge(&subject, line, size, allowed.recorded(&subject)));
            let largest = oversized.entry(subject).or_insert(size);
            *largest = size.max(*largest);
        }
    }
    findings.extend(allowed.stale(&oversized));
    findings
}

/// What of one file is over its limit: subject, line, size.
fn measure(path: &str, outline: &Outline) -> Vec<(Subject, usize, usize)> {
    let file = Subject { path: path.to_owned(), function: None };
    let lines = outline.lines_without_tests();
    let functions = outline.functions.iter().filter(|f| f.lines > FUNCTION_LINES && !outline.is_test(f.line));
    let functions = functions.map(|f| (Subject { function: Some(f.name.clone()), ..file.clone() }, f.line, f.lines));
    let mut over: Vec<_> = functions.collect();
    if lines > FILE_LINES {
        over.push((file, 0, lines));
    }
    over
}

fn judge(subject: &Subject, line: usize, size: usize, recorded: Option<usize>) -> Option<Finding> {
    let (what, limit, remedy) = match &subject.function {
        None => ("the file".to_owned(), FILE_LINES, "split it by concept"),
        Some(name) => (format!("`{name}`"), FUNCTION_LINES, "give its steps names of their own"),
    };
    let message = match recorded {
        Some(recorded) if size <= recorded => return None,
        Some(recorded) => format!("{what} grew from {recorded} to {size} lines: the allow-list may only shrink"),
        None => format!("{what} has {size} lines, the limit is {limit}: {remedy}"),
    };
    Some(Finding::new("size", &subject.path, line, message))
}

/// Files below `src/` that are compiled for tests only, because their parent declares them so.
fn test_files(tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, text) in tree.sources() {
        for name in Outline::of(text).test_files {
            found.extend(modules::places_of_child(path, &name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::allow;

    const FILE: &str = "crates/a/src/long.rs";

    fn lines(count: usize) -> String {
        "// line\n".repeat(count)
    }

    fn function(name: &str, count: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", lines(count - 2))
    }

    fn found(text: &str, list: &str) -> Vec<String> {
        let tree = Tree::of(&[(FILE, text), (allow::PATH, list)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_have_a_limit() {
        assert!(found(&lines(600), "").is_empty());
        assert!(found(&lines(601), "")[0].contains("601 lines, the limit is 600"));
    }

    #[test]
    fn functions_have_a_limit() {
        assert!(found(&function("fits", 70), "").is_empty());
        assert!(found(&function("sprawls", 71), "")[0].contains("`sprawls` has 71 lines"));
    }

    #[test]
    fn tests_are_not_counted() {
        let block = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("long_story", 900));
        assert!(found(&format!("{}{block}", lines(600)), "").is_empty());
        let far =
            Tree::of(&[("crates/a/src/x.rs", "#[cfg(test)]\nmod tests;\n"), ("crates/a/src/x/tests.rs", &lines(900))]);
        assert!(check(&far).is_empty());
    }

    #[test]
    fn the_allow_list_holds_the_present_size() {
        let entry = |size: usize| format!("lines {FILE} {size}\n");
        assert!(found(&lines(650), &entry(650)).is_empty());
        assert!(found(&lines(651), &entry(650))[0].contains("grew from 650 to 651"));
        assert!(found(&lines(649), &entry(650))[0].contains("lower 650 to 649"));
        assert!(found(&lines(600), &entry(650))[0].contains("remove this entry"));
    }

    #[test]
    fn of_two_functions_with_one_name_the_longer_is_recorded() {
        let text = format!("{}{}", function("new", 90), function("new", 80));
        assert!(found(&text, &format!("fn {FILE} new 90\n")).is_empty());
    }
}
