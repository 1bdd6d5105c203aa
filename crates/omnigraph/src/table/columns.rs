//! Columns of fragments, read whole once and kept.
//!
//! What a fragment's column holds never changes, so what is kept is never stale: a new version of a table shares all but its
//! newest fragments with the versions before it. Deleted rows are part of a column; whoever reads one knows which rows live.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array, new_null_array};
use arrow::compute::{concat, interleave, take};
use arrow::datatypes::{DataType, Schema as ArrowSchema};
use arrow::record_batch::RecordBatch;
use futures::{Stream, TryStreamExt};
use lance_table::format::Fragment;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use roaring::RoaringBitmap;

use super::{ID, RowAddress, Table, delete, edit::id_of, failure::failed, weighed::weighed_cache};
use crate::error::{Error, Result};

/// Rows of a chunk, but for the last of a fragment.
pub(crate) const CHUNK_ROWS: usize = 1 << 16;
/// Columns that the cache is laid out for.
const CACHE_ITEMS: usize = 4096;
/// What a text or list is taken to weigh before it is read.
const GUESSED_BYTES: u64 = 48;

/// One column of one fragment: every row it was written with, in chunks of [`CHUNK_ROWS`].
#[derive(Clone, Debug)]
pub(crate) struct Column {
    chunks: Arc<[ArrayRef]>,
}

/// A fragment of a version.
#[derive(Clone, Debug)]
pub(crate) struct FragmentRows {
    /// Its id, unique in the graph.
    pub(crate) id: u32,
    /// Rows it was written with, deleted ones included.
    pub(crate) written: u32,
    /// The offsets of its deleted rows, if there are any.
    pub(crate) deleted: Option<Arc<RoaringBitmap>>,
}

impl FragmentRows {
    /// Whether the row at an offset is not deleted.
    pub(crate) fn lives(&self, offset: u32) -> bool {
        lives(self.deleted.as_deref(), offset)
    }
}

/// Whether the row at an offset is not among those deleted.
pub(crate) fn lives(deleted: Option<&RoaringBitmap>, offset: u32) -> bool {
    deleted.is_none_or(|deleted| !deleted.contains(offset))
}

/// Columns by fragment and Lance's field id, up to a number of bytes.
#[derive(Debug)]
pub(super) struct Columns {
    cache: Cache<(u32, i32), Column, Bytes>,
}

/// What a column weighs.
#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<(u32, i32), Column> for Bytes {
    fn weight(&self, _: &(u32, i32), column: &Column) -> u64 {
        column.chunks.iter().map(|chunk| chunk.get_array_memory_size() as u64).sum::<u64>().max(1)
    }
}

impl Columns {
    /// Room for so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        Self { cache: weighed_cache(CACHE_ITEMS, bytes, Bytes) }
    }
}

impl Column {
    /// A column of these chunks.
    #[cfg(test)]
    pub(crate) fn of(chunks: Vec<ArrayRef>) -> Self {
        Self { chunks: chunks.into() }
    }

    /// The chunks, in order.
    pub(crate) fn chunks(&self) -> &[ArrayRef] {
        &self.chunks
    }
}

impl Table {
    /// The fragments of this version, by id.
    pub(crate) async fn fragments(&self, only: Option<&BTreeSet<u32>>) -> Result<Vec<FragmentRows>> {
        match only {
            Some(_) => self.read_fragments(only).await,
            None => Ok(self.fragments.get_or_try_init(|| self.read_fragments(None)).await?.clone()),
        }
    }

    async fn read_fragments(&self, only: Option<&BTreeSet<u32>>) -> Result<Vec<FragmentRows>> {
        let mut fragments = Vec::with_capacity(self.dataset.manifest.fragments.len());
        let wanted = |fragment: &&Fragment| only.is_none_or(|only| only.contains(&id_of(fragment)));
        for fragment in self.dataset.manifest.fragments.iter().filter(wanted) {
            let deleted = match &fragment.deletion_file {
                Some(_) => Some(delete::deleted_rows(self, fragment).await?),
                None => None,
            };
            fragments.push(FragmentRows { id: id_of(fragment), written: written_rows(fragment)?, deleted });
        }
        fragments.sort_by_key(|fragment| fragment.id);
        Ok(fragments)
    }

