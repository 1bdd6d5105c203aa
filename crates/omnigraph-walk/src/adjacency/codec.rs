//! The persisted form of a base: a header and eight sections, used in place where it lies in memory.
//!
//! All numbers are little-endian, the header has 64 bytes, and every section is padded with zeros to a multiple of eight.
//!
//! | Byte | Header |
//! |---|---|
//! | 0 | magic, `OGADJ` and three zeros |
//! | 8 | u32 format version, 1 |
//! | 12 | u32 zero |
//! | 16 | u64 number of edges |
//! | 24 | u32 bound of source ordinals, u32 bound of target ordinals |
//! | 32 | u64 number of nodes in the outgoing index, all ones if it is dense |
//! | 40 | u64 number of nodes in the incoming index, all ones if it is dense |
//! | 48 | u64 length of the whole in bytes |
//! | 56 | u64 XXH3 of the first 56 bytes and of all after the header |
//!
//! The sections: addresses (u64), targets, sources, places (u32, each one an edge); then for each index its offsets (u32, one
//! more than it has nodes, or than its bound if dense) and its nodes (u32, none if dense), outgoing before incoming.

use std::ops::Range;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::Adjacency;
use super::column::{Column, SharedBytes};
use super::csr::Csr;
use super::index::{Filter, Index};

const MAGIC: [u8; 8] = *b"OGADJ\0\0\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
/// Where the checksum stands in the header.
const CHECKSUM_AT: usize = 56;
/// In place of a number of nodes.
const DENSE: u64 = u64::MAX;

/// Why bytes are no adjacency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// They begin otherwise.
    #[error("these bytes are not an adjacency")]
    Magic,
    /// They are of a version that this program does not read.
    #[error("the adjacency has format version {found}, this program reads {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// They are cut off, or there are more than belong to it.
    #[error("the adjacency has {found} bytes instead of {expected}")]
    Length {
        /// The length that its header gives; that of the header if not even that is whole.
        expected: u64,
        /// The length found.
        found: u64,
    },
    /// They are not what was written.
    #[error("the checksum of the adjacency does not match: build it again")]
    Checksum,
    /// They are what was written, and make no sense.
    #[error("the adjacency is inconsistent in its {section}: build it again")]
    Inconsistent {
        /// Where.
        section: &'static str,
    },
}

impl Adjacency {
    /// Its persisted form, layers merged.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if self.version.layers.is_empty() { self.version.base.encode() } else { self.rebuilt(&[], Vec::new()).encode() }
    }

    /// From its persisted form, which is used where it lies if it is aligned to eight bytes, and copied otherwise. `as_ref`
    /// must give the same bytes every time.
    ///
    /// # Errors
    ///
    /// When the bytes are not what [`encode`](Self::encode) gave.
    pub fn decode(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, DecodeError> {
        Csr::decode(&bytes).map(Self::of_base)
    }
}

impl Csr {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        put(&mut bytes, self.addresses.as_slice().iter().map(|address| address.to_le_bytes()));
        for column in [&self.targets, &self.sources, &self.places] {
            put(&mut bytes, column.as_slice().iter().map(|number| number.to_le_bytes()));
        }
        for index in [&self.out, &self.into] {
            let (offsets, nodes) = index.sections();
            put(&mut bytes, offsets.iter().map(|number| number.to_le_bytes()));
            put(&mut bytes, nodes.unwrap_or_default().iter().map(|number| number.to_le_bytes()));
        }
        let nodes = |index: &Index| index.sections().1.map_or(DENSE, |nodes| nodes.len() as u64);
        let bounds = u64::from(self.bounds[0]) | u64::from(self.bounds[1]) << 32;
        let length = bytes.len() as u64;
        let words = [self.len() as u64, bounds, nodes(&self.out), nodes(&self.into), length];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        for (place, word) in bytes[16..CHECKSUM_AT].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        seal(&mut bytes);
        bytes
    }

    fn decode(shared: &SharedBytes) -> Result<Self, DecodeError> {
        let bytes = (**shared).as_ref();
        let header = check_header(bytes)?;
        let [edges, bounds, out_nodes, into_nodes, _] = header;
        let bounds = [bounds as u32, (bounds >> 32) as u32];
        let mut sections = Sections { bytes: shared, length: bytes.len(), next: HEADER_BYTES };
        let addresses =
            Column::shared(shared, sections.take(edges, 8)?, |number| number.try_into().map_or(0, u64::from_le_bytes));
        let targets = sections.numbers(edges)?;
        let sources = sections.numbers(edges)?;
        let places = sections.numbers(edges)?;
        let out = sections.index(out_nodes, bounds[0])?;
        let into = sections.index(into_nodes, bounds[1])?;
        if sections.next != bytes.len() {
            return Err(DecodeError::Length { expected: sections.next as u64, found: bytes.len() as u64 });
        }
        let csr = Self { out, targets, addresses, into, sources, places, bounds };
        csr.check().map(|()| csr)
    }

    /// That nothing in it points outside of it, so that no look-up can.
    fn check(&self) -> Result<(), DecodeError> {
        let edges = self.len() as u64;
        let below = |numbers: &Column<u32>, bound: u64| numbers.as_slice().iter().all(|&n| u64::from(n) < bound);
        let (sources, targets) = (u64::from(self.bounds[0]), u64::from(self.bounds[1]));
        let sound = [
            (edges <= u64::from(u32::MAX), "number of edges"),
            (below(&self.targets, targets), "targets"),
            (below(&self.sources, sources), "sources"),
            (below(&self.places, edges), "places"),
            (is_sound(&self.out, edges, sources), "outgoing index"),
            (is_sound(&self.into, edges, targets), "incoming index"),
        ];
        match sound.into_iter().find(|(sound, _)| !sound) {
            Some((_, section)) => Err(DecodeError::Inconsistent { section }),
            None => Ok(()),
        }
    }
}

