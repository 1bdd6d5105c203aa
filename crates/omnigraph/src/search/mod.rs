//! Indexes of columns: words and order of texts, and sketches of vectors.
//!
//! An index covers one column of one fragment, which never changes. So an index is never stale: a commit brings fragments of
//! its own, and the first search after it indexes just these. Which rows live is asked when an index is used.
//!
//! - `sorted` rows in the order of their text

mod sorted;

pub(crate) use sorted::{Probe, SortedText};

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type};
use futures::TryStreamExt;
use omnigraph_compiler::catalog::Analyzer;
use omnigraph_search::{Segment, SegmentBuilder, Sketches, Tokenizer};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{Error, Result};
use crate::table::{Column, Table, weighed_cache};

/// Indexes that the cache is laid out for.
const CACHE_ITEMS: usize = 1024;

/// Fragment, Lance's field id, and the analyzer of an index of words.
type Key = (u32, i32, Option<String>);

/// An index of one column of one fragment.
#[derive(Clone, Debug)]
enum Index {
    Words(Arc<Segment>),
    Order(SortedText),
    Sketches(Arc<Sketches>),
}

/// Indexes by fragment and column. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct ColumnIndexes {
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
            Index::Sketches(sketches) => sketches.memory(),
        };
        bytes.max(1) as u64
    }
}

impl ColumnIndexes {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { kept: Arc::new(weighed_cache(CACHE_ITEMS, bytes, Bytes)) }
    }

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
        let texts = column_of(table, fragment, column).await?;
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
        let texts = column_of(table, fragment, column).await?;
        let sorted = aside(move || SortedText::build(&texts)).await?;
        self.kept.insert(key, Index::Order(sorted.clone()));
        Ok(sorted)
    }

    /// Whether the sketches of all vectors of a column of `table`, which have `width` components, have room.
    pub(crate) fn has_room_for(&self, table: &Table, width: usize) -> bool {
        let bytes = table.rows().saturating_mul(Sketches::bytes_of_row(width) as u64);
        bytes <= self.kept.capacity() / 2
    }

    /// The sketches of the vectors of a column of a fragment of `table`.
    pub(crate) async fn sketches(&self, table: &Table, fragment: u32, column: &str) -> Result<Arc<Sketches>> {
        let key = (fragment, table.field_id(column)?, None);
        if let Some(Index::Sketches(sketches)) = self.kept.get(&key) {
            return Ok(sketches);
        }
        let mut sketches = Sketches::new(width_of(table, column)?);
        if table.fits_in_memory(&[column]) {
            let vectors = column_of(table, fragment, column).await?;
            sketches = aside(move || Ok(vectors.chunks().iter().fold(sketches, sketched))).await?;
        } else {
            let mut chunks = std::pin::pin!(table.written(fragment, column).await?);
            while let Some(chunk) = chunks.try_next().await? {
                sketches = aside(move || Ok(sketched(sketches, &chunk))).await?;
            }
        }
        let sketches = Arc::new(sketches);
        self.kept.insert(key, Index::Sketches(Arc::clone(&sketches)));
        Ok(sketches)
    }
}

/// The number of components of the vectors of a column.
pub(crate) fn width_of(table: &Table, column: &str) -> Result<usize> {
    match table.schema().field_with_name(column).map(|field| field.data_type()) {
        Ok(DataType::FixedSizeList(item, width)) if *item.data_type() == DataType::Float32 => {
            Ok(width.unsigned_abs() as usize)
        }
        _ => Err(Error::internal(format!("column {column} holds no vectors"))),
    }
}

/// The vector of a row of a column of vectors; none where it is null.
pub(crate) fn vector_at(vectors: &ArrayRef, row: usize) -> Option<&[f32]> {
    let vectors = vectors.as_fixed_size_list_opt().filter(|vectors| vectors.is_valid(row))?;
    let width = vectors.value_length().unsigned_abs() as usize;
    let start = usize::try_from(vectors.value_offset(row)).ok()?;
    vectors.values().as_primitive_opt::<Float32Type>()?.values().get(start..start + width)
}

fn sketched(mut sketches: Sketches, vectors: &ArrayRef) -> Sketches {
    (0..vectors.len()).for_each(|row| sketches.push(vector_at(vectors, row)));
    sketches
}

async fn column_of(table: &Table, fragment: u32, column: &str) -> Result<Column> {
    let found = table.columns(&[fragment], &[column]).await?.into_iter().flatten().next();
    found.ok_or_else(|| Error::internal("an indexed column is not there"))
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