    /// Whether whole columns are small enough to be kept in memory.
    pub(crate) fn fits_in_memory(&self, columns: &[&str]) -> bool {
        let widths = columns.iter().filter_map(|name| self.schema.field_with_name(name).ok());
        let width: u64 = widths.map(|field| width(field.data_type())).sum();
        self.rows().saturating_mul(width) <= self.columns.cache.capacity() / 2
    }

    /// Whether whole columns are in memory already.
    pub(crate) fn has_columns(&self, columns: &[&str]) -> bool {
        let kept = |fragment: &Fragment, name: &&str| {
            self.field_id(name).is_ok_and(|field| self.columns.cache.get(&(id_of(fragment), field)).is_some())
        };
        self.dataset.manifest.fragments.iter().all(|fragment| columns.iter().all(|name| kept(fragment, name)))
    }

    /// Whole columns of some fragments: per fragment, per name.
    pub(crate) async fn columns(&self, fragments: &[u32], names: &[&str]) -> Result<Vec<Vec<Column>>> {
        let fields = names.iter().map(|name| self.field_id(name)).collect::<Result<Vec<_>>>()?;
        let cache = &self.columns.cache;
        let mut missing = BTreeSet::new();
        let mut found: BTreeMap<(u32, i32), Column> = BTreeMap::new();
        for fragment in fragments {
            for field in &fields {
                match cache.get(&(*fragment, *field)) {
                    Some(column) => drop(found.insert((*fragment, *field), column)),
                    None => drop(missing.insert(*fragment)),
                }
            }
        }
        if !missing.is_empty() {
            let absent = |field: &i32| missing.iter().any(|fragment| !found.contains_key(&(*fragment, *field)));
            let wanted: Vec<(&str, i32)> =
                names.iter().copied().zip(fields.iter().copied()).filter(|(_, field)| absent(field)).collect();
            for (key, column) in self.read_columns(&missing, &wanted).await? {
                cache.insert(key, column.clone());
                found.insert(key, column);
            }
        }
        let lost = || Error::internal("a column that was read is not there");
        let of = |fragment: &u32| {
            fields.iter().map(|field| found.get(&(*fragment, *field)).cloned().ok_or_else(lost)).collect()
        };
        fragments.iter().map(of).collect()
    }

