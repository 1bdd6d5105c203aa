//! Indexes of single columns, cached by fragment.
//!
//! A fragment never changes, so its indexes stay valid. A commit adds fragments, and the first search after it indexes only
//! those. Deleted rows are filtered when an index is used.

use std::sync::Arc;

use futures::TryStreamExt;
use omnigraph_compiler::catalog::TextAnalyzer;
use omnigraph_search::{InvertedIndex, QuantizedVectors};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::text::{SortedText, build_inverted_index, new_tokenizer};
use super::vector::{quantize, vector_width};
use crate::error::{Error, Result};
use crate::table::{FragmentColumn, Table, weighed_cache};

/// Indexes that the cache is laid out for.
const CACHE_ITEMS: usize = 1024;

/// The fragment, Lance's field id, and the analyzer of an inverted index.
type ColumnIndexKey = (u32, i32, Option<String>);

/// An index of one column of one fragment.
#[derive(Clone, Debug)]
enum ColumnIndex {
    Inverted(Arc<InvertedIndex>),
    Sorted(SortedText),
    Quantized(Arc<QuantizedVectors>),
}

/// Indexes by fragment and column. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct ColumnIndexCache {
    cache: Arc<Cache<ColumnIndexKey, ColumnIndex, IndexWeight>>,
}

/// The weight of an index: its bytes in memory.
#[derive(Clone, Debug)]
struct IndexWeight;

impl Weighter<ColumnIndexKey, ColumnIndex> for IndexWeight {
    fn weight(&self, _: &ColumnIndexKey, index: &ColumnIndex) -> u64 {
        let bytes = match index {
            ColumnIndex::Inverted(index) => index.memory_bytes(),
            ColumnIndex::Sorted(sorted) => sorted.memory_bytes(),
            ColumnIndex::Quantized(vectors) => vectors.memory_bytes(),
        };
        bytes.max(1) as u64
    }
}

impl ColumnIndexCache {
    /// Returns a cache of at most `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { cache: Arc::new(weighed_cache(CACHE_ITEMS, bytes, IndexWeight)) }
    }

    /// Returns the inverted index of a text column.
    pub(crate) async fn inverted_index(
        &self,
        table: &Table,
        fragment: u32,
        column: &str,
        analyzer: &TextAnalyzer,
    ) -> Result<Arc<InvertedIndex>> {
        let key = (fragment, table.field_id(column)?, Some(analyzer.0.clone()));
        if let Some(ColumnIndex::Inverted(index)) = self.cache.get(&key) {
            return Ok(index);
        }
        let texts = read_column(table, fragment, column).await?;
        let tokenizer = new_tokenizer(analyzer)?;
        let index = Arc::new(spawn_blocking(move || build_inverted_index(&tokenizer, &texts)).await?);
        self.cache.insert(key, ColumnIndex::Inverted(Arc::clone(&index)));
        Ok(index)
    }

    /// Returns the sorted rows of a text column.
    pub(crate) async fn sorted_text(&self, table: &Table, fragment: u32, column: &str) -> Result<SortedText> {
        let key = (fragment, table.field_id(column)?, None);
        if let Some(ColumnIndex::Sorted(sorted)) = self.cache.get(&key) {
            return Ok(sorted);
        }
        let texts = read_column(table, fragment, column).await?;
        let sorted = spawn_blocking(move || SortedText::build(&texts)).await?;
        self.cache.insert(key, ColumnIndex::Sorted(sorted.clone()));
        Ok(sorted)
    }

    /// Reports if the quantized vectors of all rows of `table`, with `width` components each, fit in the cache.
    pub(crate) fn fits_quantized_vectors(&self, table: &Table, width: usize) -> bool {
        let bytes = table.rows().saturating_mul(QuantizedVectors::bytes_per_row(width) as u64);
        bytes <= self.cache.capacity() / 2
    }

    /// Returns the quantized vectors of a column.
    pub(crate) async fn quantized_vectors(
        &self,
        table: &Table,
        fragment: u32,
        column: &str,
    ) -> Result<Arc<QuantizedVectors>> {
        let key = (fragment, table.field_id(column)?, None);
        if let Some(ColumnIndex::Quantized(vectors)) = self.cache.get(&key) {
            return Ok(vectors);
        }
        let mut quantized = QuantizedVectors::new(vector_width(table, column)?);
        if table.fits_in_memory(&[column]) {
            let vectors = read_column(table, fragment, column).await?;
            quantized = spawn_blocking(move || Ok(vectors.chunks().iter().fold(quantized, quantize))).await?;
        } else {
            let mut chunks = std::pin::pin!(table.stream_column(fragment, column)?);
            while let Some(chunk) = chunks.try_next().await? {
                quantized = spawn_blocking(move || Ok(quantize(quantized, &chunk))).await?;
            }
        }
        let quantized = Arc::new(quantized);
        self.cache.insert(key, ColumnIndex::Quantized(Arc::clone(&quantized)));
        Ok(quantized)
    }
}

async fn read_column(table: &Table, fragment: u32, column: &str) -> Result<FragmentColumn> {
    let found = table.columns(&[fragment], &[column]).await?.into_iter().flatten().next();
    found.ok_or_else(|| Error::internal("an indexed column does not exist"))
}

/// Runs long computations outside of the async workers.
async fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|failed| Error::internal(failed.to_string()))?
}
