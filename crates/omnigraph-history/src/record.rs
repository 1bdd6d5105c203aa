//! The commit record: one immutable object that pins every table of a graph.
//!
//! A record is self-contained: a snapshot costs one read at any length of the history.

use std::collections::BTreeMap;
use std::fmt;

use crate::ids::{BranchId, CommitId, OperationId, SchemaHash};

/// The format of the commit record.
pub const RECORD_FORMAT: u32 = 1;

/// A reference to a commit, sufficient to read it directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitRef {
    /// The branch of the commit.
    pub branch: BranchId,
    /// The sequence in the log of the branch.
    pub sequence: u64,
    /// The id of the commit.
    pub commit: CommitId,
}

/// The kind of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitKind {
    /// The first commit of a graph: a schema and empty tables.
    Init,
    /// A bulk load.
    Load,
    /// A mutation query.
    Mutation,
    /// A schema change.
    SchemaApply,
    /// A merge of another branch.
    Merge,
    /// A reset to the schema and rows of an earlier commit.
    Reset,
    /// A revert of the changes of one commit.
    Revert,
    /// A cherry-pick of the changes of one commit.
    CherryPick,
    /// Maintenance: the same rows in other files or with other indexes.
    Maintenance,
    /// A fence without changes: after garbage collection, no write with an older base can be published.
    Fence,
}

impl fmt::Display for CommitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "init",
            Self::Load => "load",
            Self::Mutation => "mutation",
            Self::SchemaApply => "schema_apply",
            Self::Merge => "merge",
            Self::Reset => "reset",
            Self::Revert => "revert",
            Self::CherryPick => "cherry_pick",
            Self::Maintenance => "maintenance",
            Self::Fence => "fence",
        })
    }
}

/// The folder of a table, relative to the root of the graph: `nodes/<table id>` or `edges/<table id>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TablePath(String);

impl TablePath {
    /// Returns the folder of the table of a node type.
    #[must_use]
    pub fn node(table: impl fmt::Display) -> Self {
        Self(format!("nodes/{table}"))
    }

    /// Returns the folder of the table of an edge type.
    #[must_use]
    pub fn edge(table: impl fmt::Display) -> Self {
        Self(format!("edges/{table}"))
    }

    /// Returns the path, relative to the root of the graph.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TablePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let id = text.strip_prefix("nodes/").or_else(|| text.strip_prefix("edges/"));
        let plain = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if id.is_some_and(plain) { Ok(Self(text)) } else { Err(format!("invalid table folder `{text}`")) }
    }
}

impl From<TablePath> for String {
    fn from(path: TablePath) -> Self {
        path.0
    }
}

impl fmt::Display for TablePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TablePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The exact version of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePin {
    /// The detached Lance version. It exceeds 2^63, so its JSON form is a decimal string.
    #[serde(with = "crate::codec::decimal_string")]
    pub version: u64,
    /// The size of the manifest in bytes, so that one read opens it.
    pub manifest_bytes: u64,
    /// The number of live rows.
    pub rows: u64,
}

/// The changes of a commit to one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableChange {
    /// The number of inserted rows.
    pub inserted: u64,
    /// The number of updated rows.
    pub updated: u64,
    /// The number of deleted rows.
    pub deleted: u64,
    /// The hashes of the touched ids.
    pub touched: TouchedKeys,
}

/// The ids of a table that a commit touched. After a lost race a writer checks its read set against them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TouchedKeys {
    /// Any id: the touched ids are too many, or the table was replaced.
    #[default]
    Any,
    /// Exactly the ids with these 64-bit hashes, ascending and distinct.
    Hashes(Vec<u64>),
}

impl TouchedKeys {
    /// Maximum of hashes, which keeps records small. More ids are [`TouchedKeys::Any`].
    pub const MAX_HASHES: usize = 1024;

    /// Sorts `hashes`. Returns [`TouchedKeys::Any`] if they are too many.
    #[must_use]
    pub fn from_hashes(mut hashes: Vec<u64>) -> Self {
        if hashes.len() > Self::MAX_HASHES {
            return Self::Any;
        }
        hashes.sort_unstable();
        hashes.dedup();
        Self::Hashes(hashes)
    }

    /// Returns true if the hashes are ascending and distinct. Every search relies on that.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Hashes(hashes) => hashes.is_sorted_by(|a, b| a < b),
        }
    }

    /// Returns true if the id with this hash may have been touched.
    #[must_use]
    pub fn may_contain(&self, hash: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Hashes(hashes) => hashes.binary_search(&hash).is_ok(),
        }
    }
}

impl From<TouchedKeys> for String {
    fn from(keys: TouchedKeys) -> Self {
        match keys {
            TouchedKeys::Any => "*".to_owned(),
            TouchedKeys::Hashes(hashes) => hashes.iter().map(|hash| format!("{hash:016x}")).collect(),
        }
    }
}

impl TryFrom<String> for TouchedKeys {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let invalid = || "touched keys are not groups of 16 lower-case hexadecimal digits".to_owned();
        if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) || !text.len().is_multiple_of(16) {
            return Err(invalid());
        }
        let group = |start: usize| u64::from_str_radix(&text[start..start + 16], 16).map_err(|_| invalid());
        let keys = Self::Hashes((0..text.len()).step_by(16).map(group).collect::<Result<_, _>>()?);
        if keys.is_sorted() { Ok(keys) } else { Err("touched keys are not in ascending order".to_owned()) }
    }
}

/// One write in a commit record.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationRecord {
    /// The id. It is unique, so no two records ever have the same bytes.
    pub id: OperationId,
    /// The actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The idempotency key of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The response for a repeated request, as JSON text. Only with an idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The record of one commit.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitRecord {
    /// [`RECORD_FORMAT`].
    pub format: u32,
    /// The id of the commit.
    pub commit: CommitId,
    /// The branch of the commit.
    pub branch: BranchId,
    /// The sequence in the log of the branch, from 0.
    pub sequence: u64,
    /// The generation: one more than the greatest generation of the parents, 1 for the first commit of a graph.
    pub generation: u64,
    /// The parents: none for the first commit of a graph, one or two for a merge, else one.
    pub parents: Vec<CommitRef>,
    /// The kind.
    pub kind: CommitKind,
    /// The source commit of a reset, revert or cherry-pick; none for other kinds. It is not a parent: its ancestors are not part
    /// of this history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<CommitRef>,
    /// The actor.
    pub actor: Option<String>,
    /// The time of the commit, in Unix microseconds.
    pub authored_at: i64,
    /// The schema of the rows.
    pub schema: SchemaHash,
    /// The exact version of every table.
    #[serde(deserialize_with = "crate::codec::distinct_keys")]
    pub tables: BTreeMap<TablePath, TablePin>,
    /// The changes against the first parent, for changed tables.
    #[serde(deserialize_with = "crate::codec::distinct_keys")]
    pub changes: BTreeMap<TablePath, TableChange>,
    /// The writes of the commit.
    pub operations: Vec<OperationRecord>,
    /// The number of the newest block of fragment ids that the writer knew. The next allocation starts its search there.
    pub fragment_blocks: u64,
}

impl CommitRecord {
    /// Returns the reference to this commit.
    #[must_use]
    pub fn reference(&self) -> CommitRef {
        CommitRef { branch: self.branch, sequence: self.sequence, commit: self.commit }
    }
}
