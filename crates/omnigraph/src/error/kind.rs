//! Errors by the next step of the caller.

use omnigraph_history as log;
use omnigraph_storage as objects;

use super::Error;

/// The next step of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Correct the request.
    Invalid,
    /// Name an object that exists.
    NotFound,
    /// Read the current state and decide again.
    Conflict,
    /// Retry the request.
    Retry,
    /// Request permission.
    Denied,
    /// Inform the operator: the store is full, damaged or unreachable.
    Storage,
    /// Report a bug.
    Internal,
}

impl Error {
    /// Returns the next step of the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::History(error) => log_kind(error),
            Self::Recovery(error) => error.kind(),
            Self::Compile { .. }
            | Self::Data(_)
            | Self::Constraint(_)
            | Self::Request { .. }
            | Self::Unsupported { .. } => ErrorKind::Invalid,
            Self::KeyConflict { .. } | Self::Precondition { .. } | Self::NoParent { .. } | Self::MergeConflict(_) => {
                ErrorKind::Conflict
            }
            Self::GroupCommit(error) => error.kind(),
            Self::FeedGap { .. } => ErrorKind::NotFound,
            Self::Contention { .. } | Self::SchemaMoved { .. } => ErrorKind::Retry,
            Self::ReadOnly { .. } | Self::Denied { .. } => ErrorKind::Denied,
            Self::Table { .. } => ErrorKind::Storage,
            Self::Execution { .. } | Self::Value { .. } | Self::Budget { .. } => ErrorKind::Invalid,
            Self::Cancelled => ErrorKind::Retry,
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }
}

fn log_kind(error: &log::Error) -> ErrorKind {
    match error {
        log::Error::Store(error) => match error.kind() {
            objects::ErrorKind::NotFound => ErrorKind::NotFound,
            objects::ErrorKind::Denied => ErrorKind::Denied,
            objects::ErrorKind::Invalid => ErrorKind::Invalid,
            objects::ErrorKind::Retry => ErrorKind::Retry,
            _ => ErrorKind::Storage,
        },
        log::Error::GraphNotFound { .. }
        | log::Error::BranchNotFound { .. }
        | log::Error::TagNotFound { .. }
        | log::Error::CommitNotFound { .. }
        | log::Error::TimeBeforeHistory { .. } => ErrorKind::NotFound,
        log::Error::GraphExists { .. }
        | log::Error::BranchExists { .. }
        | log::Error::TagExists { .. }
        | log::Error::IdempotencyKeyReused { .. } => ErrorKind::Conflict,
        log::Error::InvalidBranchName { .. }
        | log::Error::InvalidTagName { .. }
        | log::Error::InvalidIdempotencyKey { .. }
        | log::Error::ProtectedBranch { .. } => ErrorKind::Invalid,
        log::Error::Invariant { .. } => ErrorKind::Internal,
        _ => ErrorKind::Storage,
    }
}
