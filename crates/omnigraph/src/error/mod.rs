//! What can go wrong, and what the caller does next.

mod compile;
mod conflict;
mod data;
mod kind;
mod recovery;
mod rule;

pub(crate) use compile::compile_error;
pub use conflict::{ConflictKind, EntityKind, MergeConflict, MergeConflicts};
pub use data::{DataError, DataErrors};
pub use kind::ErrorKind;
pub use recovery::RecoveryError;
pub use rule::{BrokenRules, RuleError};

use omnigraph_log as log;
use omnigraph_objects as objects;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine. [`Error::code`] is stable; [`Error::kind`] says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph's log or its store failed.
    #[error(transparent)]
    Log(#[from] log::Error),

    /// A schema, query or parameter is wrong.
    #[error("{rendered}")]
    Compile {
        /// Every finding with file, line, column, source line and caret.
        rendered: String,
        /// The same as data.
        findings: Vec<serde_json::Value>,
    },

    /// Input data is wrong.
    #[error("{0}")]
    Data(Box<DataError>),

    /// Input data is wrong in several places.
    #[error("{0}")]
    Faults(Box<DataErrors>),

    /// A write breaks rules of the schema.
    #[error("{0}")]
    Rule(Box<BrokenRules>),

    /// Rows of this write and rows that are there already contradict each other.
    #[error("{message}")]
    KeyConflict {
        /// Which type, which id.
        message: String,
    },

    /// Others kept changing what this write depends on.
    #[error("gave up after {attempts} attempts: other writers kept taking the place on branch '{branch}'. Try again")]
    Contention {
        /// The branch.
        branch: String,
        /// How often it was tried.
        attempts: u32,
    },

    /// The schema of the branch is another one than this write was prepared for.
    #[error("the schema of branch '{branch}' changed while this write was prepared; nothing was written. Try again")]
    SchemaMoved {
        /// The branch.
        branch: String,
    },

    /// The handle was opened for reading.
    #[error("{action} needs to write, and the graph was opened read-only")]
    ReadOnly {
        /// What was asked for.
        action: &'static str,
    },

    /// Two sides of a merge disagree. Nothing was changed.
    #[error(
        "merge conflicts: {0}. Nothing was changed; choose with --ours, --theirs or a file of choices, settle them with a \
         mutation (--resolve), or change one of the branches"
    )]
    MergeConflict(MergeConflicts),

    /// History that a consumer of the change feed asks for is no longer there.
    #[error(
        "there is a gap in the change feed: commit {first_unreadable} can no longer be read. Start anew with a baseline"
    )]
    FeedGap {
        /// The first commit that cannot be read, by its place or id.
        first_unreadable: String,
    },

    /// The first commit of a graph changed nothing that could be shown, undone or repeated.
    #[error("commit {commit} has no parent: it is the first of the graph, so there is nothing to compare it with")]
    Parentless {
        /// The commit.
        commit: log::CommitId,
    },

    /// Whoever guards the graph said no.
    #[error("may not {action}: {reason}")]
    Denied {
        /// What was asked for.
        action: String,
        /// Why not.
        reason: String,
    },

    /// A request contradicts itself or asks for what there is not.
    #[error("{message}")]
    Request {
        /// What is wrong and what would be right.
        message: String,
    },

    /// A table could not be read or written.
    #[error("could not {action} table {table}: {problem}")]
    Table {
        /// What was being done.
        action: &'static str,
        /// The table's folder.
        table: String,
        /// What the storage said.
        problem: String,
    },

    /// A query failed while it ran.
    #[error("the query failed: {problem}")]
    Execution {
        /// What happened.
        problem: String,
    },

    /// A row for which an expression of the query has no value.
    #[error("{problem}{}", of_entity(entity))]
    Value {
        /// What is wrong, and what to do about it.
        problem: String,
        /// A stable name of the kind of problem.
        code: &'static str,
        /// The node or edge of the row, if there is one.
        entity: String,
    },

    /// A query that costs more than it may.
    #[error("the query was stopped: it exceeds its limit of {value} (`{limit}`). Narrow the query, or raise the limit")]
    Budget {
        /// Which limit.
        limit: &'static str,
        /// What it is set to.
        value: String,
    },

    /// A query that nobody waits for any more.
    #[error("the query was cancelled")]
    Cancelled,

    /// What a careful writer asked of the state is not so (any more).
    #[error("{message}")]
    Precondition {
        /// What was expected, what there is, and what to do.
        message: String,
        /// The commit that was named.
        expected: String,
        /// The commit that stands in the way, where it is known.
        actual: Option<String>,
    },

    /// A failure of a commit that several writes were to share.
    #[error("{0}")]
    Shared(std::sync::Arc<Error>),

    /// Something that this build cannot do yet.
    #[error("{what} cannot be run yet by this build")]
    Unsupported {
        /// The construct.
        what: String,
    },

    /// What unfinished processes left behind could not be brought in order.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),

    /// A bug.
    #[error("internal error: {problem}. This is a bug in Omnigraph; nothing was changed")]
    Internal {
        /// What was found.
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

    /// Whether what was asked for may have happened all the same.
    pub(crate) fn outcome_unknown(&self) -> bool {
        match self {
            Self::Log(log::Error::Store(error)) => error.kind() == objects::ErrorKind::Unknown,
            Self::Shared(error) => error.outcome_unknown(),
            _ => false,
        }
    }

    /// The first faults of an input that was looked at as a whole, of `total`; none if there is none.
    pub(crate) fn of_faults(mut errors: Vec<DataError>, total: u64) -> Option<Self> {
        if total > 1 {
            return Some(Self::Faults(Box::new(DataErrors { errors, total, complete: true })));
        }
        errors.pop().map(|only| Self::Data(Box::new(only)))
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Log(error) => error.code(),
            Self::Recovery(error) => error.code(),
            Self::Compile { findings, .. } => {
                findings.first().and_then(|finding| finding["code"].as_str()).unwrap_or("OG-ENG-001")
            }
            Self::Data(error) => error.code,
            Self::Faults(faults) => faults.errors.first().map_or("OG-ENG-010", |error| error.code),
            Self::Rule(broken) => broken.errors.first().map_or("OG-ENG-010", |error| error.code),
            Self::KeyConflict { .. } => "OG-ENG-002",
            Self::Contention { .. } => "OG-ENG-003",
            Self::SchemaMoved { .. } => "OG-ENG-004",
            Self::ReadOnly { .. } => "OG-ENG-005",
            Self::Request { .. } => "OG-ENG-006",
            Self::Table { .. } => "OG-ENG-007",
            Self::Execution { .. } => "OG-ENG-008",
            Self::Unsupported { .. } => "OG-ENG-009",
            Self::Internal { .. } => "OG-ENG-010",
            Self::Value { .. } => "OG-ENG-011",
            Self::Budget { .. } => "OG-ENG-012",
            Self::Cancelled => "OG-ENG-013",
            Self::Denied { .. } => "OG-HIS-001",
            Self::Parentless { .. } => "OG-HIS-002",
            Self::MergeConflict(_) => "OG-HIS-003",
            Self::FeedGap { .. } => "OG-HIS-004",
            Self::Precondition { .. } => "OG-ENG-014",
            Self::Shared(error) => error.code(),
        }
    }
}

