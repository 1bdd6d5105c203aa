//! Rules of the schema that a write breaks.

use std::fmt;

/// A rule of the schema that a write breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, naming types, ids and values.
    pub message: String,
    /// The type whose rows are to blame; empty where that is plain from the message.
    pub type_name: String,
    /// The id of the first row to blame, as far as it is known.
    pub entity_id: Option<String>,
    /// The rows to blame as the door of the write counts them, the first of them first.
    pub(crate) places: Vec<u64>,
}

/// Everything that the schema has against a write; at least one rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRules {
    /// The first of them.
    pub errors: Vec<RuleError>,
    /// How many there are.
    pub total: u64,
}

impl From<RuleError> for BrokenRules {
    fn from(only: RuleError) -> Self {
        Self { errors: vec![only], total: 1 }
    }
}

impl fmt::Display for BrokenRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.as_slice() {
            [only] if self.total == 1 => f.write_str(&only.message),
            several => {
                several.iter().try_for_each(|error| writeln!(f, "error[{}]: {}", error.code, error.message))?;
                write!(f, "{} rules are broken; nothing was changed", self.total)
            }
        }
    }
}
