//! Where rows stand in the input.

use std::sync::Arc;

/// Bits of a place that hold the line: enough for 17 trillion.
const LINE_BITS: u32 = 44;

/// What the rows of a file are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Lines of text.
    Line,
    /// Rows of a file of columns.
    Row,
}

impl Unit {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Row => "row",
        }
    }

    /// `line 3` or `row 3`.
    pub(super) fn at(self, number: u64) -> String {
        format!("{} {number}", self.as_str())
    }
}

/// A file of the input that was opened.
#[derive(Debug)]
pub(super) struct InputFile {
    /// Its place among the files.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: Arc<str>,
    /// What its rows are counted by.
    pub(super) unit: Unit,
}

/// A file and a line or row in it. In the order of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) u64);

impl Place {
    /// Row or line `number` of `file`.
    pub(super) fn new(file: &InputFile, number: u64) -> Self {
        Self((u64::from(file.index) << LINE_BITS) | (number & ((1 << LINE_BITS) - 1)))
    }

    /// The line or row.
    pub(super) fn number(self) -> u64 {
        self.0 & ((1 << LINE_BITS) - 1)
    }
}

/// The files opened so far, in their order.
#[derive(Debug, Default)]
pub(super) struct Files {
    opened: Vec<Arc<InputFile>>,
}

impl Files {
    /// Takes note of a file; files come in their order, each any number of times.
    pub(super) fn note(&mut self, file: &Arc<InputFile>) {
        if self.opened.last().is_none_or(|last| last.index < file.index) {
            self.opened.push(Arc::clone(file));
        }
    }

    /// A place as it is told in a sentence about something in `file`: its line, or its file and line.
    pub(super) fn told(&self, place: Place, file: &Arc<InputFile>) -> String {
        match self.of(place) {
            Some(other) if !Arc::ptr_eq(file, other) => format!("{}:{}", other.name, place.number()),
            _ => file.unit.at(place.number()),
        }
    }

    /// The file of a place.
    pub(super) fn of(&self, place: Place) -> Option<&Arc<InputFile>> {
        let index = u32::try_from(place.0 >> LINE_BITS).ok()?;
        let at = self.opened.binary_search_by_key(&index, |file| file.index).ok()?;
        self.opened.get(at)
    }
}
