//! Reading of data files: the live rows of fragments as a stream of record batches.
//!
//! ```text
//! fragments ─► open footer (cached) ─► decode tasks ─► drop deleted rows ─► append addresses ─► batches
//!               up to `fragments` ahead    up to `batches` ahead, each on a task of the runtime
//! ```
//!
//! `lance-file` schedules the page reads and decodes them. The order of rows is the order of fragments, then of offsets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatchOptions, UInt32Array, UInt64Array};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use arrow::record_batch::RecordBatch;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use lance_core::cache::{CacheKey, LanceCache};
use lance_core::datatypes::Schema;
use lance_encoding::decoder::{DecoderPlugins, FilterExpression, ReadBatchTask};
use lance_file::reader::{CachedFileMetadata, FileReader, FileReaderOptions};
use lance_file::versions::reader_projection_from_field_ids;
use lance_io::ReadBatchParams;
use lance_io::object_store::ObjectStore;
use lance_io::scheduler::{ScanScheduler, SchedulerConfig};
use lance_table::format::{DataFile, Fragment};
use object_store::path::Path;
use omnigraph_history::TablePath;
use roaring::RoaringBitmap;

use super::deletions::deleted_rows;
use super::lance_store::failed;
use super::open::TableFiles;
use super::{ROW_ADDRESS, RowAddress, Table, fragment_id};
use crate::error::{Error, Result};

/// Bytes of file footers and page indexes kept in memory per graph.
const FOOTER_CACHE_BYTES: usize = 256 << 20;
/// Bytes of pages that one scan keeps in flight.
const READAHEAD_BYTES: u64 = 256 << 20;
/// Fragments whose rows are fetched at the same time when rows are read by address.
const FETCH_CONCURRENCY: usize = 16;

/// Opens data files of one graph and caches their footers. Cheap to clone; clones share the cache.
#[derive(Clone, Debug)]
pub(super) struct DataFiles {
    store: Arc<ObjectStore>,
    footers: LanceCache,
}

/// Limits of how far a scan reads ahead of its consumer.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadAhead {
    /// Rows of a batch.
    pub(super) batch_rows: u32,
    /// Batches that are decoded at the same time.
    pub(super) batches: usize,
    /// Fragments that are open at the same time.
    pub(super) fragments: usize,
    /// Bytes of pages in flight.
    pub(super) bytes: u64,
}

impl ReadAhead {
    /// Keeps the store and all cores busy.
    pub(super) fn full(batch_rows: usize) -> Self {
        let batch_rows = u32::try_from(batch_rows).unwrap_or(u32::MAX);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { batch_rows, batches: cores, fragments: 4, bytes: READAHEAD_BYTES }
    }
}

/// Columns and rows that a read of fragments returns.
#[derive(Clone, Debug)]
pub(super) struct FragmentRead {
    /// Columns, in this order.
    pub(super) columns: Schema,
    /// Appends the column [`ROW_ADDRESS`].
    pub(super) addresses: bool,
    /// Returns deleted rows as well.
    pub(super) deleted: bool,
    /// Limits of reading ahead.
    pub(super) ahead: ReadAhead,
}

/// The footer of one data file, as a key of the cache.
struct FooterKey<'a>(&'a Path);

impl CacheKey for FooterKey<'_> {
    type ValueType = CachedFileMetadata;

    fn key(&self) -> Cow<'_, str> {
        self.0.as_ref().into()
    }

    fn type_name() -> &'static str {
        "CachedFileMetadata"
    }
}

impl DataFiles {
    /// Returns the data files in `store`. Makes no request.
    pub(super) fn new(store: Arc<ObjectStore>) -> Self {
        Self { store, footers: LanceCache::with_capacity(FOOTER_CACHE_BYTES) }
    }

    /// Returns the store of the data files.
    pub(super) fn object_store(&self) -> &ObjectStore {
        &self.store
    }

    fn scheduler(&self, bytes: u64) -> Arc<ScanScheduler> {
        ScanScheduler::new(Arc::clone(&self.store), SchedulerConfig::new(bytes))
    }

