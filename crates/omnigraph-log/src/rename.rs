//! Another name for a branch: its id and its log stay.
//!
//! No store moves an object under a condition, so a rename puts the branch under the new name and then deletes the old one.
//! A process that dies between leaves two objects of one id. Both lead to the same log, so nothing that is written through
//! either is lost; listings show the newer, and the next rename, creation or deletion that meets the older one deletes it.

use std::sync::Arc;

use omnigraph_objects::Put;

use crate::branch::{BranchRecord, MAIN, name_problem};
use crate::{Error, Log, Result, codec, layout, named};

impl Log {
    /// Gives the branch `from` the name `to`. Of two renames of one branch that race, the one to the lesser name stands, and
    /// the other is told that there is no such branch any more or is overruled at once: a branch never keeps two names.
    ///
    /// # Errors
    ///
    /// [`Error::MainStays`], [`Error::NoBranch`], [`Error::BranchExists`], [`Error::BranchName`].
    pub async fn rename_branch(&self, from: &str, to: &str) -> Result<Arc<BranchRecord>> {
        if from == MAIN {
            return Err(Error::MainStays { action: "rename" });
        }
        if let Some(problem) = name_problem(to) {
            return Err(Error::BranchName { name: to.to_owned(), problem });
        }
        let old = self.branch(from).await?;
        let exists = || Error::BranchExists { name: to.to_owned() };
        if to == MAIN || to == from {
            return Err(exists());
        }
        let renamed = BranchRecord { name: to.to_owned(), renames: old.renames.saturating_add(1), ..(*old).clone() };
        let key = layout::branch(to)?;
        let bytes = codec::encode(key.as_str(), &renamed)?;
        while let Put::Exists(taken) = self.store.put_if_absent(&key, bytes.clone()).await? {
            // The same rename, which died before its end.
            if taken == bytes {
                break;
            }
            if !self.is_leftover(key.as_str(), &taken).await? {
                return Err(exists());
            }
            self.store.delete(&key).await?;
        }
        let stands = self.delete_leftovers(&renamed).await?;
        if stands { Ok(Arc::new(renamed)) } else { Err(Error::NoBranch { name: from.to_owned() }) }
    }

    /// Whether the object that `bytes` are, read at `object`, is what a rename that died has left: its branch goes by another
    /// name.
    pub(crate) async fn is_leftover(&self, object: &str, bytes: &[u8]) -> Result<bool> {
        let record: BranchRecord = named::accept(object, bytes)?;
        let all = self.named::<BranchRecord>(layout::BRANCHES).await?;
        Ok(all.iter().any(|other| other.id == record.id && other.supersedes(&record)))
    }

    /// Deletes every object of `record`'s branch but the one that is its name; says whether that is `record`.
    pub(crate) async fn delete_leftovers(&self, record: &BranchRecord) -> Result<bool> {
        let all = self.named::<BranchRecord>(layout::BRANCHES).await?;
        let same = || all.iter().filter(|other| other.id == record.id);
        for older in same().filter(|older| same().any(|other| other.supersedes(older))) {
            self.store.delete(&layout::branch(&older.name)?).await?;
        }
        Ok(!same().any(|other| other.supersedes(record)))
    }
}
