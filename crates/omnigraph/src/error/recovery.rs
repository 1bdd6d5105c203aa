//! Errors of the Lance mirror and of its recovery.

use super::ErrorKind;

/// An error of the mirror or of its recovery. Commits are not affected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// An intent of another schema version.
    #[error(
        "cannot read intent {object}: it has schema_version {found}, this build supports schema_version {supported}. No \
         changes were made. Open with the build that wrote it, or read-only"
    )]
    UnknownIntent {
        /// The intent.
        object: String,
        /// The version of the intent.
        found: u64,
        /// The supported version.
        supported: u32,
    },

    /// An invalid intent.
    #[error(
        "invalid intent {object}: {problem}. No changes were made. Delete the object and run `omnigraph repair`, or open \
         read-only"
    )]
    DamagedIntent {
        /// The intent.
        object: String,
        /// The problem.
        problem: String,
    },

    /// An intent about which no decision can be proved.
    #[error(
        "cannot complete intent {object}: it names {table}, {problem}. No changes were made. Run `omnigraph repair` for a \
         preview and with --confirm to repair, or open read-only"
    )]
    Unproved {
        /// The intent.
        object: String,
        /// The dataset that it names.
        table: String,
        /// The problem.
        problem: String,
    },

    /// A dataset that other publishers or external tools keep moving.
    #[error("cannot publish {head}: lost {attempts} races for its next version. No commit is lost. Retry later")]
    Contended {
        /// The dataset.
        head: String,
        /// The number of attempts.
        attempts: u32,
    },

    /// A graph without a mirror.
    #[error("the graph at {location} has no Lance mirror to repair")]
    NoMirror {
        /// The location of the graph.
        location: String,
    },
}

impl RecoveryError {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownIntent { .. } => "OG-MIRROR-001",
            Self::DamagedIntent { .. } => "OG-MIRROR-002",
            Self::Unproved { .. } => "OG-MIRROR-003",
            Self::Contended { .. } => "OG-MIRROR-004",
            Self::NoMirror { .. } => "OG-MIRROR-005",
        }
    }

    /// Returns the next step of the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownIntent { .. } | Self::DamagedIntent { .. } | Self::Unproved { .. } => ErrorKind::Storage,
            Self::Contended { .. } => ErrorKind::Retry,
            Self::NoMirror { .. } => ErrorKind::Invalid,
        }
    }
}
