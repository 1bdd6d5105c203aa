//! Okapi BM25 over one text column, or over several with weights.
//!
//! The score of a row is the sum, over fields and distinct query words, of
//!
//! ```text
//! weight · ln(1 + (N - n + 0.5) / (n + 0.5)) · f · (k1 + 1) / (f + k1 · (1 - b + b · length / average))
//! ```
//!
//! after S. Robertson and H. Zaragoza, *The Probabilistic Relevance Framework: BM25 and Beyond* (2009). The 1 inside the
//! logarithm keeps the inverse document frequency positive for words that most rows contain. `f` is the term frequency and
//! `length` the number of tokens of the row's text. `N`, `n` (document frequency) and `average` (length) are taken over the
//! live rows of the whole table whose text has at least one token: a null, an empty text or a text of stop words does not
//! affect the rarity of a word. They depend neither on other conditions of a query nor on the distribution of rows over data
//! files.
//!
//! A row without any query word has score 0 and is not part of the result. All other scores are positive.

use crate::inverted_index::{InvertedIndex, PostingsReader};
use crate::query::TextQuery;
use crate::ranking::{RowFilter, ScoredRow, TopKCollector};

/// Saturation of term frequency.
pub const K1: f64 = 1.2;

/// Weight of length normalization.
pub const B: f64 = 0.75;

/// Rows that are scored at a time, so that their sums stay in the first-level cache.
const WINDOW_ROWS: usize = 1024;

/// Corpus statistics: of one inverted index, or of a table as the sum over its data files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CorpusStats {
    /// Live rows whose text has at least one token.
    pub rows: u64,
    /// Total number of tokens of these rows.
    pub tokens: u64,
}

impl CorpusStats {
    /// Counts the `live` rows of an inverted index.
    #[must_use]
    pub fn count(index: &InvertedIndex, live: RowFilter<'_>) -> Self {
        let mut stats = Self::default();
        for (row, length) in (0..).zip(index.lengths()) {
            if *length > 0 && live.contains(row) {
                stats.rows += 1;
                stats.tokens += u64::from(*length);
            }
        }
        stats
    }

    /// Returns the sum of two statistics.
    #[must_use]
    pub const fn merge(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, tokens: self.tokens + other.tokens }
    }

    /// Subtracts distinct deleted rows of an inverted index that is part of the corpus.
    #[must_use]
    pub fn subtract_rows(mut self, index: &InvertedIndex, rows: impl IntoIterator<Item = u32>) -> Self {
        for length in rows.into_iter().map(|row| index.length(row)).filter(|length| *length > 0) {
            self.rows = self.rows.saturating_sub(1);
            self.tokens = self.tokens.saturating_sub(u64::from(length));
        }
        self
    }
}

/// One column of a BM25 search, with the document frequencies of the query words over the table.
#[derive(Clone, Debug)]
pub struct Bm25Field<'q> {
    weight: f64,
    query: &'q TextQuery,
    corpus: CorpusStats,
    document_frequencies: Vec<u64>,
}

impl<'q> Bm25Field<'q> {
    /// Creates a field from a positive weight, the query analyzed for the column, and the corpus statistics of the column.
    ///
    /// The caller then calls [`Self::count`] for the inverted index of every data file.
    #[must_use]
    pub fn new(weight: f64, query: &'q TextQuery, corpus: CorpusStats) -> Self {
        Self { weight, query, corpus, document_frequencies: vec![0; query.words().len()] }
    }

    /// Adds the `live` rows of an inverted index that contain each word.
    pub fn count(&mut self, index: &InvertedIndex, live: RowFilter<'_>) {
        for (sum, documents) in self.document_frequencies.iter_mut().zip(index.document_frequencies(self.query, live)) {
            *sum += documents;
        }
    }
}

/// A BM25 scorer of one query. Created once per query and used for every data file, from any thread.
#[derive(Clone, Debug)]
pub struct Bm25Scorer {
    fields: Vec<PreparedField>,
}

