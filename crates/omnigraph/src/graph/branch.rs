//! Branches: create, list, rename, reset, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use omnigraph_log::record::RECORD_FORMAT;
use omnigraph_log::{
    BranchRecord, CommitId, CommitKind, CommitRecord, CreateBranch, Distance, Head, NewBranch, Operation, OperationId,
    Published,
};

use super::Omnigraph;
use crate::access::Action;
use crate::diff::{TablePair, tally, type_pairs};
use crate::error::{Error, Result};
use crate::snapshot::{Snapshot, Target};

/// Branches whose heads are looked up at the same time.
const BRANCHES_AT_ONCE: usize = 16;
/// Attempts of a reset before it gives up.
const MOST_ATTEMPTS: u32 = 50;

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

    /// Gives a branch the schema and rows of another commit, as one new commit: what was there stays in its history.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit.
    pub async fn reset_branch(&self, name: &str, to: &Target, actor: Option<&str>) -> Result<Arc<CommitRecord>> {
        self.may_write("resetting a branch")?;
        self.allow(&Action::ResetBranch { branch: name }, actor)?;
        let log = &self.shared.log;
        let target = Snapshot::of(&self.shared, to.clone(), self.commit_of(to).await?).await?;
        for _ in 0..MOST_ATTEMPTS {
            let head = log.head(&log.branch(name).await?).await?;
            if head.record.reference() == target.commit().reference() {
                return Ok(head.record);
            }
            let record = self.restoring(&head, &target, actor).await?;
            omnigraph_log::invariants::restores(&record, target.commit()).map_err(Error::internal)?;
            let _announced = self.heads.announce_record(&head, &record).await?;
            if let Published::Committed(record) = log.publish(&head, record).await? {
                return Ok(record);
            }
        }
        Err(Error::Contention { branch: name.to_owned(), attempts: MOST_ATTEMPTS })
    }

    /// The record that takes a branch from `head` to the state of `target`.
    async fn restoring(&self, head: &Head, target: &Snapshot, actor: Option<&str>) -> Result<CommitRecord> {
        let base = Snapshot::of(&self.shared, target.target().clone(), Arc::clone(&head.record)).await?;
        let mut changes = BTreeMap::new();
        for types in type_pairs(base.catalog(), target.catalog()) {
            let Some(after) = types.after else { continue };
            let pair = TablePair::open(&base, target, &types).await?;
            if !pair.is_same() {
                changes.insert(after.path(), tally(&pair.rows(&types).await?));
            }
        }
        let (now, sequence) = (self.shared.ambient().now_micros(), head.next_sequence());
        let (actor, restored) = (actor.map(str::to_owned), target.commit());
        let id = OperationId::new(self.shared.ambient().ulid());
        Ok(CommitRecord {
            format: RECORD_FORMAT,
            commit: CommitId::mint(now, head.branch.id, sequence),
            branch: head.branch.id,
            sequence,
            generation: head.record.generation + 1,
            parents: vec![head.record.reference()],
            kind: CommitKind::Reset,
            source: Some(restored.reference()),
            actor: actor.clone(),
            authored_at: now,
            schema: restored.schema.clone(),
            tables: restored.tables.clone(),
            changes,
            operations: vec![Operation { id, actor, idempotency_key: None, answer: None }],
            fragment_blocks: head.record.fragment_blocks.max(restored.fragment_blocks),
        })
    }
}