    /// Opens the data file of `fragment` for `columns`. Reads the footer unless it is cached.
    async fn open(
        &self,
        scheduler: &Arc<ScanScheduler>,
        (table, fragment): (&TablePath, &Fragment),
        columns: &Schema,
        priority: u64,
    ) -> lance_core::Result<FileReader> {
        let file = data_file(fragment)?;
        let path = Path::from(table.as_str()).join("data").join(file.path.as_str());
        let file_scheduler = scheduler.open_file_with_priority(&path, priority, &file.file_size_bytes).await?;
        let read = || FileReader::read_all_metadata(&file_scheduler);
        let footer = self.footers.get_or_insert_with_key(FooterKey(&path), read).await?;
        let projection = reader_projection_from_field_ids(file.file_version()?, columns, &column_indices(file))?;
        let options = FileReaderOptions::default();
        let io = lance_file::LanceEncodingsIo::new(file_scheduler).with_read_chunk_size(options.read_chunk_size);
        FileReader::try_open_with_file_metadata(
            Arc::new(io),
            path,
            Some(projection),
            Arc::<DecoderPlugins>::default(),
            footer,
            &self.footers,
            options,
        )
        .await
    }
}

/// Returns the decode tasks of rows of an open data file.
async fn decode_tasks(
    file: &FileReader,
    rows: ReadBatchParams,
    batch_rows: u32,
) -> lance_core::Result<impl Stream<Item = ReadBatchTask> + Send + use<>> {
    file.read_tasks(rows, batch_rows, None, FilterExpression::no_filter()).await
}

/// Returns the one data file of a fragment.
fn data_file(fragment: &Fragment) -> lance_core::Result<&DataFile> {
    match fragment.files.as_slice() {
        [file] => Ok(file),
        files => Err(lance_core::Error::not_supported(format!("a fragment of {} data files", files.len()))),
    }
}

/// Returns the physical columns of a data file, by field id.
fn column_indices(file: &DataFile) -> BTreeMap<u32, u32> {
    let pairs = file.fields.iter().zip(file.column_indices.iter());
    pairs.filter_map(|(field, column)| Some((u32::try_from(*field).ok()?, u32::try_from(*column).ok()?))).collect()
}

/// Rows of one fragment, on the way from decode tasks to the batches that the caller gets.
#[derive(Clone)]
struct RowShape {
    fragment: u32,
    deleted: Arc<RoaringBitmap>,
    addresses: bool,
    schema: SchemaRef,
}

impl RowShape {
    /// Drops the deleted rows of a batch that begins at offset `start`, and appends addresses where they are wanted.
    fn finish(&self, batch: &RecordBatch, start: u32) -> Result<RecordBatch> {
        let rows = u32::try_from(batch.num_rows()).map_err(|error| Error::internal(error.to_string()))?;
        let offsets = start..start.saturating_add(rows);
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        if self.addresses {
            let addresses = offsets.clone().map(|offset| RowAddress::new(self.fragment, offset).0);
            columns.push(Arc::new(UInt64Array::from_iter_values(addresses)));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        if self.deleted.range_cardinality(offsets.clone()) == 0 {
            return Ok(batch);
        }
        let live: BooleanArray = offsets.map(|offset| Some(!self.deleted.contains(offset))).collect();
        Ok(filter_record_batch(&batch, &live)?)
    }
}

impl Table {
    /// Streams the rows of `fragments`, in their order.
    pub(super) fn read_rows(
        &self,
        fragments: Vec<Fragment>,
        read: FragmentRead,
    ) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
        let schema = read_schema(&read);
        let scheduler = self.files.data.scheduler(read.ahead.bytes);
        let ReadAhead { batches, fragments: open_fragments, .. } = read.ahead;
        let files = self.files.clone();
        let opened = futures::stream::iter(fragments.into_iter().enumerate()).map(move |(priority, fragment)| {
            let source = FragmentSource { files: files.clone(), scheduler: Arc::clone(&scheduler), fragment };
            let (read, schema) = (read.clone(), Arc::clone(&schema));
            spawned(async move { source.batches(&read, schema, priority as u64).await })
        });
        let batches = opened.buffered(open_fragments).try_flatten().try_buffered(batches);
        batches.try_filter(|batch| std::future::ready(batch.num_rows() > 0))
    }

    /// Reads the rows at `addresses`, which are sorted and distinct and may be deleted ones.
    pub(super) async fn read_addresses(&self, addresses: &[u64], columns: &Schema) -> Result<RecordBatch> {
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for address in addresses {
            let address = RowAddress(*address);
            groups.entry(address.fragment()).or_default().push(address.offset());
        }
        let scheduler = self.files.data.scheduler(READAHEAD_BYTES);
        let reads = futures::stream::iter(groups).map(|(fragment, offsets)| {
            let scheduler = Arc::clone(&scheduler);
            async move { self.read_offsets(&scheduler, fragment, offsets, columns).await }
        });
        let batches: Vec<RecordBatch> =
            reads.buffered(FETCH_CONCURRENCY).try_collect::<Vec<Vec<_>>>().await?.into_iter().flatten().collect();
        Ok(concat_batches(&Arc::new(ArrowSchema::from(columns)), &batches)?)
    }

