//! Nodes of a type: all of them, or those of known ids.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt64Array};
use arrow::compute::{BatchCoalescer, filter_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use roaring::RoaringBitmap;

use super::{Operator, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::graph::{Entities, Nodes, Rows, node_ref};
use crate::search::{ColumnIndexes, Probe};
use crate::table::{self, CHUNK_ROWS, FragmentRows, RowAddress, Table};

/// So many nodes are shown before another thread would have begun to.
const FEW_IDS: usize = 64;
/// Fragments of fewer rows are shown together.
const FEW_ROWS: usize = 8192;

/// All nodes of some types, with some of their columns.
#[derive(Debug)]
pub(in crate::query) struct Scan {
    /// The types.
    pub(in crate::query) nodes: Entities,
    /// Columns of the tables, beside the number of the node or the address of its row.
    pub(in crate::query) columns: Vec<String>,
    /// Whether only the first rows are likely to be asked for, so that it does not pay to keep whole columns.
    pub(in crate::query) few: bool,
    /// The number or address, then the columns.
    pub(in crate::query) schema: SchemaRef,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

/// One type of a scan.
#[derive(Clone, Debug)]
enum Source {
    Numbered(Arc<Nodes>),
    Plain(Arc<Rows>),
}

/// The same rows, those of small fragments together: every batch has its price, whatever is in it.
fn coalesced(batches: Stream, schema: &SchemaRef) -> Stream {
    let coalescer =
        BatchCoalescer::new(Arc::clone(schema), FEW_ROWS).with_biggest_coalesce_batch_size(Some(FEW_ROWS / 2));
    let step = |(mut batches, mut coalescer, mut ended): (Stream, BatchCoalescer, bool)| async move {
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

impl Source {
    fn table(&self) -> &Arc<Table> {
        match self {
            Self::Numbered(nodes) => &nodes.table,
            Self::Plain(rows) => &rows.table,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Numbered(nodes) => &nodes.name,
            Self::Plain(rows) => &rows.name,
        }
    }

    /// Adds the numbers of some rows of a fragment, or their addresses.
    fn collect(&self, fragment: &FragmentRows, rows: impl Iterator<Item = u32>, into: &mut Vec<u64>) -> Result<()> {
        match self {
            Self::Numbered(nodes) => {
                let ordinals = nodes.ordinals_of(fragment.id)?;
                into.extend(rows.filter_map(|row| Some(node_ref(nodes.space, *ordinals.get(row as usize)?))));
            }
            Self::Plain(_) => into.extend(rows.map(|row| RowAddress::new(fragment.id, row).0)),
        }
        Ok(())
    }
}

impl Nodes {
    /// The ordinals of a fragment's rows.
    fn ordinals_of(&self, fragment: u32) -> Result<&[u32]> {
        let fragments = self.rows.fragments();
        let index = fragments.binary_search_by_key(&fragment, |fragment| fragment.id);
        let numbered = index.ok().and_then(|index| fragments.get(index));
        Ok(numbered.ok_or_else(|| Error::internal("a fragment is not numbered"))?.ordinals.values())
    }
}

fn sources(entities: &Entities) -> Vec<Source> {
    match entities {
        Entities::Nodes(nodes) => nodes.iter().map(|nodes| Source::Numbered(Arc::clone(nodes))).collect(),
        Entities::Rows(rows) => rows.iter().map(|rows| Source::Plain(Arc::clone(rows))).collect(),
    }
}

impl Operator for Scan {
    fn name(&self) -> &'static str {
        "Scan"
    }

    fn detail(&self) -> String {
        let sources = sources(&self.nodes);
        let types: Vec<&str> = sources.iter().map(Source::name).collect();
        let rows: u64 = sources.iter().map(|source| source.table().rows()).sum();
        let columns = if self.columns.is_empty() { String::new() } else { format!(" [{}]", self.columns.join(", ")) };
        format!("{}{columns}, {rows} rows", types.join(" | "))
    }

    fn run(self: Arc<Self>, _: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let streams: Vec<Stream> =
            sources(&self.nodes).into_iter().map(|source| Arc::clone(&self).of_type(source)).collect();
        Ok(futures::stream::iter(streams).flatten().boxed())
    }
}

impl Scan {
    fn of_type(self: Arc<Self>, source: Source) -> Stream {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let table = source.table();
        let whole = if self.few { table.has_columns(&columns) } else { table.fits_in_memory(&columns) };
        if whole { self.in_memory(source) } else { self.streamed(source) }
    }

    fn in_memory(self: Arc<Self>, source: Source) -> Stream {
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
                    let chunks = (fragment.written as usize).div_ceil(CHUNK_ROWS);
                    (0..chunks).map(move |chunk| (fragment.clone(), chunk))
                })
                .collect();
            let schema = Arc::clone(&this.schema);
            let chunks = futures::stream::iter(chunks).then(move |(fragment, chunk)| {
                let (this, source) = (Arc::clone(&this), source.clone());
                async move { this.chunk(&source, &fragment, chunk).await }
            });
            if several { coalesced(chunks.boxed(), &schema) } else { chunks.boxed() }
        });
        chunks.try_flatten().boxed()
    }

    async fn chunk(&self, source: &Source, fragment: &FragmentRows, chunk: usize) -> Result<RecordBatch> {
        let start = chunk * CHUNK_ROWS;
        let rows = CHUNK_ROWS.min(fragment.written as usize - start);
        self.budget.spend(rows as u64)?;
        let mut arrays = vec![refs(source, fragment, start, rows)?];
        if !self.columns.is_empty() {
            let names: Vec<&str> = self.columns.iter().map(String::as_str).collect();
            for column in source.table().columns(&[fragment.id], &names).await?.into_iter().flatten() {
                let chunk = column.chunks().get(chunk);
                arrays.push(Arc::clone(chunk.ok_or_else(|| Error::internal("a column is too short"))?));
            }
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
        Ok(match &fragment.deleted {
            Some(deleted) => filter_record_batch(&batch, &alive(deleted, start, rows))?,
            None => batch,
        })
    }

    fn streamed(self: Arc<Self>, source: Source) -> Stream {
        let opened = {
            let (this, source) = (Arc::clone(&self), source.clone());
            async move {
                let columns = this.columns.clone();
                let pace = if this.few { table::Pace::AsTaken } else { table::Pace::Ahead };
                source.table().scan(table::Scan { columns, addresses: true, pace, ..table::Scan::default() }).await
            }
        };
        let batches = futures::stream::once(opened).try_flatten();
        batches.map(move |batch| self.numbered(&source, &batch?)).boxed()
    }

    fn numbered(&self, source: &Source, batch: &RecordBatch) -> Result<RecordBatch> {
        self.budget.spend(batch.num_rows() as u64)?;
        let addresses = table::addresses(batch)?;
        let refs: ArrayRef = match source {
            Source::Numbered(nodes) => self.placed(nodes, addresses)?,
            Source::Plain(_) => Arc::new(addresses.clone()),
        };
        let mut arrays = vec![refs];
        for name in &self.columns {
            let column = batch.column_by_name(name);
            arrays.push(Arc::clone(column.ok_or_else(|| Error::internal("a scan lost a column"))?));
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }

    fn placed(&self, nodes: &Nodes, addresses: &UInt64Array) -> Result<ArrayRef> {
        let fragments = nodes.rows.fragments();
        let number = |address: &u64| {
            let address = RowAddress(*address);
            let index = fragments.binary_search_by_key(&address.fragment(), |fragment| fragment.id).ok()?;
            let ordinals = fragments.get(index)?.ordinals.values();
            Some(node_ref(nodes.space, *ordinals.get(address.offset() as usize)?))
        };
        let numbers: Option<Vec<u64>> = addresses.values().iter().map(number).collect();
        let numbers = numbers.ok_or_else(|| Error::internal("a row is in no fragment"))?;
        Ok(Arc::new(UInt64Array::from(numbers)))
    }
}

/// The numbers of nodes, or the addresses of their rows.
fn refs(source: &Source, fragment: &FragmentRows, start: usize, rows: usize) -> Result<ArrayRef> {
    Ok(match source {
        Source::Numbered(nodes) => {
            let ordinals = nodes.ordinals_of(fragment.id)?.iter().skip(start).take(rows);
            Arc::new(UInt64Array::from_iter_values(ordinals.map(|ordinal| node_ref(nodes.space, *ordinal))))
        }
        Source::Plain(_) => {
            let first = RowAddress::new(fragment.id, u32::try_from(start).unwrap_or(u32::MAX)).0;
            Arc::new(UInt64Array::from_iter_values(first..first + rows as u64))
        }
    })
}

fn alive(deleted: &RoaringBitmap, start: usize, rows: usize) -> BooleanArray {
    let first = u32::try_from(start).unwrap_or(u32::MAX);
    let last = u32::try_from(start + rows).unwrap_or(u32::MAX);
    (first..last).map(|offset| Some(!deleted.contains(offset))).collect()
}

/// The nodes of known ids.
#[derive(Debug)]
pub(in crate::query) struct Lookup {
    /// The types.
    pub(in crate::query) nodes: Vec<Arc<Nodes>>,
    /// The ids, each once.
    pub(in crate::query) ids: Vec<String>,
    /// The number of the node.
    pub(in crate::query) schema: SchemaRef,
}

impl Operator for Lookup {
    fn name(&self) -> &'static str {
        "KeyLookup"
    }

    fn detail(&self) -> String {
        let types: Vec<&str> = self.nodes.iter().map(|nodes| nodes.name.as_str()).collect();
        let shown: Vec<String> = self.ids.iter().take(3).map(|id| format!("{id:?}")).collect();
        let more = if self.ids.len() > 3 { format!(", … {} in all", self.ids.len()) } else { String::new() };
        format!("{} by key {}{more}", types.join(" | "), shown.join(", "))
    }

    fn is_brief(&self) -> bool {
        self.ids.len() <= FEW_IDS
    }

    fn run(self: Arc<Self>, _: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let found = self.nodes.iter().flat_map(|nodes| self.ids.iter().filter_map(|id| nodes.find(id)));
        let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(found));
        if numbers.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), vec![numbers])?;
        Ok(futures::stream::iter([Ok(batch)]).boxed())
    }
}

