//! Rules: the kind of a fault and the calls that it applies to.

use std::time::Duration;

use omnigraph_storage::RequestVerb;

/// The effect of a fault on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The call fails and has no effect.
    FailBefore,
    /// The call takes effect and its response is lost.
    FailAfter,
    /// The call takes this much longer.
    Delay(Duration),
    /// The call has no effect, and every later call fails until [`super::FaultInjector::revive`].
    CrashBefore,
    /// The call takes effect, its response is lost, and every later call fails until [`super::FaultInjector::revive`].
    CrashAfter,
}

/// A fault and the calls that it applies to, by default every call.
#[derive(Debug, Clone)]
pub struct FaultRule {
    pub(super) fault: FaultKind,
    verb: Option<RequestVerb>,
    path: Option<String>,
    nth: Option<usize>,
    matched: usize,
}

impl FaultRule {
    /// Creates a rule for every call.
    pub fn new(fault: FaultKind) -> Self {
        Self { fault, verb: None, path: None, nth: None, matched: 0 }
    }

    /// Limits the rule to calls of this verb.
    #[must_use]
    pub fn verb(self, verb: RequestVerb) -> Self {
        Self { verb: Some(verb), ..self }
    }

    /// Limits the rule to paths that match. A pattern with `*`, which matches any characters, matches the whole path;
    /// one without matches any part of it.
    #[must_use]
    pub fn path(self, pattern: &str) -> Self {
        Self { path: Some(pattern.to_owned()), ..self }
    }

    /// Limits the rule to the `index`-th of the calls that match otherwise, counted from zero since the rule was added.
    #[must_use]
    pub fn nth(self, index: usize) -> Self {
        Self { nth: Some(index), ..self }
    }

    /// Returns true if the rule applies to this call, and counts the call if it matches.
    pub(super) fn applies_to(&mut self, verb: RequestVerb, path: &str) -> bool {
        let matches =
            self.verb.is_none_or(|wanted| wanted == verb) && self.path.as_deref().is_none_or(|p| path_matches(p, path));
        if !matches {
            return false;
        }
        let index = self.matched;
        self.matched += 1;
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
        let mut rule = FaultRule::new(FaultKind::FailBefore).verb(RequestVerb::Put).path("a").nth(1);
        let calls = [
            (RequestVerb::Put, "a"),
            (RequestVerb::Get, "a"),
            (RequestVerb::Put, "b"),
            (RequestVerb::Put, "a"),
            (RequestVerb::Put, "a"),
        ];
        let struck: Vec<bool> = calls.into_iter().map(|(verb, path)| rule.applies_to(verb, path)).collect();
        assert_eq!(struck, [false, false, false, true, false]);
    }
}
