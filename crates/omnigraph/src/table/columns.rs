//! The column cache: whole columns of fragments in memory, and reads by row address on top of it.
//!
//! A column of a fragment never changes, so an entry is never stale. A new version of a table shares all but its newest
//! fragments with the versions before it. A cached column includes deleted rows; its reader filters them.

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

use super::data_reader::{FragmentRead, ReadAhead, physical_rows};
use super::deletions::deleted_rows;
use super::{ID, RowAddress, Table, fragment_id, weighed_cache};
use crate::error::{Error, Result};

/// Rows of a chunk, but for the last of a fragment.
pub(crate) const CHUNK_ROWS: usize = 1 << 16;
/// Expected number of cached columns.
const CACHE_ITEMS: usize = 4096;
/// The assumed size of a text or list before it is read.
const ASSUMED_VALUE_BYTES: u64 = 48;

/// One column of one fragment: every row it was written with, in chunks of [`CHUNK_ROWS`].
#[derive(Clone, Debug)]
pub(crate) struct FragmentColumn {
    chunks: Arc<[ArrayRef]>,
}

/// A fragment of a version.
#[derive(Clone, Debug)]
pub(crate) struct FragmentRows {
    /// The id, unique in the graph.
    pub(crate) id: u32,
    /// Rows that the fragment was written with, deleted ones included.
    pub(crate) physical_rows: u32,
    /// The offsets of deleted rows, or `None` without deletions.
    pub(crate) deleted: Option<Arc<RoaringBitmap>>,
}

impl FragmentRows {
    /// Reports if the row at `offset` is not deleted.
    pub(crate) fn is_live(&self, offset: u32) -> bool {
        is_live(self.deleted.as_deref(), offset)
    }
}

/// Reports if the row at `offset` is not among the deleted ones.
pub(crate) fn is_live(deleted: Option<&RoaringBitmap>, offset: u32) -> bool {
    deleted.is_none_or(|deleted| !deleted.contains(offset))
}

/// A cache of columns by fragment id and Lance field id, bounded in bytes.
#[derive(Debug)]
pub(super) struct ColumnCache {
    cache: Cache<(u32, i32), FragmentColumn, ColumnWeight>,
}

/// The size of a column in bytes.
#[derive(Clone, Debug)]
struct ColumnWeight;

impl Weighter<(u32, i32), FragmentColumn> for ColumnWeight {
    fn weight(&self, _: &(u32, i32), column: &FragmentColumn) -> u64 {
        column.chunks.iter().map(|chunk| chunk.get_array_memory_size() as u64).sum::<u64>().max(1)
    }
}

impl ColumnCache {
    /// Returns an empty cache of at most `bytes`.
    pub(super) fn new(bytes: u64) -> Self {
        Self { cache: weighed_cache(CACHE_ITEMS, bytes, ColumnWeight) }
    }
}

impl FragmentColumn {
    /// Returns a column of these chunks.
    #[cfg(test)]
    pub(crate) fn from_chunks(chunks: Vec<ArrayRef>) -> Self {
        Self { chunks: chunks.into() }
    }

    /// Returns the chunks, in order.
    pub(crate) fn chunks(&self) -> &[ArrayRef] {
        &self.chunks
    }
}

impl Table {
    /// Returns the fragments of this version with their deleted rows, sorted by id.
    pub(crate) async fn fragments(&self, only: Option<&BTreeSet<u32>>) -> Result<Vec<FragmentRows>> {
        match only {
            Some(_) => self.read_fragments(only).await,
            None => Ok(self.fragments.get_or_try_init(|| self.read_fragments(None)).await?.clone()),
        }
    }

    async fn read_fragments(&self, only: Option<&BTreeSet<u32>>) -> Result<Vec<FragmentRows>> {
        let selected = self.select_fragments(only);
        let mut fragments = Vec::with_capacity(selected.len());
        for fragment in &selected {
            let deleted = match &fragment.deletion_file {
                Some(_) => Some(deleted_rows(&self.files, fragment).await?),
                None => None,
            };
            let physical_rows = physical_rows(fragment)?;
            fragments.push(FragmentRows { id: fragment_id(fragment), physical_rows, deleted });
        }
        fragments.sort_by_key(|fragment| fragment.id);
        Ok(fragments)
    }