    /// Keeps the columns of a fragment that was just written with these rows.
    pub(crate) fn keep_columns(&self, fragment: u32, rows: &RecordBatch) {
        if rows.num_rows() > CHUNK_ROWS {
            return;
        }
        for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
            if let Ok(id) = self.field_id(field.name()) {
                self.columns.cache.insert((fragment, id), Column { chunks: [Arc::clone(column)].into() });
            }
        }
    }

    /// Lance's id of a column: the same in every version.
    pub(crate) fn field_id(&self, name: &str) -> Result<i32> {
        let field = self.dataset.schema().field(name);
        field.map(|field| field.id).ok_or_else(|| Error::internal(format!("table {} has no column {name}", self.path)))
    }

    /// The values of a column of a fragment in chunks, deleted rows included, without keeping anything.
    pub(crate) async fn written(
        &self,
        fragment: u32,
        column: &str,
    ) -> Result<impl Stream<Item = Result<ArrayRef>> + use<>> {
        let (_, batches) = self.scan_written(&[fragment].into(), &[column]).await?;
        Ok(batches.map_ok(|batch| Arc::clone(batch.column(0))))
    }

    /// Scans columns of fragments in their order, deleted rows included.
    async fn scan_written(
        &self,
        fragments: &BTreeSet<u32>,
        names: &[&str],
    ) -> Result<(Vec<Fragment>, impl Stream<Item = Result<RecordBatch>> + use<>)> {
        let stored = self.dataset.manifest.fragments.iter();
        let wanted: Vec<Fragment> = stored
            .filter(|fragment| fragments.contains(&id_of(fragment)))
            .map(|fragment| Fragment { deletion_file: None, ..fragment.clone() })
            .collect();
        let mut scanner = self.dataset.scan();
        scanner.project(names).map_err(failed("read columns of", self.path.as_str()))?;
        scanner.scan_in_order(true).batch_size(CHUNK_ROWS).with_fragments(wanted.clone());
        let stream = scanner.try_into_stream().await.map_err(failed("read columns of", self.path.as_str()))?;
        let path = self.path.clone();
        Ok((wanted, stream.map_err(move |error| failed("read columns of", path.as_str())(error))))
    }

    /// Reads whole columns of fragments in one scan, deleted rows included.
    async fn read_columns(
        &self,
        fragments: &BTreeSet<u32>,
        columns: &[(&str, i32)],
    ) -> Result<Vec<((u32, i32), Column)>> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let (wanted, batches) = self.scan_written(fragments, &names).await?;
        let batches: Vec<RecordBatch> = batches.try_collect().await?;
        let mut rows = Rows { batches, batch: 0, row: 0 };
        let mut read = Vec::with_capacity(wanted.len() * columns.len());
        for fragment in &wanted {
            let chunks = rows.next_chunks(written_rows(fragment)? as usize)?;
            for (index, (_, field)) in columns.iter().enumerate() {
                let chunks = chunks.iter().map(|chunk| Arc::clone(chunk.column(index))).collect();
                read.push(((id_of(fragment), *field), Column { chunks }));
            }
        }
        Ok(read)
    }

    /// The values of columns at row addresses; null where the address is [`RowAddress::NONE`]. Whole columns are kept if they are
    /// small enough.
    pub(crate) async fn read_at(&self, addresses: &[RowAddress], names: &[&str]) -> Result<Vec<ArrayRef>> {
        if self.fits_in_memory(names) {
            self.gather(addresses, names).await
        } else {
            self.fetch(addresses, names).await
        }
    }

    /// The rows at row addresses, with all columns.
    pub(crate) async fn rows_at(&self, addresses: &[RowAddress]) -> Result<RecordBatch> {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), self.read_at(addresses, &names).await?)?)
    }

    /// The id of the row at `address`.
    pub(crate) async fn id_at(&self, address: RowAddress) -> Result<String> {
        let ids = self.fetch(&[address], &[ID]).await?;
        let ids = ids.first().and_then(|ids| ids.as_string_opt::<i32>()).filter(|ids| !ids.is_empty());
        Ok(ids.map(|ids| ids.value(0).to_owned()).unwrap_or_default())
    }

    /// The values of columns at row addresses; null where the address is [`RowAddress::NONE`].
    pub(crate) async fn gather(&self, addresses: &[RowAddress], names: &[&str]) -> Result<Vec<ArrayRef>> {
        let mut fragments: Vec<u32> = Vec::new();
        let mut nulls = false;
        let mut last = None;
        for address in addresses {
            if *address == RowAddress::NONE {
                nulls = true;
            } else if last != Some(address.fragment()) {
                last = Some(address.fragment());
                fragments.push(address.fragment());
            }
        }
        fragments.sort_unstable();
        fragments.dedup();
        let columns = self.columns(&fragments, names).await?;
        let places = Places::new(&fragments, &columns, addresses);
        let gathered = names.iter().enumerate().map(|(index, name)| {
            let ty = self.schema.field_with_name(name).map_err(|error| Error::internal(error.to_string()))?;
            places.gather(&columns, index, ty.data_type(), nulls)
        });
        gathered.collect()
    }

    /// The values of columns at row addresses, without keeping anything: for columns too large to be kept.
    pub(crate) async fn fetch(&self, addresses: &[RowAddress], names: &[&str]) -> Result<Vec<ArrayRef>> {
        let mut wanted: Vec<u64> =
            addresses.iter().filter(|address| **address != RowAddress::NONE).map(|address| address.0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let schema = self.dataset.schema().project(names).map_err(failed("read rows of", self.path.as_str()))?;
        let batch = if wanted.is_empty() {
            RecordBatch::new_empty(Arc::new(ArrowSchema::from(&schema)))
        } else {
            let rows = self.dataset.take_rows(&wanted, schema).await;
            rows.map_err(failed("read rows of", self.path.as_str()))?
        };
        let place = |address: &RowAddress| {
            wanted.binary_search(&address.0).ok().map(|index| u32::try_from(index).unwrap_or(u32::MAX))
        };
        let indices: UInt32Array = addresses.iter().map(place).collect();
        batch.columns().iter().map(|column| Ok(take(column, &indices, None)?)).collect()
    }
}

/// Where addresses are among the chunks of several fragments.
struct Places {
    /// Chunk and row within it; `None` stands for null.
    places: Vec<Option<(usize, usize)>>,
    chunks: usize,
}

