//! Indexes of text columns: words, and order.
//!
//! An index covers one column of one fragment, which never changes. So an index is never stale: a commit brings fragments of
//! its own, and the first search after it indexes just these. Which rows live is asked when an index is used.
//!
//! - `sorted` rows in the order of their text

mod sorted;

pub(crate) use sorted::{Probe, SortedText};

use std::sync::Arc;

use arrow::array::AsArray;
use omnigraph_compiler::catalog::Analyzer;
use omnigraph_search::{Segment, SegmentBuilder, Tokenizer};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{Error, Result};
use crate::table::{Column, Table, weighed_cache};

/// Bytes of indexes kept in memory per graph.
const CACHE_BYTES: u64 = 512 << 20;
/// Indexes that the cache is laid out for.
const CACHE_ITEMS: usize = 1024;

/// Fragment, Lance's field id, and the analyzer of an index of words.
type Key = (u32, i32, Option<String>);

/// An index of one column of one fragment.
#[derive(Clone, Debug)]
enum Index {
    Words(Arc<Segment>),
    Order(SortedText),
}

/// Indexes by fragment and column. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct TextIndexes {
    kept: Arc<Cache<Key, Index, Bytes>>,
}

/// What an index weighs.
#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<Key, Index> for Bytes {
    fn weight(&self, _: &Key, index: &Index) -> u64 {
        let bytes = match index {
            Index::Words(segment) => segment.memory(),
            Index::Order(sorted) => sorted.memory(),
        };
        bytes.max(1) as u64
    }
}

impl Default for TextIndexes {
    fn default() -> Self {
        Self { kept: Arc::new(weighed_cache(CACHE_ITEMS, CACHE_BYTES, Bytes)) }
    }
}

impl TextIndexes {
    /// The words of a column of a fragment of `table`.
    pub(crate) async fn words(
        &self,
        table: &Table,
        fragment: u32,
        column: &str,
        analyzer: &Analyzer,
    ) -> Result<Arc<Segment>> {
        let key = (fragment, table.field_id(column)?, Some(analyzer.0.clone()));
        if let Some(Index::Words(segment)) = self.kept.get(&key) {
            return Ok(segment);
        }
        let texts = texts(table, fragment, column).await?;
        let tokenizer = tokenizer(analyzer)?;
        let segment = Arc::new(aside(move || build(&tokenizer, &texts)).await?);
        self.kept.insert(key, Index::Words(Arc::clone(&segment)));
        Ok(segment)
    }

    /// The order of a column of a fragment of `table`.
    pub(crate) async fn order(&self, table: &Table, fragment: u32, column: &str) -> Result<SortedText> {
        let key = (fragment, table.field_id(column)?, None);
        if let Some(Index::Order(sorted)) = self.kept.get(&key) {
            return Ok(sorted);
        }
        let texts = texts(table, fragment, column).await?;
        let sorted = aside(move || SortedText::build(&texts)).await?;
        self.kept.insert(key, Index::Order(sorted.clone()));
        Ok(sorted)
    }
}

async fn texts(table: &Table, fragment: u32, column: &str) -> Result<Column> {
    let texts = table.columns(&[fragment], &[column]).await?.into_iter().flatten().next();
    texts.ok_or_else(|| Error::internal("a text column is not there"))
}

/// Long work, where it does not keep others waiting.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|failed| Error::internal(failed.to_string()))?
}

/// How text becomes tokens.
pub(crate) fn tokenizer(analyzer: &Analyzer) -> Result<Tokenizer> {
    Tokenizer::new(analyzer).map_err(|error| Error::internal(error.to_string()))
}

fn build(tokenizer: &Tokenizer, texts: &Column) -> Result<Segment> {
    let mut builder = SegmentBuilder::new(tokenizer);
    for chunk in texts.chunks() {
        let texts = chunk.as_string_opt::<i32>().ok_or_else(|| Error::internal("a text column holds no text"))?;
        texts.iter().for_each(|text| builder.push(text));
    }
    Ok(builder.finish())
}
