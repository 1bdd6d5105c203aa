//! Leaves of patterns: all nodes or edges of a type, nodes of known ids, and nodes that a text index finds.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt64Array};
use arrow::compute::{BatchCoalescer, filter_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use omnigraph_traversal::NodeRef;
use roaring::RoaringBitmap;

use super::operator::single_batch;
use super::{BatchStream, GraphOperator};
use crate::error::{Error, Result};
use crate::index::{ColumnIndexCache, TextProbe};
use crate::query::limits::QueryBudget;
use crate::query::tables::{EntitySet, NodeTable, RowTable};
use crate::table::{self, CHUNK_ROWS, FragmentRows, RowAddress, Table};

/// Ids of a point lookup: another thread would start later than these are found.
const MAX_POINT_IDS: usize = 64;
/// Fragments of fewer rows share batches, because every batch has a fixed cost.
const MIN_BATCH_ROWS: usize = 8192;

/// Scans all nodes or edges of some types.
#[derive(Debug)]
pub(crate) struct EntityScan {
    pub(crate) entities: EntitySet,
    /// Columns of the tables, besides the reference to the node or row.
    pub(crate) columns: Vec<String>,
    /// The caller probably takes only the first rows. The scan then loads no whole columns into the cache.
    pub(crate) limit_hint: bool,
    /// The reference, then the columns.
    pub(crate) schema: SchemaRef,
    pub(crate) budget: Arc<QueryBudget>,
}

/// One type of a scan.
#[derive(Clone, Debug)]
enum ScanSource {
    Nodes(Arc<NodeTable>),
    Rows(Arc<RowTable>),
}

impl EntitySet {
    fn sources(&self) -> Vec<ScanSource> {
        match self {
            Self::Nodes(nodes) => nodes.iter().map(|nodes| ScanSource::Nodes(Arc::clone(nodes))).collect(),
            Self::Rows(rows) => rows.iter().map(|rows| ScanSource::Rows(Arc::clone(rows))).collect(),
        }
    }

    fn type_names(&self) -> String {
        self.sources().iter().map(ScanSource::name).collect::<Vec<_>>().join(" | ")
    }
}

impl ScanSource {
    fn table(&self) -> &Arc<Table> {
        match self {
            Self::Nodes(nodes) => &nodes.table,
            Self::Rows(rows) => &rows.table,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Nodes(nodes) => &nodes.name,
            Self::Rows(rows) => &rows.name,
        }
    }

    /// Returns references to some rows of a fragment.
    fn refs(&self, fragment: u32, rows: impl Iterator<Item = u32>) -> Result<Vec<u64>> {
        Ok(match self {
            Self::Nodes(nodes) => {
                let ordinals = nodes.ordinals(fragment)?;
                rows.filter_map(|row| Some(NodeRef::pack(nodes.node_type, *ordinals.get(row as usize)?).0)).collect()
            }
            Self::Rows(_) => rows.map(|row| RowAddress::new(fragment, row).0).collect(),
        })
    }

    /// Returns references to consecutive rows of a fragment.
    fn range_refs(&self, fragment: u32, rows: &Range<u32>) -> Result<UInt64Array> {
        Ok(match self {
            Self::Nodes(nodes) => {
                let ordinals = nodes.ordinals(fragment)?.iter().skip(rows.start as usize).take(rows.len());
                UInt64Array::from_iter_values(ordinals.map(|ordinal| NodeRef::pack(nodes.node_type, *ordinal).0))
            }
            Self::Rows(_) => {
                let first = RowAddress::new(fragment, rows.start).0;
                UInt64Array::from_iter_values(first..first + rows.len() as u64)
            }
        })
    }

    /// Returns references to rows of any fragments.
    fn refs_by_address(&self, addresses: &UInt64Array) -> Result<ArrayRef> {
        let Self::Nodes(nodes) = self else { return Ok(Arc::new(addresses.clone())) };
        let node = |address: &u64| {
            let address = RowAddress(*address);
            let ordinal = *nodes.ordinals(address.fragment()).ok()?.get(address.offset() as usize)?;
            Some(NodeRef::pack(nodes.node_type, ordinal).0)
        };
        let refs: Option<Vec<u64>> = addresses.values().iter().map(node).collect();
        Ok(Arc::new(UInt64Array::from(refs.ok_or_else(|| Error::internal("a row without an ordinal"))?)))
    }
}

impl NodeTable {
    /// Returns the ordinals of a fragment's rows.
    fn ordinals(&self, fragment: u32) -> Result<&[u32]> {
        let fragments = self.rows.fragments();
        let index = fragments.binary_search_by_key(&fragment, |fragment| fragment.id);
        let found = index.ok().and_then(|index| fragments.get(index));
        Ok(found.ok_or_else(|| Error::internal("a fragment without ordinals"))?.ordinals.values())
    }
}

impl GraphOperator for EntityScan {
    fn name(&self) -> &'static str {
        "Scan"
    }

    fn detail(&self) -> String {
        let rows: u64 = self.entities.tables().iter().map(|table| table.rows()).sum();
        let columns = if self.columns.is_empty() { String::new() } else { format!(" [{}]", self.columns.join(", ")) };
        format!("{}{columns}, {rows} rows", self.entities.type_names())
    }

    fn run(self: Arc<Self>, _: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let sources = self.entities.sources().into_iter();
        let streams: Vec<BatchStream> = sources.map(|source| Arc::clone(&self).scan_type(source)).collect();
        Ok(futures::stream::iter(streams).flatten().boxed())
    }
}

