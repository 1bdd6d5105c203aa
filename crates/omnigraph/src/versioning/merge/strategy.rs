//! Conflict policy and strategy of a merge, and its options.

use std::collections::BTreeMap;

use crate::query::QueryLimits;

/// The granularity of conflicts between updates of one entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergePolicy {
    /// Updates conflict if they set the same property to different values. Different properties of one entity are merged. The
    /// result is checked against all constraints.
    #[default]
    Field,
    /// Updates conflict unless they make the entity the same.
    Entity,
}

/// A side of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeSide {
    /// The target branch.
    Ours,
    /// The source of the merge.
    Theirs,
}

/// An override for one entity. It applies with and without a conflict: `ours` keeps the state of the target, `theirs` takes the
/// state of the source.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityOverride {
    /// The type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The id.
    pub id: String,
    /// The side whose state is taken.
    pub take: MergeSide,
}

/// The resolution of conflicts by side. The most specific rule wins: entity, then type, then default.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictStrategy {
    /// The side for all other conflicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<MergeSide>,
    /// The side for conflicts about entities of a type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, MergeSide>,
    /// The side for single entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityOverride>,
}

impl ConflictStrategy {
    /// Returns the side for a conflict about an entity.
    pub(super) fn side(&self, ty: &str, id: &str) -> Option<MergeSide> {
        self.entity_side(ty, id).or_else(|| self.types.get(ty).copied()).or(self.default)
    }

    /// Returns the strategy that resolves all other conflicts by the target.
    pub(super) fn with_default_ours(&self) -> Self {
        Self { default: self.default.or(Some(MergeSide::Ours)), ..self.clone() }
    }

    /// Returns the side of the last override of an entity.
    pub(super) fn entity_side(&self, ty: &str, id: &str) -> Option<MergeSide> {
        let matching = self.entities.iter().rev().find(|entity| entity.ty == ty && entity.id == id);
        matching.map(|entity| entity.take)
    }

    /// Returns the overrides of entities of a type.
    pub(super) fn type_overrides<'a>(&'a self, ty: &'a str) -> impl Iterator<Item = &'a EntityOverride> {
        self.entities.iter().filter(move |entity| entity.ty == ty)
    }
}

/// A mutation that resolves conflicts. It runs on the merged state, in which unresolved entities have the state of the target.
/// Entities that it writes or deletes are resolved. Constraints are checked on its result.
#[derive(Clone, Debug, Default)]
pub struct ResolutionQuery {
    /// The text of a query file.
    pub source: String,
    /// The name of the file, for messages.
    pub file: String,
    /// The query of the file. It can be omitted if there is one.
    pub name: Option<String>,
    /// The parameters: one JSON object.
    pub params: Option<serde_json::Value>,
    /// The limits of its reads.
    pub limits: QueryLimits,
}

/// The options of a merge, cherry-pick or revert.
#[derive(Clone, Debug, Default)]
pub(crate) struct MergeOptions {
    /// The granularity of conflicts.
    pub(crate) policy: MergePolicy,
    /// The resolution of conflicts by side.
    pub(crate) strategy: ConflictStrategy,
    /// The resolution of the remaining conflicts.
    pub(crate) resolution: Option<ResolutionQuery>,
    /// The actor of the commit.
    pub(crate) actor: Option<String>,
}
