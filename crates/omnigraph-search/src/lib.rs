//! Text and vector search in memory: the exact semantics of the search functions of the query language, and indexes for them.
//!
//! The crate is pure: no async, no I/O, no clock, no randomness, no storage. It knows nothing of tables, commits or files. An
//! immutable data file is one [`InvertedIndex`] per text column, or a flat array of vectors. The caller passes a [`RowFilter`] of
//! the rows to consider. Every result is exact: an index changes the speed, never the result.
//!
//! ```text
//!  texts ── Tokenizer ──► InvertedIndex ─┬─ matches(TextQuery) ──► rows
//!                                         └─ Bm25Scorer ──► scores ──────────────┐
//!  vectors ─► QuantizedVectors ─ bounds ─► remaining rows ─ VectorQuery ─ distances ┴─► TopKCollector ─► reciprocal_rank_fusion
//! ```
//!
//! # Mechanisms
//!
//! - **Inverted index** ([`inverted_index`]): sorted term dictionary, gap-coded postings with positions (J. Zobel and A. Moffat,
//!   *Inverted files for text search engines*, ACM Computing Surveys 2006). Snowball stemmers per language.
//! - **Okapi BM25** ([`bm25`]): S. Robertson and H. Zaragoza, *The Probabilistic Relevance Framework: BM25 and Beyond*, 2009.
//! - **Levenshtein distance** for fuzzy matches, computed in a band (E. Ukkonen, 1985).
//! - **Scalar quantization** (SQ8) as the filter of a **VA-file** ([`quantization`]): R. Weber, H.-J. Schek and S. Blott, VLDB
//!   1998.
//! - **Reciprocal rank fusion** ([`reciprocal_rank_fusion`]): G. V. Cormack, C. L. A. Clarke and S. Büttcher, SIGIR 2009.
//!
//! # Example
//!
//! ```
//! use omnigraph_compiler::catalog::TextAnalyzer;
//! use omnigraph_search::{InvertedIndex, MatchKind, RowFilter, TextQuery, Tokenizer};
//!
//! let tokenizer = Tokenizer::new(&TextAnalyzer("english".to_owned()))?;
//! let index = InvertedIndex::build(&tokenizer, [Some("The old harbours"), None, Some("A lighthouse")]);
//! let query = TextQuery::new(&tokenizer, "harbour");
//! assert_eq!(index.matches(&query, MatchKind::Any, RowFilter::All), [0]);
//! assert!(query.matches_text(&tokenizer, MatchKind::Any, "The old harbours"));
//! # Ok::<(), omnigraph_search::UnknownAnalyzer>(())
//! ```
//!
//! # Modules
//!
//! - [`analysis`]: analyzers, from text to tokens
//! - [`query`]: text queries, and the reference form of text predicates
//! - [`inverted_index`]: the inverted index of a text column of a data file
//! - [`bm25`]: relevance scores across all data files of a table
//! - [`vector`]: distances, and exhaustive nearest-neighbor search
//! - [`quantization`]: quantized vectors, which exclude most rows from measuring
//! - [`ranking`]: row filters, the k best rows, rank fusion

pub mod analysis;
pub mod bm25;
pub mod inverted_index;
pub mod quantization;
pub mod query;
pub mod ranking;
pub mod vector;

pub use analysis::{Tokenizer, UnknownAnalyzer};
pub use bm25::{Bm25Field, Bm25Scorer, CorpusStats};
pub use inverted_index::{InvertedIndex, InvertedIndexBuilder};
pub use quantization::{QuantizedQuery, QuantizedVectors, TopKBound};
pub use query::{MatchKind, TextQuery};
pub use ranking::{RowFilter, ScoreOrder, ScoredRow, TopKCollector, reciprocal_rank_fusion};
pub use vector::{VectorQuery, distance};
