//! Errors of the history.

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the history. [`Error::code`] is stable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the store.
    #[error(transparent)]
    Store(#[from] omnigraph_storage::Error),

    /// A location without a graph.
    #[error("graph not found at {location}: graph.json does not exist. Create a graph with `omnigraph init`")]
    GraphNotFound {
        /// The location.
        location: String,
    },

    /// A location that has a graph.
    #[error("a graph already exists at {location}. Use another location, or delete the folder first")]
    GraphExists {
        /// The location.
        location: String,
    },

    /// An object of a newer build.
    #[error("cannot read {object}: it has format {found}, and this build reads format {supported}. Use a newer build")]
    UnknownFormat {
        /// The key of the object.
        object: String,
        /// The format of the object.
        found: u64,
        /// The format of this build.
        supported: u32,
    },

    /// An object that is missing, invalid or contradicts another object.
    #[error("{object} is damaged: {problem}. Nothing was changed; restore the object from a copy")]
    Damaged {
        /// The key of the object.
        object: String,
        /// The contradiction.
        problem: String,
    },

    /// A record that violates an invariant before it is written: a bug.
    #[error("cannot write {object}: {problem}. This is a bug in Omnigraph; nothing was changed")]
    Invariant {
        /// The key of the object.
        object: String,
        /// The violated invariant.
        problem: String,
    },

    /// A branch name without a branch.
    #[error("branch '{name}' not found. `omnigraph branch list` shows all branches")]
    BranchNotFound {
        /// The name.
        name: String,
    },

    /// A name that a branch has.
    #[error("branch '{name}' already exists")]
    BranchExists {
        /// The name.
        name: String,
    },

    /// An invalid name of a branch.
    #[error("invalid branch name '{name}': {problem}")]
    InvalidBranchName {
        /// The name.
        name: String,
        /// The reason.
        problem: &'static str,
    },

    /// A deletion or rename of `main`.
    #[error("cannot {action} branch 'main': every graph has this branch")]
    ProtectedBranch {
        /// `delete` or `rename`.
        action: &'static str,
    },

    /// A tag name without a tag.
    #[error("tag '{name}' not found. `omnigraph tag list` shows all tags")]
    TagNotFound {
        /// The name.
        name: String,
    },

    /// A name that a tag has.
    #[error("tag '{name}' already exists. Delete it first, or use another name")]
    TagExists {
        /// The name.
        name: String,
    },

    /// An invalid name of a tag.
    #[error("invalid tag name '{name}': {problem}")]
    InvalidTagName {
        /// The name.
        name: String,
        /// The reason.
        problem: &'static str,
    },

    /// A time before the first commit.
    #[error("commit not found at or before {asked}: the first commit of the graph is of {first} (Unix microseconds)")]
    TimeBeforeHistory {
        /// The requested time, in Unix microseconds.
        asked: i64,
        /// The time of the first commit.
        first: i64,
    },

    /// A commit id without a commit.
    #[error("commit '{commit}' not found. `omnigraph commit list` shows all commits")]
    CommitNotFound {
        /// The id.
        commit: String,
    },

    /// An idempotency key of invalid length.
    #[error("invalid idempotency key: {bytes} bytes, expected 1 to 255")]
    InvalidIdempotencyKey {
        /// The length.
        bytes: usize,
    },

    /// An idempotency key of another request.
    #[error(
        "idempotency key '{key}' belongs to another request on this branch. Use a new key for each request, and the same key only to repeat it"
    )]
    IdempotencyKeyReused {
        /// The key.
        key: String,
    },

    /// A branch without free sequences, or a graph without free fragment ids.
    #[error("{resource} is exhausted; nothing was changed")]
    Exhausted {
        /// The exhausted resource.
        resource: &'static str,
    },
}

impl Error {
    /// Returns the stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::GraphNotFound { .. } => "OG-GRAPH-001",
            Self::GraphExists { .. } => "OG-GRAPH-002",
            Self::UnknownFormat { .. } => "OG-GRAPH-003",
            Self::Damaged { .. } => "OG-GRAPH-004",
            Self::Invariant { .. } => "OG-INTERNAL-002",
            Self::BranchNotFound { .. } => "OG-BRANCH-001",
            Self::BranchExists { .. } => "OG-BRANCH-002",
            Self::InvalidBranchName { .. } => "OG-BRANCH-003",
            Self::ProtectedBranch { .. } => "OG-BRANCH-004",
            Self::CommitNotFound { .. } => "OG-COMMIT-005",
            Self::Exhausted { .. } => "OG-COMMIT-006",
            Self::InvalidIdempotencyKey { .. } => "OG-COMMIT-007",
            Self::IdempotencyKeyReused { .. } => "OG-COMMIT-008",
            Self::TagNotFound { .. } => "OG-TAG-001",
            Self::TagExists { .. } => "OG-TAG-002",
            Self::InvalidTagName { .. } => "OG-TAG-003",
            Self::TimeBeforeHistory { .. } => "OG-COMMIT-009",
        }
    }
}
