//! Codes of constraints, and the violations of one write.

use crate::error::{ConstraintViolation, Error, ErrorReport, Result};

/// Null in a property that is not nullable.
pub(crate) const NULL: &str = "OG-CONSTRAINT-001";
/// A value outside of an enum.
pub(crate) const ENUM: &str = "OG-CONSTRAINT-002";
/// A number outside of its `@range`.
pub(crate) const RANGE: &str = "OG-CONSTRAINT-003";
/// A text that does not match its `@check`.
pub(crate) const CHECK: &str = "OG-CONSTRAINT-004";
/// A key without a canonical id.
pub(crate) const KEY: &str = "OG-CONSTRAINT-005";
/// Rows with equal values of `@unique` columns.
pub(crate) const UNIQUE: &str = "OG-CONSTRAINT-006";
/// A dangling edge: one of its endpoints does not exist after the write.
pub(crate) const ENDPOINT: &str = "OG-CONSTRAINT-009";
/// A node whose number of edges violates `@card` or `@card_in`.
pub(crate) const CARDINALITY: &str = "OG-CONSTRAINT-007";

/// Violations that are reported with a message. More are only counted.
const MAX_REPORTED: usize = 100;

/// The violations of a write.
#[derive(Debug)]
pub(crate) struct Violations {
    report: ErrorReport<ConstraintViolation>,
}

impl Default for Violations {
    fn default() -> Self {
        Self { report: ErrorReport::empty() }
    }
}

impl Violations {
    /// Returns true if the next violation is only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.report.errors.len() >= MAX_REPORTED
    }

    /// Adds a violation.
    pub(crate) fn push(&mut self, violation: ConstraintViolation) {
        self.report.push(violation, MAX_REPORTED);
    }

    /// Counts a violation without a message.
    pub(crate) fn count(&mut self) {
        self.report.total += 1;
    }

    /// Returns an error if there is a violation.
    pub(crate) fn into_result(self) -> Result<()> {
        if self.report.total == 0 { Ok(()) } else { Err(Error::Constraint(Box::new(self.report))) }
    }
}
