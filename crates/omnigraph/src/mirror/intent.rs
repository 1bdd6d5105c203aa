//! Intents: objects under `__recovery/` that announce commits whose publication is pending.

use futures::{StreamExt, TryStreamExt};
use omnigraph_history::branch::MAIN;
use omnigraph_history::{CommitKind, OperationId, layout};
use omnigraph_storage::{Key, Store};
use serde::{Deserialize, Serialize};

use crate::error::{Error, RecoveryError, Result};

/// The version of the JSON form that this build reads and writes.
pub(super) const INTENT_SCHEMA_VERSION: u32 = 1;
/// Objects that are read concurrently.
const READ_CONCURRENCY: usize = 16;

/// The kind of write that an intent announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WriterKind {
    Mutation,
    Load,
    SchemaApply,
    BranchMerge,
    EnsureIndices,
    Optimize,
}

impl From<CommitKind> for WriterKind {
    fn from(kind: CommitKind) -> Self {
        match kind {
            CommitKind::Mutation => Self::Mutation,
            CommitKind::Load => Self::Load,
            CommitKind::Init | CommitKind::SchemaApply => Self::SchemaApply,
            CommitKind::Merge | CommitKind::Reset | CommitKind::Revert | CommitKind::CherryPick => Self::BranchMerge,
            CommitKind::Maintenance | CommitKind::Fence => Self::Optimize,
        }
    }
}

/// A planned publication of one dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntentTable {
    /// `node:Type` or `edge:Type`.
    pub(super) table_key: String,
    /// The folder of the dataset, relative to the root of the graph.
    pub(super) table_path: String,
    /// The latest version of the dataset when the intent was put; 0 without one.
    pub(super) expected_version: u64,
    /// The version that publication creates, unless another process moves the dataset.
    pub(super) post_commit_pin: u64,
}

/// An announcement of one or more commits on `main`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    /// The version of this JSON form.
    pub(super) schema_version: u32,
    /// The operation that is about to be committed.
    pub(super) operation_id: OperationId,
    /// The time of the put, in Unix microseconds. It is informative only.
    pub(super) started_at: i64,
    /// The branch: always `main`.
    pub(super) branch: String,
    /// The actor of the operation.
    pub(super) actor_id: Option<String>,
    /// The kind of the operation.
    pub(super) writer_kind: WriterKind,
    /// The planned publications.
    pub(super) tables: Vec<IntentTable>,
    /// The sequence in the log of `main` that the operation tries to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sequence: Option<u64>,
    /// The number of consecutive sequences that operations of the same handle try to take; none for one.
    #[serde(rename = "places", default, skip_serializing_if = "Option::is_none")]
    pub(super) sequence_count: Option<u64>,
}

impl Intent {
    /// Reports if an announced operation may still commit: the last of the sequences is not taken yet.
    pub(super) fn may_commit(&self, latest: u64) -> bool {
        let count = self.sequence_count.unwrap_or(1);
        self.sequence.is_some_and(|first| first.saturating_add(count.saturating_sub(1)) > latest)
    }

    /// Reports if an announced operation may be committed already.
    pub(super) fn may_be_committed(&self, latest: u64) -> bool {
        self.sequence.is_none_or(|first| first <= latest)
    }

    /// Puts the intent under a fresh name: one put.
    pub(super) async fn put(&self, store: &Store, key: &Key) -> Result<()> {
        let bytes = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        // The name is fresh: an object that exists there is this put, whose response was lost.
        let _ = store.put_if_absent(key, bytes.into()).await?;
        Ok(())
    }
}

/// An intent and its object.
#[derive(Clone, Debug)]
pub(super) struct StoredIntent {
    /// The object.
    pub(super) key: Key,
    /// The content.
    pub(super) intent: Intent,
}

/// Returns the object of the intent with an id.
pub(super) fn intent_key(id: ulid::Ulid) -> Result<Key> {
    Ok(Key::parse(layout::RECOVERY)?.join(&format!("{id}.json"))?)
}

/// Deletes an intent, and the folder of intents if it was the last one.
pub(super) async fn delete_intent(store: &Store, key: &Key) -> Result<()> {
    store.delete(key).await?;
    store.remove_folder_if_empty(&Key::parse(layout::RECOVERY)?).await;
    Ok(())
}

/// Returns all intents by name: one listing if there are none.
pub(super) async fn list_intents(store: &Store) -> Result<Vec<StoredIntent>> {
    let decode = |key: Key, bytes: &[u8]| decode(key.as_str(), bytes).map(|intent| StoredIntent { key, intent });
    read_json_objects(store, layout::RECOVERY, decode).await
}

/// Reads all `.json` objects in `folder`, by name. An object that is deleted after the listing is skipped.
pub(super) async fn read_json_objects<T>(
    store: &Store,
    folder: &str,
    decode: impl Fn(Key, &[u8]) -> Result<T>,
) -> Result<Vec<T>> {
    let listed = store.list(&Key::parse(folder)?).await?;
    let keys = listed.into_iter().map(|entry| entry.key).filter(|key| key.name().ends_with(".json"));
    let reads = keys.map(|key| async move { Ok(store.read(&key).await?.map(|bytes| (key, bytes))) });
    let objects = futures::stream::iter(reads).buffered(READ_CONCURRENCY);
    let decoded = objects.try_filter_map(|object| {
        std::future::ready(object.map(|(key, bytes): (Key, bytes::Bytes)| decode(key, &bytes)).transpose())
    });
    decoded.try_collect().await
}

fn decode(object: &str, bytes: &[u8]) -> Result<Intent> {
    #[derive(Deserialize)]
    struct VersionField {
        schema_version: u64,
    }
    let object = object.to_owned();
    let damaged = |problem: String| RecoveryError::DamagedIntent { object: object.clone(), problem };
    // The version is read first: another version may have fields that this build cannot read.
    let version: VersionField = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if version.schema_version != u64::from(INTENT_SCHEMA_VERSION) {
        let (found, supported) = (version.schema_version, INTENT_SCHEMA_VERSION);
        return Err(RecoveryError::UnknownIntent { object, found, supported }.into());
    }
    let intent: Intent = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if intent.branch != MAIN {
        return Err(damaged(format!("it announces branch '{}', only '{MAIN}' has a mirror", intent.branch)).into());
    }
    Ok(intent)
}
