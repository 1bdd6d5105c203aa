//! `graph.json`, created last: a graph exists if and only if this object does.

use crate::branch::BranchRecord;
use crate::ids::GraphId;

/// The version of the storage format that this build reads and writes.
pub const GRAPH_FORMAT: u32 = 1;

/// What `graph.json` says. Its creation is what `init` commits by: everything it names is there before it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphStamp {
    /// [`GRAPH_FORMAT`].
    pub format: u32,
    /// This graph.
    pub graph: GraphId,
    /// When it was made, in Unix microseconds.
    pub created_at: i64,
    /// The branch `main`. It stands here and not in a file of its own, so that an `init` that dies leaves no name taken.
    pub main: BranchRecord,
}
