//! A cache of recently tracked ids, so that an endpoint that thousands of edges share is tracked about once.

/// Initial slots: negligible for a load of one row.
const MIN_SLOTS: usize = 1 << 10;
/// Slots of a full-sized cache: 32 MiB.
const MAX_SLOTS: usize = 1 << 21;
/// An odd multiplier that gives each type its own bit pattern.
const TYPE_MULTIPLIER: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A lossy set of ids: it forgets ids, but never reports an id that was not added.
#[derive(Debug)]
pub(super) struct DedupCache {
    slots: Vec<u128>,
    used: usize,
}

impl DedupCache {
    pub(super) fn new() -> Self {
        Self { slots: vec![0; MIN_SLOTS], used: 0 }
    }

    /// Adds an id of a type. Returns true if the cache contains it already.
    pub(super) fn insert(&mut self, ty: u32, key: u128) -> bool {
        // Zero marks an empty slot. A pattern of zero is as unlikely as a hash collision.
        let pattern = key ^ u128::from(ty).wrapping_add(1).wrapping_mul(TYPE_MULTIPLIER);
        if self.used >= self.slots.len() && self.slots.len() < MAX_SLOTS {
            // Dropping all ids is cheaper than moving them.
            self.slots = vec![0; (self.slots.len() * 8).min(MAX_SLOTS)];
            self.used = 0;
        }
        let index = usize::try_from(pattern & (self.slots.len() as u128 - 1)).unwrap_or_default();
        let Some(slot) = self.slots.get_mut(index) else { return false };
        if *slot == pattern {
            return true;
        }
        *slot = pattern;
        self.used += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::key::KeyHash;

    #[test]
    fn reported_ids_were_added() {
        let (mut cache, mut added) = (DedupCache::new(), std::collections::HashSet::new());
        let mut hits = 0;
        for step in 0..200_000u128 {
            let key = KeyHash::new(&(step * step % 5_000).to_string()).bits();
            let ty = (step % 3) as u32;
            if cache.insert(ty, key) {
                assert!(added.contains(&(ty, key)));
                hits += 1;
            }
            added.insert((ty, key));
        }
        assert!(hits > 150_000, "{hits}");
    }
}
