//! Ordinals of node ids, and row addresses by ordinal.
//!
//! One dictionary serves every version of a node table on every branch. An id keeps its ordinal for the life of the process,
//! so all versions can share adjacency.

use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::{StringArray, UInt32Array};
use hashbrown::HashTable;
use roaring::RoaringBitmap;

use crate::error::{Error, Result};
use crate::index::key::KeyHash;
use crate::table::{RowAddress, is_live};

/// Ordinals of a block. Versions share the blocks in which they do not differ.
const BLOCK_ROWS: usize = 1 << 14;

/// The ordinals of the ids of one node table.
#[derive(Debug, Default)]
pub(crate) struct NodeOrdinals {
    dictionary: RwLock<OrdinalDictionary>,
}

#[derive(Debug, Default)]
struct OrdinalDictionary {
    /// The ids by ordinal.
    ids: Vec<KeyHash>,
    /// The ordinals by hash: 5 MB for a million ids.
    ordinals: HashTable<u32>,
}

impl OrdinalDictionary {
    fn get(&self, id: KeyHash) -> Option<u32> {
        self.ordinals.find(id.short(), |ordinal| self.ids.get(*ordinal as usize) == Some(&id)).copied()
    }

    fn reserve(&mut self, additional: usize) {
        let Self { ids, ordinals } = self;
        ids.reserve(additional);
        ordinals.reserve(additional, |ordinal| ids.get(*ordinal as usize).map_or(0, |id| id.short()));
    }

    fn get_or_insert(&mut self, id: KeyHash) -> Result<u32> {
        self.get(id).map_or_else(|| self.insert(id), Ok)
    }

    /// Assigns the next ordinal to a new id.
    fn insert(&mut self, id: KeyHash) -> Result<u32> {
        let next = u32::try_from(self.ids.len()).ok().filter(|next| *next < u32::MAX);
        let next = next.ok_or_else(|| Error::Execution {
            problem: "a node type has more than 4,294,967,294 different ids, the maximum that can be traversed"
                .to_owned(),
        })?;
        let Self { ids, ordinals } = self;
        ordinals.insert_unique(id.short(), next, |ordinal| ids.get(*ordinal as usize).map_or(0, |id| id.short()));
        ids.push(id);
        Ok(next)
    }
}

impl NodeOrdinals {
    /// Returns the ordinal of an id, if it has one.
    pub(crate) fn get(&self, id: &str) -> Option<u32> {
        self.get_by_hash(KeyHash::new(id))
    }

    /// Returns the ordinal of the id with a hash, if it has one.
    pub(crate) fn get_by_hash(&self, key: KeyHash) -> Option<u32> {
        self.dictionary.read().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    /// Returns the ordinals of ids. New ids get the next ordinals.
    pub(super) fn assign(&self, ids: &StringArray) -> Result<UInt32Array> {
        let hashes: Vec<KeyHash> = ids.iter().map(|id| KeyHash::new(id.unwrap_or_default())).collect();
        Ok(UInt32Array::from(self.assign_hashes(&hashes)?))
    }

    /// Returns the ordinals of ids, given by their hashes. New ids get the next ordinals.
    pub(super) fn assign_hashes(&self, hashes: &[KeyHash]) -> Result<Vec<u32>> {
        let known: Option<Vec<u32>> = {
            let dictionary = self.dictionary.read().unwrap_or_else(PoisonError::into_inner);
            hashes.iter().map(|hash| dictionary.get(*hash)).collect()
        };
        if let Some(ordinals) = known {
            return Ok(ordinals);
        }
        let mut dictionary = self.dictionary.write().unwrap_or_else(PoisonError::into_inner);
        dictionary.reserve(hashes.len());
        hashes.iter().map(|hash| dictionary.get_or_insert(*hash)).collect()
    }

    /// Returns a translation from indexes in `hashes` to ordinals; none if they are equal. The ids must be distinct.
    pub(super) fn translation(&self, hashes: &[KeyHash]) -> Result<Option<Vec<u32>>> {
        if self.dictionary.read().unwrap_or_else(PoisonError::into_inner).ids.starts_with(hashes) {
            return Ok(None);
        }
        {
            let mut dictionary = self.dictionary.write().unwrap_or_else(PoisonError::into_inner);
            if dictionary.ids.is_empty() {
                dictionary.reserve(hashes.len());
                return hashes.iter().try_for_each(|hash| dictionary.insert(*hash).map(drop)).map(|()| None);
            }
        }
        let ordinals = self.assign_hashes(hashes)?;
        let is_identity = (0u32..).zip(&ordinals).all(|(index, ordinal)| index == *ordinal);
        Ok((!is_identity).then_some(ordinals))
    }

    /// Returns the ids of the ordinals below `bound`.
    pub(super) fn hashes(&self, bound: u32) -> Vec<KeyHash> {
        let dictionary = self.dictionary.read().unwrap_or_else(PoisonError::into_inner);
        dictionary.ids.iter().take(bound as usize).copied().collect()
    }
}

/// The row addresses of the nodes of one version, by ordinal.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeRows {
    fragments: Vec<NodeFragment>,
    blocks: Vec<Arc<[RowAddress]>>,
}

