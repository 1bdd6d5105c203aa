//! Tests as text: files of schemas, rows, queries and what must come out. `docs/internals/testing.md` describes the format.
//!
//! - `engine`  what a file is run against
//! - `parse`   text to steps
//! - `run`     steps to failures, or to the text as it should be
//! - `render`  answers as the files print them, and differences
//! - `oracle`  the reference evaluator as an engine

mod engine;
mod oracle;
mod parse;
mod render;
mod run;

pub use engine::{EngineError, LogicCondition, LogicEngine, LogicMutation, LogicQuery, MutationSummary, ResultTable};
pub use oracle::OracleEngine;
pub use parse::{ExpectedLines, LogicStep, LogicStepKind, parse};
pub use run::{FileReport, run_file, run_folder};
