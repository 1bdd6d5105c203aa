//! A set of edge addresses, probed once for every edge that a filtered traversal scans.

/// Number of addresses covered by one chunk.
const CHUNK_BITS: usize = 4096;
const CHUNK_WORDS: usize = CHUNK_BITS / 64;

/// A set of row addresses of edges, as two-level bitmaps: the upper half of an address (the table fragment) selects a list of
/// chunks, the lower half a bit within a chunk. Neighboring rows of a table cost about one bit each.
#[derive(Clone, Debug, Default)]
pub struct EdgeSet {
    /// Ascending by upper half.
    fragments: Vec<FragmentChunks>,
    chunks: Vec<[u64; CHUNK_WORDS]>,
    len: usize,
}

#[derive(Clone, Debug)]
struct FragmentChunks {
    upper: u32,
    /// Chunk numbers plus one, by the lower half of the address; 0 for an absent chunk.
    chunks: Vec<u32>,
}

/// Splits an address into its upper half, the chunk below it, the word in the chunk and the bit in the word.
#[inline]
fn split_address(address: u64) -> (u32, usize, usize, u64) {
    let lower = address as u32 as usize;
    ((address >> 32) as u32, lower / CHUNK_BITS, lower % CHUNK_BITS / 64, 1 << (lower % 64))
}

impl EdgeSet {
    /// Adds an address and returns true if it is new.
    pub fn insert(&mut self, address: u64) -> bool {
        let (upper, chunk, word, bit) = split_address(address);
        let position = self.fragments.partition_point(|fragment| fragment.upper < upper);
        if self.fragments.get(position).is_none_or(|fragment| fragment.upper != upper) {
            self.fragments.insert(position, FragmentChunks { upper, chunks: Vec::new() });
        }
        let numbers = &mut self.fragments[position].chunks;
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

    /// Returns true if the set contains the address.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        let (upper, chunk, word, bit) = split_address(address);
        let fragment = match self.fragments.as_slice() {
            [single] => (single.upper == upper).then_some(single),
            many => many.binary_search_by_key(&upper, |fragment| fragment.upper).ok().map(|found| &many[found]),
        };
        match fragment.and_then(|fragment| fragment.chunks.get(chunk)) {
            None | Some(0) => false,
            Some(&number) => self.chunks[number as usize - 1][word] & bit != 0,
        }
    }

    /// Returns the number of addresses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if the set is empty.
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
        fn the_set_contains_exactly_the_inserted_addresses(inserted in prop::collection::vec(address(), 0..60), probed in prop::collection::vec(address(), 60)) {
            let model: BTreeSet<u64> = inserted.iter().copied().collect();
            let set: EdgeSet = inserted.iter().copied().collect();
            prop_assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            for address in inserted.into_iter().chain(probed) {
                prop_assert_eq!(set.contains(address), model.contains(&address), "{}", address);
            }
        }
    }

    #[test]
    fn the_greatest_address_can_be_inserted() {
        let mut set = EdgeSet::default();
        assert!(set.insert(u64::MAX));
        assert!(!set.insert(u64::MAX));
        assert!(set.contains(u64::MAX) && !set.contains(u64::MAX - 1));
    }
}
