//! The persisted form of a base: a header and eight sections, read in place without copying.
//!
//! All numbers are little-endian. The header has 64 bytes; every section is zero-padded to a multiple of eight bytes.
//!
//! | Byte | Header |
//! |---|---|
//! | 0 | magic, `OGADJ` and three zeros |
//! | 8 | u32 format version, 1 |
//! | 12 | u32 zero |
//! | 16 | u64 number of edges |
//! | 24 | u32 exclusive bound of source ordinals, u32 exclusive bound of target ordinals |
//! | 32 | u64 number of nodes in the outgoing index, all ones for a dense index |
//! | 40 | u64 number of nodes in the incoming index, all ones for a dense index |
//! | 48 | u64 total length in bytes |
//! | 56 | u64 XXH3 of the first 56 bytes and of all bytes after the header |
//!
//! The sections: addresses (u64), targets, sources, positions (u32), with one entry per edge. Then for the outgoing and the
//! incoming index: offsets (u32, one more than nodes, or than the bound if dense) and nodes (u32, none if dense).

use std::ops::Range;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::Adjacency;
use super::csr::{CsrArray, CsrBase, SharedBytes};
use super::row_index::{NodeFilter, RowIndex};

const MAGIC: [u8; 8] = *b"OGADJ\0\0\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
/// Byte offset of the checksum in the header.
const CHECKSUM_OFFSET: usize = 56;
/// Number of nodes that marks a dense index.
const DENSE: u64 = u64::MAX;

/// An error of decoding a persisted adjacency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The magic bytes are missing.
    #[error("cannot decode adjacency: invalid magic bytes")]
    Magic,
    /// The format version is not supported.
    #[error("cannot decode adjacency: unsupported format version {found}, expected {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The bytes are truncated or have a trailing part.
    #[error("cannot decode adjacency: expected {expected} bytes, found {found}")]
    Length {
        /// The length in the header; the length of the header if that is truncated.
        expected: u64,
        /// The length found.
        found: u64,
    },
    /// The checksum does not match.
    #[error("cannot decode adjacency: checksum mismatch. Rebuild the index")]
    Checksum,
    /// A section contradicts another one.
    #[error("cannot decode adjacency: inconsistent {section}. Rebuild the index")]
    Inconsistent {
        /// The section.
        section: &'static str,
    },
}

impl Adjacency {
    /// Returns the persisted form, with all layers merged.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if self.version.layers.is_empty() { self.version.base.encode() } else { self.rebuilt(&[], Vec::new()).encode() }
    }

    /// Decodes the persisted form: in place if it is aligned to eight bytes, else by copying. `as_ref` must return the same
    /// bytes every time.
    ///
    /// # Errors
    ///
    /// Fails if the bytes were not returned by [`encode`](Self::encode).
    pub fn decode(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Result<Self, DecodeError> {
        CsrBase::decode(&bytes).map(Self::from_base)
    }
}

impl CsrBase {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        write_section(&mut bytes, self.addresses.as_slice().iter().map(|address| address.to_le_bytes()));
        for column in [&self.targets, &self.sources, &self.positions] {
            write_section(&mut bytes, column.as_slice().iter().map(|number| number.to_le_bytes()));
        }
        for index in [&self.out, &self.into] {
            let (offsets, nodes) = index.sections();
            write_section(&mut bytes, offsets.iter().map(|number| number.to_le_bytes()));
            write_section(&mut bytes, nodes.unwrap_or_default().iter().map(|number| number.to_le_bytes()));
        }
        let node_count = |index: &RowIndex| index.sections().1.map_or(DENSE, |nodes| nodes.len() as u64);
        let bounds = u64::from(self.bounds[0]) | u64::from(self.bounds[1]) << 32;
        let length = bytes.len() as u64;
        let words = [self.len() as u64, bounds, node_count(&self.out), node_count(&self.into), length];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        for (field, word) in bytes[16..CHECKSUM_OFFSET].chunks_exact_mut(8).zip(words) {
            field.copy_from_slice(&word.to_le_bytes());
        }
        write_checksum(&mut bytes);
        bytes
    }

    fn decode(shared: &SharedBytes) -> Result<Self, DecodeError> {
        let bytes = (**shared).as_ref();
        let header = read_header(bytes)?;
        let [edges, bounds, out_nodes, into_nodes, _] = header;
        let bounds = [bounds as u32, (bounds >> 32) as u32];
        let mut sections = SectionReader { bytes: shared, length: bytes.len(), next: HEADER_BYTES };
        let addresses = CsrArray::from_shared(shared, sections.take(edges, 8)?, |number| {
            number.try_into().map_or(0, u64::from_le_bytes)
        });
        let targets = sections.numbers(edges)?;
        let sources = sections.numbers(edges)?;
        let positions = sections.numbers(edges)?;
        let out = sections.index(out_nodes, bounds[0])?;
        let into = sections.index(into_nodes, bounds[1])?;
        if sections.next != bytes.len() {
            return Err(DecodeError::Length { expected: sections.next as u64, found: bytes.len() as u64 });
        }
        let csr = Self { out, targets, addresses, into, sources, positions, bounds };
        csr.check().map(|()| csr)
    }

    /// Checks that every ordinal, position and offset is within bounds, so that no look-up panics.
    fn check(&self) -> Result<(), DecodeError> {
        let edges = self.len() as u64;
        let below = |numbers: &CsrArray<u32>, bound: u64| numbers.as_slice().iter().all(|&n| u64::from(n) < bound);
        let (sources, targets) = (u64::from(self.bounds[0]), u64::from(self.bounds[1]));
        let checks = [
            (edges <= u64::from(u32::MAX), "number of edges"),
            (below(&self.targets, targets), "targets"),
            (below(&self.sources, sources), "sources"),
            (below(&self.positions, edges), "positions"),
            (is_consistent(&self.out, edges, sources), "outgoing index"),
            (is_consistent(&self.into, edges, targets), "incoming index"),
        ];
        match checks.into_iter().find(|(passed, _)| !passed) {
            Some((_, section)) => Err(DecodeError::Inconsistent { section }),
            None => Ok(()),
        }
    }
}

