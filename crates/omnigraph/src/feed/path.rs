//! The commits between a place and the head, along first parents, found by their places and not by walking back.

use std::sync::Arc;

use omnigraph_log::{BranchId, CommitRecord, CommitRef, Head, Log};

use crate::error::{Error, Result};

/// A stretch of one branch's log.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    branch: BranchId,
    /// The next sequence.
    next: u64,
    /// The last one.
    last: u64,
}

/// Commits still to come, in order.
#[derive(Debug)]
pub(super) struct Path {
    /// The next one last.
    stretches: Vec<Stretch>,
}

impl Path {
    /// From the commit behind `after` to `head`. A handful of reads: one for each fork between the two.
    pub(super) async fn new(log: &Log, head: &Head, after: CommitRef) -> Result<Self> {
        let mut stretches = Vec::new();
        let mut end = Arc::clone(&head.record);
        loop {
            if end.branch == after.branch && end.sequence >= after.sequence {
                stretches.push(Stretch { branch: end.branch, next: after.sequence + 1, last: end.sequence });
                return Ok(Self { stretches });
            }
            stretches.push(Stretch { branch: end.branch, next: 0, last: end.sequence });
            let first = record(log, end.branch, 0).await?;
            end = log.parent(&first).await?.ok_or_else(|| {
                Error::request(format!("commit {} is not part of the history of this branch", after.commit))
            })?;
        }
    }

    /// The next commit.
    pub(super) async fn next(&mut self, log: &Log) -> Result<Option<Arc<CommitRecord>>> {
        while let Some(stretch) = self.stretches.last_mut() {
            if stretch.next <= stretch.last {
                let (branch, sequence) = (stretch.branch, stretch.next);
                stretch.next += 1;
                return record(log, branch, sequence).await.map(Some);
            }
            self.stretches.pop();
        }
        Ok(None)
    }
}

async fn record(log: &Log, branch: BranchId, sequence: u64) -> Result<Arc<CommitRecord>> {
    let lost = || Error::FeedGap { first_unreadable: format!("{sequence} of branch {branch}") };
    log.record(branch, sequence).await?.ok_or_else(lost)
}
