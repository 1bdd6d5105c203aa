//! The inverted index of one text column of one immutable data file: for every token the rows that hold it, how often
//! and where.
//!
//! - `build`: from texts to a segment;
//! - `postings`: the coded list of one token;
//! - `matching`: the rows that match a query.

mod build;
mod matching;
mod postings;

pub use build::SegmentBuilder;
pub(crate) use postings::Postings;

use crate::analysis::Tokenizer;
use crate::query::TextQuery;
use crate::rows::Rows;

/// An index over rows that are numbered from 0 in the order of the file. It never changes; what became of a row later
/// is up to the [`Rows`] of a call.
///
/// A row whose text is null has no tokens, and neither has one whose text is empty or holds stop words only.
#[derive(Debug, Default)]
pub struct Segment {
    /// The texts of all tokens, sorted by bytes, without anything between them.
    text: String,
    /// One for each token, in the same order.
    entries: Vec<Entry>,
    /// The rows and frequencies of all postings.
    rows: Vec<u8>,
    /// The positions of all postings.
    positions: Vec<u8>,
    /// The number of tokens of each row.
    lengths: Vec<u32>,
}

/// Where a token's text and lists end; they begin where those of the token before end.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    text_end: usize,
    rows_end: usize,
    positions_end: usize,
    /// How many rows hold the token.
    documents: u32,
}

impl Segment {
    /// Indexes texts; the first is row 0. `None` is a null.
    #[must_use]
    pub fn build<'t>(tokenizer: &Tokenizer, texts: impl IntoIterator<Item = Option<&'t str>>) -> Self {
        let mut builder = SegmentBuilder::new(tokenizer);
        for text in texts {
            builder.push(text);
        }
        builder.finish()
    }

    /// The number of rows, nulls included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// The number of tokens of a row; 0 of a row that the segment does not have.
    #[must_use]
    pub fn length(&self, row: u32) -> u32 {
        self.lengths.get(row as usize).copied().unwrap_or(0)
    }

    /// The number of tokens of every row.
    pub(crate) fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// The number of distinct tokens.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of memory that the segment holds.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.rows.capacity()
            + self.positions.capacity()
            + self.lengths.capacity() * size_of::<u32>()
    }

    /// How many of the `live` rows hold each word of the query, in the order of [`TextQuery::words`].
    #[must_use]
    pub fn document_frequencies(&self, query: &TextQuery, live: Rows<'_>) -> Vec<u64> {
        let frequency = |word: &String| {
            let Some(entry) = self.find(word) else { return 0 };
            match live {
                Rows::All => u64::from(self.entries[entry].documents),
                Rows::Only(_) => {
                    let mut postings = self.postings(entry);
                    let rows = std::iter::from_fn(|| postings.next());
                    rows.filter(|row| live.contains(*row)).count() as u64
                }
            }
        };
        query.words().iter().map(frequency).collect()
    }

    /// The place of a token in the dictionary.
    pub(crate) fn find(&self, token: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.token(middle).cmp(token) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The text of a token, by its place in the dictionary.
    fn token(&self, entry: usize) -> &str {
        &self.text[self.before(entry).text_end..self.entries[entry].text_end]
    }

    /// The postings of a token, by its place in the dictionary.
    pub(crate) fn postings(&self, entry: usize) -> Postings<'_> {
        let (start, end) = (self.before(entry), self.entries[entry]);
        Postings::new(&self.rows[start.rows_end..end.rows_end], &self.positions[start.positions_end..end.positions_end])
    }

    fn before(&self, entry: usize) -> Entry {
        entry.checked_sub(1).map_or(Entry::default(), |before| self.entries[before])
    }
}
