//! What sweeps and repairs found and did: one object for each intent that was dealt with and for each repair, never changed.

use futures::{StreamExt, TryStreamExt};
use omnigraph_log::layout;
use omnigraph_objects::{Key, Store};
use serde::{Deserialize, Serialize};

use super::classify::{Classification, Decision};
use crate::error::{Error, Result};

/// The version of the JSON form that this build reads and writes.
pub(super) const SCHEMA_VERSION: u32 = 1;
/// Who sweeps.
pub(super) const RECOVERY: &str = "omnigraph:recovery";
/// Who repairs.
pub(super) const REPAIR: &str = "omnigraph:repair";
/// Entries read at the same time.
const READS_AT_ONCE: usize = 16;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// The version of this form.
    pub schema_version: u32,
    /// Its id: that of the intent that was dealt with, or a fresh one.
    pub audit_id: String,
    /// `omnigraph:recovery` or `omnigraph:repair`.
    pub actor_id: String,
    /// When, in Unix microseconds.
    pub recorded_at: i64,
    /// The operation that was announced; none for a repair.
    pub operation_id: Option<String>,
    /// Who was answerable for it.
    pub operation_actor_id: Option<String>,
    /// What was decided.
    pub decision: Decision,
    /// The commit that carries the operation, if one does.
    pub commit: Option<String>,
    /// The commit that the heads were brought to.
    pub head_commit: String,
    /// The heads.
    pub tables: Vec<AuditTable>,
}

/// One head of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditTable {
    /// `node:Type` or `edge:Type`.
    pub table_key: String,
    /// The head's folder, relative to the graph's root.
    pub table_path: String,
    /// What was found.
    pub classification: Classification,
    /// The version that it was found at; 0 if there was none.
    pub found_version: u64,
    /// The version that it has afterwards.
    pub final_version: u64,
}

/// Writes an entry down. Of several sweeps that deal with one intent at once, the first says what was found.
pub(super) async fn record(store: &Store, entry: &AuditEntry) -> Result<()> {
    let key = Key::parse(layout::AUDIT)?.join(&format!("{}.json", entry.audit_id))?;
    let bytes = serde_json::to_vec(entry).map_err(|error| Error::internal(error.to_string()))?;
    let _ = store.put_if_absent(&key, bytes.into()).await?;
    Ok(())
}

/// Every entry, oldest first.
pub(crate) async fn list(store: &Store) -> Result<Vec<AuditEntry>> {
    let listed = store.list(&Key::parse(layout::AUDIT)?).await?;
    let entries = listed.into_iter().filter(|entry| entry.key.name().ends_with(".json")).map(|entry| async move {
        let Some(bytes) = store.read(&entry.key).await? else { return Ok(None) };
        let damaged = |problem: String| {
            let object = entry.key.to_string();
            Error::Log(omnigraph_log::Error::Damaged { object, problem })
        };
        let entry: AuditEntry = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        Ok::<_, Error>(Some(entry))
    });
    let entries = futures::stream::iter(entries).buffered(READS_AT_ONCE);
    let mut entries: Vec<_> = entries.try_filter_map(|entry| async move { Ok(entry) }).try_collect().await?;
    entries.sort_by(|a: &AuditEntry, b| a.recorded_at.cmp(&b.recorded_at).then(a.audit_id.cmp(&b.audit_id)));
    Ok(entries)
}
