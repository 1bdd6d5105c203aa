//! The resolution of each entity of a type.

use std::collections::BTreeMap;

use super::field_merge::{FieldMerge, RowComparison};
use super::inputs::MergeInputs;
use super::strategy::{ConflictStrategy, EntityOverride, MergePolicy, MergeSide};
use super::type_diff::TypeDiff;
use crate::error::{ConflictKind, Error, MergeConflict, Result};
use crate::table::RowAddress;
use crate::versioning::diff::{ChangeOp, RowChange};

/// The state of an entity in the result, if it is not the state of the target.
#[derive(Clone, Debug)]
pub(super) enum EntityResolution {
    /// The row of the source at an address.
    Theirs(RowAddress),
    /// No row.
    Delete,
    /// The row of the base at an address.
    Base(RowAddress),
    /// The row of the target, with some properties of the source.
    Merged(FieldMerge),
}

/// The resolutions of one type.
#[derive(Debug, Default)]
pub(super) struct TypeResolution {
    /// By id.
    pub(super) entities: BTreeMap<Box<str>, EntityResolution>,
    /// Unresolved conflicts.
    pub(super) conflicts: Vec<MergeConflict>,
}

/// Resolves the entities of a type by policy and strategy.
pub(super) async fn resolve_entities(
    diff: &TypeDiff<'_>,
    inputs: &MergeInputs,
    policy: MergePolicy,
    strategy: &ConflictStrategy,
) -> Result<TypeResolution> {
    let mut resolution = TypeResolution::default();
    let path = diff.ty.path();
    let mut both = Vec::new();
    for (id, theirs) in &diff.their_changes {
        if theirs.op.is_none() || strategy.entity_side(diff.ty.name, id).is_some() {
            continue;
        }
        match diff.our_change(id) {
            None if inputs.is_base_conflict(&path, id) => resolution.resolve_base_conflict(diff, strategy, theirs),
            None => drop(resolution.entities.insert(id.clone(), take_theirs(theirs))),
            Some(ours) => both.push((ours, theirs)),
        }
    }
    let comparison = RowComparison::read(diff, &both).await?;
    for (index, (ours, theirs)) in both.into_iter().enumerate() {
        let conflict = match (ours.op, theirs.op) {
            (Some(ChangeOp::Delete), Some(ChangeOp::Delete)) => continue,
            (Some(ChangeOp::Delete), _) | (_, Some(ChangeOp::Delete)) => EntityConflict::delete(ours),
            (Some(ChangeOp::Insert), _) => match comparison.is_same(index) {
                true => continue,
                false => EntityConflict::insert(),
            },
            _ => match comparison.merge(index, ours.after, theirs.after, policy) {
                None => continue,
                Some(merge) if merge.conflicting.is_empty() => {
                    resolution.entities.insert(ours.id.clone(), EntityResolution::Merged(merge));
                    continue;
                }
                Some(merge) => EntityConflict::update(merge),
            },
        };
        resolution.resolve_conflict(diff, strategy, conflict, theirs);
    }
    for ours in diff.our_changes.values().filter(|ours| ours.op.is_some()) {
        if diff.their_change(&ours.id).is_none() && inputs.is_base_conflict(&path, &ours.id) {
            resolution.resolve_base_conflict(diff, strategy, ours);
        }
    }
    resolution.apply_overrides(diff, strategy)?;
    Ok(resolution)
}

/// Returns the state of the source.
fn take_theirs(theirs: &RowChange) -> EntityResolution {
    match theirs.op {
        Some(ChangeOp::Delete) => EntityResolution::Delete,
        _ => EntityResolution::Theirs(theirs.after),
    }
}

/// Different changes of both sides to one entity.
struct EntityConflict {
    kind: ConflictKind,
    message: String,
    merge: Option<FieldMerge>,
}

impl EntityConflict {
    fn insert() -> Self {
        let message = "both sides inserted it with different values".to_owned();
        Self { kind: ConflictKind::DivergentInsert, message, merge: None }
    }

