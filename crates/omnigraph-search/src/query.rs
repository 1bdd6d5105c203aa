//! Text queries: the tokens of a query, and the reference form of every text predicate on one text, without an index.
//!
//! The reference form defines the text predicates of the query language; [`crate::InvertedIndex::matches`] finds the same rows
//! faster.

use crate::analysis::Tokenizer;

/// The kind of a text predicate. A query without tokens matches nothing, whatever the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchKind {
    /// The text contains any token of the query.
    Any,
    /// The text contains every token of the query.
    All,
    /// The text contains the tokens of the query at the same relative positions: adjacent, unless analysis dropped a stop word
    /// between them.
    Phrase,
    /// The text contains a token within a Levenshtein distance of any token of the query.
    Fuzzy {
        /// Maximum number of insertions, deletions and substitutions of characters.
        edits: usize,
    },
}

/// The tokens of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextQuery {
    /// In order, with positions relative to the first token.
    tokens: Vec<(String, u32)>,
    /// Sorted and distinct.
    words: Vec<String>,
}

impl TextQuery {
    /// Analyzes the text of a query.
    #[must_use]
    pub fn new(tokenizer: &Tokenizer, text: &str) -> Self {
        let mut tokens = tokenize(tokenizer, text);
        let start = tokens.first().map_or(0, |(_, position)| *position);
        for (_, position) in &mut tokens {
            *position -= start;
        }
        let mut words: Vec<String> = tokens.iter().map(|(word, _)| word.clone()).collect();
        words.sort_unstable();
        words.dedup();
        Self { tokens, words }
    }

    /// Returns true if analysis left no token, so that nothing matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns the tokens in order, with positions relative to the first one.
    #[must_use]
    pub fn tokens(&self) -> &[(String, u32)] {
        &self.tokens
    }

    /// Returns the distinct tokens, sorted. A repeated token counts once, in matches and in scores.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Returns true if `text` matches, analyzed by the tokenizer of the query. The reference form of
    /// [`crate::InvertedIndex::matches`].
    #[must_use]
    pub fn matches_text(&self, tokenizer: &Tokenizer, kind: MatchKind, text: &str) -> bool {
        let text = tokenize(tokenizer, text);
        let has = |word: &String| text.iter().any(|(token, _)| token == word);
        match kind {
            _ if self.is_empty() => false,
            MatchKind::Any => self.words.iter().any(has),
            MatchKind::All => self.words.iter().all(has),
            MatchKind::Phrase => self.is_phrase_of(&text),
            MatchKind::Fuzzy { edits } => self.words.iter().any(|word| {
                let mut matcher = LevenshteinMatcher::new(word, edits);
                text.iter().any(|(token, _)| matcher.matches(token))
            }),
        }
    }

    fn is_phrase_of(&self, text: &[(String, u32)]) -> bool {
        let Some((first, _)) = self.tokens.first() else { return false };
        let contains =
            |word: &String, position: u32| text.iter().any(|(token, found)| token == word && *found == position);
        text.iter()
            .filter(|(token, _)| token == first)
            .any(|(_, start)| self.tokens.iter().all(|(word, offset)| contains(word, start + offset)))
    }
}

fn tokenize(tokenizer: &Tokenizer, text: &str) -> Vec<(String, u32)> {
    let mut tokens = Vec::new();
    tokenizer.analyze(text, &mut |token, position| tokens.push((token.to_owned(), position)));
    tokens
}

/// A matcher of words within a Levenshtein distance of one word, with reusable memory.
///
/// It fills the table of R. A. Wagner and M. J. Fischer (JACM 1974) row by row. Only cells within the limit of the diagonal can
/// hold a distance within the limit, so that it computes a band (E. Ukkonen, *Algorithms for approximate string matching*,
/// 1985).
#[derive(Debug)]
pub(crate) struct LevenshteinMatcher {
    word: Vec<char>,
    limit: usize,
    other: Vec<char>,
    /// Distances between the current prefix of `word` and each prefix of the other word.
    row: Vec<usize>,
}

impl LevenshteinMatcher {
    /// Creates a matcher of words within `limit` edits of `word`.
    pub(crate) fn new(word: &str, limit: usize) -> Self {
        Self { word: word.chars().collect(), limit, other: Vec::new(), row: Vec::new() }
    }

    /// Returns true if `other` is within the limit.
    pub(crate) fn matches(&mut self, other: &str) -> bool {
        // A character takes at most four bytes: the byte length alone excludes most words.
        if other.len() < self.word.len().saturating_sub(self.limit)
            || other.len() / 4 > self.word.len().saturating_add(self.limit)
        {
            return false;
        }
        self.other.clear();
        self.other.extend(other.chars());
        let columns = self.other.len();
        if columns.abs_diff(self.word.len()) > self.limit {
            return false;
        }
        self.row.clear();
        self.row.extend(0..=columns);
        for line in 1..=self.word.len() {
            if self.fill(line) > self.limit {
                return false;
            }
        }
        self.row.last().is_some_and(|distance| *distance <= self.limit)
    }

    /// Fills the band of one line of the table and returns the least distance in it.
    fn fill(&mut self, line: usize) -> usize {
        let low = line.saturating_sub(self.limit).max(1);
        let high = line.saturating_add(self.limit).min(self.other.len());
        let letter = self.word[line - 1];
        let mut diagonal = self.row[low - 1];
        // The cell before the band: the column of the empty prefix, or a distance beyond the limit.
        self.row[low - 1] = if low == 1 { line } else { usize::MAX / 2 };
        let mut least = self.row[low - 1];
        for column in low..=high {
            let substituted = diagonal + usize::from(letter != self.other[column - 1]);
            diagonal = self.row[column];
            let distance = substituted.min(diagonal + 1).min(self.row[column - 1] + 1);
            self.row[column] = distance;
            least = least.min(distance);
        }
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_within(a: &str, b: &str, limit: usize) -> bool {
        LevenshteinMatcher::new(a, limit).matches(b)
    }

    #[test]
    fn the_distance_is_exact_at_the_limit() {
        for (a, b, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("harbour", "harbur", 1),
            ("harbour", "harobur", 2),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("été", "ete", 2),
            ("東京", "京都", 2),
            ("abcdef", "fedcba", 6),
        ] {
            assert!(is_within(a, b, distance), "{a} {b}");
            assert!(is_within(a, b, usize::MAX), "{a} {b}");
            assert!(distance == 0 || !is_within(a, b, distance - 1), "{a} {b}");
        }
    }
}