/// Appends a section.
fn put<const N: usize>(bytes: &mut Vec<u8>, numbers: impl Iterator<Item = [u8; N]>) {
    numbers.for_each(|number| bytes.extend_from_slice(&number));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// Writes the checksum into the header.
pub(super) fn seal(bytes: &mut [u8]) {
    let checksum = checksum(bytes);
    bytes[CHECKSUM_AT..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&bytes[..CHECKSUM_AT]);
    hasher.update(&bytes[HEADER_BYTES..]);
    hasher.digest()
}

/// The five words between the version and the checksum, of bytes that are whole.
fn check_header(bytes: &[u8]) -> Result<[u64; 5], DecodeError> {
    let found = bytes.len() as u64;
    if bytes.len() < HEADER_BYTES {
        return Err(DecodeError::Length { expected: HEADER_BYTES as u64, found });
    }
    if bytes[..8] != MAGIC {
        return Err(DecodeError::Magic);
    }
    let word = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
    // The four bytes after the version are zero; a version that uses them has another number.
    if word(8) != u64::from(VERSION) {
        return Err(DecodeError::Version { found: word(8) as u32 });
    }
    let words = [word(16), word(24), word(32), word(40), word(48)];
    if words[4] != found {
        return Err(DecodeError::Length { expected: words[4], found });
    }
    if word(CHECKSUM_AT) != checksum(bytes) {
        return Err(DecodeError::Checksum);
    }
    Ok(words)
}

/// Takes sections off the bytes, one after the other.
struct Sections<'a> {
    bytes: &'a SharedBytes,
    length: usize,
    next: usize,
}

impl Sections<'_> {
    fn take(&mut self, count: u64, width: usize) -> Result<Range<usize>, DecodeError> {
        let size = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
        let end = size.and_then(|size| self.next.checked_add(size)).filter(|&end| end <= self.length);
        let padded = end.and_then(|end| end.checked_next_multiple_of(8)).filter(|&padded| padded <= self.length);
        match (end, padded) {
            (Some(end), Some(padded)) => Ok(std::mem::replace(&mut self.next, padded)..end),
            _ => Err(DecodeError::Inconsistent { section: "sizes" }),
        }
    }

    fn numbers(&mut self, count: u64) -> Result<Column<u32>, DecodeError> {
        let range = self.take(count, 4)?;
        Ok(Column::shared(self.bytes, range, |number| number.try_into().map_or(0, u32::from_le_bytes)))
    }

    fn index(&mut self, nodes: u64, bound: u32) -> Result<Index, DecodeError> {
        if nodes == DENSE {
            return Ok(Index::Dense { offsets: self.numbers(u64::from(bound) + 1)? });
        }
        let offsets = self.numbers(nodes.saturating_add(1))?;
        let nodes = self.numbers(nodes)?;
        let filter = Filter::of(nodes.as_slice());
        Ok(Index::Sparse { nodes, offsets, filter })
    }
}

/// That offsets ascend from nought to the number of edges, and nodes below their bound.
fn is_sound(index: &Index, edges: u64, bound: u64) -> bool {
    let (offsets, nodes) = index.sections();
    let nodes = nodes.unwrap_or_default();
    let ends = offsets.first() == Some(&0) && offsets.last().is_some_and(|&last| u64::from(last) == edges);
    let ascend = offsets.is_sorted() && nodes.is_sorted_by(|a, b| a < b);
    ends && ascend && nodes.last().is_none_or(|&last| u64::from(last) < bound)
}
