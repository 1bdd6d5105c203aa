//! Which ids a table holds, and where.
//!
//! - `hash`   ids as 128-bit hashes
//! - `index`  layers of hash to row address; a new version is one more layer
//! - `cache`  the index of a pinned version, brought forward from that of an earlier one

mod cache;
mod hash;
mod index;

pub(crate) use cache::KeyIndexes;
pub(crate) use hash::KeyHash;
pub(crate) use index::KeyIndex;