fn of_entity(entity: &str) -> String {
    if entity.is_empty() { String::new() } else { format!(" (at {entity})") }
}

impl From<objects::Error> for Error {
    fn from(error: objects::Error) -> Self {
        Self::Log(error.into())
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

impl From<datafusion::error::DataFusionError> for Error {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        use datafusion::error::DataFusionError;
        match error {
            // Our own errors travel through DataFusion when a scan fails.
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::Execution { problem: other.to_string() },
            },
            DataFusionError::Context(_, inner) => Self::from(*inner),
            DataFusionError::ArrowError(inner, _) => Self::from(*inner),
            DataFusionError::ResourcesExhausted(problem) => Self::of_memory(&problem),
            DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
                Ok(inner) => Self::from(inner),
                Err(shared) => Self::of_shared(&shared),
            },
            other => Self::Execution { problem: other.strip_backtrace() },
        }
    }
}

impl Error {
    /// Of an error that several partitions of a plan got.
    fn of_shared(error: &datafusion::error::DataFusionError) -> Self {
        use datafusion::error::DataFusionError;
        match error.find_root() {
            DataFusionError::ResourcesExhausted(problem) => Self::of_memory(problem),
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

    /// Of a memory pool that has no more: it tells its size between words of its own.
    fn of_memory(problem: &str) -> Self {
        let size = problem.split_once("pool_size: ").and_then(|(_, rest)| rest.split_once(')'));
        let value = size.map_or(problem, |(size, _)| size);
        Self::Budget { limit: "memory_bytes", value: value.to_owned() }
    }
}
