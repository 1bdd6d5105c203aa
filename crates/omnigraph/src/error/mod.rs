//! Errors of the engine, by stable code and by the next step of the caller.
//!
//! ```text
//! Lance, DataFusion, storage, history ─► Error ─► code (stable), kind (next step), message
//! ```
//!
//! - `compile`  findings of the compiler
//! - `report`   invalid rows and violated constraints
//! - `conflict` conflicts of a merge
//! - `recovery` errors of the mirror and its recovery
//! - `kind`     errors by the next step of the caller

mod compile;
mod conflict;
mod kind;
mod recovery;
mod report;

pub(crate) use compile::compile_error;
pub use conflict::{ConflictKind, EntityKind, MergeConflict, MergeConflicts};
pub use kind::ErrorKind;
pub use recovery::RecoveryError;
pub use report::{ConstraintViolation, ErrorReport, RowError};
pub(crate) use report::{FileLine, RowOrigin};

use omnigraph_history as log;
use omnigraph_storage as objects;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine. [`Error::code`] is stable, [`Error::kind`] is the next step of the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the history of the graph or of its store.
    #[error(transparent)]
    History(#[from] log::Error),

    /// An invalid schema, query or parameter.
    #[error("{rendered}")]
    Compile {
        /// Every finding as text, with file, line, column, source line and caret.
        rendered: String,
        /// The findings as data.
        findings: Vec<serde_json::Value>,
    },

    /// Invalid input data.
    #[error("{0}")]
    Data(Box<ErrorReport<RowError>>),

    /// Violated constraints of the schema.
    #[error("{0}")]
    Constraint(Box<ErrorReport<ConstraintViolation>>),

    /// A row that must be new exists.
    #[error("{message}")]
    KeyConflict {
        /// The type and the id.
        message: String,
    },

    /// A write that lost every race for the next commit.
    #[error("commit conflict on branch '{branch}': gave up after {attempts} attempts. Retry later")]
    Contention {
        /// The branch.
        branch: String,
        /// The number of attempts.
        attempts: u32,
    },

    /// A schema change during the preparation of the write.
    #[error("the schema of branch '{branch}' changed while this write was prepared; nothing was written. Retry")]
    SchemaMoved {
        /// The branch.
        branch: String,
    },

    /// A write through a read-only handle.
    #[error("{action} requires write access: the graph is open read-only")]
    ReadOnly {
        /// The refused action.
        action: &'static str,
    },

    /// Unresolved conflicts of a merge.
    #[error(
        "merge conflicts: {0}. No changes were made. Resolve them by side (--ours, --theirs, --choices) or by a mutation \
         (--resolve), or change one of the branches"
    )]
    MergeConflict(MergeConflicts),

    /// A commit of the change feed that was deleted.
    #[error("gap in the change feed: commit {first_unreadable} not found. Take a new initial snapshot")]
    FeedGap {
        /// The first commit that cannot be read, by sequence or id.
        first_unreadable: String,
    },

    /// A comparison of the first commit of a graph with its parent.
    #[error("commit {commit} has no parent: it is the first commit of the graph")]
    NoParent {
        /// The commit.
        commit: log::CommitId,
    },

    /// An action that the authorizer refused.
    #[error("cannot {action}: permission denied: {reason}")]
    Denied {
        /// The refused action.
        action: String,
        /// The reason.
        reason: String,
    },

    /// An invalid request.
    #[error("{message}")]
    Request {
        /// The problem and the next step.
        message: String,
    },

    /// A table that cannot be read or written.
    #[error("cannot {action} table {table}: {problem}")]
    Table {
        /// The action.
        action: &'static str,
        /// The folder of the table.
        table: String,
        /// The error of the storage.
        problem: String,
    },

    /// A query that failed while it ran.
    #[error("query failed: {problem}")]
    Execution {
        /// The problem.
        problem: String,
    },

    /// A row for which an expression of the query has no value.
    #[error("{problem}{}", entity_suffix(entity))]
    Value {
        /// The problem and the next step.
        problem: String,
        /// The stable name of the problem.
        code: &'static str,
        /// The node or edge of the row, if there is one.
        entity: String,
    },

    /// A query that exceeds a limit.
    #[error("query exceeds its limit `{limit}` of {value}. Narrow the query or raise the limit")]
    Budget {
        /// The limit.
        limit: &'static str,
        /// The value of the limit.
        value: String,
    },

    /// A query whose caller stopped waiting.
    #[error("query cancelled")]
    Cancelled,

    /// A precondition of a write that does not hold.
    #[error("{message}")]
    Precondition {
        /// The expected and the actual state, and the next step.
        message: String,
        /// The commit that the condition names.
        expected: String,
        /// The conflicting commit, if it is known.
        actual: Option<String>,
    },

    /// A failed commit that several writes shared.
    #[error("{0}")]
    GroupCommit(std::sync::Arc<Error>),

    /// A construct that this build does not support.
    #[error("{what} is not supported by this build")]
    Unsupported {
        /// The construct.
        what: String,
    },

    /// An error of the mirror or of its recovery.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),

    /// A bug.
    #[error("internal error: {problem}. This is a bug in Omnigraph; no changes were made")]
    Internal {
        /// The problem.
        problem: String,
    },
}