impl EntityScan {
    fn scan_type(self: Arc<Self>, source: ScanSource) -> BatchStream {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let table = source.table();
        let cached = if self.limit_hint { table.has_columns(&columns) } else { table.fits_in_memory(&columns) };
        if cached { self.scan_cached(source) } else { self.scan_files(source) }
    }

    /// Scans columns that are in the cache or go into it.
    fn scan_cached(self: Arc<Self>, source: ScanSource) -> BatchStream {
        let opened = {
            let source = source.clone();
            async move { source.table().fragments(None).await }
        };
        let chunks = futures::stream::once(opened).map_ok(move |fragments| {
            let (this, source) = (Arc::clone(&self), source.clone());
            let several = fragments.len() > 1;
            let chunks: Vec<_> = fragments
                .into_iter()
                .flat_map(|fragment| {
                    let chunks = (fragment.physical_rows as usize).div_ceil(CHUNK_ROWS);
                    (0..chunks).map(move |chunk| (fragment.clone(), chunk))
                })
                .collect();
            let schema = Arc::clone(&this.schema);
            let chunks = futures::stream::iter(chunks).then(move |(fragment, chunk)| {
                let (this, source) = (Arc::clone(&this), source.clone());
                async move { this.read_chunk(&source, &fragment, chunk).await }
            });
            if several { coalesce_batches(chunks.boxed(), &schema) } else { chunks.boxed() }
        });
        chunks.try_flatten().boxed()
    }

    async fn read_chunk(&self, source: &ScanSource, fragment: &FragmentRows, chunk: usize) -> Result<RecordBatch> {
        let start = chunk * CHUNK_ROWS;
        let end = (fragment.physical_rows as usize).min(start + CHUNK_ROWS);
        self.budget.spend((end - start) as u64)?;
        let rows = u32::try_from(start).unwrap_or(u32::MAX)..u32::try_from(end).unwrap_or(u32::MAX);
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(source.range_refs(fragment.id, &rows)?)];
        if !self.columns.is_empty() {
            let names: Vec<&str> = self.columns.iter().map(String::as_str).collect();
            for column in source.table().columns(&[fragment.id], &names).await?.into_iter().flatten() {
                let chunk = column.chunks().get(chunk);
                arrays.push(Arc::clone(chunk.ok_or_else(|| Error::internal("a column is too short"))?));
            }
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
        Ok(match &fragment.deleted {
            Some(deleted) => filter_record_batch(&batch, &live_rows(deleted, rows))?,
            None => batch,
        })
    }

    /// Scans columns from files, past the cache.
    fn scan_files(self: Arc<Self>, source: ScanSource) -> BatchStream {
        let opened = {
            let (this, source) = (Arc::clone(&self), source.clone());
            async move {
                let columns = this.columns.clone();
                let pace = if this.limit_hint { table::ScanPace::Lazy } else { table::ScanPace::Full };
                source.table().scan(&table::Scan { columns, addresses: true, pace, ..table::Scan::default() })
            }
        };
        let batches = futures::stream::once(opened).try_flatten();
        batches.map(move |batch| self.file_batch(&source, &batch?)).boxed()
    }

