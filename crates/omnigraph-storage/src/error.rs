//! Errors of a store, with the object, the reason and the next step.

use std::error::Error as StdError;
use std::io;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of the backend.
pub(crate) type BoxedSource = Box<dyn StdError + Send + Sync + 'static>;

/// A failed request to a store. [`Error::code`] is stable, [`Error::kind`] is the next step of the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid location of a graph.
    #[error("invalid location {given:?}: {reason}. Use a folder, file:///folder, s3://bucket/prefix or memory://name")]
    InvalidLocation {
        /// The text as given.
        given: String,
        /// The reason.
        reason: String,
    },
    /// An invalid name of an object.
    #[error("invalid object name {given:?}: {reason}")]
    InvalidKey {
        /// The text as given.
        given: String,
        /// The reason, with the limit.
        reason: String,
    },
    /// Options of a store that are incomplete or contradict each other.
    #[error("cannot open {location}: invalid storage options: {reason}")]
    InvalidOptions {
        /// The location of the store.
        location: String,
        /// The option and its expected value.
        reason: String,
    },
    /// An object that does not exist, or whose folder or bucket does not exist.
    #[error("cannot {action} {object}: not found. Check the location, and that the folder or bucket exists")]
    NotFound {
        /// The attempted action.
        action: &'static str,
        /// The object.
        object: String,
        /// The error of the backend.
        #[source]
        source: BoxedSource,
    },
    /// A request without the permission for it.
    #[error(
        "cannot {action} {object}: permission denied. Grant this process the permission, or open the graph read-only"
    )]
    Denied {
        /// The attempted action.
        action: &'static str,
        /// The object.
        object: String,
        /// The error of the backend.
        #[source]
        source: BoxedSource,
    },
    /// A full disk or quota.
    #[error("cannot {action} {object}: no space left. Free space and retry")]
    Full {
        /// The attempted action.
        action: &'static str,
        /// The object.
        object: String,
        /// The error of the backend.
        #[source]
        source: BoxedSource,
    },
    /// A store that failed in every attempt. Nothing was changed, or the request can be repeated safely.
    #[error("cannot {action} {object}: the store failed, attempts: {attempts} ({source}). Retry later")]
    Unavailable {
        /// The attempted action.
        action: &'static str,
        /// The object.
        object: String,
        /// The number of attempts.
        attempts: u32,
        /// The error of the backend in the last attempt.
        #[source]
        source: BoxedSource,
    },
    /// A write with an unknown outcome.
    #[error(
        "cannot confirm the write of {object}: the response was lost and the object cannot be read ({source}). Read the object before you repeat the write"
    )]
    Unknown {
        /// The object.
        object: String,
        /// The failure that hides the outcome.
        #[source]
        source: BoxedSource,
    },
    /// A request that the store does not support.
    #[error("cannot {action} {object}: not supported by the store ({source}). Use another name, or another store")]
    Unsupported {
        /// The attempted action.
        action: &'static str,
        /// The object.
        object: String,
        /// The error of the backend.
        #[source]
        source: BoxedSource,
    },
    /// A concurrent change of the object.
    #[error("cannot {action} {object}: another process changed it first. Read it and decide again")]
    Conflict {
        /// The attempted action.
        action: &'static str,
        /// The object.
        object: String,
        /// The error of the backend.
        #[source]
        source: BoxedSource,
    },
    /// Stored data that this crate cannot have written.
    #[error("{object} is damaged: {reason}. Restore it from a copy")]
    Corrupt {
        /// The object or name.
        object: String,
        /// The contradiction.
        reason: String,
    },
}

/// The next step of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Create the object, or use another location.
    NotFound,
    /// Read the object and decide again.
    Conflict,
    /// Retry the request later.
    Retry,
    /// Grant the permission, or correct the credentials.
    Denied,
    /// Free space.
    Full,
    /// Correct the request.
    Invalid,
    /// Stop, and restore the damaged data.
    Corrupt,
    /// Read the object before repeating the write.
    Unknown,
}

