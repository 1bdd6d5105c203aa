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
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What the handle may do.
    pub mode: OpenMode,
    /// The store: durability, credentials, clock and ids.
    pub store: StoreOptions,
}
