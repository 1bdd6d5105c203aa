//! The numbers of nodes, and which row of one version of their table has which.
//!
//! | Part | Content, numbers little-endian |
//! |---|---|
//! | header | magic `OGNODES`; the number of ids; the number of fragments |
//! | ids | their hashes, 16 bytes each: the place of a hash is the ordinal of its node |
//! | fragments | of each u32 id and u32 rows, in ascending order of ids |
//! | rows | of each fragment the u32 ordinals of its rows, deleted ones included |

use arrow::array::UInt32Array;
use omnigraph_log::TablePin;

use super::Shared;
use super::header::{HASH, HEADER, Header, hashes, is_whole, seal};
use crate::keys::KeyHash;

const MAGIC: [u8; 8] = *b"OGNODES\0";
/// Bytes that tell of a fragment.
const FRAGMENT: usize = 8;
/// Bytes of an ordinal.
const ORDINAL: usize = size_of::<u32>();

/// Nodes in ordinals of their own.
#[derive(Debug, PartialEq)]
pub(in crate::adjacency) struct StoredNodes {
    /// The ids, by ordinal. There may be some that no row has.
    pub(in crate::adjacency) ids: Vec<KeyHash>,
    /// The ordinals of the rows of each fragment.
    pub(in crate::adjacency) fragments: Vec<(u32, UInt32Array)>,
}

impl StoredNodes {
    /// As it is stored for a version.
    pub(in crate::adjacency) fn encode(&self, pin: TablePin) -> Vec<u8> {
        let rows: usize = self.fragments.iter().map(|(_, ordinals)| ordinals.len()).sum();
        let counts = [self.ids.len() as u64, self.fragments.len() as u64];
        let capacity = self.ids.len() * HASH + self.fragments.len() * FRAGMENT + rows * ORDINAL;
        let mut bytes = Header { magic: MAGIC, pin, counts }.encode(capacity);
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
        seal(&mut bytes);
        bytes
    }

    /// What [`Self::encode`] gave for this version; `None` of anything else.
    pub(in crate::adjacency) fn decode(shared: &Shared, pin: TablePin) -> Option<Self> {
        let bytes = (**shared).as_ref();
        let header = Header::decode(bytes, MAGIC).filter(|header| header.pin == pin && is_whole(bytes))?;
        let [ids, fragments] = header.counts.map(|count| usize::try_from(count).ok());
        let (ids, rest) = bytes.get(HEADER..)?.split_at_checked(ids?.checked_mul(HASH)?)?;
        let (table, mut rest) = rest.split_at_checked(fragments?.checked_mul(FRAGMENT)?)?;
        let ids = hashes(ids)?;
        let mut fragments = Vec::with_capacity(table.len() / FRAGMENT);
        for entry in table.chunks_exact(FRAGMENT) {
            let (id, rows) = entry.split_at(ORDINAL);
            let (rows, left) = rest.split_at_checked((number(rows)? as usize).checked_mul(ORDINAL)?)?;
            let ordinals: Vec<u32> = rows.chunks_exact(ORDINAL).filter_map(number).collect();
            if ordinals.iter().any(|ordinal| *ordinal as usize >= ids.len()) {
                return None;
            }
            fragments.push((number(id)?, ordinals.into()));
            rest = left;
        }
        rest.is_empty().then_some(Self { ids, fragments })
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    const PIN: TablePin = TablePin { version: 7 << 60, manifest_bytes: 99, rows: 3 };

    fn stored(fragments: &[Vec<u32>]) -> StoredNodes {
        let ids = (0..10).map(|number| KeyHash::of(&format!("n{number}"))).collect();
        let fragments = fragments.iter().zip(3u32..).map(|(rows, id)| (id, rows.clone().into())).collect();
        StoredNodes { ids, fragments }
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(fragments in prop::collection::vec(prop::collection::vec(0u32..10, 0..9), 0..4)) {
            let stored = stored(&fragments);
            let bytes: Shared = Arc::new(stored.encode(PIN));
            prop_assert_eq!(StoredNodes::decode(&bytes, PIN), Some(stored));
            prop_assert_eq!(StoredNodes::decode(&bytes, TablePin { version: 8, ..PIN }), None);
        }

        #[test]
        fn what_is_not_whole_is_not_taken(at: prop::sample::Index, bit in 0u8..8, cut: bool) {
            let mut bytes = stored(&[vec![1, 2, 3], vec![4]]).encode(PIN);
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            let bytes: Shared = Arc::new(bytes);
            prop_assert_eq!(StoredNodes::decode(&bytes, PIN), None);
        }

        #[test]
        fn an_ordinal_without_an_id_is_not_taken(ordinal in 10u32..) {
            let bytes: Shared = Arc::new(stored(&[vec![ordinal]]).encode(PIN));
            prop_assert_eq!(StoredNodes::decode(&bytes, PIN), None);
        }
    }
}
