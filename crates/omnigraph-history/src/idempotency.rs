//! Idempotency keys: a repeated request gets its first result, in any process.
//!
//! The result is part of the commit record, so it exists exactly if the commit does. A claim reserves the key and records the
//! least sequence of its commit. It is created before the first publication under the key. A writer reads every record from there
//! to its base before it publishes. Of all attempts, those of a crashed process included, at most one becomes a commit.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use omnigraph_storage::PutOutcome;

use crate::branch::BranchRecord;
use crate::ids::{BranchId, OperationId};
use crate::record::CommitRecord;
use crate::{Error, GraphLog, Result, codec, layout};

/// The format of the claim object.
pub(crate) const CLAIM_FORMAT: u32 = 1;
const MAX_KEY_BYTES: usize = 255;
/// Concurrent reads of the records after an old claim.
const READ_CONCURRENCY: usize = 32;

/// The claim of an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The key.
    pub key: String,
    /// The least sequence that a commit under the key can have.
    pub first: u64,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimRecord {
    pub(crate) format: u32,
    key: String,
    /// A digest of the request. Another request with the key is an error.
    request: String,
    first: u64,
    /// An id that makes the bytes unique to the writer, for the resolution of a lost response.
    holder: OperationId,
}

impl GraphLog {
    /// Claims `key` on `branch` for the request with this digest, or returns the claim of an earlier attempt. `first` is the
    /// sequence after the newest one that this handle knows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidIdempotencyKey`]; [`Error::IdempotencyKeyReused`] if the key belongs to another request.
    pub async fn claim_idempotency_key(
        &self,
        branch: &BranchRecord,
        key: &str,
        request: &str,
        first: u64,
    ) -> Result<IdempotencyClaim> {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(Error::InvalidIdempotencyKey { bytes: key.len() });
        }
        let object = layout::claim(branch.id, key)?;
        let holder = OperationId::new(self.store.env().ulid());
        let (key, request) = (key.to_owned(), request.to_owned());
        let ours = ClaimRecord { format: CLAIM_FORMAT, key, request, first, holder };
        let bytes = codec::encode(object.as_str(), &ours)?;
        match self.store.put_if_absent(&object, bytes).await? {
            PutOutcome::Written => Ok(IdempotencyClaim { key: ours.key, first }),
            PutOutcome::Exists(theirs) => {
                let theirs: ClaimRecord = codec::decode(object.as_str(), &theirs)?;
                if theirs.key != ours.key {
                    let problem = format!("it is the claim of the key '{}'", theirs.key);
                    return Err(Error::Damaged { object: object.as_str().to_owned(), problem });
                }
                if theirs.request != ours.request {
                    return Err(Error::IdempotencyKeyReused { key: ours.key });
                }
                Ok(IdempotencyClaim { key: ours.key, first: theirs.first })
            }
        }
    }

    /// Finds the commit in `from..=to` of a branch with an operation under `key`. Returns it with the index of the operation.
    ///
    /// # Errors
    ///
    /// If the store fails or a record is damaged.
    pub async fn find_by_idempotency_key(
        &self,
        branch: BranchId,
        key: &str,
        from: u64,
        to: u64,
    ) -> Result<Option<(Arc<CommitRecord>, usize)>> {
        let records = futures::stream::iter(from..=to).map(|sequence| self.record(branch, sequence));
        let operation_index = |record: &CommitRecord| {
            record.operations.iter().position(|operation| operation.idempotency_key.as_deref() == Some(key))
        };
        let found = records.buffered(READ_CONCURRENCY).try_filter_map(|record| async move {
            Ok(record.and_then(|record| operation_index(&record).map(|index| (record, index))))
        });
        std::pin::pin!(found).try_next().await
    }
}
