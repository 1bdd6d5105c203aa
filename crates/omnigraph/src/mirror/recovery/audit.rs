//! Audit entries: one immutable object for each intent that a sweep completed and for each repair.

use std::collections::HashMap;

use omnigraph_history::{CommitRecord, layout};
use omnigraph_storage::{Key, Store};
use serde::{Deserialize, Serialize};

use super::classify::{RecoveryDecision, TableClassification};
use crate::error::{Error, Result};
use crate::mirror::intent::read_json_objects;

/// The version of the JSON form that this build reads and writes.
const AUDIT_SCHEMA_VERSION: u32 = 1;
/// The actor of sweeps.
pub(super) const RECOVERY_ACTOR: &str = "omnigraph:recovery";
/// The actor of repairs.
pub(super) const REPAIR_ACTOR: &str = "omnigraph:repair";

/// An audit entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// The version of this JSON form.
    pub schema_version: u32,
    /// The id: that of the completed intent, or a fresh one for a repair.
    pub audit_id: String,
    /// `omnigraph:recovery` or `omnigraph:repair`.
    pub actor_id: String,
    /// The time, in Unix microseconds.
    pub recorded_at: i64,
    /// The operation that the intent announced; none for a repair.
    pub operation_id: Option<String>,
    /// The actor of the operation.
    pub operation_actor_id: Option<String>,
    /// The decision.
    pub decision: RecoveryDecision,
    /// The commit that contains the operation, if there is one.
    pub commit: Option<String>,
    /// The commit that was published.
    pub head_commit: String,
    /// The datasets.
    pub tables: Vec<AuditTable>,
}

/// A mirror dataset in an audit entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditTable {
    /// `node:Type` or `edge:Type`.
    pub table_key: String,
    /// The folder of the dataset, relative to the root of the graph.
    pub table_path: String,
    /// The state before.
    pub classification: TableClassification,
    /// The latest version before; 0 without one.
    pub found_version: u64,
    /// The latest version afterwards.
    pub final_version: u64,
}

impl AuditEntry {
    /// Returns an entry of `actor` about the publication of `latest`, and sets the final versions of `tables`.
    pub(super) fn new(
        store: &Store,
        actor: &str,
        latest: &CommitRecord,
        mut tables: Vec<AuditTable>,
        published: &HashMap<String, u64>,
    ) -> Self {
        for table in &mut tables {
            table.final_version = published.get(&table.table_key).copied().unwrap_or(table.found_version);
        }
        Self {
            schema_version: AUDIT_SCHEMA_VERSION,
            audit_id: store.env().ulid().to_string(),
            actor_id: actor.to_owned(),
            recorded_at: store.env().now_micros(),
            operation_id: None,
            operation_actor_id: None,
            decision: RecoveryDecision::RollForward,
            commit: None,
            head_commit: latest.commit.to_string(),
            tables,
        }
    }

    /// Puts the entry. If several sweeps complete one intent, the entry of the first one stays.
    pub(super) async fn put(&self, store: &Store) -> Result<()> {
        let key = Key::parse(layout::AUDIT)?.join(&format!("{}.json", self.audit_id))?;
        let bytes = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        let _ = store.put_if_absent(&key, bytes.into()).await?;
        Ok(())
    }
}

/// Returns all entries, oldest first.
pub(crate) async fn list_audit(store: &Store) -> Result<Vec<AuditEntry>> {
    let decode = |key: Key, bytes: &[u8]| {
        let damaged = |error: serde_json::Error| omnigraph_history::Error::Damaged {
            object: key.to_string(),
            problem: error.to_string(),
        };
        serde_json::from_slice(bytes).map_err(|error| Error::History(damaged(error)))
    };
    let mut entries: Vec<AuditEntry> = read_json_objects(store, layout::AUDIT, decode).await?;
    entries.sort_by(|a, b| a.recorded_at.cmp(&b.recorded_at).then_with(|| a.audit_id.cmp(&b.audit_id)));
    Ok(entries)
}
