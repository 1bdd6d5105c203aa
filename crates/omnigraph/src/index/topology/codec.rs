//! The content of persisted topology files, after the header.
//!
//! Nodes, magic `OGNODES`, numbers little-endian. The counts are ids and fragments.
//!
//! | Part | Content |
//! |---|---|
//! | ids | hashes of 16 bytes: the index of a hash is the ordinal of its node |
//! | fragments | u32 id and u32 rows of each, in ascending order of ids |
//! | rows | the u32 ordinals of the rows of each fragment, with deleted rows |
//!
//! Edges, magic `OGEDGES`. The counts are source ids and target ids; all ones if both are of one table.
//!
//! | Part | Content |
//! |---|---|
//! | ids | hashes of source ids, then of target ids, 16 bytes each: the index of a hash is the ordinal of its node |
//! | edges | the adjacency over these ordinals as `omnigraph-traversal` encodes it, with a checksum of its own |

use std::sync::Arc;

use arrow::array::UInt32Array;
use omnigraph_history::TablePin;
use omnigraph_traversal::{Adjacency, EdgeDirection};

use crate::index::key::KeyHash;
use crate::index::persisted::{
    FileHeader, HASH_BYTES, HEADER_BYTES, IndexFileBytes, decode_hashes, has_valid_checksum, set_checksum,
};

const NODES_MAGIC: [u8; 8] = *b"OGNODES\0";
const EDGES_MAGIC: [u8; 8] = *b"OGEDGES\0";
/// Bytes of the entry of a fragment.
const FRAGMENT_BYTES: usize = 8;
/// Bytes of an ordinal.
const ORDINAL_BYTES: usize = size_of::<u32>();
/// The count of target ids if sources and targets are of one table.
const SAME_TABLE: u64 = u64::MAX;

/// Nodes with the ordinals of their file.
#[derive(Debug, PartialEq)]
pub(super) struct PersistedNodes {
    /// The ids by ordinal. An id may have no row.
    pub(super) ids: Vec<KeyHash>,
    /// The ordinals of the rows of each fragment.
    pub(super) fragments: Vec<(u32, UInt32Array)>,
}

