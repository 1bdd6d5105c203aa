//! The rows of a segment that match a query.

use super::Segment;
use super::postings::Postings;
use crate::edits::Edits;
use crate::query::{MatchKind, TextQuery};
use crate::rows::Rows;

impl Segment {
    /// The rows among `rows` that match, ascending: those of whose text [`TextQuery::matches_text`] holds. Query and
    /// segment were analysed by the same analyzer.
    #[must_use]
    pub fn matches(&self, query: &TextQuery, kind: MatchKind, rows: Rows<'_>) -> Vec<u32> {
        let mut found = match kind {
            _ if query.is_empty() => Vec::new(),
            MatchKind::Any => self.any(query.words().iter().filter_map(|word| self.find(word))),
            MatchKind::All => self.all(query),
            MatchKind::Phrase => self.phrase(query),
            MatchKind::Fuzzy { edits } => self.any(self.near(query, edits)),
        };
        found.retain(|row| rows.contains(*row));
        found
    }

    /// The rows that hold any of the tokens.
    fn any(&self, entries: impl Iterator<Item = usize>) -> Vec<u32> {
        let mut lists = entries.map(|entry| self.postings(entry));
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

    /// The tokens within `edits` of a word of the query.
    fn near(&self, query: &TextQuery, edits: usize) -> impl Iterator<Item = usize> {
        let mut words: Vec<Edits> = query.words().iter().map(|word| Edits::new(word, edits)).collect();
        (0..self.entries.len()).filter(move |entry| words.iter_mut().any(|word| word.reach(self.token(*entry))))
    }

    /// The rows that hold all words of the query.
    fn all(&self, query: &TextQuery) -> Vec<u32> {
        let Some(mut entries) = query.words().iter().map(|word| self.find(word)).collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        // The rarest leads: every other list is read no further than it has rows for.
        entries.sort_unstable_by_key(|entry| self.entries[*entry].documents);
        let mut lists: Vec<Postings<'_>> = entries.into_iter().map(|entry| self.postings(entry)).collect();
        let mut rows = Vec::new();
        while let Some(row) = next_common(&mut lists) {
            rows.push(row);
        }
        rows
    }

    /// The rows that hold the tokens of the query at its distances.
    fn phrase(&self, query: &TextQuery) -> Vec<u32> {
        let found: Option<Vec<_>> =
            query.tokens().iter().map(|(word, offset)| Some((self.find(word)?, *offset))).collect();
        let Some(mut found) = found else { return Vec::new() };
        found.sort_unstable_by_key(|(entry, _)| self.entries[*entry].documents);
        let offsets: Vec<u32> = found.iter().map(|(_, offset)| *offset).collect();
        let mut lists: Vec<Postings<'_>> = found.iter().map(|(entry, _)| self.postings(*entry)).collect();
        let mut rows = Vec::new();
        let (mut starts, mut positions) = (Vec::new(), Vec::new());
        while let Some(row) = next_common(&mut lists) {
            if in_line(&mut lists, &offsets, &mut starts, &mut positions) {
                rows.push(row);
            }
        }
        rows
    }
}

/// Moves all lists to the next row that they share; the first one leads.
fn next_common(lists: &mut [Postings<'_>]) -> Option<u32> {
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

/// Whether in the current row of all lists there is a start from which every list has a position at its offset.
fn in_line(lists: &mut [Postings<'_>], offsets: &[u32], starts: &mut Vec<u32>, positions: &mut Vec<u32>) -> bool {
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