/// The parts of a field's score that do not depend on the row.
#[derive(Clone, Debug)]
struct PreparedField {
    /// Words with the constant factor of their score: weight · idf · (k1 + 1).
    words: Vec<(String, f64)>,
    /// Denominator of an empty text.
    base: f64,
    /// Increase of the denominator per token.
    slope: f64,
}

impl Bm25Scorer {
    /// Creates a scorer over fields that counted every data file.
    #[must_use]
    pub fn new(fields: &[Bm25Field<'_>]) -> Self {
        Self { fields: fields.iter().map(PreparedField::new).collect() }
    }

    /// Calls `visit` with each row that `rows` admits and whose score is positive, ascending, and its score.
    ///
    /// `indexes` are the inverted indexes of one data file, one per field in order. A file without the column of a field has
    /// an empty index there. `rows` admits live rows only.
    pub fn score(&self, indexes: &[&InvertedIndex], rows: RowFilter<'_>, mut visit: impl FnMut(u32, f64)) {
        let mut terms: Vec<TermScorer<'_>> = Vec::new();
        for (field, index) in self.fields.iter().zip(indexes) {
            terms.extend(field.words.iter().filter_map(|(word, factor)| TermScorer::new(field, index, word, *factor)));
        }
        let mut sums = [0.0; WINDOW_ROWS];
        while let Some(first) = terms.iter().filter_map(|term| term.row).min() {
            let start = first - first % WINDOW_ROWS as u32;
            for term in &mut terms {
                term.accumulate(start, &mut sums);
            }
            for (row, sum) in (start..).zip(&mut sums) {
                if *sum > 0.0 {
                    if rows.contains(row) {
                        visit(row, *sum);
                    }
                    *sum = 0.0;
                }
            }
        }
    }

    /// Returns the rows and scores that [`Self::score`] visits.
    #[must_use]
    pub fn score_all(&self, indexes: &[&InvertedIndex], rows: RowFilter<'_>) -> Vec<(u32, f64)> {
        let mut scores = Vec::new();
        self.score(indexes, rows, |row, score| scores.push((row, score)));
        scores
    }

    /// Pushes the rows that [`Self::score`] visits to `top_k`, with the data file number `part`.
    pub fn rank(&self, part: u32, indexes: &[&InvertedIndex], rows: RowFilter<'_>, top_k: &mut TopKCollector) {
        self.score(indexes, rows, |row, score| top_k.push(ScoredRow { part, row, score }));
    }
}

impl PreparedField {
    fn new(field: &Bm25Field<'_>) -> Self {
        let rows = field.corpus.rows as f64;
        let average = field.corpus.tokens as f64 / rows.max(1.0);
        let factor = |documents: &u64| {
            let documents = *documents as f64;
            field.weight * (K1 + 1.0) * ((rows - documents + 0.5) / (documents + 0.5)).ln_1p()
        };
        let words = field.query.words().iter().cloned().zip(field.document_frequencies.iter().map(factor)).collect();
        Self { words, base: K1 * (1.0 - B), slope: K1 * B / average.max(f64::MIN_POSITIVE) }
    }
}

/// A cursor over the postings of one word in one field.
struct TermScorer<'a> {
    postings: PostingsReader<'a>,
    lengths: &'a [u32],
    factor: f64,
    base: f64,
    slope: f64,
    row: Option<u32>,
}

impl<'a> TermScorer<'a> {
    fn new(field: &PreparedField, index: &'a InvertedIndex, word: &str, factor: f64) -> Option<Self> {
        let mut postings = index.postings(index.find(word)?);
        let row = postings.next();
        Some(Self { postings, lengths: index.lengths(), factor, base: field.base, slope: field.slope, row })
    }

    /// Adds the score of the word to the sums of the window that begins at row `start`.
    fn accumulate(&mut self, start: u32, sums: &mut [f64; WINDOW_ROWS]) {
        while let Some(row) = self.row
            && let Some(sum) = sums.get_mut((row - start) as usize)
        {
            let frequency = f64::from(self.postings.frequency());
            let length = f64::from(self.lengths.get(row as usize).copied().unwrap_or(0));
            *sum += self.factor * frequency / (frequency + self.base + self.slope * length);
            self.row = self.postings.next();
        }
    }
}
