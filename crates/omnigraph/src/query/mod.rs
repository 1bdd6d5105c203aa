//! Reads: text to IR (the compiler's work), IR to one physical plan, plan to rows.
//!
//! - `request`  what is asked and what is answered
//! - `run`      compile, lower, execute, collect
//! - `budget`   what one query may cost
//! - `cursor`   where a page ended
//! - `graph`    the tables that a query reads
//! - `lower`    IR to a physical plan
//! - `operator` the operators of a graph
//! - `statement` the door for mutations
//! - `scalar`   expressions over batches
//! - `lists`    collected lists
//! - `explain`  plans as text and as data
//! - `json`     Arrow cells to JSON values

mod budget;
mod cursor;
mod explain;
mod graph;
pub(crate) mod json;
mod lists;
mod lower;
mod operator;
mod request;
mod run;
mod scalar;
mod statement;

pub use budget::QueryLimits;
pub(crate) use lower::compare_as_text;
pub use request::{QueryPlan, QueryRequest, QueryResult};
pub(crate) use run::decode_params;
pub(crate) use statement::{Environment, Matching, Statements, Written, types_of};
