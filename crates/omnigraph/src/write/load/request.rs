//! Requests and receipts of loads.

use std::path::PathBuf;
use std::sync::Arc;

use super::{ErrorPolicy, LoadSource};
use crate::snapshot::Commit;
use crate::write::commit::WriteCondition;

/// Errors of the input that a load reports by default.
const DEFAULT_REPORT_LIMIT: usize = 20;

/// The effect of a load on existing rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadMode {
    /// An existing id is an error.
    Append,
    /// An existing row is replaced as a whole.
    Merge,
    /// All rows of each type in the input are replaced. Other types are unchanged.
    Overwrite,
}

impl LoadMode {
    /// Returns the name of the mode.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Merge => "merge",
            Self::Overwrite => "overwrite",
        }
    }
}

/// The progress of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes read from the source, before decompression.
    pub bytes_read: u64,
    /// Decoded rows.
    pub rows: u64,
}

/// A callback for the progress of a load.
pub(super) type LoadProgressFn = Arc<dyn Fn(LoadProgress) + Send + Sync>;

/// A load to run.
pub(crate) struct LoadRequest {
    /// The branch.
    pub(crate) branch: String,
    /// The branch that `branch` is created from if it does not exist; none to make that an error. A failed load creates no
    /// branch.
    pub(crate) base: Option<String>,
    /// The effect on existing rows.
    pub(crate) mode: LoadMode,
    /// The source of the rows.
    pub(crate) source: LoadSource,
    /// The actor that the commit records.
    pub(crate) actor: Option<String>,
    /// The condition on the state that the load changes.
    pub(crate) condition: Option<WriteCondition>,
    /// The key under which a repetition returns the same receipt.
    pub(crate) idempotency_key: Option<String>,
    /// Errors of the input that are reported with their messages.
    pub(crate) report_limit: usize,
    /// The number of invalid rows to skip; none to fail on the first.
    pub(crate) error_policy: Option<ErrorPolicy>,
    /// The folder of temporary files, for many ids and for Parquet from a stream. The files are deleted at the end. Without
    /// a folder ids are kept in memory.
    pub(crate) temporary_folder: Option<PathBuf>,
    /// A callback that is called from time to time.
    pub(crate) progress: Option<LoadProgressFn>,
}

impl LoadRequest {
    /// Returns a load with default options.
    pub(crate) fn new(branch: impl Into<String>, mode: LoadMode, source: LoadSource) -> Self {
        Self {
            branch: branch.into(),
            base: None,
            mode,
            source,
            actor: None,
            condition: None,
            idempotency_key: None,
            report_limit: DEFAULT_REPORT_LIMIT,
            error_policy: None,
            temporary_folder: None,
            progress: None,
        }
    }
}

/// The loaded rows of one type.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct LoadedType {
    /// The type.
    pub name: String,
    /// The number of rows.
    pub rows: u64,
}

/// The result of a load.
#[derive(Clone, Debug)]
pub struct LoadReceipt {
    /// True if the load created the branch.
    pub branch_created: bool,
    /// The commit; none if the input has no rows.
    pub commit: Option<Commit>,
    /// Node types, by name.
    pub nodes: Vec<LoadedType>,
    /// Edge types, by name.
    pub edges: Vec<LoadedType>,
    /// The number of skipped rows.
    pub rejected: u64,
    /// The number of lost races for the next commit.
    pub retries: u32,
    /// True if an earlier request under the same idempotency key made the commit.
    pub replayed: bool,
}

impl LoadReceipt {
    /// Returns the number of rows of all types.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.nodes.iter().chain(&self.edges).map(|loaded| loaded.rows).sum()
    }
}
