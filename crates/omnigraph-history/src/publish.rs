//! The head of a branch, and the commit point: put-if-absent of the next record.

use std::sync::Arc;

use omnigraph_storage::{PutOutcome, SyncBatch};

use crate::branch::BranchRecord;
use crate::ids::{BranchId, MAX_SEQUENCE};
use crate::record::CommitRecord;
use crate::{Error, GraphLog, Result, codec, invariants, layout};

/// Commits between two writes of the hint, where the search for a head starts in a new process. It bounds that search to this
/// many records, and costs one more put in this many commits.
const HINT_INTERVAL: u64 = 32;

/// The newest commit of a branch, and the sequence of the next one.
#[derive(Clone, Debug)]
pub struct BranchHead {
    /// The branch.
    pub branch: Arc<BranchRecord>,
    /// The newest commit. For a branch without own commits, the commit where it forked.
    pub record: Arc<CommitRecord>,
}

impl BranchHead {
    /// Returns the sequence of the next commit of the branch.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        if self.record.branch == self.branch.id { self.record.sequence + 1 } else { 0 }
    }
}

/// The outcome of a publication.
#[derive(Clone, Debug)]
#[must_use]
pub enum PublishOutcome {
    /// The record is the newest commit of the branch.
    Committed(Arc<CommitRecord>),
    /// Another writer created this sequence first. Nothing was changed; read the new head and decide again.
    Lost,
}

impl GraphLog {
    /// Finds the newest commit of `branch`: no listing, and one read if the known head is still the newest.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if a commit is missing.
    pub async fn head(&self, branch: &Arc<BranchRecord>) -> Result<BranchHead> {
        let known = self.cache.known_head(branch.id);
        // Most branches are short-lived, and many never get an own commit. One read finds that out before any probe.
        if known.is_none() && branch.forked_from.is_some() && self.record(branch.id, 0).await?.is_none() {
            return Ok(BranchHead { branch: Arc::clone(branch), record: self.fork_point(branch).await? });
        }
        let newest = self.sequence(branch.id)?.probe(known).await?;
        let record = match newest {
            Some(found) => match found.record {
                Some(bytes) => self.decode_record(branch.id, found.number, &bytes)?,
                None => self.require_record(branch.id, found.number).await?,
            },
            None => self.fork_point(branch).await?,
        };
        Ok(BranchHead { branch: Arc::clone(branch), record })
    }

    /// Returns the newest commit of `branch` that this handle knows, or finds it. For writers, which detect a stale head.
    ///
    /// # Errors
    ///
    /// As [`Self::head`].
    pub async fn cached_or_latest_head(&self, branch: &Arc<BranchRecord>) -> Result<BranchHead> {
        let known = self.cache.known_head(branch.id).and_then(|sequence| self.cache.get(branch.id, sequence));
        match known {
            Some(record) => Ok(BranchHead { branch: Arc::clone(branch), record }),
            None => self.head(branch).await,
        }
    }

    async fn fork_point(&self, branch: &BranchRecord) -> Result<Arc<CommitRecord>> {
        match branch.forked_from {
            Some(from) => self.commit_by_ref(from).await,
            None => Err(Error::Damaged {
                object: format!("{}/{}", layout::LOG, branch.id),
                problem: format!("branch '{}' has no commit", branch.name),
            }),
        }
    }

    pub(crate) async fn require_record(&self, branch: BranchId, sequence: u64) -> Result<Arc<CommitRecord>> {
        self.record(branch, sequence).await?.ok_or_else(|| Error::Damaged {
            object: layout::commit(branch, sequence),
            problem: "the commit record is missing".to_owned(),
        })
    }

    /// Publishes `record` as the commit after `base`. This is the only commit point of the system.
    ///
    /// Everything that `record` refers to must be complete before the call, and durable or in `batch`. The call does not check
    /// that the branch still has its name. A writer that holds a branch across commits finds it by name before each of them.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] if the branch is full. [`Error::Invariant`] before any effect if the record violates an invariant.
    /// [`Error::Store`] if the store fails: a lost response is resolved by reading the record back, and the outcome is unknown
    /// only if that read fails too.
    pub async fn publish(&self, base: &BranchHead, record: CommitRecord, batch: &SyncBatch) -> Result<PublishOutcome> {
        if base.next_sequence() > MAX_SEQUENCE {
            return Err(Error::Exhausted { resource: "the log of the branch" });
        }
        let object = layout::commit(record.branch, record.sequence);
        let violated = |problem| Error::Invariant { object: object.clone(), problem };
        invariants::check_head(&base.branch, &base.record).map_err(violated)?;
        invariants::check_commit_record(&record).map_err(violated)?;
        invariants::check_commit_key(&record, base.branch.id, base.next_sequence()).map_err(violated)?;
        invariants::check_parent(&record, &base.record).map_err(violated)?;
        let sequence = self.sequence(record.branch)?;
        match sequence.append_with_barrier(record.sequence, codec::encode(&object, &record)?, batch).await? {
            PutOutcome::Exists(winner) => {
                let winner = self.decode_record(record.branch, record.sequence, &winner)?;
                invariants::check_parent(&winner, &base.record)
                    .map_err(|problem| Error::Damaged { object: object.clone(), problem })?;
                Ok(PublishOutcome::Lost)
            }
            PutOutcome::Written => {
                let record = Arc::new(record);
                self.cache.insert(&record);
                if record.sequence % HINT_INTERVAL == HINT_INTERVAL - 1 {
                    // A lost hint costs a new process some probes.
                    sequence.write_hint(record.sequence).await;
                }
                Ok(PublishOutcome::Committed(record))
            }
        }
    }
}
