//! Time travel: the commit that was the newest at some time.

use std::sync::Arc;

use crate::record::CommitRecord;
use crate::{Error, Log, Result};

impl Log {
    /// The newest commit at or before `micros` (Unix microseconds) among `head` and its first parents: a binary search, so a
    /// few reads however long the history.
    ///
    /// Times are those of the clocks of the writers. Where they disagree by more than lies between two commits, the answer is
    /// a commit of about that time; which one is the same for everybody who asks the same head.
    ///
    /// # Errors
    ///
    /// [`Error::BeforeHistory`] if the graph is younger.
    pub async fn commit_at(&self, head: Arc<CommitRecord>, micros: i64) -> Result<Arc<CommitRecord>> {
        let mut newest = head;
        loop {
            if newest.authored_at <= micros {
                return Ok(newest);
            }
            let first = self.must_have(newest.branch, 0).await?;
            if first.authored_at <= micros {
                return self.search(first, newest, micros).await;
            }
            // Before this branch: the history goes on where it forked.
            newest = match self.parent(&first).await? {
                Some(parent) => parent,
                None => return Err(Error::BeforeHistory { asked: micros, first: first.authored_at }),
            };
        }
    }

    /// The last commit at or before `micros` between `low`, which is, and `high` of the same branch, which is not.
    async fn search(
        &self,
        mut low: Arc<CommitRecord>,
        high: Arc<CommitRecord>,
        micros: i64,
    ) -> Result<Arc<CommitRecord>> {
        let mut end = high.sequence;
        while end - low.sequence > 1 {
            let middle = self.must_have(low.branch, low.sequence + (end - low.sequence) / 2).await?;
            if middle.authored_at <= micros {
                low = middle;
            } else {
                end = middle.sequence;
            }
        }
        Ok(low)
    }
}
