//! What is asked and what is answered.

use std::sync::Arc;

use omnigraph_log::CommitRecord;

use super::budget::QueryLimits;
use crate::snapshot::Target;

/// A query to run.
#[derive(Clone, Debug, Default)]
pub struct QueryRequest {
    /// The text of a query file.
    pub source: String,
    /// The file's name, for messages.
    pub file: String,
    /// Which query of the file; may be left out when there is one.
    pub name: Option<String>,
    /// The parameters: one JSON object.
    pub params: Option<serde_json::Value>,
    /// What it may cost.
    pub limits: QueryLimits,
}

/// The rows of a query.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// The query's name.
    pub query_name: String,
    /// Column names in order.
    pub columns: Vec<String>,
    /// Rows, each with every column.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Continues after the last row, when the query is ordered, limited, and has that many rows.
    pub next_cursor: Option<String>,
    /// The commit that was read.
    pub commit: Arc<CommitRecord>,
    /// What the snapshot was asked for by.
    pub target: Target,
    /// What is legal and probably wrong, as data.
    pub warnings: Vec<serde_json::Value>,
}

/// How a query is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryPlan {
    /// The operators, one per line, each above and further out than what it reads from.
    pub text: String,
    /// The same as data: `operator`, `detail`, `inputs`; after a run also `rows`, `bytes`, `ms`.
    pub json: serde_json::Value,
}
