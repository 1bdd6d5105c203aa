//! Tables: one Lance dataset per type, every version of it detached and pinned by a commit record.
//!
//! The only room that names Lance. Everything it makes is unreachable until a commit record pins it.
//!
//! - `failure`  Lance's errors to ours, once
//! - `storage`  Lance on the graph's own store: one door for every request
//! - `schema`   property types to Arrow and Lance fields
//! - `version`  the ids of detached versions
//! - `manifest` a version is one manifest, authored here and created with put-if-absent
//! - `open`     open by pin, with a shared session and a cache
//! - `buffer`   files that Lance writes into memory
//! - `object`   objects that are put side by side with the manifest that names them
//! - `write`    rows to data files
//! - `delete`   rows to deletion files
//! - `edit`     a base version and an edit make the next version
//! - `apart`    the rows that one of two versions may have and the other lacks
//! - `fold`     which small fragments a write folds
//! - `head`     versions for outside readers, in datasets of their own
//! - `scan`     reading rows as a stream
//! - `columns`  whole columns of fragments, kept in memory
//! - `weighed`  a cache up to a number of bytes
//! - `derived`  what is derived from versions, brought forward from one to another

mod apart;
mod buffer;
mod columns;
mod delete;
mod derived;
mod edit;
mod failure;
mod fold;
mod head;
mod manifest;
mod object;
mod open;
mod scan;
mod schema;
mod storage;
mod version;
mod weighed;
mod write;

pub(crate) use apart::RowsApart;
pub(crate) use columns::{CHUNK_ROWS, Column, FragmentRows, lives};
pub(crate) use derived::{Derived, Known};
pub(crate) use edit::{CarriedFragment, Edit};
pub(crate) use fold::{FoldPlan, plan_fold};
pub(crate) use head::{HeadFolder, HeadStamp, HeadVersion};
pub(crate) use open::{Table, Tables};
pub(crate) use scan::{Pace, Scan, addresses};
pub(crate) use schema::{EDGE_DST, EDGE_SRC, ID, edge_schema, node_schema};
pub(crate) use weighed::weighed_cache;
pub(crate) use write::{DataWriter, WrittenFile};

/// The address of a row: fragment id in the upper half, offset within the fragment in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowAddress(pub(crate) u64);

impl RowAddress {
    /// The address of no row.
    pub(crate) const NONE: Self = Self(u64::MAX);

    /// The row at `offset` of `fragment`.
    pub(crate) fn new(fragment: u32, offset: u32) -> Self {
        Self((u64::from(fragment) << 32) | u64::from(offset))
    }

    /// The fragment it is in.
    pub(crate) fn fragment(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(u32::MAX)
    }

    /// Its place in the fragment, deleted rows counted.
    pub(crate) fn offset(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    }
}
