//! What can go wrong with heads for outside readers and with what unfinished processes left behind.

use super::ErrorKind;

/// Heads could not be brought in order. No commit is touched by any of this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// An intent that a later build wrote.
    #[error(
        "{object} has schema_version {found}, and this build reads schema_version {supported}. Nothing was changed; open \
         with the build that wrote it, or read-only"
    )]
    UnknownIntent {
        /// The intent.
        object: String,
        /// The version it states.
        found: u64,
        /// The one that is understood.
        supported: u32,
    },

    /// An intent that does not say what it must.
    #[error(
        "{object} is no intent: {problem}. Nothing was changed; look at `omnigraph repair`, which opens in spite of it, then \
         delete the object, or open read-only"
    )]
    DamagedIntent {
        /// The intent.
        object: String,
        /// What is wrong with it.
        problem: String,
    },

    /// An intent of which it cannot be proved what is to be done.
    #[error(
        "the intent {object} names {table}, {problem}. Nothing was changed. `omnigraph repair` shows what would be done, and \
         does it with --confirm; read-only opens are not affected"
    )]
    Unproved {
        /// The intent.
        object: String,
        /// The table or head that it names.
        table: String,
        /// What stands in the way.
        problem: String,
    },

    /// Others keep moving a head.
    #[error("gave up on {head} after {attempts} attempts: others keep publishing it. Nothing is lost; try again")]
    Contended {
        /// The head.
        head: String,
        /// How often it was tried.
        attempts: u32,
    },

    /// The graph publishes no heads.
    #[error("the graph at {location} publishes no heads: there is nothing to repair")]
    NoHeads {
        /// Where it is.
        location: String,
    },
}

impl RecoveryError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownIntent { .. } => "OG-REC-001",
            Self::DamagedIntent { .. } => "OG-REC-002",
            Self::Unproved { .. } => "OG-REC-003",
            Self::Contended { .. } => "OG-REC-004",
            Self::NoHeads { .. } => "OG-REC-005",
        }
    }

    /// What the caller does next.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownIntent { .. } | Self::DamagedIntent { .. } | Self::Unproved { .. } => ErrorKind::Storage,
            Self::Contended { .. } => ErrorKind::Retry,
            Self::NoHeads { .. } => ErrorKind::Invalid,
        }
    }
}
