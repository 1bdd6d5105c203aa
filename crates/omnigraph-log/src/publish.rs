//! The one door that publishes.

use std::sync::Arc;

use omnigraph_objects::{Put, Unsettled};

use crate::ids::MAX_SEQUENCE;
use crate::record::CommitRecord;
use crate::{Error, Head, Log, Result, codec, invariants, layout};

/// Every how many commits the untrusted hint is renewed that a cold open starts to probe from. It bounds the probes of a
/// cold open (gallop and search over at most this many records) at the price of one more put in so many commits.
const HINT_EVERY: u64 = 32;

/// How an attempt to publish ended.
#[derive(Clone, Debug)]
#[must_use]
pub enum Published {
    /// The record is the branch's newest commit.
    Committed(Arc<CommitRecord>),
    /// Somebody else took the place. Nothing happened; look at the new head and decide again.
    Lost,
}

impl Log {
    /// Publishes `record` as the commit after `base`. The only place in the system that makes a change visible.
    ///
    /// Everything `record` names must be complete before the call, and durable or put into `unsettled`. Publishing does not
    /// look whether the branch still has its name: who holds a branch across writes finds it by name again before each.
    ///
    /// # Errors
    ///
    /// [`Error::Exhausted`] if the branch is full; [`Error::Invariant`] before any effect, if the record breaks a promise; [`Error::Store`] if the store fails. An
    /// answer that got lost is settled by reading the record back; only when that fails too does the error say that the
    /// outcome is unknown.
    pub async fn publish(&self, base: &Head, record: CommitRecord, unsettled: &Unsettled) -> Result<Published> {
        if base.next_sequence() > MAX_SEQUENCE {
            return Err(Error::Exhausted { what: "the log of the branch" });
        }
        let object = layout::commit(record.branch, record.sequence);
        let refuse = |problem| Error::Invariant { object: object.clone(), problem };
        invariants::head(&base.branch, &base.record).map_err(refuse)?;
        invariants::commit_record(&record).map_err(refuse)?;
        invariants::commit_place(&record, base.branch.id, base.next_sequence()).map_err(refuse)?;
        invariants::follows(&record, &base.record).map_err(refuse)?;
        let sequence = self.sequence(record.branch)?;
        match sequence.append_after(record.sequence, codec::encode(&object, &record)?, unsettled).await? {
            Put::Exists(winner) => {
                let winner = self.accept(record.branch, record.sequence, &winner)?;
                invariants::follows(&winner, &base.record)
                    .map_err(|problem| Error::Damaged { object: object.clone(), problem })?;
                Ok(Published::Lost)
            }
            Put::Written => {
                let record = Arc::new(record);
                self.cache.insert(&record);
                if record.sequence % HINT_EVERY == HINT_EVERY - 1 {
                    // A lost hint costs a cold open some probes and nothing else.
                    sequence.write_hint(record.sequence).await;
                }
                Ok(Published::Committed(record))
            }
        }
    }
}
