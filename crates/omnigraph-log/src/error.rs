//! What can go wrong with the log, and what to do about it.

use omnigraph_objects as objects;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the graph log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] objects::Error),

    /// There is no graph here.
    #[error("there is no graph at {location}: it has no graph.json. Create one with `omnigraph init`")]
    NoGraph {
        /// Where it was looked for.
        location: String,
    },

    /// There is a graph here already.
    #[error("there is a graph at {location} already. Choose another place, or delete that folder first")]
    GraphExists {
        /// Where it is.
        location: String,
    },

    /// An object was written by a build that knows more.
    #[error("{object} has format {found}, and this build reads format {supported}. Use a newer build")]
    UnknownFormat {
        /// The object's key.
        object: String,
        /// The format it states.
        found: u64,
        /// The one that is understood.
        supported: u32,
    },

    /// An object does not say what its kind must say.
    #[error("{object} is damaged: {problem}. Nothing was changed; restore the object from a copy")]
    Damaged {
        /// The object's key.
        object: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A record about to be written breaks a promise: a bug, caught before any effect.
    #[error("refusing to write {object}: {problem}. This is a bug in Omnigraph; nothing was changed")]
    Invariant {
        /// The object's key.
        object: String,
        /// The broken promise.
        problem: String,
    },

    /// No branch of that name.
    #[error("branch '{name}' not found. `omnigraph branch list` shows the branches there are")]
    NoBranch {
        /// The name asked for.
        name: String,
    },

    /// A branch of that name is there already.
    #[error("branch '{name}' already exists")]
    BranchExists {
        /// The name asked for.
        name: String,
    },

    /// The name cannot name a branch.
    #[error("'{name}' cannot name a branch: {problem}")]
    BranchName {
        /// The name asked for.
        name: String,
        /// Why not.
        problem: &'static str,
    },

    /// `main` stays.
    #[error("cannot {action} branch 'main': every graph has it")]
    MainStays {
        /// `delete` or `rename`.
        action: &'static str,
    },

    /// No tag of that name.
    #[error("tag '{name}' not found. `omnigraph tag list` shows the tags there are")]
    NoTag {
        /// The name asked for.
        name: String,
    },

    /// A tag of that name is there already.
    #[error("tag '{name}' already exists. Delete it first, or choose another name")]
    TagExists {
        /// The name asked for.
        name: String,
    },

    /// The name cannot name a tag.
    #[error("'{name}' cannot name a tag: {problem}")]
    TagName {
        /// The name asked for.
        name: String,
        /// Why not.
        problem: &'static str,
    },

    /// A time before there was anything.
    #[error(
        "there is no commit at or before {asked}: the graph's first commit was made at {first} (Unix microseconds)"
    )]
    BeforeHistory {
        /// The time asked for, in Unix microseconds.
        asked: i64,
        /// When the first commit was made.
        first: i64,
    },

    /// No commit of that id.
    #[error("commit '{commit}' not found. `omnigraph commit list` shows the commits there are")]
    NoCommit {
        /// The id asked for.
        commit: String,
    },

    /// An idempotency key that no claim can be made of.
    #[error("an idempotency key is text of 1 to 255 bytes; this one has {bytes}")]
    KeyLength {
        /// Its length.
        bytes: usize,
    },

    /// An idempotency key that stands for another request.
    #[error(
        "idempotency key '{key}' was used on this branch for another request. Use a fresh key for each request, and the same one only to repeat it"
    )]
    KeyReused {
        /// The key.
        key: String,
    },

    /// A branch or the graph is full.
    #[error("{what} is exhausted; nothing was changed")]
    Exhausted {
        /// What ran out.
        what: &'static str,
    },
}

impl Error {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::NoGraph { .. } => "OG-LOG-001",
            Self::GraphExists { .. } => "OG-LOG-002",
            Self::UnknownFormat { .. } => "OG-LOG-003",
            Self::Damaged { .. } => "OG-LOG-004",
            Self::Invariant { .. } => "OG-LOG-005",
            Self::NoBranch { .. } => "OG-LOG-006",
            Self::BranchExists { .. } => "OG-LOG-007",
            Self::BranchName { .. } => "OG-LOG-008",
            Self::MainStays { .. } => "OG-LOG-009",
            Self::NoCommit { .. } => "OG-LOG-010",
            Self::Exhausted { .. } => "OG-LOG-011",
            Self::KeyLength { .. } => "OG-LOG-012",
            Self::KeyReused { .. } => "OG-LOG-013",
            Self::NoTag { .. } => "OG-LOG-014",
            Self::TagExists { .. } => "OG-LOG-015",
            Self::TagName { .. } => "OG-LOG-016",
            Self::BeforeHistory { .. } => "OG-LOG-017",
        }
    }
}
