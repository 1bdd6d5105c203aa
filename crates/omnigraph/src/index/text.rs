//! Indexes of text columns: inverted indexes for words, sorted text for equality and prefixes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use omnigraph_compiler::catalog::TextAnalyzer;
use omnigraph_search::{InvertedIndex, InvertedIndexBuilder, Tokenizer};

use crate::error::{Error, Result};
use crate::table::{CHUNK_ROWS, FragmentColumn};

/// Returns the tokenizer of an analyzer.
pub(crate) fn new_tokenizer(analyzer: &TextAnalyzer) -> Result<Tokenizer> {
    Tokenizer::new(analyzer).map_err(|error| Error::internal(error.to_string()))
}

/// Builds the inverted index of a column of a fragment.
pub(super) fn build_inverted_index(tokenizer: &Tokenizer, column: &FragmentColumn) -> Result<InvertedIndex> {
    let mut builder = InvertedIndexBuilder::new(tokenizer);
    for chunk in column.chunks() {
        string_chunk(chunk)?.iter().for_each(|text| builder.push(text));
    }
    Ok(builder.finish())
}

fn string_chunk(chunk: &ArrayRef) -> Result<&StringArray> {
    chunk.as_string_opt::<i32>().ok_or_else(|| Error::internal("a text column without strings"))
}

/// The rows of a text column of one fragment, sorted by text.
#[derive(Clone, Debug)]
pub(crate) struct SortedText {
    texts: Vec<StringArray>,
    /// Row numbers by text, without null rows.
    order: Arc<[u32]>,
}

/// A condition on text that sorted text answers by binary search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextProbe {
    /// The text is equal.
    Equal(String),
    /// The text has the prefix.
    Prefix(String),
}

impl SortedText {
    /// Sorts a column.
    pub(super) fn build(column: &FragmentColumn) -> Result<Self> {
        let texts = column.chunks().iter().map(|chunk| string_chunk(chunk).cloned()).collect::<Result<Vec<_>>>()?;
        let mut sorted = Self { texts, order: Arc::new([]) };
        let rows = sorted.texts.iter().map(StringArray::len).sum::<usize>();
        let rows = u32::try_from(rows).map_err(|error| Error::internal(error.to_string()))?;
        let mut order: Vec<u32> = (0..rows).filter(|row| sorted.is_valid(*row)).collect();
        order.sort_by(|a, b| sorted.text(*a).cmp(sorted.text(*b)));
        sorted.order = order.into();
        Ok(sorted)
    }

    fn is_valid(&self, row: u32) -> bool {
        let (chunk, offset) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
        self.texts.get(chunk).is_some_and(|texts| texts.is_valid(offset))
    }

    fn text(&self, row: u32) -> &str {
        let (chunk, offset) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
        self.texts.get(chunk).map_or("", |texts| texts.value(offset))
    }

    /// Returns the rows that match a probe.
    pub(crate) fn find(&self, probe: &TextProbe) -> &[u32] {
        let (probe, matches): (&str, fn(&str, &str) -> bool) = match probe {
            TextProbe::Equal(text) => (text, |text, probe| text == probe),
            TextProbe::Prefix(prefix) => (prefix, |text, probe| text.starts_with(probe)),
        };
        let start = self.order.partition_point(|row| self.text(*row) < probe);
        let candidates = self.order.get(start..).unwrap_or_default();
        let end = candidates.partition_point(|row| matches(self.text(*row), probe));
        candidates.get(..end).unwrap_or_default()
    }

    /// Returns the bytes in memory, without those of the column.
    pub(super) fn memory_bytes(&self) -> usize {
        self.order.len() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(texts: &[Option<String>]) -> SortedText {
        let column = FragmentColumn::from_chunks(vec![Arc::new(texts.iter().cloned().collect::<StringArray>())]);
        SortedText::build(&column).unwrap()
    }

    proptest! {
        #[test]
        fn finds_the_rows_of_a_scan(
            texts in prop::collection::vec(prop::option::of("[ab]{0,3}"), 0..40), probe in "[ab]{0,3}",
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
            prop_assert_eq!(found(TextProbe::Equal(probe.clone())), scan(&|text| text == probe));
            prop_assert_eq!(found(TextProbe::Prefix(probe.clone())), scan(&|text| text.starts_with(&probe)));
        }
    }
}
