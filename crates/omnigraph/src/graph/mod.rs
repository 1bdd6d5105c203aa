//! The handle a program holds: one graph, opened for reading or for reading and writing.
//!
//! - `options` how to open
//! - `open`    create and open
//! - `branch`  branches and commits
//! - `write`   loads
//! - `read`    snapshots, queries, exports
//! - `derive`  what the next process need not derive again

mod branch;
mod derive;
mod open;
mod options;
mod read;
mod write;

pub use branch::{BranchInfo, History};
pub use options::{OpenMode, OpenOptions};

use omnigraph_log::GraphStamp;
use omnigraph_objects::Counts;

use crate::adjacency::Storing;
use crate::error::{Error, Result};
use crate::snapshot::Shared;
use crate::write::Writer;

/// A graph. Cheap to clone; clones share caches and take turns when they write.
#[derive(Clone, Debug)]
pub struct Omnigraph {
    shared: Shared,
    writer: Writer,
    mode: OpenMode,
}

impl Omnigraph {
    /// What `graph.json` says.
    #[must_use]
    pub fn stamp(&self) -> &GraphStamp {
        self.shared.log.stamp()
    }

    /// Where the graph is, as given when it was opened, made absolute.
    #[must_use]
    pub fn location(&self) -> String {
        self.shared.log.store().root_display()
    }

    /// Requests made to the store so far through this handle, by verb.
    #[must_use]
    pub fn requests(&self) -> Counts {
        self.shared.log.store().counts()
    }

    fn may_write(&self, action: &'static str) -> Result<()> {
        match self.mode {
            OpenMode::ReadWrite => Ok(()),
            OpenMode::ReadOnly => Err(Error::ReadOnly { action }),
        }
    }

    fn around(log: omnigraph_log::Log, mode: OpenMode, column_cache_bytes: u64) -> Result<Self> {
        let storing = match mode {
            OpenMode::ReadWrite => Storing::Allowed,
            OpenMode::ReadOnly => Storing::Forbidden,
        };
        Ok(Self { shared: Shared::new(log, storing, column_cache_bytes)?, writer: Writer::default(), mode })
    }
}
