//! Which changes are wanted.

use std::fmt;
use std::str::FromStr;

use crate::error::EntityKind;

/// What happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeOp {
    /// It was not there before.
    Insert,
    /// It says something else.
    Update,
    /// It is not there any more.
    Delete,
}

impl fmt::Display for ChangeOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

impl FromStr for ChangeOp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "insert" => Ok(Self::Insert),
            "update" => Ok(Self::Update),
            "delete" => Ok(Self::Delete),
            _ => Err(format!("`{text}` is none of insert, update, delete")),
        }
    }
}

/// Which changes are wanted. What is empty does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeFilter {
    /// Kinds of entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<EntityKind>,
    /// Types, by the name they have in either of the two states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Operations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<ChangeOp>,
}

impl ChangeFilter {
    pub(super) fn wants_op(&self, op: ChangeOp) -> bool {
        self.ops.is_empty() || self.ops.contains(&op)
    }

    pub(super) fn wants_type(&self, kind: EntityKind, names: &[&str]) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&kind);
        kind && (self.types.is_empty() || self.types.iter().any(|wanted| names.contains(&wanted.as_str())))
    }
}
