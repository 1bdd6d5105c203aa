//! Branches: create, list, rename, reset, delete.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use omnigraph_log::{BranchRecord, CommitRecord, CreateBranch, Distance, NewBranch};

use super::Omnigraph;
use crate::access::Action;
use crate::error::Result;
use crate::merge;
use crate::snapshot::Target;

/// Branches whose heads are looked up at the same time.
const BRANCHES_AT_ONCE: usize = 16;

/// A branch.
#[derive(Clone, Debug)]
pub struct BranchInfo {
    /// What its object says.
    pub record: Arc<BranchRecord>,
}

/// A branch and where it stands.
#[derive(Clone, Debug)]
pub struct BranchState {
    /// What its object says: name, fork point, author, time.
    pub record: Arc<BranchRecord>,
    /// Its newest commit.
    pub head: Arc<CommitRecord>,
    /// How many commits it and the branch it is compared with have that the other lacks.
    pub distance: Distance,
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

    /// Every branch, by name, with its head and its distance from the branch `than`.
    ///
    /// # Errors
    ///
    /// As [`Self::branches`]; if there is no branch `than`.
    pub async fn branch_states(&self, than: &str) -> Result<Vec<BranchState>> {
        let log = &self.shared.log;
        let than = log.head(&log.branch(than).await?).await?.record;
        let branches = log.branches().await?;
        let states = futures::stream::iter(branches).map(|record| {
            let than = Arc::clone(&than);
            async move {
                let head = log.head(&record).await?.record;
                let distance = log.kinship(&[Arc::clone(&head)], &[than]).await?.distance;
                Ok(BranchState { record, head, distance })
            }
        });
        states.buffered(BRANCHES_AT_ONCE).try_collect().await
    }

    /// Creates a branch that starts where `from` is.
    ///
    /// # Errors
    ///
    /// If the name is taken or cannot name a branch, or `from` does not exist.
    pub async fn create_branch(&self, name: &str, from: &Target, actor: Option<&str>) -> Result<BranchInfo> {
        self.may_write("creating a branch")?;
        self.allow(&Action::CreateBranch { branch: name }, actor)?;
        let from = self.commit_of(from).await?.reference();
        let request = CreateBranch { name: name.to_owned(), from, actor: actor.map(str::to_owned) };
        match self.shared.log.create_branch(request).await? {
            NewBranch::Created(record) => Ok(BranchInfo { record }),
            NewBranch::Taken => Err(omnigraph_log::Error::BranchExists { name: name.to_owned() }.into()),
        }
    }

    /// Deletes a branch. Its commits can still be read by their ids, and branches that forked from it keep their history.
    ///
    /// # Errors
    ///
    /// If there is no such branch, or it is `main`.
    pub async fn delete_branch(&self, name: &str, actor: Option<&str>) -> Result<BranchInfo> {
        self.may_write("deleting a branch")?;
        self.allow(&Action::DeleteBranch { branch: name }, actor)?;
        Ok(BranchInfo { record: self.shared.log.delete_branch(name).await? })
    }

    /// Gives a branch another name. Its commits stay its commits.
    ///
    /// # Errors
    ///
    /// If there is no such branch, it is `main`, or the other name is taken or cannot name a branch.
    pub async fn rename_branch(&self, from: &str, to: &str, actor: Option<&str>) -> Result<BranchInfo> {
        self.may_write("renaming a branch")?;
        self.allow(&Action::RenameBranch { branch: from, to }, actor)?;
        Ok(BranchInfo { record: self.shared.log.rename_branch(from, to).await? })
    }

    /// Gives a branch the schema and rows of another commit, as one new commit: what was there stays in its history. Without
    /// a difference there is no commit, and the answer is the newest one.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit.
    pub async fn reset_branch(&self, name: &str, to: &Target, actor: Option<&str>) -> Result<Arc<CommitRecord>> {
        self.may_write("resetting a branch")?;
        self.allow(&Action::ResetBranch { branch: name }, actor)?;
        let branch = self.shared.log.branch(name).await?;
        let target = self.snapshot(to.clone()).await?;
        match merge::reset(&self.shared, &self.writer, &branch, target, actor.map(str::to_owned)).await? {
            Some(record) => Ok(record),
            None => Ok(self.shared.log.head(&branch).await?.record),
        }
    }
}