impl Error {
    pub(crate) fn internal(problem: impl Into<String>) -> Self {
        Self::Internal { problem: problem.into() }
    }

    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::Request { message: message.into() }
    }

    /// Reports if the request may have been executed in spite of the error.
    pub(crate) fn outcome_unknown(&self) -> bool {
        match self {
            Self::History(log::Error::Store(error)) => error.kind() == objects::ErrorKind::Unknown,
            Self::GroupCommit(error) => error.outcome_unknown(),
            _ => false,
        }
    }

    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::History(error) => error.code(),
            Self::Recovery(error) => error.code(),
            Self::Compile { findings, .. } => {
                findings.first().and_then(|finding| finding["code"].as_str()).unwrap_or("OG-QUERY-001")
            }
            Self::Data(report) => report.errors.first().map_or("OG-INTERNAL-001", |error| error.code),
            Self::Constraint(report) => report.errors.first().map_or("OG-INTERNAL-001", |violation| violation.code),
            Self::KeyConflict { .. } => "OG-CONSTRAINT-008",
            Self::Contention { .. } => "OG-COMMIT-001",
            Self::SchemaMoved { .. } => "OG-COMMIT-002",
            Self::ReadOnly { .. } => "OG-ACCESS-001",
            Self::Request { .. } => "OG-QUERY-002",
            Self::Table { .. } => "OG-STORAGE-020",
            Self::Execution { .. } => "OG-QUERY-003",
            Self::Unsupported { .. } => "OG-QUERY-004",
            Self::Internal { .. } => "OG-INTERNAL-001",
            Self::Value { .. } => "OG-QUERY-005",
            Self::Budget { .. } => "OG-QUERY-006",
            Self::Cancelled => "OG-QUERY-007",
            Self::Denied { .. } => "OG-ACCESS-002",
            Self::NoParent { .. } => "OG-COMMIT-004",
            Self::MergeConflict(_) => "OG-MERGE-001",
            Self::FeedGap { .. } => "OG-FEED-001",
            Self::Precondition { .. } => "OG-COMMIT-003",
            Self::GroupCommit(error) => error.code(),
        }
    }
}

fn entity_suffix(entity: &str) -> String {
    if entity.is_empty() { String::new() } else { format!(" (at {entity})") }
}

impl From<objects::Error> for Error {
    fn from(error: objects::Error) -> Self {
        Self::History(error.into())
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        match error {
            arrow::error::ArrowError::ExternalError(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::Execution { problem: other.to_string() },
            },
            other => Self::Execution { problem: other.to_string() },
        }
    }
}

impl From<datafusion_common::DataFusionError> for Error {
    fn from(error: datafusion_common::DataFusionError) -> Self {
        use datafusion_common::DataFusionError;
        match error {
            // An error of a scan is passed through DataFusion.
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::Execution { problem: other.to_string() },
            },
            DataFusionError::Context(_, inner) => Self::from(*inner),
            DataFusionError::ArrowError(inner, _) => Self::from(*inner),
            DataFusionError::ResourcesExhausted(problem) => Self::from_memory_limit(&problem),
            DataFusionError::Shared(inner) => match std::sync::Arc::try_unwrap(inner) {
                Ok(inner) => Self::from(inner),
                Err(shared) => Self::from_shared(&shared),
            },
            other => Self::Execution { problem: other.strip_backtrace() },
        }
    }
}

impl Error {
    /// Converts an error that several partitions of a plan share.
    fn from_shared(error: &datafusion_common::DataFusionError) -> Self {
        use datafusion_common::DataFusionError;
        match error.find_root() {
            DataFusionError::ResourcesExhausted(problem) => Self::from_memory_limit(problem),
            DataFusionError::External(inner) => match inner.downcast_ref::<Self>() {
                Some(Self::Budget { limit, value }) => Self::Budget { limit, value: value.clone() },
                Some(Self::Cancelled) => Self::Cancelled,
                Some(Self::Value { problem, code, entity }) => {
                    Self::Value { problem: problem.clone(), code, entity: entity.clone() }
                }
                _ => Self::Execution { problem: inner.to_string() },
            },
            other => Self::Execution { problem: other.strip_backtrace() },
        }
    }

    /// Converts the error of a memory pool, whose text contains its size.
    fn from_memory_limit(problem: &str) -> Self {
        let size = problem.split_once("pool_size: ").and_then(|(_, rest)| rest.split_once(')'));
        let value = size.map_or(problem, |(size, _)| size);
        Self::Budget { limit: "memory_bytes", value: value.to_owned() }
    }
}
