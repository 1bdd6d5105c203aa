//! Rules of the schema that the result of a merge breaks, as conflicts.

use crate::error::{ConflictKind, EntityKind, Error, MergeConflict, MergeConflicts, RuleError};
use crate::validate::violation;

/// A rule of the schema that the result breaks, as a conflict; other errors as they are.
pub(super) fn of_error(error: Error) -> Error {
    match error {
        Error::Rule(rule) => Error::MergeConflict(MergeConflicts(vec![of_rule(&rule)])),
        other => other,
    }
}

pub(super) fn of_rule(rule: &RuleError) -> MergeConflict {
    let kind = match rule.code {
        violation::UNIQUE => ConflictKind::UniqueViolation,
        violation::CARDINALITY => ConflictKind::CardinalityViolation,
        violation::END | violation::RESTRICT => ConflictKind::OrphanEdge,
        _ => ConflictKind::ValueConstraintViolation,
    };
    MergeConflict {
        entity_kind: if kind == ConflictKind::CardinalityViolation { EntityKind::Edge } else { EntityKind::Node },
        type_name: String::new(),
        entity_id: None,
        kind,
        message: rule.message.clone(),
    }
}
