//! What files of derived data begin with: 64 bytes, numbers little-endian.
//!
//! | Byte | Content |
//! |---|---|
//! | 0 | magic: seven letters and a zero |
//! | 8 | u32 format, 1; u32 zero |
//! | 16 | the pin of the version: u64 version, u64 bytes of its manifest, u64 rows |
//! | 40 | two u64 that tell what follows |
//! | 56 | u64 XXH3 of the first 56 bytes and of what was there when the file was sealed |

use omnigraph_log::TablePin;
use xxhash_rust::xxh3::Xxh3;

use crate::keys::KeyHash;

const FORMAT: u64 = 1;
/// Bytes of a header.
pub(super) const HEADER: usize = 64;
/// Where the checksum stands.
const CHECKSUM: usize = 56;
/// Bytes of the hash of an id.
pub(super) const HASH: usize = size_of::<u128>();

/// What a header tells, but for the checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) magic: [u8; 8],
    pub(super) pin: TablePin,
    pub(super) counts: [u64; 2],
}

impl Header {
    /// The beginning of a file that is to be sealed.
    pub(super) fn encode(&self, capacity: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + capacity);
        bytes.extend_from_slice(&self.magic);
        let TablePin { version, manifest_bytes, rows } = self.pin;
        let [first, second] = self.counts;
        for word in [FORMAT, version, manifest_bytes, rows, first, second, 0] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// What a file begins with; nothing of a file of another kind or format.
    pub(super) fn decode(bytes: &[u8], magic: [u8; 8]) -> Option<Self> {
        if bytes.get(..8)? != magic || word(bytes, 8)? != FORMAT {
            return None;
        }
        let pin = TablePin { version: word(bytes, 16)?, manifest_bytes: word(bytes, 24)?, rows: word(bytes, 32)? };
        Some(Self { magic, pin, counts: [word(bytes, 40)?, word(bytes, 48)?] })
    }
}

/// Puts the checksum of what is there into the header.
pub(super) fn seal(bytes: &mut [u8]) {
    let sum = checksum(bytes).to_le_bytes();
    if let Some(place) = bytes.get_mut(CHECKSUM..HEADER) {
        place.copy_from_slice(&sum);
    }
}

/// Whether these bytes are those that were sealed.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    word(bytes, CHECKSUM) == Some(checksum(bytes))
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(bytes.get(..CHECKSUM).unwrap_or_default());
    hasher.update(bytes.get(HEADER..).unwrap_or_default());
    hasher.digest()
}

/// The hashes of ids, one after the other.
pub(super) fn hashes(bytes: &[u8]) -> Option<Vec<KeyHash>> {
    bytes.chunks_exact(HASH).map(|hash| hash.try_into().ok().map(KeyHash::from_bytes)).collect()
}

/// The number at a place.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
