//! Adjacency that outlives the process: a file below `__derived/` for the version of an edge table that was last worth one.
//!
//! | Byte | Content, numbers little-endian |
//! |---|---|
//! | 0 | magic, `OGEDGES` and a zero |
//! | 8 | u32 format, 1; u32 zero |
//! | 16 | the pin of the version: u64 version, u64 bytes of its manifest, u64 rows |
//! | 40 | u64 number of source ids |
//! | 48 | u64 number of target ids, all ones if sources and targets are of one table |
//! | 56 | u64 XXH3 of the first 56 bytes and of the hashes |
//! | 64 | hashes of the source ids, then of the target ids, 16 bytes each: the place of a hash is the ordinal of its node |
//! | then | the adjacency over these ordinals as `omnigraph-walk` encodes it |
//!
//! Beside the files of a table lies `newest`, which names one of them by its pin. Nothing here is ever believed: what is not
//! there, not whole or not understood is derived anew.

use std::path::PathBuf;
use std::sync::Arc;

use omnigraph_log::{TablePath, TablePin};
use omnigraph_objects::{Key, Store};
use omnigraph_walk::Adjacency;
use xxhash_rust::xxh3::Xxh3;

use super::mapped::map;
use crate::error::{Error, Result};
use crate::keys::KeyHash;

const MAGIC: [u8; 8] = *b"OGEDGES\0";
const FORMAT: u64 = 1;
const HEADER: usize = 64;
/// Where the checksum stands.
const CHECKSUM: usize = 56;
/// In place of a number of target ids.
const SAME: u64 = u64::MAX;
const HASH: usize = size_of::<u128>();

/// Bytes in memory or of a mapped file.
type Shared = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Adjacency in ordinals of its own.
#[derive(Debug)]
pub(super) struct StoredEdges {
    /// The version it is of.
    pub(super) pin: TablePin,
    /// The edges.
    pub(super) adjacency: Adjacency,
    /// The ids of sources, by ordinal.
    pub(super) from: Vec<KeyHash>,
    /// The ids of targets, unless they are of the same table as the sources.
    pub(super) to: Option<Vec<KeyHash>>,
}

impl StoredEdges {
    /// As it is stored.
    pub(super) fn encode(&self) -> Vec<u8> {
        let adjacency = self.adjacency.encode();
        let targets = self.to.as_deref().unwrap_or_default();
        let mut bytes = Vec::with_capacity(HEADER + (self.from.len() + targets.len()) * HASH + adjacency.len());
        bytes.extend_from_slice(&MAGIC);
        let TablePin { version, manifest_bytes, rows } = self.pin;
        let target_ids = self.to.as_ref().map_or(SAME, |to| to.len() as u64);
        for word in [FORMAT, version, manifest_bytes, rows, self.from.len() as u64, target_ids, 0] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        for hash in self.from.iter().chain(targets) {
            bytes.extend_from_slice(&hash.to_bytes());
        }
        let checksum = checksum(&bytes);
        bytes.splice(CHECKSUM..HEADER, checksum.to_le_bytes());
        bytes.extend_from_slice(&adjacency);
        bytes
    }

    /// What [`Self::encode`] gave; `None` of anything else.
    pub(super) fn decode(shared: &Shared) -> Option<Self> {
        let bytes = (**shared).as_ref();
        let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        if bytes.get(..8)? != MAGIC || word(8)? != FORMAT {
            return None;
        }
        let pin = TablePin { version: word(16)?, manifest_bytes: word(24)?, rows: word(32)? };
        let (from, to) = (word(40)?, word(48)?);
        let targets = if to == SAME { 0 } else { to };
        let hashes = usize::try_from(from.checked_add(targets)?).ok()?.checked_mul(HASH)?;
        let end = HEADER.checked_add(hashes)?;
        if checksum(bytes.get(..end)?) != word(CHECKSUM)? {
            return None;
        }
        let hash = |bytes: &[u8]| bytes.try_into().ok().map(KeyHash::from_bytes);
        let mut ids = bytes.get(HEADER..end)?.chunks_exact(HASH).map(hash).collect::<Option<Vec<_>>>()?;
        let target_ids = ids.split_off(usize::try_from(from).ok()?);
        let to = (to != SAME).then_some(target_ids);
        let adjacency = Adjacency::decode(Arc::new(Tail { bytes: Arc::clone(shared), start: end })).ok()?;
        let stored = Self { pin, adjacency, from: ids, to };
        stored.is_sound().then_some(stored)
    }

