//! Errors by what the caller does next.

use omnigraph_log as log;
use omnigraph_objects as objects;

use super::Error;

/// What the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Correct the request.
    Invalid,
    /// Ask for something that exists.
    NotFound,
    /// Look at what is there now, and decide again.
    Conflict,
    /// Try the same again.
    Retry,
    /// Get permission.
    Denied,
    /// Call the operator: the store is full, damaged or unreachable.
    Storage,
    /// Report a bug.
    Internal,
}

impl Error {
    /// What the caller does next.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Log(error) => log_kind(error),
            Self::Recovery(error) => error.kind(),
            Self::Compile { .. }
            | Self::Data(_)
            | Self::Faults(_)
            | Self::Rule(_)
            | Self::Request { .. }
            | Self::Unsupported { .. } => ErrorKind::Invalid,
            Self::KeyConflict { .. } | Self::Precondition { .. } | Self::Parentless { .. } | Self::MergeConflict(_) => {
                ErrorKind::Conflict
            }
            Self::Shared(error) => error.kind(),
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
        log::Error::NoGraph { .. }
        | log::Error::NoBranch { .. }
        | log::Error::NoTag { .. }
        | log::Error::NoCommit { .. }
        | log::Error::BeforeHistory { .. } => ErrorKind::NotFound,
        log::Error::GraphExists { .. }
        | log::Error::BranchExists { .. }
        | log::Error::TagExists { .. }
        | log::Error::KeyReused { .. } => ErrorKind::Conflict,
        log::Error::BranchName { .. }
        | log::Error::TagName { .. }
        | log::Error::KeyLength { .. }
        | log::Error::MainStays { .. } => ErrorKind::Invalid,
        log::Error::Invariant { .. } => ErrorKind::Internal,
        _ => ErrorKind::Storage,
    }
}
