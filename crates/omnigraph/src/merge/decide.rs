//! What becomes of each entity of a type.

use std::collections::BTreeMap;

use super::blend::{Blend, Compare};
use super::choice::{Choices, Side};
use super::sides::TypeSides;
use super::{MergePolicy, question::States};
use crate::diff::{ChangeOp, RowChange};
use crate::error::{ConflictKind, MergeConflict};
use crate::error::{Error, Result};
use crate::table::RowAddress;

/// What becomes of one entity, where the result is not what the branch has.
#[derive(Clone, Debug)]
pub(super) enum Take {
    /// It becomes what the source has, at that place of the source's table.
    Theirs(RowAddress),
    /// It goes.
    Remove,
    /// It becomes what the base had, at that place of the base's table.
    Restore(RowAddress),
    /// It keeps what the branch has, but for some properties of the source.
    Blend(Blend),
}

/// Decisions about one type.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// By id.
    pub(super) takes: BTreeMap<Box<str>, Take>,
    /// What nobody has decided.
    pub(super) conflicts: Vec<MergeConflict>,
}

/// Decides for a type that the source changed, as the policy and the choices have it.
pub(super) async fn decide(
    sides: &TypeSides<'_>,
    states: &States,
    policy: MergePolicy,
    choices: &Choices,
) -> Result<Decisions> {
    let mut decisions = Decisions::default();
    let mut both = Vec::new();
    for (id, theirs) in &sides.their_changes {
        if theirs.op.is_none() || choices.of_entity(sides.ty.name, id).is_some() {
            continue;
        }
        match sides.our_change(id) {
            None if states.is_contested(&sides.ty.path(), id) => decisions.settle_alone(sides, choices, theirs),
            None => drop(decisions.takes.insert(id.clone(), taken(theirs))),
            Some(ours) => both.push((ours, theirs)),
        }
    }
    let updates = Compare::of(sides, &both).await?;
    for (at, (ours, theirs)) in both.into_iter().enumerate() {
        let found = match (ours.op, theirs.op) {
            (Some(ChangeOp::Delete), Some(ChangeOp::Delete)) => continue,
            (Some(ChangeOp::Delete), _) | (_, Some(ChangeOp::Delete)) => Disagreement::delete(ours),
            (Some(ChangeOp::Insert), _) => match updates.same(at) {
                true => continue,
                false => Disagreement::insert(),
            },
            _ => match updates.blend(at, ours.after, theirs.after, policy) {
                None => continue,
                Some(blend) if blend.contested.is_empty() => {
                    decisions.takes.insert(ours.id.clone(), Take::Blend(blend));
                    continue;
                }
                Some(blend) => Disagreement::update(blend),
            },
        };
        decisions.settle(sides, choices, found, ours, theirs);
    }
    for ours in sides.our_changes.values().filter(|ours| ours.op.is_some()) {
        if sides.their_change(&ours.id).is_none() && states.is_contested(&sides.ty.path(), &ours.id) {
            decisions.settle_alone(sides, choices, ours);
        }
    }
    decisions.obey(sides, choices)?;
    Ok(decisions)
}

/// What the source did to an entity that the branch left alone.
fn taken(theirs: &RowChange) -> Take {
    match theirs.op {
        Some(ChangeOp::Delete) => Take::Remove,
        _ => Take::Theirs(theirs.after),
    }
}

/// Two sides that did different things to one entity.
struct Disagreement {
    kind: ConflictKind,
    message: String,
    blend: Option<Blend>,
}

impl Disagreement {
    fn insert() -> Self {
        let message = "both sides inserted it with different values".to_owned();
        Self { kind: ConflictKind::DivergentInsert, message, blend: None }
    }

    fn delete(ours: &RowChange) -> Self {
        let message = match ours.op {
            Some(ChangeOp::Delete) => "the target deleted it, the source changed it",
            _ => "the source deleted it, the target changed it",
        };
        Self { kind: ConflictKind::DeleteVsUpdate, message: message.to_owned(), blend: None }
    }

    fn update(blend: Blend) -> Self {
        let message = format!("both sides changed {} to different values", blend.contested.join(", "));
        Self { kind: ConflictKind::DivergentUpdate, message, blend: Some(blend) }
    }
}

impl Decisions {
    /// Takes the side that was chosen, or notes a conflict.
    fn settle(
        &mut self,
        sides: &TypeSides<'_>,
        choices: &Choices,
        found: Disagreement,
        ours: &RowChange,
        theirs: &RowChange,
    ) {
        let id = ours.id.clone();
        let take = match (choices.of(sides.ty.name, &id), found.blend) {
            (None, _) => {
                self.conflicts.push(MergeConflict {
                    entity_kind: sides.ty.kind,
                    type_name: sides.ty.name.to_owned(),
                    entity_id: Some(id.into_string()),
                    kind: found.kind,
                    message: found.message,
                });
                return;
            }
            // What is not contested is put together all the same.
            (Some(side), Some(blend)) if blend.is_by_property => match blend.resolved(side) {
                Some(blend) => Take::Blend(blend),
                None => return,
            },
            (Some(Side::Ours), _) => return,
            (Some(Side::Theirs), _) => taken(theirs),
        };
        self.takes.insert(id, take);
    }

    /// An entity that the bases disagreed about and only one side still has.
    fn settle_alone(&mut self, sides: &TypeSides<'_>, choices: &Choices, has: &RowChange) {
        let brings = if sides.our_change(&has.id).is_some() { Side::Ours } else { Side::Theirs };
        let id = has.id.clone();
        match (choices.of(sides.ty.name, &id), brings) {
            (None, _) => self.conflicts.push(MergeConflict {
                entity_kind: sides.ty.kind,
                type_name: sides.ty.name.to_owned(),
                entity_id: Some(id.into_string()),
                kind: ConflictKind::DeleteVsUpdate,
                message: "one side deleted it, and the common ancestors have different values of it".to_owned(),
            }),
            (Some(Side::Ours), _) => {}
            (Some(Side::Theirs), Side::Theirs) => drop(self.takes.insert(id, taken(has))),
            (Some(Side::Theirs), Side::Ours) => drop(self.takes.insert(id, Take::Remove)),
        }
    }

    /// Follows what was said of single entities by name, whatever the sides did.
    fn obey(&mut self, sides: &TypeSides<'_>, choices: &Choices) -> Result<()> {
        for choice in choices.entities_of(sides.ty.name) {
            let id: Box<str> = choice.id.as_str().into();
            let (ours, theirs) = (sides.our_change(&id), sides.their_change(&id));
            if ours.is_none() && theirs.is_none() {
                return Err(Error::request(format!(
                    "the choices name {} '{}', which neither side changed",
                    choice.ty, choice.id
                )));
            }
            if choices.of_entity(sides.ty.name, &id) == Some(Side::Ours) {
                continue;
            }
            let take = match (ours, theirs) {
                (_, Some(theirs)) => taken(theirs),
                // The source has what the base had.
                (Some(ours), None) if ours.op == Some(ChangeOp::Insert) => Take::Remove,
                (Some(ours), None) => Take::Restore(ours.before),
                (None, None) => continue,
            };
            self.takes.insert(id, take);
        }
        Ok(())
    }
}
