//! Which rows of a data file count: those that are live, or those that a filter has left.

use std::fmt;

/// A set of rows of one data file, by row number.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// Every row.
    All,
    /// The rows of which this holds.
    Only(&'a dyn Fn(u32) -> bool),
}

impl Rows<'_> {
    /// Whether the set holds `row`.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(holds) => holds(row),
        }
    }
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::Only(_) => "Only(…)",
        })
    }
}
