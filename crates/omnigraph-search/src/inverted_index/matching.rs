//! The rows of an inverted index that match a query.

use super::InvertedIndex;
use super::postings::PostingsReader;
use crate::query::{LevenshteinMatcher, MatchKind, TextQuery};
use crate::ranking::RowFilter;

impl InvertedIndex {
    /// Returns the matching rows that `rows` admits, ascending: those whose text satisfies [`TextQuery::matches_text`].
    ///
    /// Query and index use the same analyzer.
    #[must_use]
    pub fn matches(&self, query: &TextQuery, kind: MatchKind, rows: RowFilter<'_>) -> Vec<u32> {
        let mut found = match kind {
            _ if query.is_empty() => Vec::new(),
            MatchKind::Any => self.rows_with_any(query.words().iter().filter_map(|word| self.find(word))),
            MatchKind::All => self.rows_with_all(query),
            MatchKind::Phrase => self.rows_with_phrase(query),
            MatchKind::Fuzzy { edits } => self.rows_with_any(self.similar_terms(query, edits)),
        };
        found.retain(|row| rows.contains(*row));
        found
    }

    /// Returns the rows that contain any of the tokens: the union of their postings.
    fn rows_with_any(&self, terms: impl Iterator<Item = usize>) -> Vec<u32> {
        let mut lists = terms.map(|term| self.postings(term));
        let Some(mut first) = lists.next() else { return Vec::new() };
        let Some(second) = lists.next() else { return std::iter::from_fn(|| first.next()).collect() };
        let mut bits = vec![0_u64; self.rows().div_ceil(64)];
        for mut list in [first, second].into_iter().chain(lists) {
            while let Some(row) = list.next() {
                bits[row as usize / 64] |= 1 << (row % 64);
            }
        }
        let mut rows = Vec::new();
        for (start, mut word) in (0_u32..).step_by(64).zip(bits) {
            while word != 0 {
                rows.push(start + word.trailing_zeros());
                word &= word - 1;
            }
        }
        rows
    }

    /// Iterates over the tokens within `edits` of a word of the query.
    fn similar_terms(&self, query: &TextQuery, edits: usize) -> impl Iterator<Item = usize> {
        let mut matchers: Vec<LevenshteinMatcher> =
            query.words().iter().map(|word| LevenshteinMatcher::new(word, edits)).collect();
        (0..self.terms.len())
            .filter(move |term| matchers.iter_mut().any(|matcher| matcher.matches(self.term_text(*term))))
    }

    /// Returns the rows that contain all words of the query: the intersection of their postings.
    fn rows_with_all(&self, query: &TextQuery) -> Vec<u32> {
        let Some(mut terms) = query.words().iter().map(|word| self.find(word)).collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        // The rarest word leads: it limits how far the other lists are read.
        terms.sort_unstable_by_key(|term| self.terms[*term].documents);
        let mut lists: Vec<PostingsReader<'_>> = terms.into_iter().map(|term| self.postings(term)).collect();
        let mut rows = Vec::new();
        while let Some(row) = next_common(&mut lists) {
            rows.push(row);
        }
        rows
    }

    /// Returns the rows that contain the tokens of the query at the same relative positions.
    fn rows_with_phrase(&self, query: &TextQuery) -> Vec<u32> {
        let found: Option<Vec<_>> =
            query.tokens().iter().map(|(word, offset)| Some((self.find(word)?, *offset))).collect();
        let Some(mut found) = found else { return Vec::new() };
        found.sort_unstable_by_key(|(term, _)| self.terms[*term].documents);
        let offsets: Vec<u32> = found.iter().map(|(_, offset)| *offset).collect();
        let mut lists: Vec<PostingsReader<'_>> = found.iter().map(|(term, _)| self.postings(*term)).collect();
        let mut rows = Vec::new();
        let (mut starts, mut positions) = (Vec::new(), Vec::new());
        while let Some(row) = next_common(&mut lists) {
            if has_phrase(&mut lists, &offsets, &mut starts, &mut positions) {
                rows.push(row);
            }
        }
        rows
    }
}

/// Advances all lists to the next common row; the first list leads.
fn next_common(lists: &mut [PostingsReader<'_>]) -> Option<u32> {
    let (leader, others) = lists.split_first_mut()?;
    let mut row = leader.next()?;
    'candidate: loop {
        for list in &mut *others {
            let found = list.seek(row)?;
            if found > row {
                row = leader.seek(found)?;
                continue 'candidate;
            }
        }
        return Some(row);
    }
}

/// Returns true if the current row has a start position from which every list has a position at its offset.
fn has_phrase(
    lists: &mut [PostingsReader<'_>],
    offsets: &[u32],
    starts: &mut Vec<u32>,
    positions: &mut Vec<u32>,
) -> bool {
    starts.clear();
    for (index, (list, offset)) in lists.iter_mut().zip(offsets).enumerate() {
        list.read_positions(positions);
        if index == 0 {
            starts.extend(positions.iter().filter_map(|position| position.checked_sub(*offset)));
        } else {
            starts.retain(|start| positions.binary_search(&(start + offset)).is_ok());
        }
        if starts.is_empty() {
            return false;
        }
    }
    true
}
