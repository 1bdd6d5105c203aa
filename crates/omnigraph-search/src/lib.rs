//! The exact meaning of the search functions of the query language, and indexes in memory that answer them.
//!
//! A pure crate: no async, no I/O, no clock, no randomness, no storage. It knows nothing of tables, commits or
//! files: an immutable data file is a [`Segment`] per text column or a flat array of vectors, and which rows of it
//! count is a [`Rows`] that the caller passes in. Every answer is exhaustive: nothing is approximated, and an index
//! never changes a result.
//!
//! The rooms, in reading order:
//!
//! - [`analysis`]: how text becomes tokens, for each analyzer that a schema can name;
//! - [`query`]: a query's text as tokens, and the plain form of every match, on one text;
//! - [`segment`]: the inverted index of one text column of one data file, and matches on it;
//! - [`bm25`]: scores over one text column or several with weights, across all segments of a table;
//! - [`vector`]: distances, and the nearest rows;
//! - [`sketch`]: vectors as bytes, which tell whose distances need not be measured;
//! - [`best`]: the k best rows with everything that ties with the last of them;
//! - [`mod@fuse`]: reciprocal rank fusion of several rankings.
//!
//! ```
//! use omnigraph_compiler::catalog::Analyzer;
//! use omnigraph_search::{MatchKind, Rows, Segment, TextQuery, Tokenizer};
//!
//! let tokenizer = Tokenizer::new(&Analyzer("english".to_owned()))?;
//! let segment = Segment::build(&tokenizer, [Some("The old harbours"), None, Some("A lighthouse")]);
//! let query = TextQuery::new(&tokenizer, "harbour");
//! assert_eq!(segment.matches(&query, MatchKind::Any, Rows::All), [0]);
//! assert!(query.matches_text(&tokenizer, MatchKind::Any, "The old harbours"));
//! # Ok::<(), omnigraph_search::UnknownAnalyzer>(())
//! ```

pub mod analysis;
pub mod best;
pub mod bm25;
pub mod fuse;
pub mod query;
pub mod segment;
pub mod sketch;
pub mod vector;

mod edits;
mod rows;

pub use analysis::{Tokenizer, UnknownAnalyzer};
pub use best::{Best, Hit};
pub use bm25::{Bm25, Corpus, Field};
pub use fuse::fuse;
pub use query::{MatchKind, TextQuery};
pub use rows::Rows;
pub use segment::{Segment, SegmentBuilder};
pub use sketch::{Border, QuerySketch, Sketches};
pub use vector::{Nearest, distance};
