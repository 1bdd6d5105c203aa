//! Read queries: a planner, operators over DataFusion, and results as Arrow batches.
//!
//! ```text
//! text ── compiler ── IR ── planner ── plan of graph operators ── run ── result (Arrow, JSON)
//! ```
//!
//! - `run`           compiles, plans and runs a request
//! - `limits`        greatest cost of a query
//! - `cursor`        positions of pages
//! - `tables`        node and edge tables of a plan
//! - `planner`       IR to a physical plan
//! - `exec`          graph operators
//! - `scalar`        expressions over batches
//! - `lists`         results of `count` and `collect`
//! - `result`        batches, JSON, exports
//! - `explain`       plans as text and as data
//! - `mutation_eval` reads and expressions of mutations

mod cursor;
mod exec;
mod explain;
mod limits;
mod lists;
mod mutation_eval;
mod planner;
pub(crate) mod result;
mod run;
mod scalar;
mod tables;

pub use explain::QueryPlan;
pub use limits::{QueryLimits, QueryStats};
pub(crate) use mutation_eval::{BoundRows, MatchedRows, MutationEvaluator, WrittenType, pattern_types};
pub(crate) use planner::compare_as_text;
pub(crate) use result::render_warnings;
pub use result::{QueryResult, QueryStream};
pub(crate) use run::{QueryRequest, decode_params};
