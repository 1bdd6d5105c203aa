//! Reads: text to IR (the compiler's work), IR to one DataFusion plan, plan to rows.
//!
//! - `request` what is asked and what is answered
//! - `run`     compile, lower, execute, collect
//! - `lower`   IR to a logical plan; never SQL text
//! - `json`    Arrow cells to JSON values

pub(crate) mod json;
mod lower;
mod request;
mod run;

pub use request::{QueryRequest, QueryResult};
