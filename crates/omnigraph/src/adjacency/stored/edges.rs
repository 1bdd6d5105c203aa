//! The adjacency of one version of an edge table.
//!
//! | Part | Content, numbers little-endian |
//! |---|---|
//! | header | magic `OGEDGES`; the number of source ids; the number of target ids, all ones if sources and targets are of one table |
//! | ids | hashes of the source ids, then of the target ids, 16 bytes each: the place of a hash is the ordinal of its node |
//! | edges | the adjacency over these ordinals as `omnigraph-walk` encodes it, with a checksum of its own |

use std::sync::Arc;

use omnigraph_log::TablePin;
use omnigraph_walk::{Adjacency, Side};

use super::Shared;
use super::header::{HASH, HEADER, Header, hashes, is_whole, seal};
use crate::keys::KeyHash;

const MAGIC: [u8; 8] = *b"OGEDGES\0";
/// In place of a number of target ids.
const SAME: u64 = u64::MAX;

/// Adjacency in ordinals of its own.
#[derive(Debug)]
pub(in crate::adjacency) struct StoredEdges {
    /// The edges.
    pub(in crate::adjacency) adjacency: Adjacency,
    /// The ids of sources, by ordinal.
    pub(in crate::adjacency) from: Vec<KeyHash>,
    /// The ids of targets, unless they are of the same table as the sources.
    pub(in crate::adjacency) to: Option<Vec<KeyHash>>,
}

impl StoredEdges {
    /// As it is stored for a version.
    pub(in crate::adjacency) fn encode(&self, pin: TablePin) -> Vec<u8> {
        let adjacency = self.adjacency.encode();
        let targets = self.to.as_deref().unwrap_or_default();
        let counts = [self.from.len() as u64, self.to.as_ref().map_or(SAME, |to| to.len() as u64)];
        let capacity = (self.from.len() + targets.len()) * HASH + adjacency.len();
        let mut bytes = Header { magic: MAGIC, pin, counts }.encode(capacity);
        for hash in self.from.iter().chain(targets) {
            bytes.extend_from_slice(&hash.to_bytes());
        }
        seal(&mut bytes);
        bytes.extend_from_slice(&adjacency);
        bytes
    }

    /// What [`Self::encode`] gave for this version; `None` of anything else.
    pub(in crate::adjacency) fn decode(shared: &Shared, pin: TablePin) -> Option<Self> {
        let bytes = (**shared).as_ref();
        let header = Header::decode(bytes, MAGIC).filter(|header| header.pin == pin)?;
        let [from, to] = header.counts;
        let targets = if to == SAME { 0 } else { to };
        let ids = usize::try_from(from.checked_add(targets)?).ok()?.checked_mul(HASH)?;
        let end = HEADER.checked_add(ids)?;
        if !is_whole(bytes.get(..end)?) {
            return None;
        }
        let mut ids = hashes(bytes.get(HEADER..end)?)?;
        let target_ids = ids.split_off(usize::try_from(from).ok()?);
        let to = (to != SAME).then_some(target_ids);
        let adjacency = Adjacency::decode(Arc::new(Tail { bytes: Arc::clone(shared), start: end })).ok()?;
        let stored = Self { adjacency, from: ids, to };
        stored.is_sound(pin.rows).then_some(stored)
    }

    /// Whether every edge of the version is there, and every end has an id.
    fn is_sound(&self, rows: u64) -> bool {
        let targets = self.to.as_ref().unwrap_or(&self.from);
        self.adjacency.len() as u64 == rows
            && self.adjacency.node_bound(Side::Out) as usize <= self.from.len()
            && self.adjacency.node_bound(Side::In) as usize <= targets.len()
    }
}

/// Bytes without their beginning.
struct Tail {
    bytes: Shared,
    start: usize,
}

impl AsRef<[u8]> for Tail {
    fn as_ref(&self) -> &[u8] {
        (*self.bytes).as_ref().get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use omnigraph_walk::Edge;
    use proptest::prelude::*;

    use super::*;

    fn stored(ends: &[(u32, u32)], same: bool) -> StoredEdges {
        let edges = ends.iter().zip(0..).map(|(&(from, to), address)| Edge { from, to, address }).collect();
        let ids = |name: &str| (0..10).map(|number| KeyHash::of(&format!("{name}{number}"))).collect::<Vec<_>>();
        StoredEdges { adjacency: Adjacency::build(edges), from: ids("a"), to: (!same).then(|| ids("b")) }
    }

    fn pin(stored: &StoredEdges) -> TablePin {
        TablePin { version: 7 << 60, manifest_bytes: 99, rows: stored.adjacency.len() as u64 }
    }

    fn edges_of(stored: &StoredEdges) -> Vec<(u32, u32, u64)> {
        let mut edges = Vec::new();
        stored.adjacency.for_each_edge(|from, to, address| edges.push((from, to, address)));
        edges
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(ends in prop::collection::vec((0u32..10, 0u32..10), 0..40), same: bool) {
            let stored = stored(&ends, same);
            let bytes: Shared = Arc::new(stored.encode(pin(&stored)));
            let back = StoredEdges::decode(&bytes, pin(&stored)).unwrap();
            prop_assert_eq!((&back.from, &back.to), (&stored.from, &stored.to));
            prop_assert_eq!(edges_of(&back), edges_of(&stored));
        }

        #[test]
        fn what_is_not_whole_is_not_taken(
            ends in prop::collection::vec((0u32..10, 0u32..10), 1..40), at: prop::sample::Index, bit in 0u8..8, cut: bool,
        ) {
            let stored = stored(&ends, false);
            let mut bytes = stored.encode(pin(&stored));
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            let bytes: Shared = Arc::new(bytes);
            prop_assert!(StoredEdges::decode(&bytes, pin(&stored)).is_none());
        }
    }
}
