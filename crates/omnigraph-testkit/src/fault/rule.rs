//! Which call a fault strikes, and what it does.

use std::time::Duration;

use omnigraph_objects::Verb;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and has no effect.
    FailBefore,
    /// It takes effect and its answer is lost.
    FailAfter,
    /// It takes this much longer.
    Delay(Duration),
    /// It has no effect, and from now on every call fails until [`super::Faults::revive`].
    CrashBefore,
    /// It takes effect, its answer is lost, and from now on every call fails until [`super::Faults::revive`].
    CrashAfter,
}

/// A fault and the calls that it strikes. As built by [`Rule::new`], every call.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) fault: Fault,
    verb: Option<Verb>,
    path: Option<String>,
    nth: Option<usize>,
    met: usize,
}

impl Rule {
    /// Strikes every call.
    pub fn new(fault: Fault) -> Self {
        Self { fault, verb: None, path: None, nth: None, met: 0 }
    }

    /// Only calls of this verb.
    #[must_use]
    pub fn verb(self, verb: Verb) -> Self {
        Self { verb: Some(verb), ..self }
    }

    /// Only calls on paths that match: a pattern with `*`, which stands for any characters, matches the whole path;
    /// one without matches any part of it.
    #[must_use]
    pub fn path(self, pattern: &str) -> Self {
        Self { path: Some(pattern.to_owned()), ..self }
    }

    /// Only the `index`-th of the calls that match otherwise, counted from zero and from when the rule is added.
    #[must_use]
    pub fn nth(self, index: usize) -> Self {
        Self { nth: Some(index), ..self }
    }

    /// Whether this call is struck; counts it if it matches.
    pub(super) fn strikes(&mut self, verb: Verb, path: &str) -> bool {
        let matches =
            self.verb.is_none_or(|wanted| wanted == verb) && self.path.as_deref().is_none_or(|p| path_matches(p, path));
        if !matches {
            return false;
        }
        let index = self.met;
        self.met += 1;
        self.nth.is_none_or(|wanted| wanted == index)
    }
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return path.contains(pattern) };
    let Some(mut left) = path.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths_and_words_match_parts() {
        assert!(path_matches("log", "__graph/log/1.json"));
        assert!(path_matches("__graph/*.json", "__graph/log/1.json"));
        assert!(path_matches("*/log/*", "__graph/log/1.json"));
        assert!(!path_matches("log/*", "__graph/log/1.json"));
        assert!(!path_matches("__graph/*.json", "__graph/log/1.json.tmp"));
        assert!(path_matches("a*ba", "aba"));
        assert!(!path_matches("ab*ba", "aba"), "no byte serves twice");
    }

    #[test]
    fn the_index_counts_matching_calls_only() {
        let mut rule = Rule::new(Fault::FailBefore).verb(Verb::Put).path("a").nth(1);
        let calls = [(Verb::Put, "a"), (Verb::Get, "a"), (Verb::Put, "b"), (Verb::Put, "a"), (Verb::Put, "a")];
        let struck: Vec<bool> = calls.into_iter().map(|(verb, path)| rule.strikes(verb, path)).collect();
        assert_eq!(struck, [false, false, false, true, false]);
    }
}