    fn delete(ours: &RowChange) -> Self {
        let message = match ours.op {
            Some(ChangeOp::Delete) => "the target deleted it, the source changed it",
            _ => "the source deleted it, the target changed it",
        };
        Self { kind: ConflictKind::DeleteVsUpdate, message: message.to_owned(), merge: None }
    }

    fn update(merge: FieldMerge) -> Self {
        let message = format!("both sides changed {} to different values", merge.conflicting.join(", "));
        Self { kind: ConflictKind::DivergentUpdate, message, merge: Some(merge) }
    }
}

impl TypeResolution {
    fn add_conflict(&mut self, diff: &TypeDiff<'_>, id: &str, kind: ConflictKind, message: String) {
        let (entity_kind, type_name) = (diff.ty.kind, diff.ty.name.to_owned());
        self.conflicts.push(MergeConflict { entity_kind, type_name, entity_id: Some(id.to_owned()), kind, message });
    }

    /// Resolves a conflict by the strategy, or adds it.
    fn resolve_conflict(
        &mut self,
        diff: &TypeDiff<'_>,
        strategy: &ConflictStrategy,
        conflict: EntityConflict,
        theirs: &RowChange,
    ) {
        let id = &theirs.id;
        let resolved = match (strategy.side(diff.ty.name, id), conflict.merge) {
            (None, _) => return self.add_conflict(diff, id, conflict.kind, conflict.message),
            // Properties without a conflict are merged in any case.
            (Some(side), Some(merge)) if merge.is_by_property => match merge.resolve(side) {
                Some(merge) => EntityResolution::Merged(merge),
                None => return,
            },
            (Some(MergeSide::Ours), _) => return,
            (Some(MergeSide::Theirs), _) => take_theirs(theirs),
        };
        self.entities.insert(id.clone(), resolved);
    }

    /// Resolves an entity about which the merge bases conflict and that only one side contains.
    fn resolve_base_conflict(&mut self, diff: &TypeDiff<'_>, strategy: &ConflictStrategy, change: &RowChange) {
        let owner = if diff.our_change(&change.id).is_some() { MergeSide::Ours } else { MergeSide::Theirs };
        let id = &change.id;
        match (strategy.side(diff.ty.name, id), owner) {
            (None, _) => {
                let message = "one side deleted it, and the merge bases have different values of it".to_owned();
                self.add_conflict(diff, id, ConflictKind::DeleteVsUpdate, message);
            }
            (Some(MergeSide::Ours), _) => {}
            (Some(MergeSide::Theirs), MergeSide::Theirs) => drop(self.entities.insert(id.clone(), take_theirs(change))),
            (Some(MergeSide::Theirs), MergeSide::Ours) => {
                self.entities.insert(id.clone(), EntityResolution::Delete);
            }
        }
    }

    /// Applies the overrides of single entities, with and without a conflict.
    fn apply_overrides(&mut self, diff: &TypeDiff<'_>, strategy: &ConflictStrategy) -> Result<()> {
        for entity in strategy.type_overrides(diff.ty.name) {
            let id: Box<str> = entity.id.as_str().into();
            let (ours, theirs) = (diff.our_change(&id), diff.their_change(&id));
            if ours.is_none() && theirs.is_none() {
                let EntityOverride { ty, id, .. } = entity;
                return Err(Error::request(format!("the strategy names {ty} '{id}', which neither side changed")));
            }
            if strategy.entity_side(diff.ty.name, &id) == Some(MergeSide::Ours) {
                continue;
            }
            let resolved = match (ours, theirs) {
                (_, Some(theirs)) => take_theirs(theirs),
                // The source has the state of the base.
                (Some(ours), None) if ours.op == Some(ChangeOp::Insert) => EntityResolution::Delete,
                (Some(ours), None) => EntityResolution::Base(ours.before),
                (None, None) => continue,
            };
            self.entities.insert(id, resolved);
        }
        Ok(())
    }
}
