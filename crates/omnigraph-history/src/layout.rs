//! The key of every object, relative to the root of the graph.

use omnigraph_storage::Key;

use crate::Result;
use crate::ids::{BranchId, SchemaHash};

/// The metadata of the graph.
pub const GRAPH_METADATA: &str = "graph.json";
/// All objects of the history.
pub const GRAPH: &str = "__graph";
/// Branch objects.
pub const BRANCHES: &str = "__graph/branches";
/// Tag objects.
pub const TAGS: &str = "__graph/tags";
/// Commit records, one folder per branch id.
pub const LOG: &str = "__graph/log";
/// Accepted schemas by their hash.
pub const SCHEMA: &str = "__graph/schema";
/// Numbered blocks of fragment ids.
pub const FRAGMENTS: &str = "__graph/fragments";
/// Events of recovery and repair.
pub const AUDIT: &str = "__graph/audit";
/// Intents of writers that publish the mirror.
pub const RECOVERY: &str = "__recovery";
/// The Lance mirror of `main`, one dataset per type.
pub const MIRROR: &str = "heads/main";
/// Claims of idempotency keys, one folder per branch id.
pub const CLAIMS: &str = "__graph/claims";

/// Returns `graph.json`.
pub fn graph_metadata() -> Result<Key> {
    Ok(Key::parse(GRAPH_METADATA)?)
}

/// Returns `__graph/branches/<encoded name>.json`.
pub fn branch(name: &str) -> Result<Key> {
    let file = format!("{}.json", Key::encode_segment(name)?);
    Ok(Key::parse(BRANCHES)?.join(&file)?)
}

/// Returns `__graph/tags/<encoded name>.json`.
pub fn tag(name: &str) -> Result<Key> {
    let file = format!("{}.json", Key::encode_segment(name)?);
    Ok(Key::parse(TAGS)?.join(&file)?)
}

/// Returns `__graph/log/<branch id>`.
pub fn branch_log(branch: BranchId) -> Result<Key> {
    Ok(Key::parse(LOG)?.join(&branch.to_string())?)
}

/// Returns `__graph/log/<branch id>/<sequence as 20 digits>.json`, as text for errors.
#[must_use]
pub fn commit(branch: BranchId, sequence: u64) -> String {
    format!("{LOG}/{branch}/{sequence:020}.json")
}

/// Returns `__graph/schema/<sha256>.json`.
pub fn schema(hash: &SchemaHash) -> Result<Key> {
    Ok(Key::parse(SCHEMA)?.join(&format!("{hash}.json"))?)
}

/// Returns `__graph/claims/<branch id>/<sha256 of the key>.json`. A key may be any text, so the object has the name of its hash.
pub fn claim(branch: BranchId, key: &str) -> Result<Key> {
    let file = format!("{}.json", SchemaHash::compute(key.as_bytes()));
    Ok(Key::parse(CLAIMS)?.join(&branch.to_string())?.join(&file)?)
}
