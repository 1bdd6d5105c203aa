//! Cursors of the change feed, and the commits after a cursor.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use omnigraph_history::{BranchHead, BranchId, CommitRecord, CommitRef, GraphId, GraphLog};

use crate::error::{Error, Result};
use crate::versioning::diff::{ChangeFilter, ChangePosition};

/// The length of the longest valid cursor.
const MAX_CURSOR_BYTES: usize = 4096;

/// The position of a consumer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedCursor {
    pub(super) graph: GraphId,
    /// The incarnation of the branch.
    pub(super) branch: BranchId,
    /// The filter: a position depends on it.
    pub(super) filter: ChangeFilter,
    /// The last commit that was delivered completely.
    pub(super) after: CommitRef,
    /// The position within the next commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inside: Option<ChangePosition>,
}

impl FeedCursor {
    /// Encodes the cursor as an opaque token.
    pub(super) fn encode(&self) -> Result<String> {
        let bytes = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Decodes a token.
    pub(super) fn decode(token: &str) -> Result<Self> {
        let bytes = (token.len() <= MAX_CURSOR_BYTES).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor
            .ok_or_else(|| Error::request("invalid change feed cursor. Use a cursor unchanged as the feed returned it"))
    }
}

/// A range of sequences in the log of one branch.
#[derive(Clone, Copy, Debug)]
struct SequenceRange {
    branch: BranchId,
    next: u64,
    last: u64,
}

/// The commits between a cursor and the head, along first parents. They are found by sequence, without a walk back.
#[derive(Debug)]
pub(super) struct CommitPath {
    /// The remaining ranges, the next one last.
    ranges: Vec<SequenceRange>,
}

impl CommitPath {
    /// Returns the path from the commit after `after` to `head`. Costs a few reads for each fork between the two.
    pub(super) async fn new(log: &GraphLog, head: &BranchHead, after: CommitRef) -> Result<Self> {
        let mut ranges = Vec::new();
        let mut end = Arc::clone(&head.record);
        loop {
            if end.branch == after.branch && end.sequence >= after.sequence {
                ranges.push(SequenceRange { branch: end.branch, next: after.sequence + 1, last: end.sequence });
                return Ok(Self { ranges });
            }
            ranges.push(SequenceRange { branch: end.branch, next: 0, last: end.sequence });
            let first = read_record(log, end.branch, 0).await?;
            end = log.parent(&first).await?.ok_or_else(|| {
                Error::request(format!("commit {} is not part of the history of this branch", after.commit))
            })?;
        }
    }

    /// Reads the next commit.
    pub(super) async fn next(&mut self, log: &GraphLog) -> Result<Option<Arc<CommitRecord>>> {
        while let Some(range) = self.ranges.last_mut() {
            if range.next <= range.last {
                let (branch, sequence) = (range.branch, range.next);
                range.next += 1;
                return read_record(log, branch, sequence).await.map(Some);
            }
            self.ranges.pop();
        }
        Ok(None)
    }
}

/// Reads a commit that must exist.
pub(super) async fn read_record(log: &GraphLog, branch: BranchId, sequence: u64) -> Result<Arc<CommitRecord>> {
    let gap = || Error::FeedGap { first_unreadable: format!("{sequence} of branch {branch}") };
    log.record(branch, sequence).await?.ok_or_else(gap)
}

#[cfg(test)]
mod tests {
    use super::FeedCursor;

    #[test]
    fn invalid_cursors_are_rejected() {
        for token in ["", "x", "e30", &"A".repeat(5000)] {
            assert!(FeedCursor::decode(token).is_err(), "{token}");
        }
    }
}
