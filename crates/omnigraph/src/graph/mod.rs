//! The handle a program holds: one graph, opened for reading or for reading and writing.
//!
//! - `options` how to open
//! - `open`    create and open
//! - `branch`  branches: create, list, rename, reset, delete
//! - `feed`    the change feed
//! - `merge`   merges, reverts, cherry-picks
//! - `commits` commits: by target, listed and filtered, tagged, compared
//! - `write`   loads
//! - `read`    snapshots, queries, exports
//! - `heads`   heads for outside readers
//! - `derive`  what the next process need not derive again

mod branch;
mod commits;
mod derive;
mod feed;
mod heads;
mod merge;
mod open;
mod options;
mod read;
mod write;

pub use branch::{BranchInfo, BranchState};
pub use commits::{CommitFilter, History};
pub use options::{OpenMode, OpenOptions};

use std::sync::Arc;

use omnigraph_log::GraphStamp;
use omnigraph_objects::Counts;

use crate::access::{Access, Action, Anyone};
use crate::adjacency::Storing;
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::snapshot::Shared;
use crate::write::Writer;

/// A graph. Cheap to clone; clones share caches and take turns when they write.
#[derive(Clone, Debug)]
pub struct Omnigraph {
    shared: Shared,
    writer: Writer,
    heads: Heads,
    mode: OpenMode,
    access: Arc<dyn Access>,
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

    /// The same graph through a handle that asks `access` before it changes anything.
    #[must_use]
    pub fn with_access(self, access: Arc<dyn Access>) -> Self {
        Self { access, ..self }
    }

    /// Asks whether `actor` may do that.
    fn allow(&self, action: &Action<'_>, actor: Option<&str>) -> Result<()> {
        match self.access.refusal(action, actor) {
            None => Ok(()),
            Some(reason) => Err(Error::Denied { action: action.to_string(), reason }),
        }
    }

    fn may_write(&self, action: &'static str) -> Result<()> {
        match self.mode {
            OpenMode::ReadWrite => Ok(()),
            OpenMode::ReadOnly => Err(Error::ReadOnly { action }),
        }
    }

    fn around(log: omnigraph_log::Log, mode: OpenMode, options: &OpenOptions) -> Result<Self> {
        let storing = match mode {
            OpenMode::ReadWrite => Storing::Allowed,
            OpenMode::ReadOnly => Storing::Forbidden,
        };
        let shared = Shared::new(log, storing, options.column_cache_bytes, options.hops)?;
        let heads = Heads::new(shared.clone(), options.heads);
        Ok(Self { shared, writer: Writer::new(heads.clone()), heads, mode, access: Arc::new(Anyone) })
    }
}