    fn file_batch(&self, source: &ScanSource, batch: &RecordBatch) -> Result<RecordBatch> {
        self.budget.spend(batch.num_rows() as u64)?;
        let mut arrays = vec![source.refs_by_address(table::row_addresses(batch)?)?];
        for name in &self.columns {
            let column = batch.column_by_name(name);
            arrays.push(Arc::clone(column.ok_or_else(|| Error::internal("a scan lost a column"))?));
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }
}

fn live_rows(deleted: &RoaringBitmap, rows: Range<u32>) -> BooleanArray {
    rows.map(|offset| Some(!deleted.contains(offset))).collect()
}

/// Combines the rows of small batches.
fn coalesce_batches(batches: BatchStream, schema: &SchemaRef) -> BatchStream {
    let coalescer = BatchCoalescer::new(Arc::clone(schema), MIN_BATCH_ROWS)
        .with_biggest_coalesce_batch_size(Some(MIN_BATCH_ROWS / 2));
    let step = |(mut batches, mut coalescer, mut ended): (BatchStream, BatchCoalescer, bool)| async move {
        loop {
            if let Some(batch) = coalescer.next_completed_batch() {
                return Ok(Some((batch, (batches, coalescer, ended))));
            }
            if ended {
                return Ok(None);
            }
            match batches.try_next().await? {
                Some(batch) => coalescer.push_batch(batch)?,
                None => {
                    ended = true;
                    coalescer.finish_buffered_batch()?;
                }
            }
        }
    };
    futures::stream::try_unfold((batches, coalescer, false), step).boxed()
}

/// Finds nodes by id.
#[derive(Debug)]
pub(crate) struct KeyLookup {
    pub(crate) nodes: Vec<Arc<NodeTable>>,
    /// Distinct ids.
    pub(crate) ids: Vec<String>,
    /// The reference to the node.
    pub(crate) schema: SchemaRef,
}

impl GraphOperator for KeyLookup {
    fn name(&self) -> &'static str {
        "KeyLookup"
    }

    fn detail(&self) -> String {
        let types: Vec<&str> = self.nodes.iter().map(|nodes| nodes.name.as_str()).collect();
        format!("{} by key {}", types.join(" | "), first_few(&self.ids, |id| format!("{id:?}")))
    }

    fn is_point_lookup(&self) -> bool {
        self.ids.len() <= MAX_POINT_IDS
    }

    fn run(self: Arc<Self>, _: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let found = self.nodes.iter().flat_map(|nodes| self.ids.iter().filter_map(|id| nodes.find(id)));
        let refs: ArrayRef = Arc::new(UInt64Array::from_iter_values(found.map(|node| node.0)));
        if refs.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), vec![refs])?;
        Ok(single_batch(std::future::ready(Ok(batch))))
    }
}

/// Finds nodes by the text index of a column.
#[derive(Debug)]
pub(crate) struct IndexLookup {
    pub(crate) entities: EntitySet,
    pub(crate) column: String,
    pub(crate) probes: Vec<TextProbe>,
    pub(crate) indexes: ColumnIndexCache,
    /// The reference to the node.
    pub(crate) schema: SchemaRef,
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for IndexLookup {
    fn name(&self) -> &'static str {
        "IndexLookup"
    }

    fn detail(&self) -> String {
        let probe = |probe: &TextProbe| match probe {
            TextProbe::Equal(text) => format!("= {text:?}"),
            TextProbe::Prefix(prefix) => format!("starts with {prefix:?}"),
        };
        format!("{}.{} {}", self.entities.type_names(), self.column, first_few(&self.probes, probe))
    }

    fn run(self: Arc<Self>, _: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        Ok(single_batch(async move { self.find().await }))
    }
}

impl IndexLookup {
    async fn find(&self) -> Result<RecordBatch> {
        let mut refs: Vec<u64> = Vec::new();
        for source in self.entities.sources() {
            for fragment in source.table().fragments(None).await? {
                let sorted = self.indexes.sorted_text(source.table(), fragment.id, &self.column).await?;
                let found = self.probes.iter().flat_map(|probe| sorted.find(probe)).copied();
                refs.extend(source.refs(fragment.id, found.filter(|row| fragment.is_live(*row)))?);
            }
        }
        self.budget.spend(refs.len() as u64)?;
        // The order does not depend on the order of the probes, and two probes may find one node.
        refs.sort_unstable();
        refs.dedup();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::new(UInt64Array::from(refs))])?)
    }
}

/// Describes the first three items, and the number of all.
fn first_few<T>(items: &[T], describe: impl Fn(&T) -> String) -> String {
    let shown: Vec<String> = items.iter().take(3).map(describe).collect();
    let more = if items.len() > 3 { format!(", … {} in all", items.len()) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
