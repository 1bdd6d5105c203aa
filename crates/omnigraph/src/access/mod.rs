//! Who may change what: the hook that a handle asks before every change. The engine knows no policies, only the questions.

use std::fmt;

/// What somebody is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Change rows of a branch.
    Write {
        /// The branch.
        branch: &'a str,
    },
    /// Create a branch.
    CreateBranch {
        /// Its name.
        branch: &'a str,
    },
    /// Delete a branch.
    DeleteBranch {
        /// Its name.
        branch: &'a str,
    },
    /// Give a branch another name.
    RenameBranch {
        /// Its name.
        branch: &'a str,
        /// The other.
        to: &'a str,
    },
    /// Give a branch the state of another commit.
    ResetBranch {
        /// The branch.
        branch: &'a str,
    },
    /// Take a branch or commit into a branch.
    Merge {
        /// What is taken.
        source: &'a str,
        /// The branch that changes.
        target: &'a str,
    },
    /// Create or delete a tag.
    Tag {
        /// Its name.
        tag: &'a str,
    },
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { branch } => write!(f, "write to branch '{branch}'"),
            Self::CreateBranch { branch } => write!(f, "create branch '{branch}'"),
            Self::DeleteBranch { branch } => write!(f, "delete branch '{branch}'"),
            Self::RenameBranch { branch, to } => write!(f, "rename branch '{branch}' to '{to}'"),
            Self::ResetBranch { branch } => write!(f, "reset branch '{branch}'"),
            Self::Merge { source, target } => write!(f, "merge '{source}' into branch '{target}'"),
            Self::Tag { tag } => write!(f, "change tag '{tag}'"),
        }
    }
}

/// Whoever guards a graph.
pub trait Access: fmt::Debug + Send + Sync {
    /// Why `actor` may not do that, in words that follow "may not …:"; `None` if nothing is against it.
    fn refusal(&self, action: &Action<'_>, actor: Option<&str>) -> Option<String>;
}

/// Nobody guards the graph.
#[derive(Debug)]
pub(crate) struct Anyone;

impl Access for Anyone {
    fn refusal(&self, _: &Action<'_>, _: Option<&str>) -> Option<String> {
        None
    }
}
