//! The commit record: one immutable object that pins a whole graph.
//!
//! It is self-contained: a snapshot costs one read whatever the length of the history.

use std::collections::BTreeMap;
use std::fmt;

use crate::ids::{BranchId, CommitId, OperationId, SchemaHash};

/// The version of the record's JSON form that this build reads and writes.
pub const RECORD_FORMAT: u32 = 1;

/// Where one commit stands: enough to read it directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitRef {
    /// The branch whose log holds it.
    pub branch: BranchId,
    /// Its place in that log.
    pub sequence: u64,
    /// Its id.
    pub commit: CommitId,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitKind {
    /// The first commit of a graph: its schema and empty tables.
    Init,
    /// A bulk load.
    Load,
    /// A mutation query.
    Mutation,
    /// Another schema.
    SchemaApply,
    /// A branch taken into another.
    Merge,
    /// The schema and rows of an earlier commit again.
    Reset,
    /// What one commit did, undone.
    Revert,
    /// What one commit did elsewhere, done here.
    CherryPick,
    /// The same rows in other files or with other indexes.
    Maintenance,
    /// No change: a mark that cleanup leaves so that older staging can no longer be published.
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

/// A table's folder below the graph's root: `nodes/<table id>` or `edges/<table id>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TablePath(String);

impl TablePath {
    /// The folder of a node type's table.
    #[must_use]
    pub fn node(table: impl fmt::Display) -> Self {
        Self(format!("nodes/{table}"))
    }

    /// The folder of an edge type's table.
    #[must_use]
    pub fn edge(table: impl fmt::Display) -> Self {
        Self(format!("edges/{table}"))
    }

    /// The path, relative to the graph's root.
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
        if id.is_some_and(plain) { Ok(Self(text)) } else { Err(format!("`{text}` is no table folder")) }
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

/// The exact state of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePin {
    /// Detached Lance version. Above 2^63, so it travels as a decimal string.
    #[serde(with = "crate::wire::decimal_string")]
    pub version: u64,
    /// Size of that version's manifest in bytes, so that opening it is one read.
    pub manifest_bytes: u64,
    /// Live rows.
    pub rows: u64,
}

/// What a commit did to one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableChange {
    /// Rows that were not there before.
    pub inserted: u64,
    /// Rows that were replaced.
    pub updated: u64,
    /// Rows that are gone.
    pub deleted: u64,
    /// Hashes of the ids that were touched.
    pub touched: TouchedKeys,
}

/// Which ids of a table a commit touched, so that a writer who lost a race can tell whether it must look again.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TouchedKeys {
    /// Too many to name, or the table was replaced: assume any.
    #[default]
    Any,
    /// Exactly these, as 64-bit hashes in ascending order, each once.
    These(Vec<u64>),
}

impl TouchedKeys {
    /// The most ids a record names; above that it says [`TouchedKeys::Any`], so that records stay small.
    pub const MOST: usize = 1024;

    /// Names `hashes`, or any if they are too many.
    #[must_use]
    pub fn of(mut hashes: Vec<u64>) -> Self {
        if hashes.len() > Self::MOST {
            return Self::Any;
        }
        hashes.sort_unstable();
        hashes.dedup();
        Self::These(hashes)
    }

    /// Whether the hashes are in ascending order, each once, as every search in them takes for granted.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Any => true,
            Self::These(hashes) => hashes.is_sorted_by(|a, b| a < b),
        }
    }

    /// Whether `hash` may have been touched.
    #[must_use]
    pub fn may_hold(&self, hash: u64) -> bool {
        match self {
            Self::Any => true,
            Self::These(hashes) => hashes.binary_search(&hash).is_ok(),
        }
    }
}

impl From<TouchedKeys> for String {
    fn from(keys: TouchedKeys) -> Self {
        match keys {
            TouchedKeys::Any => "*".to_owned(),
            TouchedKeys::These(hashes) => hashes.iter().map(|hash| format!("{hash:016x}")).collect(),
        }
    }
}

impl TryFrom<String> for TouchedKeys {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let bad = || "touched keys are not groups of 16 lower-case hexadecimal digits".to_owned();
        if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) || !text.len().is_multiple_of(16) {
            return Err(bad());
        }
        let group = |at: usize| u64::from_str_radix(&text[at..at + 16], 16).map_err(|_| bad());
        let keys = Self::These((0..text.len()).step_by(16).map(group).collect::<Result<_, _>>()?);
        if keys.is_sound() { Ok(keys) } else { Err("touched keys are not in ascending order".to_owned()) }
    }
}

/// One write that a commit record carries.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Its id. Unique, so no two records ever have the same bytes.
    pub id: OperationId,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The caller's key under which a replay gets the first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The answer that a replay gets, as JSON text. Only beside a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitRecord {
    /// [`RECORD_FORMAT`].
    pub format: u32,
    /// Its id.
    pub commit: CommitId,
    /// The branch it is on.
    pub branch: BranchId,
    /// Its place in the branch's log, from 0.
    pub sequence: u64,
    /// One more than the greatest generation of its parents; 1 for the first commit of a graph.
    pub generation: u64,
    /// What it follows: none for the first commit of a graph, two for a merge, else one.
    pub parents: Vec<CommitRef>,
    /// What it did.
    pub kind: CommitKind,
    /// The commit that it restores, undoes or repeats: of a reset, a revert or a cherry-pick, and of nothing else. No parent:
    /// what lies below it is not part of this history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<CommitRef>,
    /// Who is answerable for it.
    pub actor: Option<String>,
    /// When it was made, in Unix microseconds.
    pub authored_at: i64,
    /// The schema that its rows obey.
    pub schema: SchemaHash,
    /// The exact state of every table.
    #[serde(deserialize_with = "crate::wire::distinct_keys")]
    pub tables: BTreeMap<TablePath, TablePin>,
    /// What changed against the first parent, for tables that changed.
    #[serde(deserialize_with = "crate::wire::distinct_keys")]
    pub changes: BTreeMap<TablePath, TableChange>,
    /// The writes it carries.
    pub operations: Vec<Operation>,
    /// The number of the newest fragment-id block its writer knew: where the next writer starts to look.
    pub fragment_blocks: u64,
}

impl CommitRecord {
    /// Where this commit stands.
    #[must_use]
    pub fn reference(&self) -> CommitRef {
        CommitRef { branch: self.branch, sequence: self.sequence, commit: self.commit }
    }
}
