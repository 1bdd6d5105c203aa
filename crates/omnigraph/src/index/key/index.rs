//! Layered maps from id hash to row address.
//!
//! Versions of a table share layers: the next version has the same layers and one more. KeyLayer sizes grow geometrically, so
//! a lookup visits few layers and a commit copies few entries.

use std::sync::Arc;

use hashbrown::HashMap;

use super::KeyHash;
use crate::table::RowAddress;

/// Entries of one layer. `None` marks a deleted id and hides lower layers.
type KeyLayer = HashMap<KeyHash, Option<RowAddress>>;

/// The row addresses of one version of a table, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndex {
    layers: Vec<Arc<KeyLayer>>,
}

impl FromIterator<(KeyHash, RowAddress)> for KeyIndex {
    fn from_iter<I: IntoIterator<Item = (KeyHash, RowAddress)>>(entries: I) -> Self {
        let layer: KeyLayer = entries.into_iter().map(|(key, address)| (key, Some(address))).collect();
        Self { layers: vec![Arc::new(layer)] }
    }
}

impl KeyIndex {
    /// Returns the address of the row with an id.
    pub(crate) fn get(&self, key: KeyHash) -> Option<RowAddress> {
        self.layers.iter().rev().find_map(|layer| layer.get(&key)).copied().flatten()
    }

    /// Reports if there is a row with an id.
    pub(crate) fn contains(&self, key: KeyHash) -> bool {
        self.get(key).is_some()
    }

    /// Returns the index of the next version: ids are deleted first, then others are inserted or moved.
    pub(crate) fn with_changes(
        &self,
        deleted: impl IntoIterator<Item = KeyHash>,
        inserted: impl IntoIterator<Item = (KeyHash, RowAddress)>,
    ) -> Self {
        let mut top: KeyLayer = deleted.into_iter().map(|key| (key, None)).collect();
        top.extend(inserted.into_iter().map(|(key, address)| (key, Some(address))));
        let mut layers = self.layers.clone();
        // A layer of at least half the size of the one below is merged into it, so sizes at least double going down.
        while let Some(below) = layers.last() {
            if top.len() * 2 < below.len() {
                break;
            }
            let mut merged = below.as_ref().clone();
            merged.extend(top);
            top = merged;
            layers.pop();
        }
        if layers.is_empty() {
            top.retain(|_, address| address.is_some());
        }
        layers.push(Arc::new(top));
        Self { layers }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn layers_agree_with_a_plain_map(steps in prop::collection::vec(
            (prop::collection::vec(0u8..40, 0..6), prop::collection::vec((0u8..40, 0u64..1000), 0..6)), 0..60,
        )) {
            let hash = |key: u8| KeyHash::new(&key.to_string());
            let (mut index, mut model) = (KeyIndex::default(), HashMap::new());
            let mut versions = Vec::new();
            for (deleted, inserted) in steps {
                index = index.with_changes(
                    deleted.iter().map(|key| hash(*key)),
                    inserted.iter().map(|(key, address)| (hash(*key), RowAddress(*address))),
                );
                for key in &deleted { model.remove(key); }
                model.extend(inserted);
                versions.push((index.clone(), model.clone()));
            }
            for (index, model) in versions {
                for key in 0u8..40 {
                    prop_assert_eq!(index.get(hash(key)).map(|address| address.0), model.get(&key).copied());
                }
                prop_assert!(index.layers.len() <= 12);
            }
        }
    }
}
