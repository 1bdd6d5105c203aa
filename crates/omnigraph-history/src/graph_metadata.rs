//! The metadata of a graph, `graph.json`. A graph exists if and only if this object does; `create` writes it last.

use crate::branch::BranchRecord;
use crate::ids::GraphId;

/// The version of the storage format that this build reads and writes.
pub const GRAPH_FORMAT: u32 = 1;

/// The mode of the Lance mirror of `main`, for external readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum MirrorMode {
    /// Every writer publishes the mirror after its commits.
    #[default]
    On,
    /// The graph has no mirror.
    Off,
}

/// The JSON form of [`MirrorMode`]. The default is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum MirrorSetting {
    Off,
}

/// The content of `graph.json`. Its creation commits `create`: everything that it refers to exists before it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphMetadata {
    /// [`GRAPH_FORMAT`].
    pub format: u32,
    /// The id of the graph.
    pub graph: GraphId,
    /// The time of creation, in Unix microseconds.
    pub created_at: i64,
    /// The branch `main`. It has no object of its own, so an interrupted `create` takes no name.
    pub main: BranchRecord,
    /// The setting of a graph without a mirror.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::codec::required_value")]
    heads: Option<MirrorSetting>,
}

impl GraphMetadata {
    pub(crate) fn new(graph: GraphId, created_at: i64, main: BranchRecord, mirror: MirrorMode) -> Self {
        let heads = match mirror {
            MirrorMode::On => None,
            MirrorMode::Off => Some(MirrorSetting::Off),
        };
        Self { format: GRAPH_FORMAT, graph, created_at, main, heads }
    }

    /// Returns the mode of the Lance mirror.
    #[must_use]
    pub fn mirror_mode(&self) -> MirrorMode {
        match self.heads {
            None => MirrorMode::On,
            Some(MirrorSetting::Off) => MirrorMode::Off,
        }
    }
}
