//! What a row does wrong.

use crate::error::{Error, RuleError};

/// A value that must be there is null.
pub(crate) const NULL: &str = "OG-RULE-001";
/// A word that is none of an enum.
pub(crate) const ENUM: &str = "OG-RULE-002";
/// A number outside of its `@range`.
pub(crate) const RANGE: &str = "OG-RULE-003";
/// A text that its `@check` does not match.
pub(crate) const CHECK: &str = "OG-RULE-004";
/// A part of a key that no id can be made of.
pub(crate) const KEY: &str = "OG-RULE-005";
/// Two rows that share what is unique.
pub(crate) const UNIQUE: &str = "OG-RULE-006";
/// An edge whose end does not exist, or would exist no longer.
pub(crate) const END: &str = "OG-LOAD-012";
/// A node with more or fewer edges than `@card` or `@card_in` say.
pub(crate) const CARDINALITY: &str = "OG-RULE-007";

/// A rule that a row violates, before it is known where the row came from: each door adds its own place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The row, from 0.
    pub(crate) row: usize,
    /// Stable code of the rule.
    pub(crate) code: &'static str,
    /// What is wrong, naming type, property and value.
    pub(crate) message: String,
}

impl Violation {
    /// A violation by the row at `row`.
    pub(crate) fn new(row: usize, code: &'static str, message: impl Into<String>) -> Self {
        Self { row, code, message: message.into() }
    }
}

impl From<Violation> for Error {
    /// For a door that has no place to name.
    fn from(violation: Violation) -> Self {
        let Violation { code, message, .. } = violation;
        let only = RuleError { code, message, type_name: String::new(), entity_id: None, places: Vec::new() };
        Self::Rule(Box::new(only.into()))
    }
}
