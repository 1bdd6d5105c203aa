//! What is to happen where sides disagree: said for all, for a type, or for an entity. The closest word counts.

use std::collections::BTreeMap;

/// One of the two sides of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The branch that changes.
    Ours,
    /// What is taken into it.
    Theirs,
}

/// A word about one entity. It holds whether or not the sides disagree about it: `ours` leaves it as the target has it,
/// `theirs` makes it what the source has.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityChoice {
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Its id.
    pub id: String,
    /// Whose state of it is taken.
    pub take: Side,
}

/// Words about disagreements.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// For every disagreement about which nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Side>,
    /// For disagreements about entities of a type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, Side>,
    /// For single entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityChoice>,
}

impl Choices {
    /// What is said of a disagreement about an entity.
    pub(super) fn of(&self, ty: &str, id: &str) -> Option<Side> {
        self.of_entity(ty, id).or_else(|| self.types.get(ty).copied()).or(self.default)
    }

    /// The same, and what nothing is said of is as the target has it.
    pub(super) fn or_ours(&self) -> Self {
        Self { default: self.default.or(Some(Side::Ours)), ..self.clone() }
    }

    /// What is said of that entity by name.
    pub(super) fn of_entity(&self, ty: &str, id: &str) -> Option<Side> {
        // The last word counts, as with flags.
        self.entities.iter().rev().find(|choice| choice.ty == ty && choice.id == id).map(|choice| choice.take)
    }

    /// The entities of a type of which something is said by name.
    pub(super) fn entities_of<'a>(&'a self, ty: &'a str) -> impl Iterator<Item = &'a EntityChoice> {
        self.entities.iter().filter(move |choice| choice.ty == ty)
    }
}
