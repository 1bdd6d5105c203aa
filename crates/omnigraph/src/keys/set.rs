//! Sets of ids.

use super::KeyHash;

/// Ids in order, each once: 16 bytes each, whatever their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySet(Vec<KeyHash>);

impl KeySet {
    /// Whether an id is among them.
    pub(crate) fn contains(&self, key: KeyHash) -> bool {
        self.0.binary_search(&key).is_ok()
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = KeyHash> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps those that `keep` says yes to.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(KeyHash) -> bool) {
        self.0.retain(|key| keep(*key));
    }

    /// Adds all of `other`.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
        // Of two runs that are in order a stable sort makes one by merging them.
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
        fn a_set_agrees_with_a_plain_one(first in prop::collection::vec(0u8..40, 0..40), more in prop::collection::vec(0u8..40, 0..40)) {
            let key = |number: &u8| KeyHash::of(&number.to_string());
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
