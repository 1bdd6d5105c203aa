//! Layers of hash to row address.
//!
//! Versions of a table share layers: the next version is the same layers and one more on top. Layers grow geometrically,
//! so a look-up visits a few and a commit copies little.

use std::sync::Arc;

use hashbrown::HashMap;

use super::KeyHash;
use crate::table::RowAddress;

/// `None` hides what lower layers say: the id is gone.
type Layer = HashMap<KeyHash, Option<RowAddress>>;

/// Every id of one version of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndex {
    layers: Vec<Arc<Layer>>,
}

impl KeyIndex {
    /// An index of exactly these ids.
    pub(crate) fn of(entries: impl IntoIterator<Item = (KeyHash, RowAddress)>) -> Self {
        let layer: Layer = entries.into_iter().map(|(key, address)| (key, Some(address))).collect();
        Self { layers: vec![Arc::new(layer)] }
    }

    /// Where the row of an id is.
    pub(crate) fn get(&self, key: KeyHash) -> Option<RowAddress> {
        self.layers.iter().rev().find_map(|layer| layer.get(&key)).copied().flatten()
    }

    /// Whether there is a row of that id.
    pub(crate) fn contains(&self, key: KeyHash) -> bool {
        self.get(key).is_some()
    }

    /// The index of the next version, where some ids went and then some came or moved.
    pub(crate) fn next(
        &self,
        gone: impl IntoIterator<Item = KeyHash>,
        came: impl IntoIterator<Item = (KeyHash, RowAddress)>,
    ) -> Self {
        let mut top: Layer = gone.into_iter().map(|key| (key, None)).collect();
        top.extend(came.into_iter().map(|(key, address)| (key, Some(address))));
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
            let hash = |key: u8| KeyHash::of(&key.to_string());
            let (mut index, mut model) = (KeyIndex::default(), HashMap::new());
            let mut versions = Vec::new();
            for (gone, came) in steps {
                index = index.next(
                    gone.iter().map(|key| hash(*key)),
                    came.iter().map(|(key, at)| (hash(*key), RowAddress(*at))),
                );
                for key in &gone { model.remove(key); }
                model.extend(came);
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
