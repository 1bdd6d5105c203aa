//! What is asked of a mutation, and what it answers.

use std::sync::Arc;

use omnigraph_log::CommitRecord;

use crate::query::QueryLimits;
use crate::write::{Publication, WriteCondition};

/// A mutation to run.
#[derive(Clone, Debug, Default)]
pub struct MutateRequest {
    /// The branch to change.
    pub branch: String,
    /// The text of a query file.
    pub source: String,
    /// The file's name, for messages.
    pub file: String,
    /// Which query of the file; may be left out when there is one.
    pub name: Option<String>,
    /// The parameters: one JSON object.
    pub params: Option<serde_json::Value>,
    /// Who is answerable.
    pub actor: Option<String>,
    /// What must be true for it to happen.
    pub condition: Option<WriteCondition>,
    /// Under which key a repetition gets the same answer, on whatever handle and however much later.
    pub idempotency_key: Option<String>,
    /// What its reads may cost.
    pub limits: QueryLimits,
}

/// What a mutation did.
#[derive(Clone, Debug)]
pub struct MutationReceipt {
    /// The query's name.
    pub query_name: String,
    /// The branch.
    pub branch: String,
    /// Nodes written or deleted, added up over the statements.
    pub affected_nodes: u64,
    /// Edges written or deleted, those of deleted nodes included, added up over the statements.
    pub affected_edges: u64,
    /// Who is answerable.
    pub actor: Option<String>,
    /// The commit; none when nothing changed.
    pub commit: Option<Arc<CommitRecord>>,
    /// Names of the columns returned, in order.
    pub columns: Vec<String>,
    /// One row for each row of the pattern, or one.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// How often the commit lost a race for its place before it got one.
    pub retries: u32,
    /// Whether it was done before, under the same idempotency key.
    pub replayed: bool,
    /// What is legal and probably wrong, as data.
    pub warnings: Vec<serde_json::Value>,
}

/// The part of a receipt that a replay repeats.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
pub(super) struct Answer {
    pub(super) query_name: String,
    pub(super) affected_nodes: u64,
    pub(super) affected_edges: u64,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<serde_json::Map<String, serde_json::Value>>,
    pub(super) warnings: Vec<serde_json::Value>,
}

impl Answer {
    pub(super) fn receipt(self, branch: String, actor: Option<String>, publication: &Publication) -> MutationReceipt {
        let Self { query_name, affected_nodes, affected_edges, columns, rows, warnings } = self;
        MutationReceipt {
            query_name,
            branch,
            affected_nodes,
            affected_edges,
            actor,
            commit: publication.record.clone(),
            columns,
            rows,
            retries: publication.retries,
            replayed: publication.replayed,
            warnings,
        }
    }
}
