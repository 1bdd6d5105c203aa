//! A set of edge addresses, asked once for every edge that a filtered walk looks at.

/// The number of addresses that one chunk has bits for.
const CHUNK_BITS: usize = 4096;
const CHUNK_WORDS: usize = CHUNK_BITS / 64;

/// Addresses of edges that may be walked: bitmaps, found by the upper half of the address (the fragment of the table) and
/// then by the lower. Rows that lie close together in their table cost about a bit each.
#[derive(Clone, Debug, Default)]
pub struct EdgeSet {
    /// Ascending by upper half.
    fragments: Vec<Fragment>,
    chunks: Vec<[u64; CHUNK_WORDS]>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Fragment {
    upper: u32,
    /// By lower half: one more than the number of the chunk; 0 where there is none.
    chunks: Vec<u32>,
}

/// Upper half, chunk within it, word within the chunk, bit within the word.
#[inline]
fn parts(address: u64) -> (u32, usize, usize, u64) {
    let lower = address as u32 as usize;
    ((address >> 32) as u32, lower / CHUNK_BITS, lower % CHUNK_BITS / 64, 1 << (lower % 64))
}

impl EdgeSet {
    /// Adds an address. Returns whether it is new.
    pub fn insert(&mut self, address: u64) -> bool {
        let (upper, chunk, word, bit) = parts(address);
        let at = self.fragments.partition_point(|fragment| fragment.upper < upper);
        if self.fragments.get(at).is_none_or(|fragment| fragment.upper != upper) {
            self.fragments.insert(at, Fragment { upper, chunks: Vec::new() });
        }
        let numbers = &mut self.fragments[at].chunks;
        if numbers.len() <= chunk {
            numbers.resize(chunk + 1, 0);
        }
        if numbers[chunk] == 0 {
            self.chunks.push([0; CHUNK_WORDS]);
            numbers[chunk] = self.chunks.len() as u32;
        }
        let word = &mut self.chunks[numbers[chunk] as usize - 1][word];
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }

    /// True of the addresses in the set.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        let (upper, chunk, word, bit) = parts(address);
        let fragment = match self.fragments.as_slice() {
            [only] => (only.upper == upper).then_some(only),
            many => many.binary_search_by_key(&upper, |fragment| fragment.upper).ok().map(|at| &many[at]),
        };
        match fragment.and_then(|fragment| fragment.chunks.get(chunk)) {
            None | Some(0) => false,
            Some(&number) => self.chunks[number as usize - 1][word] & bit != 0,
        }
    }

    /// Number of addresses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True without addresses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Extend<u64> for EdgeSet {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, addresses: I) {
        addresses.into_iter().for_each(|address| {
            self.insert(address);
        });
    }
}

impl FromIterator<u64> for EdgeSet {
    fn from_iter<I: IntoIterator<Item = u64>>(addresses: I) -> Self {
        let mut set = Self::default();
        set.extend(addresses);
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn address() -> impl Strategy<Value = u64> {
        prop_oneof![0u64..70, 4090u64..4100, (0u64..4, 0u64..9000).prop_map(|(upper, lower)| upper << 32 | lower)]
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_in(put in prop::collection::vec(address(), 0..60), asked in prop::collection::vec(address(), 60)) {
            let model: BTreeSet<u64> = put.iter().copied().collect();
            let set: EdgeSet = put.iter().copied().collect();
            prop_assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            for address in put.into_iter().chain(asked) {
                prop_assert_eq!(set.contains(address), model.contains(&address), "{}", address);
            }
        }
    }

    #[test]
    fn the_last_address_has_a_place() {
        let mut set = EdgeSet::default();
        assert!(set.insert(u64::MAX));
        assert!(!set.insert(u64::MAX));
        assert!(set.contains(u64::MAX) && !set.contains(u64::MAX - 1));
    }
}
