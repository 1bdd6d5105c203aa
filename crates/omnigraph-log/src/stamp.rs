//! `graph.json`, created last: a graph exists if and only if this object does.

use crate::branch::BranchRecord;
use crate::ids::GraphId;

/// The version of the storage format that this build reads and writes.
pub const GRAPH_FORMAT: u32 = 1;

/// Whether `main` is also published as ordinary Lance datasets, for readers that know nothing of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OutsideHeads {
    /// It is, by every writer.
    #[default]
    Published,
    /// It is not, by nobody.
    Off,
}

/// The one word that `graph.json` has for [`OutsideHeads`]; what is usual goes without saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeadsWord {
    Off,
}

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
    /// Said only by a graph whose `main` is not published for outside readers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::wire::present")]
    heads: Option<HeadsWord>,
}

impl GraphStamp {
    pub(crate) fn new(graph: GraphId, created_at: i64, main: BranchRecord, heads: OutsideHeads) -> Self {
        let heads = match heads {
            OutsideHeads::Published => None,
            OutsideHeads::Off => Some(HeadsWord::Off),
        };
        Self { format: GRAPH_FORMAT, graph, created_at, main, heads }
    }

    /// Whether outside heads are published.
    #[must_use]
    pub fn outside_heads(&self) -> OutsideHeads {
        match self.heads {
            None => OutsideHeads::Published,
            Some(HeadsWord::Off) => OutsideHeads::Off,
        }
    }
}
