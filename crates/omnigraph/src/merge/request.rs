//! What is asked of a merge, and what it answers.

use std::sync::Arc;

use omnigraph_log::CommitRecord;

use super::Choices;
use crate::error::EntityKind;
use crate::error::MergeConflict;

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

/// What a merge did, or would do.
#[derive(Clone, Debug)]
pub struct MergeReceipt {
    /// How it ended.
    pub outcome: MergeOutcome,
    /// The common ancestors, by id.
    pub bases: Vec<String>,
    /// What it does to each type that it changes.
    pub types: Vec<MergedType>,
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
}
