//! Origins of rows: the input files of a load and lines in them.

use std::sync::Arc;

use crate::error::FileLine;

/// The unit in which the rows of a file are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineUnit {
    /// Lines of text.
    Line,
    /// Rows of a columnar file.
    Row,
}

impl LineUnit {
    /// Formats a position as `line 3` or `row 3`.
    pub(super) fn format(self, number: u64) -> String {
        match self {
            Self::Line => format!("line {number}"),
            Self::Row => format!("row {number}"),
        }
    }
}

/// An input file that was opened.
#[derive(Debug)]
pub(super) struct InputFile {
    /// The index among the files.
    pub(super) index: u32,
    /// The name.
    pub(super) name: Arc<str>,
    /// The unit of its positions.
    pub(super) unit: LineUnit,
}

impl InputFile {
    /// Returns a position in the file.
    pub(super) fn line(&self, number: u64) -> FileLine {
        FileLine { file: self.index, line: number }
    }
}

/// The files that were opened so far, in their order.
#[derive(Debug, Default)]
pub(super) struct InputFiles {
    opened: Vec<Arc<InputFile>>,
}

impl InputFiles {
    /// Adds a file unless it is the newest one. Files are opened in their order.
    pub(super) fn add(&mut self, file: &Arc<InputFile>) {
        if self.opened.last().is_none_or(|last| last.index < file.index) {
            self.opened.push(Arc::clone(file));
        }
    }

    /// Returns the file of a position.
    pub(super) fn get(&self, line: FileLine) -> Option<&Arc<InputFile>> {
        let position = self.opened.binary_search_by_key(&line.file, |file| file.index).ok()?;
        self.opened.get(position)
    }

    /// Formats a position in a message about `file`: with the name of its file only if that is another one.
    pub(super) fn format(&self, line: FileLine, file: &Arc<InputFile>) -> String {
        match self.get(line) {
            Some(other) if !Arc::ptr_eq(file, other) => format!("{}:{}", other.name, line.line),
            _ => file.unit.format(line.line),
        }
    }
}
