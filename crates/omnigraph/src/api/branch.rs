//! Branch handles, and the branches of a graph: create, list, rename, reset, delete.

use std::sync::Arc;

use futures::{Stream, StreamExt, TryStreamExt};
use omnigraph_history::{BranchId, BranchRecord, CommitId, CreateBranch};

use super::requests::{ChangeFeed, CherryPick, Load, Merge, Mutation, Query};
use super::{Action, CommitFilter, Omnigraph};
use crate::error::{Error, Result};
use crate::snapshot::{Commit, Snapshot, Target};
use crate::versioning::reset_branch;
use crate::write::load::{LoadMode, LoadSource};

/// Branches whose heads are looked up at the same time.
const BRANCH_CONCURRENCY: usize = 16;

/// A handle of one branch. Cheap to clone. Each request finds the branch by its name.
#[derive(Clone, Debug)]
pub struct Branch {
    graph: Omnigraph,
    name: String,
}

/// A branch as its object describes it.
#[derive(Clone, Debug)]
pub struct BranchInfo {
    record: Arc<BranchRecord>,
}

impl BranchInfo {
    pub(super) fn new(record: Arc<BranchRecord>) -> Self {
        Self { record }
    }

    /// Returns the id. A branch that is deleted and created again has another id.
    #[must_use]
    pub fn id(&self) -> BranchId {
        self.record.id
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// Returns the commit that the branch starts from; `None` for `main`.
    #[must_use]
    pub fn forked_from(&self) -> Option<CommitId> {
        self.record.forked_from.map(|commit| commit.commit)
    }

    /// Returns the time of creation, in Unix microseconds.
    #[must_use]
    pub fn created_at(&self) -> i64 {
        self.record.created_at
    }

    /// Returns the actor that created the branch.
    #[must_use]
    pub fn created_by(&self) -> Option<&str> {
        self.record.created_by.as_deref()
    }
}

/// A branch with its head and its distance from another branch.
#[derive(Clone, Debug)]
pub struct BranchDivergence {
    /// The branch.
    pub branch: BranchInfo,
    /// Its newest commit.
    pub head: Commit,
    /// Commits that the other branch lacks.
    pub ahead: u64,
    /// Commits of the other branch that this one lacks.
    pub behind: u64,
}

impl Branch {
    pub(super) fn new(graph: Omnigraph, name: String) -> Self {
        Self { graph, name }
    }

    pub(super) fn graph(&self) -> &Omnigraph {
        &self.graph
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns a handle whose changes are recorded as made by `actor`.
    #[must_use]
    pub fn as_actor(&self, actor: impl Into<String>) -> Self {
        Self { graph: self.graph.as_actor(actor), name: self.name.clone() }
    }

    /// Returns the branch as a target of reads.
    #[must_use]
    pub fn target(&self) -> Target {
        Target::Branch(self.name.clone())
    }

    /// Returns the current state. It does not change, whatever is written later.
    ///
    /// # Errors
    ///
    /// An error of kind [`crate::ErrorKind::NotFound`] if the branch does not exist.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        self.graph.snapshot(self.target()).await
    }

    /// Returns the newest commit.
    ///
    /// # Errors
    ///
    /// As [`Self::snapshot`].
    pub async fn head(&self) -> Result<Commit> {
        self.graph.commit(&self.target()).await
    }

    /// Returns a query of the current state: the text of a query file, or the body of one query.
    pub fn query(&self, source: impl Into<String>) -> Query {
        Query::for_branch(self.clone(), source.into())
    }

    /// Returns a mutation: the text of a query file, or the statements of one mutation. It runs in one atomic commit.
    /// Concurrent mutations of one handle share commits.
    pub fn mutate(&self, source: impl Into<String>) -> Mutation {
        Mutation::new(self.clone(), source.into())
    }

    /// Returns a bulk load, which runs in one atomic commit: either all rows are loaded, or none.
    pub fn load(&self, mode: LoadMode, source: impl Into<LoadSource>) -> Load {
        Load::new(self.clone(), mode, source.into())
    }

    /// Returns a merge of the branch `source` into this one. Merging again without new commits does nothing.
    pub fn merge(&self, source: impl Into<String>) -> Merge {
        Merge::new(self.clone(), source.into())
    }

    /// Returns a commit that undoes `commit`: a merge from that commit to the one before it.
    pub fn revert(&self, commit: impl Into<String>) -> CherryPick {
        CherryPick::revert(self.clone(), commit.into())
    }