    /// Reports if whole columns are small enough for the cache.
    pub(crate) fn fits_in_memory(&self, columns: &[&str]) -> bool {
        let widths = columns.iter().filter_map(|name| self.schema.field_with_name(name).ok());
        let width: u64 = widths.map(|field| width(field.data_type())).sum();
        self.rows().saturating_mul(width) <= self.columns.cache.capacity() / 2
    }

    /// Reports if whole columns are cached.
    pub(crate) fn has_columns(&self, columns: &[&str]) -> bool {
        let kept = |fragment: &Fragment, name: &&str| {
            self.field_id(name).is_ok_and(|field| self.columns.cache.get(&(fragment_id(fragment), field)).is_some())
        };
        self.manifest.fragments.iter().all(|fragment| columns.iter().all(|name| kept(fragment, name)))
    }

    /// Returns whole columns of some fragments: per fragment, per name.
    pub(crate) async fn columns(&self, fragments: &[u32], names: &[&str]) -> Result<Vec<Vec<FragmentColumn>>> {
        let fields = names.iter().map(|name| self.field_id(name)).collect::<Result<Vec<_>>>()?;
        let cache = &self.columns.cache;
        let mut missing = BTreeSet::new();
        let mut found: BTreeMap<(u32, i32), FragmentColumn> = BTreeMap::new();
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

    /// Caches the columns of a fragment that was just written with these rows.
    pub(crate) fn cache_columns(&self, fragment: u32, rows: &RecordBatch) {
        if rows.num_rows() > CHUNK_ROWS {
            return;
        }
        for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
            if let Ok(id) = self.field_id(field.name()) {
                self.columns.cache.insert((fragment, id), FragmentColumn { chunks: [Arc::clone(column)].into() });
            }
        }
    }

    /// Returns the Lance field id of a column, which is the same in every version.
    pub(crate) fn field_id(&self, name: &str) -> Result<i32> {
        let field = self.manifest.schema.field(name);
        field.map(|field| field.id).ok_or_else(|| Error::internal(format!("table {} has no column {name}", self.path)))
    }

    /// Streams the values of a column of a fragment in chunks, deleted rows included, past the cache.
    pub(crate) fn stream_column(
        &self,
        fragment: u32,
        column: &str,
    ) -> Result<impl Stream<Item = Result<ArrayRef>> + use<>> {
        let (_, batches) = self.scan_physical(&[fragment].into(), &[column])?;
        Ok(batches.map_ok(|batch| Arc::clone(batch.column(0))))
    }

    /// Scans columns of fragments in their order, deleted rows included.
    fn scan_physical(
        &self,
        fragments: &BTreeSet<u32>,
        names: &[&str],
    ) -> Result<(Vec<Fragment>, impl Stream<Item = Result<RecordBatch>> + use<>)> {
        let selected = self.select_fragments(Some(fragments));
        let columns = self.lance_columns(names)?;
        let read = FragmentRead { columns, addresses: false, deleted: true, ahead: ReadAhead::full(CHUNK_ROWS) };
        Ok((selected.clone(), self.read_rows(selected, read)))
    }

