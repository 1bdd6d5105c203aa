//! Whether and when heads are published.

use omnigraph_log::{Log, OutsideHeads};
use omnigraph_objects::{Location, Store};

/// What a handle does about heads for outside readers.
///
/// A commit on `main` is announced by an intent, which is put beside the staging of its rows and is durable before the commit
/// is: so whatever ends this process, the next one that opens the graph for writing finds what is due. Heads follow behind the
/// callers, at most [`LATEST`] later plus the time that publishing takes; commits of that time share one publication, and operations
/// that follow each other fast share intents, so a busy handle waits for neither.
/// [`crate::Omnigraph::settle`] has them published at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HeadPublication {
    /// Published behind the commits.
    #[default]
    On,
    /// Not at all. A graph that is created so says it in `graph.json`, and then it holds for everybody.
    Off,
}

/// How long a handle lets commits gather before it publishes.
pub(super) const LATEST: std::time::Duration = std::time::Duration::from_millis(250);

impl HeadPublication {
    /// What is really done for the graph of `log`.
    pub(super) fn of(self, log: &Log) -> Self {
        match log.stamp().outside_heads() {
            OutsideHeads::Published => self.in_store(log.store()),
            OutsideHeads::Off => Self::Off,
        }
    }

    /// What is really done in `store`: one in the memory of this process has no outside readers.
    pub(crate) fn in_store(self, store: &Store) -> Self {
        if matches!(store.location(), Location::Memory(_)) { Self::Off } else { self }
    }

    /// What a graph that is created so says of itself.
    pub(crate) fn of_new_graph(self) -> OutsideHeads {
        match self {
            Self::On => OutsideHeads::Published,
            Self::Off => OutsideHeads::Off,
        }
    }
}
