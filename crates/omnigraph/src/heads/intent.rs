//! Intents: objects that announce which heads a writer is going to move. Deleted when they have been.

use futures::{StreamExt, TryStreamExt};
use omnigraph_log::branch::MAIN;
use omnigraph_log::{CommitKind, OperationId, layout};
use omnigraph_objects::{Key, Store};
use serde::{Deserialize, Serialize};

use crate::error::{RecoveryError, Result};

/// The version of the JSON form that this build reads and writes.
pub(crate) const SCHEMA_VERSION: u32 = 1;
/// Intents read at the same time.
const READS_AT_ONCE: usize = 16;

/// What kind of write is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WriterKind {
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

/// A head that is to be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntentTable {
    /// `node:Type` or `edge:Type`.
    pub(crate) table_key: String,
    /// The head's folder, relative to the graph's root.
    pub(crate) table_path: String,
    /// The version the head was seen at; 0 if it had none.
    pub(crate) expected_version: u64,
    /// The version that publication makes of it, if nobody else moves it.
    pub(crate) post_commit_pin: u64,
}

/// An intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intent {
    /// [`SCHEMA_VERSION`].
    pub(crate) schema_version: u32,
    /// The operation whose commit will call for the heads to move.
    pub(crate) operation_id: OperationId,
    /// When it was put, in Unix microseconds. For people; nothing is decided by it.
    pub(crate) started_at: i64,
    /// The branch. Only `main` has heads.
    pub(crate) branch: String,
    /// Who is answerable for the operation.
    pub(crate) actor_id: Option<String>,
    /// What it is.
    pub(crate) writer_kind: WriterKind,
    /// The heads.
    pub(crate) tables: Vec<IntentTable>,
    /// The place in the log of `main` that the operation tries to take. While nobody has it, the operation may be about to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<u64>,
    /// How many places, from that one on, operations of the same handle try to take: a busy one announces several at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) places: u64,
}

fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_one(places: &u64) -> bool {
    *places == 1
}

impl Intent {
    /// Whether an operation that it announces may still be about to be published: nobody has the last of its places.
    pub(crate) fn may_be_alive(&self, newest: u64) -> bool {
        self.sequence.is_some_and(|first| first.saturating_add(self.places.saturating_sub(1)) > newest)
    }

    /// Whether an operation that it announces may be published already.
    pub(crate) fn may_be_published(&self, newest: u64) -> bool {
        self.sequence.is_none_or(|first| first <= newest)
    }
}

/// An intent that stands, and its object.
#[derive(Clone, Debug)]
pub(crate) struct StandingIntent {
    /// The object.
    pub(crate) key: Key,
    /// What it says.
    pub(crate) intent: Intent,
}

/// The object of the intent with that id.
pub(super) fn key_of(id: ulid::Ulid) -> Result<Key> {
    Ok(Key::parse(layout::RECOVERY)?.join(&format!("{id}.json"))?)
}

/// Puts an intent under a fresh name: one put.
pub(super) async fn put(store: &Store, key: &Key, intent: &Intent) -> Result<()> {
    let bytes = serde_json::to_vec(intent).map_err(|error| crate::error::Error::internal(error.to_string()))?;
    // The name is fresh, so whatever stands there is this very put, come back from a lost answer.
    let _ = store.put_if_absent(key, bytes.into()).await?;
    Ok(())
}

/// Deletes an intent, and the folder of intents if it was the last.
pub(crate) async fn delete(store: &Store, key: &Key) -> Result<()> {
    store.delete(key).await?;
    store.remove_folder_if_empty(&Key::parse(layout::RECOVERY)?).await;
    Ok(())
}

/// The intents that stand, by name: one listing if there are none.
pub(crate) async fn list(store: &Store) -> Result<Vec<StandingIntent>> {
    let listed = store.list(&Key::parse(layout::RECOVERY)?).await?;
    let intents = listed.into_iter().filter(|entry| entry.key.name().ends_with(".json")).map(|entry| async move {
        // One that is deleted between the listing and the read is done with.
        let Some(bytes) = store.read(&entry.key).await? else { return Ok(None) };
        let intent = decode(entry.key.as_str(), &bytes)?;
        Ok(Some(StandingIntent { key: entry.key, intent }))
    });
    futures::stream::iter(intents)
        .buffered(READS_AT_ONCE)
        .try_filter_map(|intent| async move { Ok(intent) })
        .try_collect()
        .await
}

fn decode(object: &str, bytes: &[u8]) -> Result<Intent> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: u64,
    }
    let object = object.to_owned();
    let damaged = |problem: String| RecoveryError::DamagedIntent { object: object.clone(), problem };
    // Read first and alone: a later form may well have fields that this build cannot read.
    let version: Version = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if version.schema_version != u64::from(SCHEMA_VERSION) {
        let (found, supported) = (version.schema_version, SCHEMA_VERSION);
        return Err(RecoveryError::UnknownIntent { object, found, supported }.into());
    }
    let intent: Intent = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    if intent.branch != MAIN {
        return Err(damaged(format!("it is of branch '{}', and only '{MAIN}' has heads", intent.branch)).into());
    }
    Ok(intent)
}