    /// Reads whole columns of fragments in one scan, deleted rows included.
    async fn read_columns(
        &self,
        fragments: &BTreeSet<u32>,
        columns: &[(&str, i32)],
    ) -> Result<Vec<((u32, i32), FragmentColumn)>> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let (selected, batches) = self.scan_physical(fragments, &names)?;
        let batches: Vec<RecordBatch> = batches.try_collect().await?;
        let mut rows = BatchCutter { batches, batch: 0, row: 0 };
        let mut read = Vec::with_capacity(selected.len() * columns.len());
        for fragment in &selected {
            let chunks = rows.next_chunks(physical_rows(fragment)? as usize)?;
            for (index, (_, field)) in columns.iter().enumerate() {
                let chunks = chunks.iter().map(|chunk| Arc::clone(chunk.column(index))).collect();
                read.push(((fragment_id(fragment), *field), FragmentColumn { chunks }));
            }
        }
        Ok(read)
    }

    /// Returns the values of columns at row addresses, null at [`RowAddress::NONE`]. Reads through the cache if the columns fit.
    pub(crate) async fn columns_by_address(&self, addresses: &[RowAddress], names: &[&str]) -> Result<Vec<ArrayRef>> {
        if self.fits_in_memory(names) {
            self.gather(addresses, names).await
        } else {
            self.fetch(addresses, names).await
        }
    }

    /// Returns the rows at row addresses, with all columns.
    pub(crate) async fn rows_by_address(&self, addresses: &[RowAddress]) -> Result<RecordBatch> {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), self.columns_by_address(addresses, &names).await?)?)
    }

    /// Returns the id of the row at `address`.
    pub(crate) async fn id_by_address(&self, address: RowAddress) -> Result<String> {
        let ids = self.fetch(&[address], &[ID]).await?;
        let ids = ids.first().and_then(|ids| ids.as_string_opt::<i32>()).filter(|ids| !ids.is_empty());
        Ok(ids.map(|ids| ids.value(0).to_owned()).unwrap_or_default())
    }

    /// Returns the values of columns at row addresses from the cache, null at [`RowAddress::NONE`].
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
        let positions = ChunkPositions::new(&fragments, &columns, addresses);
        let gathered = names.iter().enumerate().map(|(index, name)| {
            let ty = self.schema.field_with_name(name).map_err(|error| Error::internal(error.to_string()))?;
            positions.gather(&columns, index, ty.data_type(), nulls)
        });
        gathered.collect()
    }

    /// Returns the values of columns at row addresses past the cache: for columns too large for it.
    pub(crate) async fn fetch(&self, addresses: &[RowAddress], names: &[&str]) -> Result<Vec<ArrayRef>> {
        let mut wanted: Vec<u64> =
            addresses.iter().filter(|address| **address != RowAddress::NONE).map(|address| address.0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let columns = self.lance_columns(names)?;
        let batch = if wanted.is_empty() {
            RecordBatch::new_empty(Arc::new(ArrowSchema::from(&columns)))
        } else {
            self.read_addresses(&wanted, &columns).await?
        };
        let place = |address: &RowAddress| {
            wanted.binary_search(&address.0).ok().map(|index| u32::try_from(index).unwrap_or(u32::MAX))
        };
        let indices: UInt32Array = addresses.iter().map(place).collect();
        batch.columns().iter().map(|column| Ok(take(column, &indices, None)?)).collect()
    }
}

/// Positions of addresses among the chunks of several fragments.
struct ChunkPositions {
    /// Chunk and row within it; `None` is null.
    places: Vec<Option<(usize, usize)>>,
    chunks: usize,
}

impl ChunkPositions {
    fn new(fragments: &[u32], columns: &[Vec<FragmentColumn>], addresses: &[RowAddress]) -> Self {
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

    fn gather(&self, columns: &[Vec<FragmentColumn>], index: usize, ty: &DataType, nulls: bool) -> Result<ArrayRef> {
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

/// Batches in row order, cut into chunks of another size.
struct BatchCutter {
    batches: Vec<RecordBatch>,
    batch: usize,
    row: usize,
}

impl BatchCutter {
    /// Returns the next `rows` rows in chunks of [`CHUNK_ROWS`].
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

/// Returns the approximate bytes of a value.
fn width(ty: &DataType) -> u64 {
    match ty {
        DataType::FixedSizeList(item, length) => width(item.data_type()) * u64::from(length.unsigned_abs()),
        ty => ty.primitive_width().map_or(ASSUMED_VALUE_BYTES, |bytes| bytes as u64),
    }
}
