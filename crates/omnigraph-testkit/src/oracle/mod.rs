//! What queries and loads mean, computed the slow and plain way: the reference that the engine is held against.
//!
//! Everything here is written for being right at a glance: nested loops over maps in memory, no index, no plan, no line of
//! the engine. The documentation of [`omnigraph_compiler::ir`] is the contract; where it leaves a choice, the room that
//! makes the choice says so.
//!
//! - `graph`      nodes and edges in memory
//! - `decode`     values as the load format writes them
//! - `load`       lines of the load format to a graph
//! - `export`     a graph as lines of the load format
//! - `canonical`  exports and rows without what was made up
//! - `rules`      what the rows of a graph must be together
//! - `identity`   ids that follow from keys
//! - `value`      values, their equality and their order
//! - `cell`       values as answers print them
//! - `failure`    what goes wrong while a query runs
//! - `evaluator`  what stays the same while a query runs
//! - `reads`      which variables a step must know before it can run
//! - `block`      the rows of a pattern
//! - `expand`     edges and walks
//! - `path`       paths
//! - `expression` expressions
//! - `arithmetic` numbers
//! - `function`   functions of text, numbers and lists
//! - `calendar`   functions of dates
//! - `cast`       functions from one type to another
//! - `aggregate`  aggregates
//! - `rank`       distances, and scores through [`Search`]
//! - `query`      from pattern to result
//! - `mutate`     statements that write

mod aggregate;
mod arithmetic;
mod block;
mod calendar;
mod canonical;
mod cast;
mod cell;
mod decode;
mod evaluator;
mod expand;
mod export;
mod expression;
mod failure;
mod function;
mod graph;
mod identity;
mod load;
mod mutate;
mod path;
mod query;
mod rank;
mod reads;
mod rules;
mod value;

pub use canonical::{canonical_export, canonical_rows};
pub use evaluator::{evaluate, evaluate_with_search};
pub use failure::Failure;
pub use graph::{EdgeRow, Graph, Properties, changed};
pub use load::{LoadFailure, Mode, Problem};
pub use mutate::{Mutated, mutate};
pub use query::{RowOrder, Rows};
pub use rank::{Field, NoSearch, Search, TextTest};
pub use rules::Rule;
pub use value::{Entity, Path, Value};