/// The nodes that an index of a text column finds.
#[derive(Debug)]
pub(in crate::query) struct IndexLookup {
    /// The types.
    pub(in crate::query) nodes: Entities,
    /// The column.
    pub(in crate::query) column: String,
    /// What is looked for.
    pub(in crate::query) probes: Vec<Probe>,
    /// Where.
    pub(in crate::query) indexes: ColumnIndexes,
    /// The number of the node.
    pub(in crate::query) schema: SchemaRef,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for IndexLookup {
    fn name(&self) -> &'static str {
        "IndexLookup"
    }

    fn detail(&self) -> String {
        let sources = sources(&self.nodes);
        let types: Vec<&str> = sources.iter().map(Source::name).collect();
        let probe = |probe: &Probe| match probe {
            Probe::Equal(text) => format!("= {text:?}"),
            Probe::Prefix(prefix) => format!("starts with {prefix:?}"),
        };
        let shown: Vec<String> = self.probes.iter().take(3).map(probe).collect();
        let more = if self.probes.len() > 3 { format!(", … {} in all", self.probes.len()) } else { String::new() };
        format!("{}.{} {}{more}", types.join(" | "), self.column, shown.join(", "))
    }

    fn run(self: Arc<Self>, _: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        Ok(futures::stream::once(async move { self.find().await }).boxed())
    }
}

impl IndexLookup {
    async fn find(&self) -> Result<RecordBatch> {
        let mut nodes: Vec<u64> = Vec::new();
        for source in sources(&self.nodes) {
            for fragment in source.table().fragments(None).await? {
                let sorted = self.indexes.order(source.table(), fragment.id, &self.column).await?;
                let found = self.probes.iter().flat_map(|probe| sorted.find(probe)).copied();
                let rows = found.filter(|row| fragment.lives(*row));
                source.collect(&fragment, rows, &mut nodes)?;
            }
        }
        self.budget.spend(nodes.len() as u64)?;
        // In one order, whatever was looked for first; and each once, if it was looked for twice.
        nodes.sort_unstable();
        nodes.dedup();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::new(UInt64Array::from(nodes))])?)
    }
}
