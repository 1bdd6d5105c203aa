//! What is asked of a load, and what it answers.

use std::path::PathBuf;
use std::sync::Arc;

use omnigraph_log::CommitRecord;

use super::{LoadSource, Tolerance};
use crate::write::WriteCondition;

/// Faults that are reported if nothing else is asked for: as many as a person reads.
const MOST_REPORTED: usize = 20;

/// What a load does with rows that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadMode {
    /// An id that is there already is an error.
    Append,
    /// A row that is there already is replaced whole.
    Merge,
    /// Each type that occurs in the input is replaced whole; other types stay.
    Overwrite,
}

impl LoadMode {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Merge => "merge",
            Self::Overwrite => "overwrite",
        }
    }
}

/// How far a load is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes taken from the source, before decompression.
    pub bytes_read: u64,
    /// Rows decoded.
    pub rows: u64,
}

/// A load to run.
pub struct LoadRequest {
    /// The branch to load into.
    pub branch: String,
    /// The branch that `branch` is created from if it is missing; without it a missing branch is an error. If the load
    /// fails, there is no new branch.
    pub base: Option<String>,
    /// What to do with rows that are there.
    pub mode: LoadMode,
    /// Where the rows come from.
    pub source: LoadSource,
    /// Who is answerable.
    pub actor: Option<String>,
    /// What must be true for it to happen.
    pub condition: Option<WriteCondition>,
    /// Under which key a repetition gets the same answer.
    pub idempotency_key: Option<String>,
    /// Up to so many faults of the input are reported at once.
    pub most_reported: usize,
    /// How many bad rows are put up with; none if nothing is said.
    pub tolerance: Option<Tolerance>,
    /// A folder for temporary files, which a load of many ids, and one of Parquet from a stream, makes. They are deleted
    /// when it ends. Without a folder ids are kept in memory.
    pub temporary: Option<PathBuf>,
    /// Called now and then while the load runs.
    pub progress: Option<Arc<dyn Fn(LoadProgress) + Send + Sync>>,
}

impl LoadRequest {
    /// A load with nothing said but what must be.
    #[must_use]
    pub fn new(branch: impl Into<String>, mode: LoadMode, source: LoadSource) -> Self {
        Self {
            branch: branch.into(),
            base: None,
            mode,
            source,
            actor: None,
            condition: None,
            idempotency_key: None,
            most_reported: MOST_REPORTED,
            tolerance: None,
            temporary: None,
            progress: None,
        }
    }
}

/// Rows loaded of one type.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct LoadedType {
    /// The type.
    pub name: String,
    /// Rows.
    pub rows: u64,
}

/// What a load did.
#[derive(Clone, Debug)]
pub struct LoadReceipt {
    /// Whether the branch was created.
    pub branch_created: bool,
    /// The commit; none when the input held no row.
    pub commit: Option<Arc<CommitRecord>>,
    /// Node types, by name.
    pub nodes: Vec<LoadedType>,
    /// Edge types, by name.
    pub edges: Vec<LoadedType>,
    /// Bad rows that were put up with.
    pub rejected: u64,
    /// How often the commit lost a race for its place before it got one.
    pub retries: u32,
    /// Whether it was loaded before, under the same idempotency key.
    pub replayed: bool,
}

impl LoadReceipt {
    /// All rows.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.nodes.iter().chain(&self.edges).map(|loaded| loaded.rows).sum()
    }
}