/// Appends a section and its padding.
fn write_section<const N: usize>(bytes: &mut Vec<u8>, numbers: impl Iterator<Item = [u8; N]>) {
    numbers.for_each(|number| bytes.extend_from_slice(&number));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// Writes the checksum into the header.
pub(super) fn write_checksum(bytes: &mut [u8]) {
    let checksum = checksum(bytes);
    bytes[CHECKSUM_OFFSET..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&bytes[..CHECKSUM_OFFSET]);
    hasher.update(&bytes[HEADER_BYTES..]);
    hasher.digest()
}

/// Returns the five words between version and checksum, after checking magic, version, length and checksum.
fn read_header(bytes: &[u8]) -> Result<[u64; 5], DecodeError> {
    let found = bytes.len() as u64;
    if bytes.len() < HEADER_BYTES {
        return Err(DecodeError::Length { expected: HEADER_BYTES as u64, found });
    }
    if bytes[..8] != MAGIC {
        return Err(DecodeError::Magic);
    }
    let word = |at: usize| bytes[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
    // The four bytes after the version are reserved and zero: read as one word, they are checked too.
    if word(8) != u64::from(VERSION) {
        return Err(DecodeError::Version { found: word(8) as u32 });
    }
    let words = [word(16), word(24), word(32), word(40), word(48)];
    if words[4] != found {
        return Err(DecodeError::Length { expected: words[4], found });
    }
    if word(CHECKSUM_OFFSET) != checksum(bytes) {
        return Err(DecodeError::Checksum);
    }
    Ok(words)
}

/// A reader of consecutive sections.
struct SectionReader<'a> {
    bytes: &'a SharedBytes,
    length: usize,
    next: usize,
}

impl SectionReader<'_> {
    fn take(&mut self, count: u64, width: usize) -> Result<Range<usize>, DecodeError> {
        let size = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
        let end = size.and_then(|size| self.next.checked_add(size)).filter(|&end| end <= self.length);
        let padded = end.and_then(|end| end.checked_next_multiple_of(8)).filter(|&padded| padded <= self.length);
        match (end, padded) {
            (Some(end), Some(padded)) => Ok(std::mem::replace(&mut self.next, padded)..end),
            _ => Err(DecodeError::Inconsistent { section: "sizes" }),
        }
    }

    fn numbers(&mut self, count: u64) -> Result<CsrArray<u32>, DecodeError> {
        let range = self.take(count, 4)?;
        Ok(CsrArray::from_shared(self.bytes, range, |number| number.try_into().map_or(0, u32::from_le_bytes)))
    }

    fn index(&mut self, nodes: u64, bound: u32) -> Result<RowIndex, DecodeError> {
        if nodes == DENSE {
            return Ok(RowIndex::Dense { offsets: self.numbers(u64::from(bound) + 1)? });
        }
        let offsets = self.numbers(nodes.saturating_add(1))?;
        let nodes = self.numbers(nodes)?;
        let filter = NodeFilter::new(nodes.as_slice());
        Ok(RowIndex::Sparse { nodes, offsets, filter })
    }
}

/// Returns true if the offsets ascend from 0 to the number of edges, and the nodes ascend below their bound.
fn is_consistent(index: &RowIndex, edges: u64, bound: u64) -> bool {
    let (offsets, nodes) = index.sections();
    let nodes = nodes.unwrap_or_default();
    let ends = offsets.first() == Some(&0) && offsets.last().is_some_and(|&last| u64::from(last) == edges);
    let ascend = offsets.is_sorted() && nodes.is_sorted_by(|a, b| a < b);
    ends && ascend && nodes.last().is_none_or(|&last| u64::from(last) < bound)
}
