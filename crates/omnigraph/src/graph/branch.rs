//! Branches and commits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_log::{BranchId, BranchRecord, CommitId, CommitRecord, CreateBranch, NewBranch};

use super::Omnigraph;
use crate::error::{Error, Result};
use crate::snapshot::Target;

/// A branch.
#[derive(Clone, Debug)]
pub struct BranchInfo {
    /// What its object says.
    pub record: Arc<BranchRecord>,
}

/// Names of branches, found once.
#[derive(Debug, Default)]
pub struct History {
    names: Mutex<HashMap<BranchId, Option<String>>>,
}

impl History {
    /// The name of the branch of a commit; `None` for `main`, and for a branch that is deleted its id.
    ///
    /// # Errors
    ///
    /// If the branches cannot be read.
    pub async fn branch_name(&self, graph: &Omnigraph, commit: &CommitRecord) -> Result<Option<String>> {
        if commit.branch == graph.stamp().main.id {
            return Ok(None);
        }
        if let Some(known) = self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&commit.branch) {
            return Ok(known.clone());
        }
        let branches = graph.branches().await?;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for branch in branches {
            names.insert(branch.record.id, Some(branch.record.name.clone()));
        }
        Ok(names.entry(commit.branch).or_insert_with(|| Some(commit.branch.to_string())).clone())
    }
}

impl Omnigraph {
    /// Every branch, by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a branch object is damaged.
    pub async fn branches(&self) -> Result<Vec<BranchInfo>> {
        Ok(self.shared.log.branches().await?.into_iter().map(|record| BranchInfo { record }).collect())
    }

    /// Creates a branch that starts where `from` is.
    ///
    /// # Errors
    ///
    /// If the name is taken or cannot name a branch, or `from` does not exist.
    pub async fn create_branch(&self, name: &str, from: &Target, actor: Option<&str>) -> Result<BranchInfo> {
        self.may_write("creating a branch")?;
        let from = self.commit_of(from).await?.reference();
        let request = CreateBranch { name: name.to_owned(), from, actor: actor.map(str::to_owned) };
        match self.shared.log.create_branch(request).await? {
            NewBranch::Created(record) => Ok(BranchInfo { record }),
            NewBranch::Taken => Err(omnigraph_log::Error::BranchExists { name: name.to_owned() }.into()),
        }
    }

    /// Deletes a branch. Its commits can still be read by their ids.
    ///
    /// # Errors
    ///
    /// If there is no such branch, or it is `main`.
    pub async fn delete_branch(&self, name: &str) -> Result<BranchInfo> {
        self.may_write("deleting a branch")?;
        Ok(BranchInfo { record: self.shared.log.delete_branch(name).await? })
    }

    /// The commit that `target` names now.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit.
    pub async fn commit_of(&self, target: &Target) -> Result<Arc<CommitRecord>> {
        match target {
            Target::Branch(name) => {
                let branch = self.shared.log.branch(name).await?;
                Ok(self.shared.log.head(&branch).await?.record)
            }
            Target::Commit(text) => {
                let unknown = || Error::Log(omnigraph_log::Error::NoCommit { commit: text.clone() });
                let id: CommitId = text.parse().map_err(|_| unknown())?;
                Ok(self.shared.log.commit(id).await?)
            }
        }
    }

    /// The first parent of a commit; none for the first commit of a graph. One read.
    ///
    /// # Errors
    ///
    /// If the log lacks a commit it must have.
    pub async fn parent_of(&self, commit: &Arc<CommitRecord>) -> Result<Option<Arc<CommitRecord>>> {
        Ok(self.shared.log.parent(commit).await?)
    }
}
