//! What a read means, computed the slow and plain way: the reference that the engine's answers are held against.
//!
//! Everything here is written for being right at a glance: nested loops over maps in memory, no index, no plan, no line of
//! the engine. The documentation of [`omnigraph_compiler::ir`] is the contract; where it leaves a choice, the room that
//! makes the choice says so.
//!
//! - `graph`      nodes and edges in memory
//! - `load`       lines of the load format to a graph
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

mod aggregate;
mod arithmetic;
mod block;
mod calendar;
mod cast;
mod cell;
mod evaluator;
mod expand;
mod expression;
mod failure;
mod function;
mod graph;
mod identity;
mod load;
mod path;
mod query;
mod rank;
mod reads;
mod value;

pub use evaluator::{evaluate, evaluate_with_search};
pub use failure::Failure;
pub use graph::{EdgeRow, Graph, Properties};
pub use load::{LoadFailure, Mode};
pub use query::{RowOrder, Rows};
pub use rank::{Field, NoSearch, Search, TextTest};
pub use value::{Entity, Path, Value};
