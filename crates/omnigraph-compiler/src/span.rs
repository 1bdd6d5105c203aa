//! Positions in source text: byte ranges, and their translation to lines and columns.

/// A half-open range of byte offsets into one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Makes the range `start..end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that covers both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A value with its position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub node: T,
    /// Position in the source.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Attaches a span to a value.
    pub const fn new(node: T, span: Span) -> Self {
        Self { node, span }
    }
}

/// Whole lines of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineRange {
    /// Span from the start of the first to the end of the last.
    pub(crate) span: Span,
    /// The number of the first, counted from 1.
    pub(crate) line: usize,
}

/// Position of a character, both numbers counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// Byte offsets of line starts, which map offsets to lines and columns.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Scans `text` once for line feeds.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { starts }
    }

    /// Returns the whole lines of `span`, with one more on either side.
    pub(crate) fn surrounding_lines(&self, text: &str, span: Span) -> LineRange {
        let line_of = |offset: usize| self.starts.partition_point(|&start| start <= offset).max(1);
        let first = line_of(span.start).saturating_sub(1).max(1);
        let last = line_of(span.end.max(span.start)) + 1;
        let start = self.starts[first - 1].min(text.len());
        let end = self.starts.get(last).map_or(text.len(), |&next| next.min(text.len()));
        LineRange { span: Span::new(start, end.max(start)), line: first }
    }

    /// Returns line and column of `offset`.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: usize) -> LineColumn {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts[line - 1].min(text.len());
        let end = text.floor_char_boundary(offset).max(start);
        LineColumn { line, column: text[start..end].chars().count() + 1 }
    }
}
