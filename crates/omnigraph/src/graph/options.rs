//! How to open.

use std::time::Duration;

use omnigraph_objects::StoreOptions;

use crate::adjacency::HopMethod;
use crate::heads::HeadPublication;

/// What a handle may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpenMode {
    /// Read and write. What processes that ended left undone is finished first.
    #[default]
    ReadWrite,
    /// Read only: no request that writes or deletes is ever made, and intents are not even read.
    ReadOnly,
}

/// How to open a graph.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// What the handle may do.
    pub mode: OpenMode,
    /// The store: durability, credentials, clock and ids.
    pub store: StoreOptions,
    /// What becomes of heads for outside readers. A graph that is created with [`HeadPublication::Off`] never has any.
    pub heads: HeadPublication,
    /// How often a handle that lives long looks for what other processes left undone; never if absent.
    pub sweep_every: Option<Duration>,
    /// Bytes of columns that are kept in memory, and as many of their indexes. What is larger than half of it is not kept: each
    /// query reads of it what it needs.
    pub column_cache_bytes: u64,
    /// How hops from nodes with known ids find their edges.
    pub hops: HopMethod,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            mode: OpenMode::default(),
            store: StoreOptions::default(),
            heads: HeadPublication::default(),
            sweep_every: None,
            column_cache_bytes: 1 << 30,
            hops: HopMethod::default(),
        }
    }
}
