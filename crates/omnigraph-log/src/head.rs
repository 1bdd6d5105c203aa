//! The newest commit of a branch, found by probing: no listing, and one read when the last known head is still the head.

use std::sync::Arc;

use crate::branch::BranchRecord;
use crate::ids::BranchId;
use crate::record::{CommitRecord, CommitRef};
use crate::{Error, Log, Result, layout};

/// The newest commit of a branch, and where the next one goes.
#[derive(Clone, Debug)]
pub struct Head {
    /// The branch.
    pub branch: Arc<BranchRecord>,
    /// Its newest commit. For a branch without commits of its own that is the commit it forked from.
    pub record: Arc<CommitRecord>,
}

impl Head {
    /// The sequence that the next commit of the branch takes.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        if self.record.branch == self.branch.id { self.record.sequence + 1 } else { 0 }
    }
}

impl Log {
    /// Finds the newest commit of `branch`.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if the log lacks a commit it must have.
    pub async fn head(&self, branch: &Arc<BranchRecord>) -> Result<Head> {
        let known = self.cache.known_head(branch.id);
        // Most branches are short-lived and many never get a commit of their own. One read tells, before any probing.
        if known.is_none() && branch.forked_from.is_some() && self.record(branch.id, 0).await?.is_none() {
            return Ok(Head { branch: Arc::clone(branch), record: self.fork_point(branch).await? });
        }
        let newest = self.sequence(branch.id)?.probe(known).await?;
        let record = match newest {
            Some(found) => match found.record {
                Some(bytes) => self.accept(branch.id, found.number, &bytes)?,
                None => self.must_have(branch.id, found.number).await?,
            },
            None => self.fork_point(branch).await?,
        };
        Ok(Head { branch: Arc::clone(branch), record })
    }

    /// The newest commit of `branch` that this handle knows, found only if it knows none: for whoever notices when it is
    /// stale, as a writer does.
    ///
    /// # Errors
    ///
    /// As [`Self::head`].
    pub async fn known_or_head(&self, branch: &Arc<BranchRecord>) -> Result<Head> {
        let known = self.cache.known_head(branch.id).and_then(|sequence| self.cache.get(branch.id, sequence));
        match known {
            Some(record) => Ok(Head { branch: Arc::clone(branch), record }),
            None => self.head(branch).await,
        }
    }

    async fn fork_point(&self, branch: &BranchRecord) -> Result<Arc<CommitRecord>> {
        match branch.forked_from {
            Some(from) => self.referred(from).await,
            None => Err(Error::Damaged {
                object: format!("{}/{}", layout::LOG, branch.id),
                problem: format!("branch '{}' has no commit", branch.name),
            }),
        }
    }

    pub(crate) async fn must_have(&self, branch: BranchId, sequence: u64) -> Result<Arc<CommitRecord>> {
        self.record(branch, sequence).await?.ok_or_else(|| Error::Damaged {
            object: layout::commit(branch, sequence),
            problem: "the commit record is missing".to_owned(),
        })
    }

    /// The commit that another object of ours refers to: it must be there, and be that one.
    pub(crate) async fn referred(&self, at: CommitRef) -> Result<Arc<CommitRecord>> {
        let record = self.must_have(at.branch, at.sequence).await?;
        if record.commit == at.commit {
            return Ok(record);
        }
        let problem = format!("it is commit {}, and what refers to it says {}", record.commit, at.commit);
        Err(Error::Damaged { object: layout::commit(at.branch, at.sequence), problem })
    }
}