    async fn read_offsets(
        &self,
        scheduler: &Arc<ScanScheduler>,
        fragment: u32,
        offsets: Vec<u32>,
        columns: &Schema,
    ) -> Result<Vec<RecordBatch>> {
        let missing = || Error::internal(format!("fragment {fragment} is not part of {}", self.path));
        let fragment = self.fragment(fragment).ok_or_else(missing)?;
        let rows = u32::try_from(offsets.len()).unwrap_or(u32::MAX);
        let read = async {
            let file = self.files.data.open(scheduler, (&self.path, fragment), columns, 0).await?;
            let tasks = decode_tasks(&file, ReadBatchParams::Indices(UInt32Array::from(offsets)), rows).await?;
            tasks.then(|task| task.task).try_collect().await
        };
        read.await.map_err(failed("read rows of", self.path.as_str()))
    }
}

/// One fragment of a scan.
struct FragmentSource {
    files: TableFiles,
    scheduler: Arc<ScanScheduler>,
    fragment: Fragment,
}

/// Batches that are decoded when they are awaited.
type BatchTasks = BoxStream<'static, Result<futures::future::BoxFuture<'static, Result<RecordBatch>>>>;

impl FragmentSource {
    async fn batches(self, read: &FragmentRead, schema: SchemaRef, priority: u64) -> Result<BatchTasks> {
        let Self { files, scheduler, fragment } = self;
        let deleted = if read.deleted { Arc::default() } else { deleted_rows(&files, &fragment).await? };
        let shape = RowShape { fragment: fragment_id(&fragment), deleted, addresses: read.addresses, schema };
        if read.columns.fields.is_empty() {
            return counted(&fragment, shape, read.ahead.batch_rows);
        }
        let path = files.path.clone();
        let fail = move || failed("scan", path.as_str());
        let opened = files.data.open(&scheduler, (&files.path, &fragment), &read.columns, priority).await;
        let file = opened.map_err(fail())?;
        let tasks = decode_tasks(&file, ReadBatchParams::RangeFull, read.ahead.batch_rows).await;
        let mut start = 0_u32;
        let batches = tasks.map_err(fail())?.map(move |task| {
            let (shape, first, fail) = (shape.clone(), start, fail());
            start = start.saturating_add(task.num_rows);
            let decode = async move { shape.finish(&task.task.await.map_err(fail)?, first) };
            Ok(futures::FutureExt::boxed(spawned(decode)))
        });
        Ok(batches.boxed())
    }
}

/// Returns batches without columns of the file. Reads nothing.
fn counted(fragment: &Fragment, shape: RowShape, batch_rows: u32) -> Result<BatchTasks> {
    let rows = physical_rows(fragment)?;
    let ranges = (0..rows).step_by(batch_rows.max(1) as usize);
    let ranges: Vec<Range<u32>> = ranges.map(|start| start..start.saturating_add(batch_rows).min(rows)).collect();
    let batches = ranges.into_iter().map(move |range| {
        let options = RecordBatchOptions::new().with_row_count(Some(range.len()));
        let empty = RecordBatch::try_new_with_options(Arc::new(ArrowSchema::empty()), Vec::new(), &options)?;
        let batch = shape.finish(&empty, range.start)?;
        Ok(futures::FutureExt::boxed(std::future::ready(Ok(batch))))
    });
    Ok(futures::stream::iter(batches.collect::<Vec<_>>()).boxed())
}

/// Runs `work` on a task of its own, so that several cores decode.
async fn spawned<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::internal(format!("a read task failed: {error}"))),
    }
}

fn read_schema(read: &FragmentRead) -> SchemaRef {
    let schema = ArrowSchema::from(&read.columns);
    if !read.addresses {
        return Arc::new(schema);
    }
    let address = Arc::new(Field::new(ROW_ADDRESS, DataType::UInt64, true));
    Arc::new(ArrowSchema::new(schema.fields.iter().cloned().chain([address]).collect::<Vec<_>>()))
}

/// Returns the number of rows that a fragment was written with, deleted ones included.
pub(super) fn physical_rows(fragment: &Fragment) -> Result<u32> {
    let rows = fragment.physical_rows.and_then(|rows| u32::try_from(rows).ok());
    rows.ok_or_else(|| Error::internal("a fragment of unknown rows"))
}
