//! What stands against a merge, entity by entity.

use std::fmt;
use std::str::FromStr;

/// Conflicts that a message shows.
const SHOWN: usize = 3;

/// What an entity is.
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
            _ => Err(format!("`{text}` is none of edge, node")),
        }
    }
}

/// What kind of disagreement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both sides made an entity of that id, and not the same.
    DivergentInsert,
    /// Both sides changed it, and not to the same.
    DivergentUpdate,
    /// One side deleted it, the other changed it.
    DeleteVsUpdate,
    /// One side made or changed an edge, the other deleted a node at its end.
    OrphanEdge,
    /// The result has two entities that share what is unique.
    UniqueViolation,
    /// A node of the result has more or fewer edges than it may and must.
    CardinalityViolation,
    /// A value of the result is none that its property may have.
    ValueConstraintViolation,
    /// The two sides changed the schema differently, or one changed a type and the other its rows.
    SchemaConflict,
}

impl ConflictKind {
    /// Its stable name.
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

/// One disagreement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct MergeConflict {
    /// Node or edge.
    pub entity_kind: EntityKind,
    /// The type.
    pub type_name: String,
    /// The entity; none if it is about the type as a whole.
    pub entity_id: Option<String>,
    /// What kind it is.
    pub kind: ConflictKind,
    /// What the sides did, for people.
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

/// Everything that stands against a merge; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeConflicts(pub Vec<MergeConflict>);

impl fmt::Display for MergeConflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().take(SHOWN).map(MergeConflict::to_string).collect();
        write!(f, "{}", shown.join("; "))?;
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; … and {more} more"),
        }
    }
}
