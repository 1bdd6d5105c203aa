//! Ids to dense 32-bit numbers.
//!
//! One dictionary serves every version of a node table on every branch: an id gets its number when it is first met and keeps
//! it as long as the process lives. So adjacency of any version counts in the same numbers, and versions can share it.

use std::sync::{PoisonError, RwLock};

use arrow::array::{Array, StringArray, UInt32Array};
use hashbrown::HashMap;

use crate::error::{Error, Result};
use crate::keys::KeyHash;

/// The dictionary of one node table.
#[derive(Debug, Default)]
pub(crate) struct Ordinals {
    known: RwLock<HashMap<KeyHash, u32>>,
}

impl Ordinals {
    /// The number of an id, if it was ever met.
    pub(crate) fn get(&self, id: &str) -> Option<u32> {
        self.of_key(KeyHash::of(id))
    }

    /// The number of the id with this hash, if it was ever met.
    pub(crate) fn of_key(&self, key: KeyHash) -> Option<u32> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied()
    }

    /// The numbers of ids; new ones are numbered on.
    pub(crate) fn number(&self, ids: &StringArray) -> Result<UInt32Array> {
        let hashes: Vec<KeyHash> = ids.iter().map(|id| KeyHash::of(id.unwrap_or_default())).collect();
        let known: Option<Vec<u32>> = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            hashes.iter().map(|hash| known.get(hash).copied()).collect()
        };
        if let Some(numbers) = known {
            return Ok(UInt32Array::from(numbers));
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.reserve(ids.len());
        let mut numbers = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let next = u32::try_from(known.len()).ok().filter(|next| *next < u32::MAX);
            let next = next.ok_or_else(|| Error::Execution {
                problem:
                    "a node type has more than 4,294,967,294 different ids, which is the most that can be traversed"
                        .to_owned(),
            })?;
            numbers.push(*known.entry(hash).or_insert(next));
        }
        Ok(UInt32Array::from(numbers))
    }
}
