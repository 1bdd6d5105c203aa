//! Input data that cannot be taken.

use std::fmt;

/// Input data that cannot be taken, and where it stands.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}{}", self.place())]
pub struct DataError {
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, naming names and values.
    pub message: String,
    /// The input's name.
    pub file: String,
    /// Line in the input, from 1; in a file of columns the row. 0 when the file as a whole is meant.
    pub line: u64,
    /// Column in the line, from 1; 0 when the line as a whole is meant.
    pub column: usize,
    /// The line, shortened around the column if it is long.
    pub source_line: String,
}

impl DataError {
    fn place(&self) -> String {
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

/// Several faults of one input.
#[derive(Clone, Debug)]
pub struct DataErrors {
    /// The first of them, in the order of the input.
    pub errors: Vec<DataError>,
    /// How many there are, as far as the input was read.
    pub total: u64,
    /// Whether the whole input was looked at.
    pub complete: bool,
}

impl fmt::Display for DataErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(f, "error[{}]: {}{}", error.code, error.message, error.place())?;
        }
        let Self { total, complete, .. } = self;
        let least = if *complete { "" } else { "at least " };
        write!(f, "{least}{total} faults in the input; nothing was loaded")
    }
}
