//! Ids to dense 32-bit numbers.
//!
//! One dictionary serves every version of a node table on every branch: an id gets its number when it is first met and keeps
//! it as long as the process lives. So adjacency of any version counts in the same numbers, and versions can share it.

use std::sync::{PoisonError, RwLock};

use arrow::array::{StringArray, UInt32Array};
use hashbrown::HashTable;

use crate::error::{Error, Result};
use crate::keys::KeyHash;

/// The dictionary of one node table.
#[derive(Debug, Default)]
pub(crate) struct Ordinals {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The ids by their numbers.
    ids: Vec<KeyHash>,
    /// The numbers by the hashes that their ids are: of a million ids, 5 MB.
    numbers: HashTable<u32>,
}

impl Known {
    fn get(&self, id: KeyHash) -> Option<u32> {
        self.numbers.find(id.short(), |number| self.ids.get(*number as usize) == Some(&id)).copied()
    }

    fn reserve(&mut self, more: usize) {
        let Self { ids, numbers } = self;
        ids.reserve(more);
        numbers.reserve(more, |number| ids.get(*number as usize).map_or(0, |id| id.short()));
    }

    /// The number of an id, the next one if it is new.
    fn number(&mut self, id: KeyHash) -> Result<u32> {
        self.get(id).map_or_else(|| self.add(id), Ok)
    }

    /// Gives a new id the next number.
    fn add(&mut self, id: KeyHash) -> Result<u32> {
        let next = u32::try_from(self.ids.len()).ok().filter(|next| *next < u32::MAX);
        let next = next.ok_or_else(|| Error::Execution {
            problem: "a node type has more than 4,294,967,294 different ids, which is the most that can be traversed"
                .to_owned(),
        })?;
        let Self { ids, numbers } = self;
        numbers.insert_unique(id.short(), next, |number| ids.get(*number as usize).map_or(0, |id| id.short()));
        ids.push(id);
        Ok(next)
    }
}

impl Ordinals {
    /// The number of an id, if it was ever met.
    pub(crate) fn get(&self, id: &str) -> Option<u32> {
        self.of_key(KeyHash::of(id))
    }

    /// The number of the id with this hash, if it was ever met.
    pub(crate) fn of_key(&self, key: KeyHash) -> Option<u32> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    /// The numbers of ids; new ones are numbered on.
    pub(crate) fn number(&self, ids: &StringArray) -> Result<UInt32Array> {
        let hashes: Vec<KeyHash> = ids.iter().map(|id| KeyHash::of(id.unwrap_or_default())).collect();
        Ok(UInt32Array::from(self.number_hashes(&hashes)?))
    }

    /// The numbers of ids, given by their hashes; new ones are numbered on.
    pub(super) fn number_hashes(&self, hashes: &[KeyHash]) -> Result<Vec<u32>> {
        let known: Option<Vec<u32>> = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            hashes.iter().map(|hash| known.get(*hash)).collect()
        };
        if let Some(numbers) = known {
            return Ok(numbers);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.reserve(hashes.len());
        hashes.iter().map(|hash| known.number(*hash)).collect()
    }

    /// The numbers of distinct ids, given by their hashes, if the place of any is not its number.
    pub(super) fn renumbered(&self, hashes: &[KeyHash]) -> Result<Option<Vec<u32>>> {
        if self.known.read().unwrap_or_else(PoisonError::into_inner).ids.starts_with(hashes) {
            return Ok(None);
        }
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.ids.is_empty() {
                known.reserve(hashes.len());
                return hashes.iter().try_for_each(|hash| known.add(*hash).map(drop)).map(|()| None);
            }
        }
        let numbers = self.number_hashes(hashes)?;
        let agree = (0u32..).zip(&numbers).all(|(place, number)| place == *number);
        Ok((!agree).then_some(numbers))
    }

    /// The ids of the numbers below `bound`, as far as they are given.
    pub(super) fn hashes(&self, bound: u32) -> Vec<KeyHash> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.ids.iter().take(bound as usize).copied().collect()
    }
}
