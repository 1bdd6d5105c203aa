//! What goes wrong while a query runs.

use super::rules::Rule;

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The query asked for a value that does not exist: an overflow, a division by zero, text that is no number.
    Run(String),
    /// An argument is wrong: a negative number of rows.
    Request(String),
    /// A row is there already and was to be new.
    Exists(String),
    /// What would be written breaks a rule of the schema.
    Rule(Rule, String),
    /// The evaluator cannot do this without help, such as searching text.
    NotSupported(String),
    /// The evaluator, or the form it was given, is wrong.
    Internal(String),
}

impl Failure {
    /// A failure of the run.
    pub(super) fn run(problem: impl Into<String>) -> Self {
        Self::Run(problem.into())
    }

    /// A mistake of our own.
    pub(super) fn internal(problem: impl Into<String>) -> Self {
        Self::Internal(problem.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(problem) => write!(f, "the query failed: {problem}"),
            Self::Request(problem) | Self::Exists(problem) | Self::Rule(_, problem) => f.write_str(problem),
            Self::NotSupported(what) => write!(f, "not supported: {what}"),
            Self::Internal(problem) => write!(f, "internal: {problem}"),
        }
    }
}

impl std::error::Error for Failure {}
