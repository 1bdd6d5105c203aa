//! How to open.

use std::time::Duration;

use omnigraph_objects::StoreOptions;

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
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What the handle may do.
    pub mode: OpenMode,
    /// The store: durability, credentials, clock and ids.
    pub store: StoreOptions,
    /// What becomes of heads for outside readers. A graph that is created with [`HeadPublication::Off`] never has any.
    pub heads: HeadPublication,
    /// How often a handle that lives long looks for what other processes left undone; never if absent.
    pub sweep_every: Option<Duration>,
}