    /// Whether every edge of the version is there, and every end has an id.
    fn is_sound(&self) -> bool {
        use omnigraph_walk::Side;
        let targets = self.to.as_ref().unwrap_or(&self.from);
        self.adjacency.len() as u64 == self.pin.rows
            && self.adjacency.node_bound(Side::Out) as usize <= self.from.len()
            && self.adjacency.node_bound(Side::In) as usize <= targets.len()
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(bytes.get(..CHECKSUM).unwrap_or_default());
    hasher.update(bytes.get(HEADER..).unwrap_or_default());
    hasher.digest()
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

/// The files of all edge tables of a graph.
#[derive(Clone, Debug)]
pub(super) struct EdgeFiles {
    store: Store,
}

impl EdgeFiles {
    pub(super) fn new(store: &Store) -> Self {
        Self { store: store.clone() }
    }

    fn folder(table: &TablePath) -> Result<Key> {
        Ok(Key::parse("__derived")?.join(table.as_str())?)
    }

    fn file(table: &TablePath, version: u64) -> Result<Key> {
        Ok(Self::folder(table)?.join(&format!("{version}.adjacency"))?)
    }

    fn note(table: &TablePath) -> Result<Key> {
        Ok(Self::folder(table)?.join("newest")?)
    }

    /// The version that is stored, if the note is right.
    pub(super) async fn newest(&self, table: &TablePath) -> Option<TablePin> {
        let bytes = self.store.read(&Self::note(table).ok()?).await.ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    /// What is stored of a table, if it can be used.
    pub(super) async fn read(&self, table: &TablePath) -> Option<StoredEdges> {
        let pin = self.newest(table).await?;
        let key = Self::file(table, pin.version).ok()?;
        let bytes: Shared = match self.store.local_root() {
            Some(root) => {
                let path: PathBuf = key.segments().fold(root.to_owned(), |path, segment| path.join(segment));
                let mapped = tokio::task::spawn_blocking(move || map(&path)).await.ok()?;
                Arc::new(mapped.ok()?)
            }
            None => Arc::new(self.store.read(&key).await.ok()??),
        };
        let decoded = tokio::task::spawn_blocking(move || StoredEdges::decode(&bytes)).await.ok()?;
        decoded.filter(|stored| stored.pin == pin)
    }

    /// Stores a version of a table in place of the one before.
    pub(super) async fn write(&self, table: &TablePath, edges: StoredEdges) -> Result<()> {
        let before = self.newest(table).await;
        let pin = edges.pin;
        let bytes = tokio::task::spawn_blocking(move || edges.encode()).await;
        let bytes = bytes.map_err(|failed| Error::internal(failed.to_string()))?;
        self.store.put(&Self::file(table, pin.version)?, bytes.into()).await?;
        let note = serde_json::to_vec(&pin).map_err(|error| Error::internal(error.to_string()))?;
        self.store.put(&Self::note(table)?, note.into()).await?;
        // Whoever has mapped it keeps it; whoever reads it just now derives.
        if let Some(before) = before.filter(|before| before.version != pin.version) {
            self.store.delete(&Self::file(table, before.version)?).await?;
        }
        Ok(())
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
        StoredEdges {
            pin: TablePin { version: 7 << 60, manifest_bytes: 99, rows: ends.len() as u64 },
            adjacency: Adjacency::build(edges),
            from: ids("a"),
            to: (!same).then(|| ids("b")),
        }
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
            let bytes: Shared = Arc::new(stored.encode());
            let back = StoredEdges::decode(&bytes).unwrap();
            prop_assert_eq!((back.pin, &back.from, &back.to), (stored.pin, &stored.from, &stored.to));
            prop_assert_eq!(edges_of(&back), edges_of(&stored));
        }

        #[test]
        fn what_is_not_whole_is_not_taken(
            ends in prop::collection::vec((0u32..10, 0u32..10), 1..40), at: prop::sample::Index, bit in 0u8..8, cut: bool,
        ) {
            let mut bytes = stored(&ends, false).encode();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            let bytes: Shared = Arc::new(bytes);
            prop_assert!(StoredEdges::decode(&bytes).is_none());
        }
    }
}
