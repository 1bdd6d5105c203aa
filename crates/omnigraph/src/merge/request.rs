//! What is asked of a merge, and what it answers.

use std::sync::Arc;

use omnigraph_log::CommitRecord;

use super::Choices;
use crate::error::EntityKind;
use crate::error::MergeConflict;
use crate::query::QueryLimits;
use crate::write::Publication;

/// What counts as a disagreement about one entity that both sides updated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergePolicy {
    /// The same property set to different values. Different properties of one entity are put together; the result is held
    /// to the schema's rules as a whole.
    #[default]
    Field,
    /// Any two updates that do not make it the same.
    Entity,
}

/// A mutation that settles what the sides disagree about. It is run on what the merge comes to, where everything that nobody has
/// decided is as the target has it; what it writes or deletes is decided by that. Rules are held up to the result.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// The text of a query file.
    pub source: String,
    /// The file's name, for messages.
    pub file: String,
    /// Which query of the file; may be left out when there is one.
    pub name: Option<String>,
    /// The parameters: one JSON object.
    pub params: Option<serde_json::Value>,
    /// What its reads may cost.
    pub limits: QueryLimits,
}

/// A branch to take into another.
#[derive(Clone, Debug, Default)]
pub struct MergeRequest {
    /// The branch whose changes are taken.
    pub source: String,
    /// The branch that changes.
    pub target: String,
    /// What counts as a disagreement.
    pub policy: MergePolicy,
    /// What is to happen where the sides disagree; what is not said is a conflict.
    pub choices: Choices,
    /// What settles the rest.
    pub resolution: Option<Resolution>,
    /// Who is answerable.
    pub actor: Option<String>,
}

/// A commit to undo or to repeat.
#[derive(Clone, Debug, Default)]
pub struct PickRequest {
    /// The commit, by its id or by the name of a tag.
    pub commit: String,
    /// The branch that changes.
    pub target: String,
    /// What counts as a disagreement.
    pub policy: MergePolicy,
    /// What is to happen where the sides disagree; what is not said is a conflict.
    pub choices: Choices,
    /// What settles the rest.
    pub resolution: Option<Resolution>,
    /// Who is answerable.
    pub actor: Option<String>,
}

/// How a merge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeOutcome {
    /// The target has everything already: no commit was made.
    AlreadyUpToDate,
    /// The target had nothing of its own since the base, so it is now as the source is.
    FastForward,
    /// Both sides are in the result.
    Merged,
}

impl MergeOutcome {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyUpToDate => "already_up_to_date",
            Self::FastForward => "fast_forward",
            Self::Merged => "merged",
        }
    }
}

/// What a merge does to one type of the target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MergedType {
    /// Node or edge.
    pub kind: EntityKind,
    /// The type.
    #[serde(rename = "type")]
    pub name: String,
    /// Entities that come.
    pub inserted: u64,
    /// Entities that change.
    pub updated: u64,
    /// Entities that go.
    pub deleted: u64,
    /// Whether the source's table was taken as it is.
    pub adopted: bool,
}

/// What the mutation of a merge did, beyond what the merge does by itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Resolved {
    /// The query's name.
    pub query_name: String,
    /// Nodes written or deleted, added up over the statements.
    pub affected_nodes: u64,
    /// Edges written or deleted, those of deleted nodes included, added up over the statements.
    pub affected_edges: u64,
}

/// What a merge did, or would do.
#[derive(Clone, Debug)]
pub struct MergeReceipt {
    /// How it ended.
    pub outcome: MergeOutcome,
    /// The common ancestors, by id.
    pub bases: Vec<String>,
    /// What it does to each type that it changes.
    pub types: Vec<MergedType>,
    /// What the mutation did that settled the rest.
    pub resolved: Option<Resolved>,
    /// What stands against it; only a preview has any, for a merge with conflicts is an error.
    pub conflicts: Vec<MergeConflict>,
    /// The commit; none if nothing was to be done, and of a preview.
    pub commit: Option<Arc<CommitRecord>>,
    /// How often the commit lost a race for its place before it got one.
    pub retries: u32,
}

/// The part of a receipt that is known before the commit is.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Answer {
    pub(super) outcome: MergeOutcome,
    pub(super) bases: Vec<String>,
    pub(super) types: Vec<MergedType>,
    pub(super) resolved: Option<Resolved>,
}

impl Answer {
    /// Of a merge that has nothing to do.
    pub(super) fn nothing() -> Self {
        Self { outcome: MergeOutcome::AlreadyUpToDate, bases: Vec::new(), types: Vec::new(), resolved: None }
    }

    /// With the commit, if there is one.
    pub(super) fn receipt(self, conflicts: Vec<MergeConflict>, done: Option<Publication>) -> MergeReceipt {
        let Self { outcome, bases, types, resolved } = self;
        let retries = done.as_ref().map_or(0, |done| done.retries);
        let commit = done.and_then(|done| done.record);
        MergeReceipt { outcome, bases, types, resolved, conflicts, commit, retries }
    }
}
