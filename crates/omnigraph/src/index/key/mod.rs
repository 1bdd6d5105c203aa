//! Key indexes: row addresses by entity id, and by the values of unique constraints.
//!
//! ```text
//! row ─► canonical text ─► 128-bit hash ─► layered map per table version ─► row address
//! ```
//!
//! - `canonical` values as the texts that ids consist of
//! - `hash`      ids as 128-bit hashes, and sets of them
//! - `index`     layered maps from hash to row address
//! - `cache`     the index of a table version, updated incrementally from another version

mod cache;
mod canonical;
mod hash;
mod index;

pub(crate) use cache::KeyIndexCache;
pub(crate) use canonical::{CanonicalTextError, CanonicalTexts};
pub(crate) use hash::{KeyHash, KeySet};
pub(crate) use index::KeyIndex;
