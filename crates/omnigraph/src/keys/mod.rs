//! Which ids and other unique values a table holds, and where.
//!
//! - `canonical` values as the texts that ids are made of
//! - `hash`      ids as 128-bit hashes
//! - `set`       sets of such hashes
//! - `index`     layers of hash to row address; a new version is one more layer
//! - `read`      hashes and addresses of rows
//! - `cache`     the index of a pinned version, brought forward from that of an earlier one

mod cache;
mod canonical;
mod hash;
mod index;
mod read;
mod set;

pub(crate) use cache::KeyIndexes;
pub(crate) use canonical::{CanonicalTexts, NoText};
pub(crate) use hash::KeyHash;
pub(crate) use index::KeyIndex;
pub(crate) use set::KeySet;
