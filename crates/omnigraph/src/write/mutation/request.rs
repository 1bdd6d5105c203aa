//! Requests and receipts of mutations.

use crate::query::QueryLimits;
use crate::snapshot::Commit;
use crate::write::commit::{WriteCondition, WriteOutcome};

/// A mutation to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct MutateRequest {
    /// The branch to change.
    pub(crate) branch: String,
    /// The text of a query file.
    pub(crate) source: String,
    /// The name of the file, for messages.
    pub(crate) file: String,
    /// The query of the file; none if there is only one.
    pub(crate) name: Option<String>,
    /// The parameters: one JSON object.
    pub(crate) params: Option<serde_json::Value>,
    /// The actor that the commit records.
    pub(crate) actor: Option<String>,
    /// The condition on the state that the mutation changes.
    pub(crate) condition: Option<WriteCondition>,
    /// The key under which a repetition returns the same receipt, on any handle and at any later time.
    pub(crate) idempotency_key: Option<String>,
    /// The limits of its reads.
    pub(crate) limits: QueryLimits,
}

/// The result of a mutation.
#[derive(Clone, Debug)]
pub struct MutationReceipt {
    /// The name of the query.
    pub query_name: String,
    /// The branch.
    pub branch: String,
    /// Nodes written or deleted, summed over the statements.
    pub affected_nodes: u64,
    /// Edges written or deleted, with those of deleted nodes, summed over the statements.
    pub affected_edges: u64,
    /// The actor that the commit records.
    pub actor: Option<String>,
    /// The commit; none if nothing changed.
    pub commit: Option<Commit>,
    /// The names of the returned columns, in order.
    pub columns: Vec<String>,
    /// One row for each row of the pattern, or one row without a pattern.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// The number of lost races for the next commit.
    pub retries: u32,
    /// True if an earlier request under the same idempotency key made the commit.
    pub replayed: bool,
    /// Warnings of the compiler.
    pub warnings: Vec<serde_json::Value>,
}

/// The part of a receipt that is stored for an idempotency key.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
pub(super) struct MutationResponse {
    pub(super) query_name: String,
    pub(super) affected_nodes: u64,
    pub(super) affected_edges: u64,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<serde_json::Map<String, serde_json::Value>>,
    pub(super) warnings: Vec<serde_json::Value>,
}

impl MutationResponse {
    pub(super) fn into_receipt(self, branch: String, actor: Option<String>, outcome: &WriteOutcome) -> MutationReceipt {
        let Self { query_name, affected_nodes, affected_edges, columns, rows, warnings } = self;
        MutationReceipt {
            query_name,
            branch,
            affected_nodes,
            affected_edges,
            actor,
            commit: outcome.record.clone().map(Into::into),
            columns,
            rows,
            retries: outcome.retries,
            replayed: outcome.replayed,
            warnings,
        }
    }
}