impl Places {
    fn new(fragments: &[u32], columns: &[Vec<Column>], addresses: &[RowAddress]) -> Self {
        let mut first = Vec::with_capacity(fragments.len());
        let mut chunks = 0;
        for column in columns.iter().map(|columns| columns.first()) {
            first.push(chunks);
            chunks += column.map_or(0, |column| column.chunks.len());
        }
        let mut known = (u32::MAX, 0);
        let place = |address: &RowAddress| {
            if *address == RowAddress::NONE {
                return None;
            }
            if known.0 != address.fragment() {
                let index = fragments.binary_search(&address.fragment()).ok()?;
                known = (address.fragment(), *first.get(index)?);
            }
            let offset = address.offset() as usize;
            Some((known.1 + offset / CHUNK_ROWS, offset % CHUNK_ROWS))
        };
        Self { places: addresses.iter().map(place).collect(), chunks }
    }

    fn gather(&self, columns: &[Vec<Column>], index: usize, ty: &DataType, nulls: bool) -> Result<ArrayRef> {
        let of_column = columns.iter().filter_map(|columns| columns.get(index));
        let mut arrays: Vec<&dyn Array> =
            of_column.flat_map(|column| column.chunks.iter().map(|c| c.as_ref())).collect();
        if let ([only], false) = (arrays.as_slice(), nulls) {
            let rows = self.places.iter().flatten().map(|(_, row)| u32::try_from(*row).unwrap_or(u32::MAX));
            return Ok(take(*only, &UInt32Array::from_iter_values(rows), None)?);
        }
        if self.places.is_empty() {
            return Ok(arrow::array::new_empty_array(ty));
        }
        let null = new_null_array(ty, 1);
        arrays.push(null.as_ref());
        let places: Vec<(usize, usize)> = self.places.iter().map(|place| place.unwrap_or((self.chunks, 0))).collect();
        Ok(interleave(&arrays, &places)?)
    }
}

/// Batches in the order of their rows, cut anew.
struct Rows {
    batches: Vec<RecordBatch>,
    batch: usize,
    row: usize,
}

impl Rows {
    /// The next `rows` rows in chunks of [`CHUNK_ROWS`].
    fn next_chunks(&mut self, mut rows: usize) -> Result<Vec<RecordBatch>> {
        let mut chunks = Vec::with_capacity(rows.div_ceil(CHUNK_ROWS));
        while rows > 0 {
            let chunk = self.next(rows.min(CHUNK_ROWS))?;
            rows -= chunk.num_rows();
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    fn next(&mut self, rows: usize) -> Result<RecordBatch> {
        let mut parts = Vec::new();
        let mut left = rows;
        while left > 0 {
            let batch =
                self.batches.get(self.batch).ok_or_else(|| Error::internal("a fragment is shorter than it says"))?;
            let part = left.min(batch.num_rows() - self.row);
            parts.push(batch.slice(self.row, part));
            left -= part;
            self.row += part;
            if self.row == batch.num_rows() {
                (self.batch, self.row) = (self.batch + 1, 0);
            }
        }
        match parts.as_slice() {
            // A slice of a larger batch would keep the whole of it alive.
            [whole] if self.row == 0 && whole.num_rows() == rows => Ok(whole.clone()),
            parts => copied(parts),
        }
    }
}

fn copied(parts: &[RecordBatch]) -> Result<RecordBatch> {
    let Some(first) = parts.first() else { return Err(Error::internal("an empty chunk")) };
    let column = |index: usize| {
        let pieces: Vec<&dyn Array> = parts.iter().map(|part| part.column(index).as_ref()).collect();
        concat(&pieces)
    };
    let columns = (0..first.num_columns()).map(column).collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(first.schema(), columns)?)
}

fn written_rows(fragment: &Fragment) -> Result<u32> {
    let rows = fragment.physical_rows.and_then(|rows| u32::try_from(rows).ok());
    rows.ok_or_else(|| Error::internal("a fragment of unknown rows"))
}

/// Bytes of a value, roughly.
fn width(ty: &DataType) -> u64 {
    match ty {
        DataType::FixedSizeList(item, length) => width(item.data_type()) * u64::from(length.unsigned_abs()),
        ty => ty.primitive_width().map_or(GUESSED_BYTES, |bytes| bytes as u64),
    }
}
