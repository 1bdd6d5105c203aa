//! Tables: one Lance dataset per type, every version of it detached and pinned by a commit record.
//!
//! The only module that uses Lance. Nothing it writes is reachable before a commit record pins it.
//!
//! ```text
//! Tables ── open(pin) ──► Table ──► scan, columns (cached), row addresses
//!    │                      ▲
//!    └── edit(base, files, deletions, reused fragments) ──► data files, deletion files, manifest
//! ```
//!
//! - `open`           opening a pinned version, with a cache of versions
//! - `scan`           live rows as a stream
//! - `columns`        whole columns in memory, rows by address
//! - `data_reader`    reading data files
//! - `data_writer`    writing data files
//! - `deletions`      deletion files
//! - `version_edit`   a base version and an edit make the next version
//! - `manifest`       manifests and detached version ids
//! - `pending_object` files that are put together with the manifest that names them
//! - `row_delta`      rows of one version that another lacks
//! - `compaction`     small fragments that a write rewrites
//! - `shallow_clone`  datasets of the Lance mirror
//! - `schema`         property types as Arrow and Lance fields
//! - `lance_store`    Lance on the store of the graph
//! - `version_cache`, `cache` caches of values per version, and in bytes

mod cache;
mod columns;
mod compaction;
mod data_reader;
mod data_writer;
mod deletions;
mod lance_store;
mod manifest;
mod open;
mod pending_object;
mod row_delta;
mod scan;
mod schema;
mod shallow_clone;
mod version_cache;
mod version_edit;

use lance_table::format::Fragment;

pub(crate) use cache::weighed_cache;
pub(crate) use columns::{CHUNK_ROWS, FragmentColumn, FragmentRows, is_live};
pub(crate) use compaction::{CompactionPlan, plan_compaction};
pub(crate) use data_writer::{DataWriter, WrittenFile};
pub(crate) use open::{Table, Tables};
pub(crate) use row_delta::RowDelta;
pub(crate) use scan::{Scan, ScanPace, row_addresses};
pub(crate) use schema::{EDGE_DST, EDGE_SRC, ID, edge_schema, node_schema};
pub(crate) use shallow_clone::{HeadFolder, HeadVersion, MirrorMetadata};
pub(crate) use version_cache::{CachedVersion, VersionCache};
pub(crate) use version_edit::{ReusedFragment, VersionEdit};

/// The name of the column of row addresses.
pub(crate) const ROW_ADDRESS: &str = "_rowaddr";

/// Returns the id of a fragment. Ids come from blocks of 32-bit numbers.
fn fragment_id(fragment: &Fragment) -> u32 {
    u32::try_from(fragment.id).unwrap_or(u32::MAX)
}

/// The address of a row: fragment id in the upper half, offset within the fragment in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowAddress(pub(crate) u64);

impl RowAddress {
    /// The absent address.
    pub(crate) const NONE: Self = Self(u64::MAX);

    /// Returns the address of the row at `offset` of `fragment`.
    pub(crate) fn new(fragment: u32, offset: u32) -> Self {
        Self((u64::from(fragment) << 32) | u64::from(offset))
    }

    /// Returns the fragment id.
    pub(crate) fn fragment(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(u32::MAX)
    }

    /// Returns the offset within the fragment, deleted rows counted.
    pub(crate) fn offset(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    }
}