impl Error {
    /// Returns the stable code, `OG-STORAGE-NNN`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidLocation { .. } => "OG-STORAGE-001",
            Self::InvalidKey { .. } => "OG-STORAGE-002",
            Self::InvalidOptions { .. } => "OG-STORAGE-003",
            Self::NotFound { .. } => "OG-STORAGE-010",
            Self::Denied { .. } => "OG-STORAGE-011",
            Self::Full { .. } => "OG-STORAGE-012",
            Self::Unavailable { .. } => "OG-STORAGE-013",
            Self::Unknown { .. } => "OG-STORAGE-014",
            Self::Unsupported { .. } => "OG-STORAGE-015",
            Self::Conflict { .. } => "OG-STORAGE-016",
            Self::Corrupt { .. } => "OG-STORAGE-017",
        }
    }

    /// Returns the next step of the caller.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidLocation { .. }
            | Self::InvalidKey { .. }
            | Self::InvalidOptions { .. }
            | Self::Unsupported { .. } => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Denied { .. } => ErrorKind::Denied,
            Self::Full { .. } => ErrorKind::Full,
            Self::Unavailable { .. } => ErrorKind::Retry,
            Self::Unknown { .. } => ErrorKind::Unknown,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
        }
    }

    /// Converts an error of the backend, for callers that use [`crate::Store::object_store`] directly.
    ///
    /// `action` is a verb ("read", "write"), `object` names the object. A transient error becomes [`Error::Unavailable`].
    pub fn from_store(action: &'static str, object: impl Into<String>, error: object_store::Error) -> Self {
        Self::from_attempts(action, object.into(), 1, error)
    }

    pub(crate) fn from_attempts(
        action: &'static str,
        object: String,
        attempts: u32,
        error: object_store::Error,
    ) -> Self {
        let class = ErrorClass::new(&error);
        let source: BoxedSource = Box::new(error);
        match class {
            ErrorClass::NotFound => Self::NotFound { action, object, source },
            ErrorClass::Conflict => Self::Conflict { action, object, source },
            ErrorClass::Denied => Self::Denied { action, object, source },
            ErrorClass::Full => Self::Full { action, object, source },
            ErrorClass::Unsupported => Self::Unsupported { action, object, source },
            ErrorClass::Transient => Self::Unavailable { action, object, attempts, source },
        }
    }
}

/// The class of a backend's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorClass {
    NotFound,
    Conflict,
    Denied,
    Full,
    Unsupported,
    /// A retry may succeed. A write may have been applied.
    Transient,
}

impl ErrorClass {
    pub(crate) fn new(error: &object_store::Error) -> Self {
        use object_store::Error as E;
        match error {
            E::NotFound { .. } => Self::NotFound,
            E::AlreadyExists { .. } | E::Precondition { .. } | E::NotModified { .. } => Self::Conflict,
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => Self::Denied,
            E::InvalidPath { .. } | E::NotSupported { .. } | E::NotImplemented { .. } => Self::Unsupported,
            E::UnknownConfigurationKey { .. } => Self::Unsupported,
            other => io_kind(other).map_or(Self::Transient, Self::from_io),
        }
    }

    fn from_io(kind: io::ErrorKind) -> Self {
        use io::ErrorKind as K;
        match kind {
            K::PermissionDenied | K::ReadOnlyFilesystem => Self::Denied,
            K::StorageFull | K::QuotaExceeded | K::FileTooLarge => Self::Full,
            K::NotFound => Self::NotFound,
            K::NotADirectory | K::IsADirectory | K::InvalidFilename | K::Unsupported => Self::Unsupported,
            _ => Self::Transient,
        }
    }
}

/// Returns the kind of the operating system's error in the chain of causes.
fn io_kind(error: &object_store::Error) -> Option<io::ErrorKind> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}
