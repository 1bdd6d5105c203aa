//! `xtask/allow.txt`: the files and functions that are over the limit, with their present size. It may only shrink.
//!
//! ```text
//! lines crates/omnigraph/src/query/run.rs 640
//! fn    crates/omnigraph/src/query/run.rs plan 85
//! ```

use std::collections::BTreeMap;

use super::table;
use super::{Finding, Tree};

/// Where the list lives.
pub(crate) const PATH: &str = "xtask/allow.txt";

/// What an entry speaks of: a whole file, or a function in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) path: String,
    pub(crate) function: Option<String>,
}

/// The recorded sizes, with the line of the list they stand on.
#[derive(Debug, Default)]
pub(crate) struct AllowList {
    entries: BTreeMap<Subject, (usize, usize)>,
}

impl AllowList {
    /// Reads the list; malformed and repeated entries are findings.
    pub(crate) fn load(tree: &Tree) -> (AllowList, Vec<Finding>) {
        let mut list = AllowList::default();
        let mut findings = Vec::new();
        for (line, entry) in table::entries(tree, PATH) {
            let Some((subject, size)) = parse(entry) else {
                findings.push(Finding::new("allow", PATH, line, FORMAT));
                continue;
            };
            if list.entries.insert(subject, (line, size)).is_some() {
                findings.push(Finding::new("allow", PATH, line, "listed twice: keep one entry"));
            }
        }
        (list, findings)
    }

    /// The recorded size, when there is one.
    pub(crate) fn recorded(&self, subject: &Subject) -> Option<usize> {
        self.entries.get(subject).map(|(_, size)| *size)
    }

    /// Entries that are larger than the truth. `oversized` holds everything that is over its limit now.
    pub(crate) fn stale(&self, oversized: &BTreeMap<Subject, usize>) -> Vec<Finding> {
        let judge = |(subject, (line, recorded)): (&Subject, &(usize, usize))| match oversized.get(subject) {
            None => Some((*line, "within the limit now, or gone: remove this entry".to_owned())),
            Some(now) if now < recorded => Some((*line, format!("it is {now} lines now: lower {recorded} to {now}"))),
            Some(_) => None,
        };
        self.entries
            .iter()
            .filter_map(judge)
            .map(|(line, message)| Finding::new("allow", PATH, line, message))
            .collect()
    }
}

const FORMAT: &str = "an entry is `lines <path> <number>` or `fn <path> <name> <number>`";

fn parse(entry: &str) -> Option<(Subject, usize)> {
    let words: Vec<&str> = entry.split_whitespace().collect();
    let (path, function, size) = match words.as_slice() {
        ["lines", path, size] => (path, None, size),
        ["fn", path, name, size] => (path, Some(name.to_string()), size),
        _ => return None,
    };
    Some((Subject { path: path.to_string(), function }, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(path: &str, function: Option<&str>) -> Subject {
        Subject { path: path.into(), function: function.map(Into::into) }
    }

    fn load(text: &str) -> (AllowList, Vec<Finding>) {
        AllowList::load(&Tree::of(&[(PATH, text)]))
    }

    #[test]
    fn entries_are_read() {
        let (list, findings) = load("# reason\nlines a.rs 700\nfn a.rs big 90\n");
        assert_eq!(findings, []);
        assert_eq!(list.recorded(&subject("a.rs", None)), Some(700));
        assert_eq!(list.recorded(&subject("a.rs", Some("big"))), Some(90));
        assert_eq!(list.recorded(&subject("b.rs", None)), None);
    }

    #[test]
    fn bad_entries_are_told() {
        assert_eq!(load("lines a.rs\nlines a.rs many\nfun a.rs b 3\n").1.len(), 3);
        assert!(load("lines a.rs 700\nlines a.rs 800\n").1[0].to_string().contains("listed twice"));
    }

    #[test]
    fn the_list_may_only_shrink() {
        let (list, _) = load("lines a.rs 700\nlines b.rs 700\nlines c.rs 700\n");
        let now = BTreeMap::from([(subject("a.rs", None), 700), (subject("b.rs", None), 650)]);
        let found: Vec<_> = list.stale(&now).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("lower 700 to 650"));
        assert!(found[1].contains("remove this entry"));
    }
}
