//! What can go wrong with a store: where it happened, and what to do next.

use std::error::Error as StdError;
use std::io;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The failure underneath, as the backend reported it.
pub(crate) type Source = Box<dyn StdError + Send + Sync + 'static>;

/// A failed request to a store. Every message names the object and says what to do next; [`Error::code`] is stable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The location of a graph cannot be understood.
    #[error(
        "[OG-IO-001] cannot use location {given:?}: {reason}; give a folder, file:///folder, s3://bucket/prefix or memory://name"
    )]
    InvalidLocation {
        /// The text as given.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name cannot be used for an object.
    #[error("[OG-IO-002] cannot use {given:?} as the name of an object: {reason}")]
    InvalidKey {
        /// The text as given.
        given: String,
        /// What is wrong with it and what is allowed.
        reason: String,
    },
    /// The options of a store contradict each other or lack something.
    #[error("[OG-IO-003] cannot open {at}: {reason}")]
    InvalidOptions {
        /// The store, for display.
        at: String,
        /// Which option, and what to set it to.
        reason: String,
    },
    /// The object, or the folder or bucket that should hold it, does not exist.
    #[error(
        "[OG-IO-010] cannot {action} {at}: it does not exist; check the location, and that the bucket or folder exists"
    )]
    NotFound {
        /// What was attempted.
        action: &'static str,
        /// Where.
        at: String,
        /// The backend's own words.
        #[source]
        source: Source,
    },
    /// The store refused the request for lack of permission.
    #[error(
        "[OG-IO-011] cannot {action} {at}: permission denied; grant this process the right to do so, or open read-only"
    )]
    Denied {
        /// What was attempted.
        action: &'static str,
        /// Where.
        at: String,
        /// The backend's own words.
        #[source]
        source: Source,
    },
    /// There is no room left.
    #[error("[OG-IO-012] cannot {action} {at}: no space left; free some space and try again")]
    Full {
        /// What was attempted.
        action: &'static str,
        /// Where.
        at: String,
        /// The backend's own words.
        #[source]
        source: Source,
    },
    /// The store kept failing and nothing was changed, or the request may be repeated without harm.
    #[error(
        "[OG-IO-013] cannot {action} {at}: the store failed, attempts made: {attempts} ({source}); try again later"
    )]
    Unavailable {
        /// What was attempted.
        action: &'static str,
        /// Where.
        at: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure, in the backend's own words.
        #[source]
        source: Source,
    },
    /// It is not known whether the object was written.
    #[error(
        "[OG-IO-014] {at} may or may not have been written: its answer was lost and it cannot be read back ({source}); read it later before doing it again"
    )]
    Unknown {
        /// The object in doubt.
        at: String,
        /// The failure that left the doubt.
        #[source]
        source: Source,
    },
    /// The store cannot do what is asked of it.
    #[error(
        "[OG-IO-015] cannot {action} {at}: the store does not support it ({source}); use another name, or another store"
    )]
    Unsupported {
        /// What was attempted.
        action: &'static str,
        /// Where.
        at: String,
        /// The backend's own words.
        #[source]
        source: Source,
    },
    /// Somebody else was there first.
    #[error("[OG-IO-016] cannot {action} {at}: somebody else changed it first; read it and decide anew")]
    Conflict {
        /// What was attempted.
        action: &'static str,
        /// Where.
        at: String,
        /// The backend's own words.
        #[source]
        source: Source,
    },
    /// What was read cannot have been written by us.
    #[error("[OG-IO-017] {at} is damaged: {reason}; restore it from a copy")]
    Corrupt {
        /// The object or name.
        at: String,
        /// What does not fit.
        reason: String,
    },
}

/// What a caller does about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It is not there: create it, or point elsewhere.
    NotFound,
    /// Somebody was first: read, and decide anew.
    Conflict,
    /// Nothing is wrong with the request: repeat it later.
    Retry,
    /// Credentials or permissions: a person has to act.
    Denied,
    /// No space left: a person has to act.
    Full,
    /// The request itself is wrong: change it.
    Invalid,
    /// Stored data is damaged: stop and restore.
    Corrupt,
    /// The outcome is open: read before doing it again.
    Unknown,
}

impl Error {
    /// The stable code, `OG-IO-NNN`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidLocation { .. } => "OG-IO-001",
            Self::InvalidKey { .. } => "OG-IO-002",
            Self::InvalidOptions { .. } => "OG-IO-003",
            Self::NotFound { .. } => "OG-IO-010",
            Self::Denied { .. } => "OG-IO-011",
            Self::Full { .. } => "OG-IO-012",
            Self::Unavailable { .. } => "OG-IO-013",
            Self::Unknown { .. } => "OG-IO-014",
            Self::Unsupported { .. } => "OG-IO-015",
            Self::Conflict { .. } => "OG-IO-016",
            Self::Corrupt { .. } => "OG-IO-017",
        }
    }

    /// What the caller does next.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidLocation { .. } | Self::InvalidKey { .. } | Self::InvalidOptions { .. } => ErrorKind::Invalid,
            Self::Unsupported { .. } => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Denied { .. } => ErrorKind::Denied,
            Self::Full { .. } => ErrorKind::Full,
            Self::Unavailable { .. } => ErrorKind::Retry,
            Self::Unknown { .. } => ErrorKind::Unknown,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
        }
    }

    /// Classifies an error of the store underneath, for those who talk to [`crate::Store::object_store`] themselves.
    ///
    /// `action` is a verb ("read", "write"), `at` names the object. What may pass by itself becomes
    /// [`Error::Unavailable`].
    pub fn from_store(action: &'static str, at: impl Into<String>, error: object_store::Error) -> Self {
        Self::after_attempts(action, at.into(), 1, error)
    }

    pub(crate) fn after_attempts(action: &'static str, at: String, attempts: u32, error: object_store::Error) -> Self {
        let class = Class::of(&error);
        let source: Source = Box::new(error);
        match class {
            Class::NotFound => Self::NotFound { action, at, source },
            Class::Conflict => Self::Conflict { action, at, source },
            Class::Denied => Self::Denied { action, at, source },
            Class::Full => Self::Full { action, at, source },
            Class::Unsupported => Self::Unsupported { action, at, source },
            Class::Transient => Self::Unavailable { action, at, attempts, source },
        }
    }
}

/// What an error of the store underneath says about the request that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    NotFound,
    Conflict,
    Denied,
    Full,
    Unsupported,
    /// May pass by itself, and for a write says nothing about whether it was applied.
    Transient,
}

impl Class {
    pub(crate) fn of(error: &object_store::Error) -> Self {
        use object_store::Error as E;
        match error {
            E::NotFound { .. } => Self::NotFound,
            E::AlreadyExists { .. } | E::Precondition { .. } | E::NotModified { .. } => Self::Conflict,
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => Self::Denied,
            E::InvalidPath { .. } | E::NotSupported { .. } | E::NotImplemented { .. } => Self::Unsupported,
            E::UnknownConfigurationKey { .. } => Self::Unsupported,
            other => io_kind(other).map_or(Self::Transient, Self::of_io),
        }
    }

    fn of_io(kind: io::ErrorKind) -> Self {
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

/// The operating system's word, if one is anywhere in the chain of causes.
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
