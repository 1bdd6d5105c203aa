//! Ids as 128-bit hashes, and sets of them.

use xxhash_rust::xxh3::xxh3_128;

/// The 128-bit XXH3 hash of an id. Two of a billion different ids share one with a probability of about 10^-21, far below that
/// of a bit flip in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyHash(u128);

impl KeyHash {
    /// Hashes an id.
    pub(crate) fn new(id: &str) -> Self {
        Self(xxh3_128(id.as_bytes()))
    }

    /// Returns the bits, in the order of the hashes.
    pub(crate) fn bits(self) -> u128 {
        self.0
    }

    /// Returns the hash with these bits.
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns the bytes, little-endian.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// Returns the hash with these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// Returns the low 64 bits, by which a commit record names a changed id.
    pub(crate) fn short(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or_default()
    }
}

/// A set of ids as a sorted list: 16 bytes per id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySet(Vec<KeyHash>);

impl KeySet {
    /// Reports if the set contains an id.
    pub(crate) fn contains(&self, key: KeyHash) -> bool {
        self.0.binary_search(&key).is_ok()
    }

    /// Returns all ids, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = KeyHash> + '_ {
        self.0.iter().copied()
    }

    /// Reports if the set is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the ids for which `keep` returns true.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(KeyHash) -> bool) {
        self.0.retain(|key| keep(*key));
    }

    /// Adds the ids of `other`.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
        // A stable sort merges the two sorted runs.
        self.0.sort();
        self.0.dedup();
    }
}

impl FromIterator<KeyHash> for KeySet {
    fn from_iter<I: IntoIterator<Item = KeyHash>>(keys: I) -> Self {
        let mut keys: Vec<KeyHash> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self(keys)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn key_set_agrees_with_btree_set(
            first in prop::collection::vec(0u8..40, 0..40), more in prop::collection::vec(0u8..40, 0..40),
        ) {
            let key = |number: &u8| KeyHash::new(&number.to_string());
            let mut set: KeySet = first.iter().map(key).collect();
            set.extend(&more.iter().map(key).collect());
            set.retain(|key| key.bits() % 3 != 0);
            let plain: BTreeSet<KeyHash> = first.iter().chain(&more).map(key).filter(|key| key.bits() % 3 != 0).collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), plain.iter().copied().collect::<Vec<_>>());
            for number in 0u8..40 {
                prop_assert_eq!(set.contains(key(&number)), plain.contains(&key(&number)));
            }
            prop_assert_eq!(set.is_empty(), plain.is_empty());
        }
    }
}
