//! Conflicts of a merge, entity by entity.

use std::fmt;
use std::str::FromStr;

/// Conflicts that a message lists.
const MAX_LISTED: usize = 3;

/// The kind of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntityKind {
    /// An edge.
    Edge,
    /// A node.
    Node,
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edge => "edge",
            Self::Node => "node",
        })
    }
}

impl FromStr for EntityKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "edge" => Ok(Self::Edge),
            "node" => Ok(Self::Node),
            _ => Err(format!("invalid kind `{text}`: expected edge or node")),
        }
    }
}

/// The kind of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both sides inserted the entity with different values.
    DivergentInsert,
    /// Both sides updated the entity to different values.
    DivergentUpdate,
    /// One side deleted the entity, the other updated it.
    DeleteVsUpdate,
    /// One side inserted or updated the edge, the other deleted one of its endpoints.
    OrphanEdge,
    /// Two entities of the result have the same values of a unique constraint.
    UniqueViolation,
    /// A node of the result has too many or too few edges.
    CardinalityViolation,
    /// A value of the result violates a constraint of its property.
    ValueConstraintViolation,
    /// Both sides changed the schema differently, or one changed a type and both its rows.
    SchemaConflict,
}

impl ConflictKind {
    /// Returns its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DivergentInsert => "divergent_insert",
            Self::DivergentUpdate => "divergent_update",
            Self::DeleteVsUpdate => "delete_vs_update",
            Self::OrphanEdge => "orphan_edge",
            Self::UniqueViolation => "unique_violation",
            Self::CardinalityViolation => "cardinality_violation",
            Self::ValueConstraintViolation => "value_constraint_violation",
            Self::SchemaConflict => "schema_conflict",
        }
    }
}

/// A conflict of a merge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct MergeConflict {
    /// Node or edge.
    pub entity_kind: EntityKind,
    /// The type.
    pub type_name: String,
    /// The entity; none for a conflict about the type.
    pub entity_id: Option<String>,
    /// The kind of the conflict.
    pub kind: ConflictKind,
    /// The changes of both sides, as text.
    pub message: String,
}

impl fmt::Display for MergeConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} type '{}'", self.entity_kind, self.type_name)?;
        if let Some(id) = &self.entity_id {
            write!(f, ", entity id '{id}'")?;
        }
        write!(f, " ({})", self.kind.as_str())
    }
}

/// The conflicts of a merge: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeConflicts(pub Vec<MergeConflict>);

impl fmt::Display for MergeConflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().take(MAX_LISTED).map(MergeConflict::to_string).collect();
        write!(f, "{}", shown.join("; "))?;
        match self.0.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "; … and {more} more"),
        }
    }
}
