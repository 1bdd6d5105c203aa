//! What is wrong with a line.

use crate::error::DataError;

/// Longest part of a source line that is shown.
const SHOWN: usize = 120;

/// What is wrong, before it is known where.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Not JSON.
pub(super) const NOT_JSON: &str = "OG-LOAD-001";
/// A line that is no object, or an object that is no row.
pub(super) const ENVELOPE: &str = "OG-LOAD-002";
/// A member that occurs twice.
pub(super) const DUPLICATE_MEMBER: &str = "OG-LOAD-003";
/// A type that the schema does not declare.
pub(super) const UNKNOWN_TYPE: &str = "OG-LOAD-004";
/// A field that the type does not declare.
pub(super) const UNKNOWN_FIELD: &str = "OG-LOAD-005";
/// A value of another type.
pub(super) const WRONG_TYPE: &str = "OG-LOAD-006";
/// A value out of the type's range.
pub(super) const OUT_OF_RANGE: &str = "OG-LOAD-007";
/// A value that must be there is not, or is null.
pub(super) const MISSING: &str = "OG-LOAD-008";
/// An id that is not the one its key gives.
pub(super) const ID: &str = "OG-LOAD-010";
/// Not CSV, or not the fields that the header names.
pub(super) const NOT_CSV: &str = "OG-LOAD-013";

/// A problem with `column` (from 1; 0 for the whole line) of `source_line`.
pub(in crate::load) fn data_error(
    code: &'static str,
    message: String,
    file: &str,
    line: u64,
    column: usize,
    source_line: &str,
) -> DataError {
    let characters: Vec<char> = source_line.trim_end().chars().collect();
    let start = if characters.len() > SHOWN { column.saturating_sub(SHOWN / 2) } else { 0 };
    let start = start.min(characters.len().saturating_sub(SHOWN));
    let end = (start + SHOWN).min(characters.len());
    let mut shown: String = characters[start..end].iter().collect();
    if start > 0 {
        shown.insert(0, '…');
    }
    if end < characters.len() {
        shown.push('…');
    }
    DataError { code, message, file: file.to_owned(), line, column, source_line: shown }
}
