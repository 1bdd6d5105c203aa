//! The inverted index of one text column of one immutable data file: for each token the rows that contain it, with frequency
//! and positions. Each data file has its own index, like a segment of Lucene.
//!
//! - `matching`: the rows that match a query
//! - `postings`: the coded list of one token

mod matching;
mod postings;

use hashbrown::HashMap;

pub(crate) use postings::PostingsReader;
use postings::PostingsWriter;

use crate::analysis::Tokenizer;
use crate::query::TextQuery;
use crate::ranking::RowFilter;

/// An immutable inverted index over the rows of one text column of one data file, numbered from 0.
///
/// The [`RowFilter`] of a call excludes rows that were deleted later. A null, an empty text and a text of stop words have no
/// tokens.
///
/// ```text
///  token text (sorted)      terms              postings, by term
///  ┌──────────────────┐   ┌────────────┐   ┌─────────────────────────────────┐
///  │ harbourlighthous │◄──┤ text_end   │   │ rows:      gap, frequency, …    │
///  └──────────────────┘   │ rows_end   ├──►│ positions: first, gap, gap, …   │
///                         │ positions… │   └─────────────────────────────────┘
///                         └────────────┘
/// ```
#[derive(Debug, Default)]
pub struct InvertedIndex {
    /// The texts of all tokens, sorted bytewise and concatenated.
    text: String,
    /// One entry per token, in the same order.
    terms: Vec<TermEntry>,
    /// Coded rows and frequencies of all postings.
    rows: Vec<u8>,
    /// Coded positions of all postings.
    positions: Vec<u8>,
    /// Number of tokens of each row.
    lengths: Vec<u32>,
}

/// The ends of a token's text and postings, which begin at the ends of the previous token.
#[derive(Clone, Copy, Debug, Default)]
struct TermEntry {
    text_end: usize,
    rows_end: usize,
    positions_end: usize,
    /// Document frequency: the number of rows that contain the token.
    documents: u32,
}

impl InvertedIndex {
    /// Indexes texts in row order; `None` is a null.
    #[must_use]
    pub fn build<'t>(tokenizer: &Tokenizer, texts: impl IntoIterator<Item = Option<&'t str>>) -> Self {
        let mut builder = InvertedIndexBuilder::new(tokenizer);
        for text in texts {
            builder.push(text);
        }
        builder.finish()
    }

    /// Returns the number of rows, including nulls.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// Returns the number of tokens of a row; 0 for a row out of bounds.
    #[must_use]
    pub fn length(&self, row: u32) -> u32 {
        self.lengths.get(row as usize).copied().unwrap_or(0)
    }

    /// Returns the number of tokens of each row.
    pub(crate) fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// Returns the number of distinct tokens.
    #[must_use]
    pub fn term_count(&self) -> usize {
        self.terms.len()
    }

    /// Returns the bytes of memory in use.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + self.terms.capacity() * size_of::<TermEntry>()
            + self.rows.capacity()
            + self.positions.capacity()
            + self.lengths.capacity() * size_of::<u32>()
    }

    /// Returns the number of `live` rows that contain each word of the query, in the order of [`TextQuery::words`].
    #[must_use]
    pub fn document_frequencies(&self, query: &TextQuery, live: RowFilter<'_>) -> Vec<u64> {
        let frequency = |word: &String| {
            let Some(term) = self.find(word) else { return 0 };
            match live {
                RowFilter::All => u64::from(self.terms[term].documents),
                RowFilter::Only(_) => {
                    let mut postings = self.postings(term);
                    let rows = std::iter::from_fn(|| postings.next());
                    rows.filter(|row| live.contains(*row)).count() as u64
                }
            }
        };
        query.words().iter().map(frequency).collect()
    }

    /// Returns the number of a token in the dictionary.
    pub(crate) fn find(&self, token: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.terms.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.term_text(middle).cmp(token) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Returns the text of a token, by its number.
    fn term_text(&self, term: usize) -> &str {
        &self.text[self.previous_ends(term).text_end..self.terms[term].text_end]
    }

    /// Returns the postings of a token, by its number.
    pub(crate) fn postings(&self, term: usize) -> PostingsReader<'_> {
        let (start, end) = (self.previous_ends(term), self.terms[term]);
        PostingsReader::new(
            &self.rows[start.rows_end..end.rows_end],
            &self.positions[start.positions_end..end.positions_end],
        )
    }

    fn previous_ends(&self, term: usize) -> TermEntry {
        term.checked_sub(1).map_or(TermEntry::default(), |previous| self.terms[previous])
    }
}

