//! The rows of a text column in the order of their text: equality and prefixes by bisection.

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringArray};

use crate::error::{Error, Result};
use crate::table::{CHUNK_ROWS, Column};

/// One text column of one fragment, in order.
#[derive(Clone, Debug)]
pub(crate) struct SortedText {
    texts: Vec<StringArray>,
    /// Row numbers by text; null rows are left out.
    order: Arc<[u32]>,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Exactly this text.
    Equal(String),
    /// A text that begins so.
    Prefix(String),
}

impl SortedText {
    /// Sorts a column.
    pub(super) fn build(column: &Column) -> Result<Self> {
        let text = |chunk: &arrow::array::ArrayRef| {
            chunk.as_string_opt::<i32>().cloned().ok_or_else(|| Error::internal("a text column holds no text"))
        };
        let texts = column.chunks().iter().map(text).collect::<Result<Vec<_>>>()?;
        let mut sorted = Self { texts, order: Arc::new([]) };
        let rows = sorted.texts.iter().map(StringArray::len).sum::<usize>();
        let rows = u32::try_from(rows).map_err(|error| Error::internal(error.to_string()))?;
        let mut order: Vec<u32> = (0..rows).filter(|row| sorted.is_there(*row)).collect();
        order.sort_by(|a, b| sorted.text(*a).cmp(sorted.text(*b)));
        sorted.order = order.into();
        Ok(sorted)
    }

    fn is_there(&self, row: u32) -> bool {
        let (chunk, offset) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
        self.texts.get(chunk).is_some_and(|texts| texts.is_valid(offset))
    }

    fn text(&self, row: u32) -> &str {
        let (chunk, offset) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
        self.texts.get(chunk).map_or("", |texts| texts.value(offset))
    }

    /// The rows that a probe finds.
    pub(crate) fn find(&self, probe: &Probe) -> &[u32] {
        let (wanted, is_found): (&str, fn(&str, &str) -> bool) = match probe {
            Probe::Equal(text) => (text, |text, wanted| text == wanted),
            Probe::Prefix(prefix) => (prefix, |text, wanted| text.starts_with(wanted)),
        };
        let start = self.order.partition_point(|row| self.text(*row) < wanted);
        let found = self.order.get(start..).unwrap_or_default();
        let end = found.partition_point(|row| is_found(self.text(*row), wanted));
        found.get(..end).unwrap_or_default()
    }

    /// Bytes beside the column's own.
    pub(super) fn memory(&self) -> usize {
        self.order.len() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(texts: &[Option<String>]) -> SortedText {
        let column = Column::of(vec![Arc::new(texts.iter().cloned().collect::<StringArray>())]);
        SortedText::build(&column).unwrap()
    }

    proptest! {
        #[test]
        fn finds_what_a_scan_finds(
            texts in prop::collection::vec(prop::option::of("[ab]{0,3}"), 0..40), wanted in "[ab]{0,3}",
        ) {
            let sorted = sorted(&texts);
            let scan = |test: &dyn Fn(&str) -> bool| -> Vec<u32> {
                (0u32..).zip(&texts).filter(|(_, text)| text.as_deref().is_some_and(test)).map(|(row, _)| row).collect()
            };
            let found = |probe| {
                let mut found = sorted.find(&probe).to_vec();
                found.sort_unstable();
                found
            };
            prop_assert_eq!(found(Probe::Equal(wanted.clone())), scan(&|text| text == wanted));
            prop_assert_eq!(found(Probe::Prefix(wanted.clone())), scan(&|text| text.starts_with(&wanted)));
        }
    }
}
