//! One entity's change.

use super::{ChangeOp, Image, Position};
use crate::error::EntityKind;

/// A type, by the id that survives renames and by name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TypeRef {
    /// Its id.
    pub id: String,
    /// Its name in the newer of the two states that has it.
    pub name: String,
}

/// What happened to one node or edge.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EntityChange {
    /// Node or edge.
    pub kind: EntityKind,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: TypeRef,
    /// Its id.
    pub id: String,
    /// What happened.
    pub op: ChangeOp,
    /// What it was; none for an insert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Image>,
    /// What it is; none for a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Image>,
}

impl EntityChange {
    /// Its place in the order of changes.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { kind: self.kind, ty: self.ty.name.clone(), id: self.id.clone() }
    }
}