/// A builder that takes the texts of a column row by row.
///
/// It caches the token of each distinct piece of text, so that each piece is folded and stemmed once.
#[derive(Debug)]
pub struct InvertedIndexBuilder {
    tokenizer: Tokenizer,
    /// Position in `lists` of the token of each piece; `None` for a piece without a token.
    pieces: HashMap<Box<str>, Option<usize>>,
    tokens: HashMap<Box<str>, usize>,
    lists: Vec<PostingsWriter>,
    lengths: Vec<u32>,
}

impl InvertedIndexBuilder {
    /// Creates a builder without rows.
    #[must_use]
    pub fn new(tokenizer: &Tokenizer) -> Self {
        let (pieces, tokens) = (HashMap::new(), HashMap::new());
        Self { tokenizer: *tokenizer, pieces, tokens, lists: Vec::new(), lengths: Vec::new() }
    }

    /// Appends the next row. The number of rows is below 2³², which no data file exceeds.
    pub fn push(&mut self, text: Option<&str>) {
        let row = self.lengths.len() as u32;
        let tokenizer = self.tokenizer;
        let mut length = 0;
        tokenizer.pieces(text.unwrap_or_default(), &mut |piece, position| {
            let token = match self.pieces.get(piece) {
                Some(token) => *token,
                None => self.add_piece(piece),
            };
            if let Some(list) = token.and_then(|token| self.lists.get_mut(token)) {
                list.push(row, position);
                length += 1;
            }
        });
        self.lengths.push(length);
    }

    /// Analyzes a new piece and returns the position of its token.
    fn add_piece(&mut self, piece: &str) -> Option<usize> {
        let token = self.tokenizer.token(piece).map(|token| {
            *self.tokens.entry(token.into()).or_insert_with(|| {
                self.lists.push(PostingsWriter::default());
                self.lists.len() - 1
            })
        });
        self.pieces.insert(piece.into(), token);
        token
    }

    /// Returns the inverted index of all rows.
    #[must_use]
    pub fn finish(self) -> InvertedIndex {
        let Self { mut lists, mut lengths, tokens, .. } = self;
        let mut tokens: Vec<(Box<str>, usize)> = tokens.into_iter().collect();
        tokens.sort_unstable();
        lists.iter_mut().for_each(PostingsWriter::close_row);
        lengths.shrink_to_fit();
        let mut index = InvertedIndex {
            text: String::with_capacity(tokens.iter().map(|(token, _)| token.len()).sum()),
            terms: Vec::with_capacity(tokens.len()),
            rows: Vec::with_capacity(lists.iter().map(|list| list.rows.len()).sum()),
            positions: Vec::with_capacity(lists.iter().map(|list| list.positions.len()).sum()),
            lengths,
        };
        for (token, list) in tokens {
            // Take the list out: its memory is freed as soon as it is copied.
            let list = std::mem::take(&mut lists[list]);
            index.text.push_str(&token);
            index.rows.extend_from_slice(&list.rows);
            index.positions.extend_from_slice(&list.positions);
            index.terms.push(TermEntry {
                text_end: index.text.len(),
                rows_end: index.rows.len(),
                positions_end: index.positions.len(),
                documents: list.documents,
            });
        }
        index
    }
}
