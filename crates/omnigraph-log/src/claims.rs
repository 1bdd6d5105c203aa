//! Idempotency keys: the same key gets the same answer, in whatever process it is asked again.
//!
//! The answer stands in the commit record, so it is there exactly if the commit is. What must be known besides is where to
//! look, however long ago it was: before a write with a key is published for the first time, a claim is created that says at
//! which sequence the earliest attempt could commit. Whoever publishes under the key looks at every record from there to
//! its base first, so of all attempts, a crashed one's included, at most one becomes a commit.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use omnigraph_objects::Put;

use crate::branch::BranchRecord;
use crate::ids::{BranchId, OperationId};
use crate::record::CommitRecord;
use crate::{Error, Log, Result, codec, layout};

/// The version of a claim's JSON form that this build reads and writes.
pub(crate) const CLAIM_FORMAT: u32 = 1;
/// The longest key.
const MOST_KEY_BYTES: usize = 255;
/// Records read at the same time when an old claim is followed.
const READS_AT_ONCE: usize = 32;

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The key.
    pub key: String,
    /// The least sequence at which a commit under the key can stand.
    pub first: u64,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimRecord {
    pub(crate) format: u32,
    key: String,
    /// A digest of the request, so that a key that is used for another one is found out.
    request: String,
    first: u64,
    /// Makes the bytes unique to the writer, so that a lost answer can be settled.
    holder: OperationId,
}

impl Log {
    /// Claims `key` on `branch` for the request of that digest, or finds the claim that an earlier attempt made. `first` is
    /// the sequence after the newest that this handle knows.
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`]; [`Error::KeyReused`] if the key stands for another request.
    pub async fn claim(&self, branch: &BranchRecord, key: &str, request: &str, first: u64) -> Result<Claim> {
        if key.is_empty() || key.len() > MOST_KEY_BYTES {
            return Err(Error::KeyLength { bytes: key.len() });
        }
        let object = layout::claim(branch.id, key)?;
        let holder = OperationId::new(self.store.ambient().ulid());
        let (key, request) = (key.to_owned(), request.to_owned());
        let ours = ClaimRecord { format: CLAIM_FORMAT, key, request, first, holder };
        let bytes = codec::encode(object.as_str(), &ours)?;
        match self.store.put_if_absent(&object, bytes).await? {
            Put::Written => Ok(Claim { key: ours.key, first }),
            Put::Exists(theirs) => {
                let theirs: ClaimRecord = codec::decode(object.as_str(), &theirs)?;
                if theirs.key != ours.key {
                    let problem = format!("it is the claim of the key '{}'", theirs.key);
                    return Err(Error::Damaged { object: object.as_str().to_owned(), problem });
                }
                if theirs.request != ours.request {
                    return Err(Error::KeyReused { key: ours.key });
                }
                Ok(Claim { key: ours.key, first: theirs.first })
            }
        }
    }

    /// The commit among `from..=to` of a branch that carries an operation under `key`, and the operation's place in it.
    ///
    /// # Errors
    ///
    /// If the store fails or a record is damaged.
    pub async fn find_claimed(
        &self,
        branch: BranchId,
        key: &str,
        from: u64,
        to: u64,
    ) -> Result<Option<(Arc<CommitRecord>, usize)>> {
        let records = futures::stream::iter(from..=to).map(|sequence| self.record(branch, sequence));
        let carries = |record: &CommitRecord| {
            record.operations.iter().position(|operation| operation.idempotency_key.as_deref() == Some(key))
        };
        let found = records.buffered(READS_AT_ONCE).try_filter_map(|record| async move {
            Ok(record.and_then(|record| carries(&record).map(|place| (record, place))))
        });
        std::pin::pin!(found).try_next().await
    }
}
