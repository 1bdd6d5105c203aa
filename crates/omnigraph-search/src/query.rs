//! A query's text as tokens, and the plain form of every match: the decision about one text, without an index.
//!
//! The plain form is what the words of the language mean; [`crate::Segment::matches`] finds the same rows faster.

use crate::analysis::Tokenizer;
use crate::edits::Edits;

/// How a text predicate matches. A query without tokens matches nothing, whatever the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchKind {
    /// Any token of the query stands in the text.
    Any,
    /// Every token of the query stands in the text.
    All,
    /// The tokens of the query stand in the text at the same distances from each other as in the query: next to each
    /// other, where nothing was dropped between them.
    Phrase,
    /// Any token of the query is at most so many insertions, deletions and substitutions of characters away from a
    /// token of the text.
    Fuzzy {
        /// The most edits.
        edits: usize,
    },
}

/// The tokens of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextQuery {
    /// As analysis gives them, positions counted from the first token's.
    tokens: Vec<(String, u32)>,
    /// Sorted, each once.
    words: Vec<String>,
}

impl TextQuery {
    /// Analyses the text of a query.
    #[must_use]
    pub fn new(tokenizer: &Tokenizer, text: &str) -> Self {
        let mut tokens = analyzed(tokenizer, text);
        let start = tokens.first().map_or(0, |(_, position)| *position);
        for (_, position) in &mut tokens {
            *position -= start;
        }
        let mut words: Vec<String> = tokens.iter().map(|(word, _)| word.clone()).collect();
        words.sort_unstable();
        words.dedup();
        Self { tokens, words }
    }

    /// Whether analysis left no token, so that nothing matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The tokens in order, with positions that count from the first one's.
    #[must_use]
    pub fn tokens(&self) -> &[(String, u32)] {
        &self.tokens
    }

    /// The distinct tokens, sorted. A token that the query repeats counts once, in matches and in scores.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether `text`, analysed by the tokenizer that analysed the query, matches.
    #[must_use]
    pub fn matches_text(&self, tokenizer: &Tokenizer, kind: MatchKind, text: &str) -> bool {
        let text = analyzed(tokenizer, text);
        let has = |word: &String| text.iter().any(|(token, _)| token == word);
        match kind {
            _ if self.is_empty() => false,
            MatchKind::Any => self.words.iter().any(has),
            MatchKind::All => self.words.iter().all(has),
            MatchKind::Phrase => self.stands_in(&text),
            MatchKind::Fuzzy { edits } => self.words.iter().any(|word| {
                let mut edits = Edits::new(word, edits);
                text.iter().any(|(token, _)| edits.reach(token))
            }),
        }
    }

    fn stands_in(&self, text: &[(String, u32)]) -> bool {
        let Some((first, _)) = self.tokens.first() else { return false };
        let at = |word: &String, position: u32| text.iter().any(|(token, place)| token == word && *place == position);
        text.iter()
            .filter(|(token, _)| token == first)
            .any(|(_, start)| self.tokens.iter().all(|(word, offset)| at(word, start + offset)))
    }
}

fn analyzed(tokenizer: &Tokenizer, text: &str) -> Vec<(String, u32)> {
    let mut tokens = Vec::new();
    tokenizer.analyze(text, &mut |token, position| tokens.push((token.to_owned(), position)));
    tokens
}
