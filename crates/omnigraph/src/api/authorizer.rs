//! Authorization: the hook that a handle calls before every change. The engine knows no policies, only actions.

use std::fmt;

use super::Omnigraph;
use crate::error::{Error, Result};

/// A change that a caller is about to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Changes rows of a branch.
    Write {
        /// The branch.
        branch: &'a str,
    },
    /// Creates a branch.
    CreateBranch {
        /// The name of the new branch.
        branch: &'a str,
    },
    /// Deletes a branch.
    DeleteBranch {
        /// The branch.
        branch: &'a str,
    },
    /// Renames a branch.
    RenameBranch {
        /// The branch.
        branch: &'a str,
        /// The new name.
        to: &'a str,
    },
    /// Resets a branch to the state of another commit.
    ResetBranch {
        /// The branch.
        branch: &'a str,
    },
    /// Merges a branch into another, or applies a commit to a branch.
    Merge {
        /// The branch or commit that is merged.
        source: &'a str,
        /// The branch that changes.
        target: &'a str,
    },
    /// Creates or deletes a tag.
    Tag {
        /// The tag.
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

/// A policy that decides about changes.
pub trait Authorizer: fmt::Debug + Send + Sync {
    /// Decides if `actor` may do `action`.
    ///
    /// # Errors
    ///
    /// The reason of a refusal, in words that follow "cannot …:".
    fn authorize(&self, action: &Action<'_>, actor: Option<&str>) -> std::result::Result<(), String>;
}

/// The default policy, which allows every change.
#[derive(Debug)]
pub(super) struct AllowAll;

impl Authorizer for AllowAll {
    fn authorize(&self, _: &Action<'_>, _: Option<&str>) -> std::result::Result<(), String> {
        Ok(())
    }
}

impl Omnigraph {
    /// Checks that the handle is open for writing. `operation` names the change in the error.
    pub(super) fn require_write(&self, operation: &'static str) -> Result<()> {
        match self.mode {
            super::OpenMode::ReadWrite => Ok(()),
            super::OpenMode::ReadOnly => Err(Error::ReadOnly { action: operation }),
        }
    }

    /// Checks that the handle is open for writing and that the policy allows `action`.
    pub(super) fn authorize(&self, operation: &'static str, action: &Action<'_>, actor: Option<&str>) -> Result<()> {
        self.require_write(operation)?;
        let decision = self.authorizer.authorize(action, actor);
        decision.map_err(|reason| Error::Denied { action: action.to_string(), reason })
    }
}