impl PersistedNodes {
    /// Encodes the file of a version.
    pub(super) fn encode(&self, pin: TablePin) -> Vec<u8> {
        let rows: usize = self.fragments.iter().map(|(_, ordinals)| ordinals.len()).sum();
        let counts = [self.ids.len() as u64, self.fragments.len() as u64];
        let capacity = self.ids.len() * HASH_BYTES + self.fragments.len() * FRAGMENT_BYTES + rows * ORDINAL_BYTES;
        let mut bytes = FileHeader { magic: NODES_MAGIC, pin, counts }.encode(capacity);
        for hash in &self.ids {
            bytes.extend_from_slice(&hash.to_bytes());
        }
        for (id, ordinals) in &self.fragments {
            bytes.extend_from_slice(&id.to_le_bytes());
            bytes.extend_from_slice(&u32::try_from(ordinals.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        for ordinal in self.fragments.iter().flat_map(|(_, ordinals)| ordinals.values()) {
            bytes.extend_from_slice(&ordinal.to_le_bytes());
        }
        set_checksum(&mut bytes);
        bytes
    }

    /// Decodes the file of a version; `None` for any other content.
    pub(super) fn decode(content: &IndexFileBytes, pin: TablePin) -> Option<Self> {
        let bytes = (**content).as_ref();
        let header = FileHeader::decode(bytes, NODES_MAGIC);
        let header = header.filter(|header| header.pin == pin && has_valid_checksum(bytes))?;
        let [ids, fragments] = header.counts.map(|count| usize::try_from(count).ok());
        let (ids, rest) = bytes.get(HEADER_BYTES..)?.split_at_checked(ids?.checked_mul(HASH_BYTES)?)?;
        let (table, mut rest) = rest.split_at_checked(fragments?.checked_mul(FRAGMENT_BYTES)?)?;
        let ids = decode_hashes(ids)?;
        let mut fragments = Vec::with_capacity(table.len() / FRAGMENT_BYTES);
        for entry in table.chunks_exact(FRAGMENT_BYTES) {
            let (id, rows) = entry.split_at(ORDINAL_BYTES);
            let (rows, remaining) = rest.split_at_checked((decode_u32(rows)? as usize).checked_mul(ORDINAL_BYTES)?)?;
            let ordinals: Vec<u32> = rows.chunks_exact(ORDINAL_BYTES).filter_map(decode_u32).collect();
            if ordinals.iter().any(|ordinal| *ordinal as usize >= ids.len()) {
                return None;
            }
            fragments.push((decode_u32(id)?, ordinals.into()));
            rest = remaining;
        }
        rest.is_empty().then_some(Self { ids, fragments })
    }
}

fn decode_u32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// Adjacency with the ordinals of its file.
#[derive(Debug)]
pub(super) struct PersistedEdges {
    /// The edges.
    pub(super) adjacency: Adjacency,
    /// The ids of sources, by ordinal.
    pub(super) from: Vec<KeyHash>,
    /// The ids of targets, unless they are of the table of the sources.
    pub(super) to: Option<Vec<KeyHash>>,
}

impl PersistedEdges {
    /// Encodes the file of a version.
    pub(super) fn encode(&self, pin: TablePin) -> Vec<u8> {
        let adjacency = self.adjacency.encode();
        let targets = self.to.as_deref().unwrap_or_default();
        let counts = [self.from.len() as u64, self.to.as_ref().map_or(SAME_TABLE, |to| to.len() as u64)];
        let capacity = (self.from.len() + targets.len()) * HASH_BYTES + adjacency.len();
        let mut bytes = FileHeader { magic: EDGES_MAGIC, pin, counts }.encode(capacity);
        for hash in self.from.iter().chain(targets) {
            bytes.extend_from_slice(&hash.to_bytes());
        }
        set_checksum(&mut bytes);
        bytes.extend_from_slice(&adjacency);
        bytes
    }

    /// Decodes the file of a version; `None` for any other content.
    pub(super) fn decode(content: &IndexFileBytes, pin: TablePin) -> Option<Self> {
        let bytes = (**content).as_ref();
        let header = FileHeader::decode(bytes, EDGES_MAGIC).filter(|header| header.pin == pin)?;
        let [from, to] = header.counts;
        let targets = if to == SAME_TABLE { 0 } else { to };
        let id_bytes = usize::try_from(from.checked_add(targets)?).ok()?.checked_mul(HASH_BYTES)?;
        let end = HEADER_BYTES.checked_add(id_bytes)?;
        if !has_valid_checksum(bytes.get(..end)?) {
            return None;
        }
        let mut ids = decode_hashes(bytes.get(HEADER_BYTES..end)?)?;
        let target_ids = ids.split_off(usize::try_from(from).ok()?);
        let to = (to != SAME_TABLE).then_some(target_ids);
        let adjacency = Adjacency::decode(Arc::new(BytesFrom { bytes: Arc::clone(content), start: end })).ok()?;
        let edges = Self { adjacency, from: ids, to };
        edges.is_complete(pin.rows).then_some(edges)
    }

    /// Reports if the file has every edge of the version, and an id for every endpoint.
    fn is_complete(&self, rows: u64) -> bool {
        let targets = self.to.as_ref().unwrap_or(&self.from);
        self.adjacency.len() as u64 == rows
            && self.adjacency.node_bound(EdgeDirection::Out) as usize <= self.from.len()
            && self.adjacency.node_bound(EdgeDirection::In) as usize <= targets.len()
    }
}

/// Bytes from an offset on.
struct BytesFrom {
    bytes: IndexFileBytes,
    start: usize,
}

impl AsRef<[u8]> for BytesFrom {
    fn as_ref(&self) -> &[u8] {
        (*self.bytes).as_ref().get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use omnigraph_traversal::Edge;
    use proptest::prelude::*;

    use super::*;

    const PIN: TablePin = TablePin { version: 7 << 60, manifest_bytes: 99, rows: 3 };

    fn nodes(fragments: &[Vec<u32>]) -> PersistedNodes {
        let ids = (0..10).map(|number| KeyHash::new(&format!("n{number}"))).collect();
        let fragments = fragments.iter().zip(3u32..).map(|(rows, id)| (id, rows.clone().into())).collect();
        PersistedNodes { ids, fragments }
    }

    fn edges(endpoints: &[(u32, u32)], same: bool) -> PersistedEdges {
        let edges = endpoints.iter().zip(0..).map(|(&(from, to), address)| Edge { from, to, address }).collect();
        let ids = |name: &str| (0..10).map(|number| KeyHash::new(&format!("{name}{number}"))).collect::<Vec<_>>();
        PersistedEdges { adjacency: Adjacency::build(edges), from: ids("a"), to: (!same).then(|| ids("b")) }
    }

    fn edges_pin(edges: &PersistedEdges) -> TablePin {
        TablePin { rows: edges.adjacency.len() as u64, ..PIN }
    }

    fn list_edges(edges: &PersistedEdges) -> Vec<(u32, u32, u64)> {
        let mut list = Vec::new();
        edges.adjacency.for_each_edge(|from, to, address| list.push((from, to, address)));
        list
    }

    fn damage(bytes: &mut Vec<u8>, index: prop::sample::Index, bit: u8, truncate: bool) {
        let index = index.index(bytes.len());
        if truncate { bytes.truncate(index) } else { bytes[index] ^= 1 << bit }
    }

    proptest! {
        #[test]
        fn nodes_round_trip(fragments in prop::collection::vec(prop::collection::vec(0u32..10, 0..9), 0..4)) {
            let nodes = nodes(&fragments);
            let bytes: IndexFileBytes = Arc::new(nodes.encode(PIN));
            prop_assert_eq!(PersistedNodes::decode(&bytes, PIN), Some(nodes));
            prop_assert_eq!(PersistedNodes::decode(&bytes, TablePin { version: 8, ..PIN }), None);
        }

        #[test]
        fn damaged_nodes_are_rejected(at: prop::sample::Index, bit in 0u8..8, truncate: bool) {
            let mut bytes = nodes(&[vec![1, 2, 3], vec![4]]).encode(PIN);
            damage(&mut bytes, at, bit, truncate);
            let bytes: IndexFileBytes = Arc::new(bytes);
            prop_assert_eq!(PersistedNodes::decode(&bytes, PIN), None);
        }

        #[test]
        fn ordinals_without_ids_are_rejected(ordinal in 10u32..) {
            let bytes: IndexFileBytes = Arc::new(nodes(&[vec![ordinal]]).encode(PIN));
            prop_assert_eq!(PersistedNodes::decode(&bytes, PIN), None);
        }

        #[test]
        fn edges_round_trip(endpoints in prop::collection::vec((0u32..10, 0u32..10), 0..40), same: bool) {
            let edges = edges(&endpoints, same);
            let bytes: IndexFileBytes = Arc::new(edges.encode(edges_pin(&edges)));
            let decoded = PersistedEdges::decode(&bytes, edges_pin(&edges)).unwrap();
            prop_assert_eq!((&decoded.from, &decoded.to), (&edges.from, &edges.to));
            prop_assert_eq!(list_edges(&decoded), list_edges(&edges));
        }

        #[test]
        fn damaged_edges_are_rejected(
            endpoints in prop::collection::vec((0u32..10, 0u32..10), 1..40),
            at: prop::sample::Index, bit in 0u8..8, truncate: bool,
        ) {
            let edges = edges(&endpoints, false);
            let mut bytes = edges.encode(edges_pin(&edges));
            damage(&mut bytes, at, bit, truncate);
            let bytes: IndexFileBytes = Arc::new(bytes);
            prop_assert!(PersistedEdges::decode(&bytes, edges_pin(&edges)).is_none());
        }
    }
}
