//! Ids as hashes.

use xxhash_rust::xxh3::xxh3_128;

/// The XXH3 hash of an id, 128 bits. Two of a billion different ids share one with a probability of about 10^-21, far
/// below that of a bit that flips in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct KeyHash(u128);

impl KeyHash {
    /// Hashes an id.
    pub(crate) fn of(id: &str) -> Self {
        Self(xxh3_128(id.as_bytes()))
    }

    /// Its bits, which sort.
    pub(crate) fn bits(self) -> u128 {
        self.0
    }

    /// The hash of those bits.
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its bytes, the lowest first.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// The hash of these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// What a commit record says of a touched id.
    pub(crate) fn short(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or_default()
    }
}
