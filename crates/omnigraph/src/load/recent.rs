//! Ids noted lately, so that an end which thousands of edges share is not noted thousands of times.

/// Slots at first: nothing that a load of one row would feel.
const FIRST_SLOTS: usize = 1 << 10;
/// Slots at the most: 32 MiB.
const MOST_SLOTS: usize = 1 << 21;
/// An odd number, so that types map to different patterns of bits.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A memory that forgets: what it says was noted was noted.
#[derive(Debug)]
pub(super) struct Recent {
    slots: Vec<u128>,
    taken: usize,
}

impl Recent {
    pub(super) fn new() -> Self {
        Self { slots: vec![0; FIRST_SLOTS], taken: 0 }
    }

    /// Takes note of an id of a type; says whether it was noted before and that was not forgotten.
    pub(super) fn note(&mut self, ty: u32, key: u128) -> bool {
        // Zero marks an empty slot. That an id of all the 2^128 has it is as likely as that two share a hash.
        let pattern = key ^ u128::from(ty).wrapping_add(1).wrapping_mul(SPREAD);
        if self.taken >= self.slots.len() && self.slots.len() < MOST_SLOTS {
            // Forgetting everything costs less than moving it.
            self.slots = vec![0; (self.slots.len() * 8).min(MOST_SLOTS)];
            self.taken = 0;
        }
        let place = usize::try_from(pattern & (self.slots.len() as u128 - 1)).unwrap_or_default();
        let Some(slot) = self.slots.get_mut(place) else { return false };
        if *slot == pattern {
            return true;
        }
        *slot = pattern;
        self.taken += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyHash;

    #[test]
    fn what_it_says_was_noted_was_noted() {
        let (mut recent, mut noted) = (Recent::new(), std::collections::HashSet::new());
        let mut hits = 0;
        for step in 0..200_000u128 {
            let key = KeyHash::of(&(step * step % 5_000).to_string()).bits();
            let ty = (step % 3) as u32;
            if recent.note(ty, key) {
                assert!(noted.contains(&(ty, key)));
                hits += 1;
            }
            noted.insert((ty, key));
        }
        assert!(hits > 150_000, "{hits}");
    }
}