/// The nodes of one fragment.
#[derive(Clone, Debug)]
pub(crate) struct NodeFragment {
    /// The id of the fragment.
    pub(crate) id: u32,
    /// The ordinal of each row, with deleted rows.
    pub(crate) ordinals: UInt32Array,
    /// The offsets of deleted rows.
    pub(crate) deleted: Option<Arc<RoaringBitmap>>,
}

impl NodeFragment {
    /// Reports if the row at an offset is not deleted.
    pub(crate) fn is_live(&self, offset: u32) -> bool {
        is_live(self.deleted.as_deref(), offset)
    }

    /// Returns ordinals and addresses of the live rows.
    fn live_rows(&self) -> impl Iterator<Item = (u32, RowAddress)> {
        let rows = (0u32..).zip(self.ordinals.values());
        rows.filter(move |(offset, _)| self.is_live(*offset))
            .map(|(offset, ordinal)| (*ordinal, RowAddress::new(self.id, offset)))
    }
}

impl NodeRows {
    /// Returns the rows of the next version: fragments are removed first, then others are added. A fragment with new deletions
    /// is removed and added.
    pub(super) fn with_changes(&self, is_removed: impl Fn(u32) -> bool, added: Vec<NodeFragment>) -> Self {
        let mut next = self.clone();
        for fragment in self.fragments.iter().filter(|fragment| is_removed(fragment.id)) {
            for (ordinal, _) in fragment.live_rows() {
                next.set(ordinal, RowAddress::NONE);
            }
        }
        next.fragments.retain(|fragment| !is_removed(fragment.id));
        for fragment in added {
            for (ordinal, address) in fragment.live_rows() {
                next.set(ordinal, address);
            }
            next.fragments.push(fragment);
        }
        next.fragments.sort_by_key(|fragment| fragment.id);
        next
    }

    fn set(&mut self, ordinal: u32, address: RowAddress) {
        let (block, offset) = (ordinal as usize / BLOCK_ROWS, ordinal as usize % BLOCK_ROWS);
        while self.blocks.len() <= block {
            self.blocks.push(vec![RowAddress::NONE; BLOCK_ROWS].into());
        }
        if let Some(block) = self.blocks.get_mut(block) {
            Arc::make_mut(block)[offset] = address;
        }
    }

    /// Returns the address of a node; [`RowAddress::NONE`] if this version lacks it.
    pub(crate) fn address(&self, ordinal: u32) -> RowAddress {
        let block = self.blocks.get(ordinal as usize / BLOCK_ROWS);
        block.map_or(RowAddress::NONE, |block| block[ordinal as usize % BLOCK_ROWS])
    }

    /// Returns the fragments, by id.
    pub(crate) fn fragments(&self) -> &[NodeFragment] {
        &self.fragments
    }

    /// Returns an upper bound of the ordinals.
    pub(crate) fn bound(&self) -> u32 {
        u32::try_from(self.blocks.len() * BLOCK_ROWS).unwrap_or(u32::MAX)
    }
}
