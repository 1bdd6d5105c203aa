//! Okapi BM25 over one text column or several with weights.
//!
//! The score of a row is the sum, over fields and over the distinct words of the query, of
//!
//! ```text
//! weight · ln(1 + (N - n + 0.5) / (n + 0.5)) · f · (k1 + 1) / (f + k1 · (1 - b + b · length / average))
//! ```
//!
//! after Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the 1 inside of
//! the logarithm that keeps it positive for words that most rows hold. `f` is how often the row's text holds the
//! word and `length` its number of tokens. `N`, `n` (rows that hold the word) and `average` (length) are taken over
//! the *live rows of the whole table* whose text has a token: null, an empty text and a text of stop words say
//! nothing about how rare a word is. They do not depend on what else a query asks for, nor on how rows are spread over files.
//!
//! A row that holds no word of the query has score 0 and is not covered; every other score is positive.

use crate::best::{Best, Hit};
use crate::query::TextQuery;
use crate::rows::Rows;
use crate::segment::{Postings, Segment};

/// How soon repetitions of a word stop to matter.
pub const K1: f64 = 1.2;

/// How much a text's length matters.
pub const B: f64 = 0.75;

/// Rows that are scored at a time: their sums stay in the fastest cache.
const WINDOW: usize = 1024;

/// How much text there is: of one segment, or of a whole table as the sum over its segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corpus {
    /// Live rows whose text has a token.
    pub rows: u64,
    /// Tokens of those rows.
    pub tokens: u64,
}

impl Corpus {
    /// The text of the `live` rows of a segment.
    #[must_use]
    pub fn of(segment: &Segment, live: Rows<'_>) -> Self {
        let mut corpus = Self::default();
        for (row, length) in (0..).zip(segment.lengths()) {
            if *length > 0 && live.contains(row) {
                corpus.rows += 1;
                corpus.tokens += u64::from(*length);
            }
        }
        corpus
    }

    /// The text of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, tokens: self.tokens + other.tokens }
    }

    /// What is left of a corpus that holds a segment when some of its rows go. Each is named once.
    #[must_use]
    pub fn without(mut self, segment: &Segment, rows: impl IntoIterator<Item = u32>) -> Self {
        for length in rows.into_iter().map(|row| segment.length(row)).filter(|length| *length > 0) {
            self.rows = self.rows.saturating_sub(1);
            self.tokens = self.tokens.saturating_sub(u64::from(length));
        }
        self
    }
}

/// One column of a search, with what the whole table says about the words of the query.
#[derive(Clone, Debug)]
pub struct Field<'q> {
    weight: f64,
    query: &'q TextQuery,
    corpus: Corpus,
    documents: Vec<u64>,
}

impl<'q> Field<'q> {
    /// A column with its positive weight, the query as the column's analyzer reads it, and the table's text in that
    /// column. [`Self::count`] has yet to be called for every segment of the table.
    #[must_use]
    pub fn new(weight: f64, query: &'q TextQuery, corpus: Corpus) -> Self {
        Self { weight, query, corpus, documents: vec![0; query.words().len()] }
    }

    /// Counts the `live` rows of a segment that hold the words.
    pub fn count(&mut self, segment: &Segment, live: Rows<'_>) {
        for (sum, documents) in self.documents.iter_mut().zip(segment.document_frequencies(self.query, live)) {
            *sum += documents;
        }
    }
}

/// Scores the rows of a table; made once for a query, then used for every data file, also from several threads.
#[derive(Clone, Debug)]
pub struct Bm25 {
    fields: Vec<Prepared>,
}

/// A field of which all is known that does not depend on the row.
#[derive(Clone, Debug)]
struct Prepared {
    /// Words with the factor of their score: weight · idf · (k1 + 1).
    words: Vec<(String, f64)>,
    /// What a text of length 0 would add to the denominator, and what each token adds.
    base: f64,
    slope: f64,
}

impl Bm25 {
    /// Prepares a search over fields that counted every segment.
    #[must_use]
    pub fn new(fields: &[Field<'_>]) -> Self {
        Self { fields: fields.iter().map(Prepared::new).collect() }
    }

    /// Calls `each` with every row among `rows` whose score is positive, ascending, and the score.
    ///
    /// `segments` are those of one data file, one for each field in order; a file without a field's column has an
    /// empty segment there. `rows` holds live rows only.
    pub fn score(&self, segments: &[&Segment], rows: Rows<'_>, mut each: impl FnMut(u32, f64)) {
        let mut lists: Vec<Scored<'_>> = Vec::new();
        for (field, segment) in self.fields.iter().zip(segments) {
            lists.extend(field.words.iter().filter_map(|(word, factor)| Scored::new(field, segment, word, *factor)));
        }
        let mut sums = [0.0; WINDOW];
        while let Some(first) = lists.iter().filter_map(|list| list.row).min() {
            let start = first - first % WINDOW as u32;
            for list in &mut lists {
                list.add(start, &mut sums);
            }
            for (row, sum) in (start..).zip(&mut sums) {
                if *sum > 0.0 {
                    if rows.contains(row) {
                        each(row, *sum);
                    }
                    *sum = 0.0;
                }
            }
        }
    }

    /// Every row that [`Self::score`] covers, in a list.
    #[must_use]
    pub fn score_all(&self, segments: &[&Segment], rows: Rows<'_>) -> Vec<(u32, f64)> {
        let mut scores = Vec::new();
        self.score(segments, rows, |row, score| scores.push((row, score)));
        scores
    }

    /// Offers every row that [`Self::score`] covers to `best`, as of data file `part`.
    pub fn rank(&self, part: u32, segments: &[&Segment], rows: Rows<'_>, best: &mut Best) {
        self.score(segments, rows, |row, score| best.offer(Hit { part, row, score }));
    }
}

impl Prepared {
    fn new(field: &Field<'_>) -> Self {
        let rows = field.corpus.rows as f64;
        let average = field.corpus.tokens as f64 / rows.max(1.0);
        let factor = |documents: &u64| {
            let documents = *documents as f64;
            field.weight * (K1 + 1.0) * ((rows - documents + 0.5) / (documents + 0.5)).ln_1p()
        };
        let words = field.query.words().iter().cloned().zip(field.documents.iter().map(factor)).collect();
        Self { words, base: K1 * (1.0 - B), slope: K1 * B / average.max(f64::MIN_POSITIVE) }
    }
}

/// The postings of one word in one field, on their way through the rows.
struct Scored<'a> {
    postings: Postings<'a>,
    lengths: &'a [u32],
    factor: f64,
    base: f64,
    slope: f64,
    row: Option<u32>,
}

impl<'a> Scored<'a> {
    fn new(field: &Prepared, segment: &'a Segment, word: &str, factor: f64) -> Option<Self> {
        let mut postings = segment.postings(segment.find(word)?);
        let row = postings.next();
        Some(Self { postings, lengths: segment.lengths(), factor, base: field.base, slope: field.slope, row })
    }

    /// Adds the word's part to the sums of the rows from `start` on.
    fn add(&mut self, start: u32, sums: &mut [f64; WINDOW]) {
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
