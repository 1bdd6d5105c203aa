//! Errors of rows: invalid rows of an input, violated constraints, and reports of several of them.

use std::fmt;

use super::Error;

/// Characters of an input line that a message shows.
const MAX_SHOWN_CHARS: usize = 120;

/// An invalid row, or another invalid part, of an input.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}{}", self.location())]
pub struct RowError {
    /// The stable code.
    pub code: &'static str,
    /// The problem, with names and values.
    pub message: String,
    /// The name of the input.
    pub file: String,
    /// The line in the input, from 1; in a columnar file the row. 0 for the file as a whole.
    pub line: u64,
    /// The column in the line, from 1; 0 for the line as a whole.
    pub column: usize,
    /// The line, shortened around the column if it is long.
    pub source_line: String,
    /// The row as it is in the input.
    pub(crate) raw: Option<serde_json::Value>,
}

impl RowError {
    /// Returns an error without a location.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Box<Self> {
        let (file, source_line) = (String::new(), String::new());
        Box::new(Self { code, message: message.into(), file, line: 0, column: 0, source_line, raw: None })
    }

    /// Sets the column.
    pub(crate) fn with_column(mut self: Box<Self>, column: usize) -> Box<Self> {
        self.column = column;
        self
    }

    /// Puts a prefix before the message.
    pub(crate) fn with_prefix(mut self: Box<Self>, prefix: &str) -> Box<Self> {
        self.message.insert_str(0, prefix);
        self
    }

    /// Sets the location. `text` is the whole line.
    pub(crate) fn with_location(mut self: Box<Self>, file: &str, line: u64, text: &str) -> Box<Self> {
        self.source_line = shorten(text, self.column);
        file.clone_into(&mut self.file);
        self.line = line;
        self
    }

    fn location(&self) -> String {
        let Self { file, line, column, source_line, .. } = self;
        let number = if *line > 0 { line.to_string() } else { String::new() };
        let gutter = " ".repeat(number.len());
        let line_text = if *line > 0 { format!(":{line}") } else { String::new() };
        if source_line.is_empty() {
            return format!("\n{gutter}--> {file}{line_text}");
        }
        let column_text = if *column > 0 { format!(":{column}") } else { String::new() };
        format!("\n{gutter}--> {file}{line_text}{column_text}\n{gutter} |\n{number} | {source_line}\n{gutter} |")
    }
}

/// Returns the part of a line around `column`.
fn shorten(line: &str, column: usize) -> String {
    let characters: Vec<char> = line.trim_end().chars().collect();
    let start = if characters.len() > MAX_SHOWN_CHARS { column.saturating_sub(MAX_SHOWN_CHARS / 2) } else { 0 };
    let start = start.min(characters.len().saturating_sub(MAX_SHOWN_CHARS));
    let end = (start + MAX_SHOWN_CHARS).min(characters.len());
    let mut shown: String = characters[start..end].iter().collect();
    if start > 0 {
        shown.insert(0, '…');
    }
    if end < characters.len() {
        shown.push('…');
    }
    shown
}

/// A constraint of the schema that a write violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintViolation {
    /// The stable code of the constraint.
    pub code: &'static str,
    /// The problem, with types, ids and values.
    pub message: String,
    /// The type of the violating rows; empty if the message names it.
    pub type_name: String,
    /// The id of the first violating row, if it is known.
    pub entity_id: Option<String>,
    /// The violating rows.
    pub(crate) rows: Vec<RowOrigin>,
}

/// The origin of a row of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowOrigin {
    /// A line of an input.
    Input(FileLine),
    /// A stored row in a reused fragment.
    Stored {
        /// The fragment.
        fragment: u32,
        /// The offset in the fragment.
        offset: u32,
    },
    /// A staged row, by its number in the table.
    Staged(u32),
}

/// A line of text, or a row of a columnar file, in a list of input files. Ordered as in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileLine {
    /// The index of the file.
    pub(crate) file: u32,
    /// The line or row, from 1.
    pub(crate) line: u64,
}

impl ConstraintViolation {
    /// Returns a violation by the row `row` of a batch.
    pub(crate) fn new(row: usize, code: &'static str, message: impl Into<String>) -> Self {
        let rows = vec![RowOrigin::Staged(u32::try_from(row).unwrap_or(u32::MAX))];
        Self { code, message: message.into(), type_name: String::new(), entity_id: None, rows }
    }

    /// Returns the number of the first violating row of a batch.
    pub(crate) fn first_row(&self) -> usize {
        match self.rows.first() {
            Some(RowOrigin::Staged(row)) => *row as usize,
            _ => 0,
        }
    }
}

/// The errors of a request: the first of them, and the number of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReport<E> {
    /// The first errors. There is at least one.
    pub errors: Vec<E>,
    /// The number of errors.
    pub total: u64,
    /// True if everything was checked; otherwise there may be more errors.
    pub complete: bool,
}

impl<E> ErrorReport<E> {
    /// Returns a report without errors.
    pub(crate) fn empty() -> Self {
        Self { errors: Vec::new(), total: 0, complete: true }
    }

    /// Counts an error. Keeps it while there are fewer than `limit`.
    pub(crate) fn push(&mut self, error: E, limit: usize) {
        self.total += 1;
        if self.errors.len() < limit {
            self.errors.push(error);
        }
    }
}

impl<E> From<E> for ErrorReport<E> {
    fn from(error: E) -> Self {
        Self { errors: vec![error], total: 1, complete: true }
    }
}

impl fmt::Display for ErrorReport<RowError> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([error], 1) = (self.errors.as_slice(), self.total) {
            return error.fmt(f);
        }
        for error in &self.errors {
            writeln!(f, "error[{}]: {}{}", error.code, error.message, error.location())?;
        }
        let at_least = if self.complete { "" } else { "at least " };
        write!(f, "{at_least}{} errors in the input; nothing was loaded", self.total)
    }
}

impl fmt::Display for ErrorReport<ConstraintViolation> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([violation], 1) = (self.errors.as_slice(), self.total) {
            return f.write_str(&violation.message);
        }
        for violation in &self.errors {
            writeln!(f, "error[{}]: {}", violation.code, violation.message)?;
        }
        write!(f, "{} constraint violations; no changes were made", self.total)
    }
}

impl From<Box<RowError>> for Error {
    fn from(error: Box<RowError>) -> Self {
        Self::Data(Box::new(ErrorReport::from(*error)))
    }
}

impl From<ConstraintViolation> for Error {
    fn from(violation: ConstraintViolation) -> Self {
        Self::Constraint(Box::new(violation.into()))
    }
}
