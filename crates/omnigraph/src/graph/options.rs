//! How to open.

use omnigraph_objects::StoreOptions;

/// What a handle may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpenMode {
    /// Read and write.
    #[default]
    ReadWrite,
    /// Read only: no request that writes or deletes is ever made.
    ReadOnly,
}

/// How to open a graph.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// What the handle may do.
    pub mode: OpenMode,
    /// The store: durability, credentials, clock and ids.
    pub store: StoreOptions,
    /// Bytes of columns that are kept in memory. What is larger than half of it is not kept: each query reads of it what it
    /// needs.
    pub column_cache_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { mode: OpenMode::default(), store: StoreOptions::default(), column_cache_bytes: 1 << 30 }
    }
}