    /// Returns a commit that applies the changes of `commit` to this branch.
    pub fn cherry_pick(&self, commit: impl Into<String>) -> CherryPick {
        CherryPick::apply(self.clone(), commit.into())
    }

    /// Returns the change feed of this branch.
    pub fn changes(&self) -> ChangeFeed {
        ChangeFeed::new(self.clone())
    }

    /// Streams the commits that pass `filter`, newest first, along first parents. Commits are read as they are asked for.
    pub fn commits(&self, filter: CommitFilter) -> impl Stream<Item = Result<Commit>> + use<> {
        let (graph, target) = (self.graph.clone(), self.target());
        let opened = async move {
            let head = graph.commit(&target).await?;
            Ok::<_, Error>(graph.commits(head, filter))
        };
        futures::stream::once(opened).try_flatten()
    }

    /// Creates the branch `name` from the newest commit of this one.
    ///
    /// # Errors
    ///
    /// As [`Omnigraph::create_branch`].
    pub async fn fork(&self, name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        self.graph.create_branch(&name, &self.target()).await?;
        Ok(self.graph.branch(name))
    }
}

impl Omnigraph {
    /// Returns every branch, by name.
    ///
    /// # Errors
    ///
    /// If the store fails or the object of a branch is damaged.
    pub async fn branches(&self) -> Result<Vec<BranchInfo>> {
        Ok(self.engine.log.branches().await?.into_iter().map(BranchInfo::new).collect())
    }

    /// Returns every branch, by name, with its head and its distance from the branch `base`.
    ///
    /// # Errors
    ///
    /// As [`Self::branches`], and if the branch `base` does not exist.
    pub async fn branches_with_divergence(&self, base: &str) -> Result<Vec<BranchDivergence>> {
        let log = &self.engine.log;
        let base = log.head(&log.branch(base).await?).await?.record;
        let branches = log.branches().await?;
        let states = futures::stream::iter(branches).map(|record| {
            let base = Arc::clone(&base);
            async move {
                let head = log.head(&record).await?.record;
                let distance = log.commit_relation(&[Arc::clone(&head)], &[base]).await?.divergence;
                let (branch, head) = (BranchInfo::new(record), head.into());
                Ok(BranchDivergence { branch, head, ahead: distance.ahead, behind: distance.behind })
            }
        });
        states.buffered(BRANCH_CONCURRENCY).try_collect().await
    }

    /// Creates a branch from the commit that `from` names.
    ///
    /// # Errors
    ///
    /// If a branch of that name exists, the name is invalid, or `from` does not exist.
    pub async fn create_branch(&self, name: &str, from: &Target) -> Result<BranchInfo> {
        self.authorize("creating a branch", &Action::CreateBranch { branch: name }, self.actor())?;
        let from = self.commit(from).await?.reference();
        let request = CreateBranch { name: name.to_owned(), from, actor: self.actor.clone() };
        Ok(BranchInfo::new(self.engine.log.create_branch(request).await?))
    }

    /// Deletes a branch. Its commits stay readable by their ids, and branches that forked from it keep their history.
    ///
    /// # Errors
    ///
    /// If the branch does not exist, or it is `main`.
    pub async fn delete_branch(&self, name: &str) -> Result<BranchInfo> {
        self.authorize("deleting a branch", &Action::DeleteBranch { branch: name }, self.actor())?;
        Ok(BranchInfo::new(self.engine.log.delete_branch(name).await?))
    }

    /// Renames a branch. Its id and its commits stay.
    ///
    /// # Errors
    ///
    /// If the branch does not exist, it is `main`, or the new name is taken or invalid.
    pub async fn rename_branch(&self, from: &str, to: &str) -> Result<BranchInfo> {
        self.authorize("renaming a branch", &Action::RenameBranch { branch: from, to }, self.actor())?;
        Ok(BranchInfo::new(self.engine.log.rename_branch(from, to).await?))
    }

    /// Resets a branch to the schema and rows of another commit, as one new commit. The history stays. Returns the newest
    /// commit, which is the current one if nothing differs.
    ///
    /// # Errors
    ///
    /// If the branch or the commit does not exist.
    pub async fn reset_branch(&self, name: &str, to: &Target) -> Result<Commit> {
        self.authorize("resetting a branch", &Action::ResetBranch { branch: name }, self.actor())?;
        let branch = self.engine.log.branch(name).await?;
        let target = self.snapshot(to.clone()).await?;
        match reset_branch(&self.engine, &self.writer, &branch, target, self.actor.clone()).await? {
            Some(record) => Ok(record.into()),
            None => Ok(self.engine.log.head(&branch).await?.record.into()),
        }
    }
}
