//! Where each object lives, relative to the graph's root.

use omnigraph_objects::Key;

use crate::Result;
use crate::ids::{BranchId, SchemaHash};

/// The format stamp.
pub const GRAPH_STAMP: &str = "graph.json";
/// All that the log keeps.
pub const GRAPH: &str = "__graph";
/// Branch objects.
pub const BRANCHES: &str = "__graph/branches";
/// Tags: commits that have a name.
pub const TAGS: &str = "__graph/tags";
/// One folder of commit records per branch id.
pub const LOG: &str = "__graph/log";
/// Accepted schemas by content.
pub const SCHEMA: &str = "__graph/schema";
/// Numbered blocks of fragment ids.
pub const FRAGMENTS: &str = "__graph/fragments";
/// What sweeps and repairs found and did.
pub const AUDIT: &str = "__graph/audit";
/// Intents of writers that are to move heads of `main`.
pub const RECOVERY: &str = "__recovery";
/// Heads of `main` for outside readers, one Lance dataset per type.
pub const HEADS: &str = "heads/main";

/// Claims of idempotency keys, one folder per branch id.
pub const CLAIMS: &str = "__graph/claims";

/// `graph.json`.
pub fn graph_stamp() -> Result<Key> {
    Ok(Key::parse(GRAPH_STAMP)?)
}

/// `__graph/branches/<encoded name>.json`.
pub fn branch(name: &str) -> Result<Key> {
    let file = format!("{}.json", Key::encode_segment(name)?);
    Ok(Key::parse(BRANCHES)?.join(&file)?)
}

/// `__graph/tags/<encoded name>.json`.
pub fn tag(name: &str) -> Result<Key> {
    let file = format!("{}.json", Key::encode_segment(name)?);
    Ok(Key::parse(TAGS)?.join(&file)?)
}

/// `__graph/log/<branch id>`.
pub fn branch_log(branch: BranchId) -> Result<Key> {
    Ok(Key::parse(LOG)?.join(&branch.to_string())?)
}

/// `__graph/log/<branch id>/<sequence as 20 digits>.json`, as errors name it.
#[must_use]
pub fn commit(branch: BranchId, sequence: u64) -> String {
    format!("{LOG}/{branch}/{sequence:020}.json")
}

/// `__graph/schema/<sha256>.json`.
pub fn schema(hash: &SchemaHash) -> Result<Key> {
    Ok(Key::parse(SCHEMA)?.join(&format!("{hash}.json"))?)
}

/// `__graph/claims/<branch id>/<sha256 of the key>.json`. A key may hold any text, so its hash names the object.
pub fn claim(branch: BranchId, key: &str) -> Result<Key> {
    let file = format!("{}.json", SchemaHash::of(key.as_bytes()));
    Ok(Key::parse(CLAIMS)?.join(&branch.to_string())?.join(&file)?)
}
