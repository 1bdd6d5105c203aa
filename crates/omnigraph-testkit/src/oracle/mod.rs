//! The reference evaluator: queries and loads computed in the slow and plain way, for comparison with the engine.
//!
//! The code is simple so that a reader can check it: nested loops over maps in memory, no index, no plan, no code of
//! the engine. The documentation of [`omnigraph_compiler::ir`] is the contract; the module that makes a choice beyond it
//! says so.
//!
//! - `graph`      nodes and edges in memory
//! - `load`       lines of the load format to a graph
//! - `load_format` values as the load format writes them, and a graph as its lines
//! - `canonical`  exports and rows without generated ids and times
//! - `rules`      constraints of the schema on whole graphs
//! - `identity`   ids that follow from keys
//! - `value`      values, their equality and their order
//! - `cell`       values as results print them
//! - `evaluator`  the inputs and errors of a query, and the current row
//! - `reads`      the variables that a step must know before it can run
//! - `block`      the rows of a pattern
//! - `expand`     edges and walks
//! - `path`       paths
//! - `expression` expressions
//! - `arithmetic` numbers
//! - `function`   functions of text, numbers and lists
//! - `calendar`   functions of dates
//! - `cast`       functions from one type to another
//! - `aggregate`  aggregates
//! - `rank`       distances, and scores through [`TextBackend`]
//! - `query`      from pattern to result
//! - `mutate`     statements that write

mod aggregate;
mod arithmetic;
mod block;
mod calendar;
mod canonical;
mod cast;
mod cell;
mod evaluator;
mod expand;
mod expression;
mod function;
mod graph;
mod identity;
mod load;
mod load_format;
mod mutate;
mod path;
mod query;
mod rank;
mod reads;
mod rules;
mod value;

pub use canonical::{canonical_export, canonical_rows};
pub use evaluator::{OracleError, evaluate, evaluate_with_search};
pub use graph::{EdgeRow, OracleGraph, PropertyValues, changed};
pub use load::{LoadError, LoadProblem, OracleLoadMode};
pub use mutate::{MutationEffect, mutate};
pub use query::{OracleRows, RowOrder};
pub use rank::{NoTextBackend, ScoredField, TextBackend, TextTest};
pub use rules::ConstraintKind;
pub use value::{EntityRef, OraclePath, OracleValue};
