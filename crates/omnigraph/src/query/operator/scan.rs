//! Nodes of a type: all of them, or those of known ids.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt64Array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use roaring::RoaringBitmap;

use super::{Operator, Stream};
use crate::adjacency::NodeFragment;
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::graph::{Nodes, node_ref};
use crate::search::{Probe, TextIndexes};
use crate::table::{self, CHUNK_ROWS, ROW_ADDRESS, RowAddress};

/// All nodes of some types, with some of their columns.
#[derive(Debug)]
pub(in crate::query) struct Scan {
    /// The types.
    pub(in crate::query) nodes: Vec<Arc<Nodes>>,
    /// Columns of the tables, beside the number of the node.
    pub(in crate::query) columns: Vec<String>,
    /// The number of the node, then the columns.
    pub(in crate::query) schema: SchemaRef,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for Scan {
    fn name(&self) -> &'static str {
        "Scan"
    }

    fn detail(&self) -> String {
        let types: Vec<&str> = self.nodes.iter().map(|nodes| nodes.name.as_str()).collect();
        let rows: u64 = self.nodes.iter().map(|nodes| nodes.rows.live()).sum();
        let columns = if self.columns.is_empty() { String::new() } else { format!(" [{}]", self.columns.join(", ")) };
        format!("{}{columns}, {rows} rows", types.join(" | "))
    }

    fn run(self: Arc<Self>, _: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let streams: Vec<Stream> = self.nodes.iter().map(|nodes| Arc::clone(&self).of_type(Arc::clone(nodes))).collect();
        Ok(futures::stream::iter(streams).flatten().boxed())
    }
}

impl Scan {
    fn of_type(self: Arc<Self>, nodes: Arc<Nodes>) -> Stream {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        if nodes.table.fits_in_memory(&columns) { self.in_memory(nodes) } else { self.streamed(nodes) }
    }

    fn in_memory(self: Arc<Self>, nodes: Arc<Nodes>) -> Stream {
        let mut chunks = Vec::new();
        for (index, fragment) in nodes.rows.fragments().iter().enumerate() {
            chunks.extend((0..fragment.ordinals.len().div_ceil(CHUNK_ROWS)).map(|chunk| (index, chunk)));
        }
        let read = move |(fragment, chunk)| {
            let (this, nodes) = (Arc::clone(&self), Arc::clone(&nodes));
            async move { this.chunk(&nodes, fragment, chunk).await }
        };
        futures::stream::iter(chunks).then(read).boxed()
    }

    async fn chunk(&self, nodes: &Nodes, fragment: usize, chunk: usize) -> Result<RecordBatch> {
        let fragment = nodes.rows.fragments().get(fragment).ok_or_else(|| Error::internal("a fragment vanished"))?;
        let start = chunk * CHUNK_ROWS;
        let rows = CHUNK_ROWS.min(fragment.ordinals.len() - start);
        self.budget.spend(rows as u64)?;
        let mut arrays = vec![numbers(nodes.space, fragment, start, rows)];
        if !self.columns.is_empty() {
            let names: Vec<&str> = self.columns.iter().map(String::as_str).collect();
            for column in nodes.table.columns(&[fragment.id], &names).await?.into_iter().flatten() {
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

    fn streamed(self: Arc<Self>, nodes: Arc<Nodes>) -> Stream {
        let opened = {
            let (this, nodes) = (Arc::clone(&self), Arc::clone(&nodes));
            async move {
                let columns = this.columns.clone();
                nodes.table.scan(table::Scan { columns, addresses: true, ..table::Scan::default() }).await
            }
        };
        let batches = futures::stream::once(opened).try_flatten();
        batches.map(move |batch| self.numbered(&nodes, &batch?)).boxed()
    }

    fn numbered(&self, nodes: &Nodes, batch: &RecordBatch) -> Result<RecordBatch> {
        self.budget.spend(batch.num_rows() as u64)?;
        let addresses = batch.column_by_name(ROW_ADDRESS).and_then(|column| column.as_primitive_opt::<UInt64Type>());
        let addresses = addresses.ok_or_else(|| Error::internal("a scan came without addresses"))?;
        let mut arrays = vec![self.placed(nodes, addresses)?];
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

fn numbers(space: u16, fragment: &NodeFragment, start: usize, rows: usize) -> ArrayRef {
    let ordinals = fragment.ordinals.values().iter().skip(start).take(rows);
    Arc::new(UInt64Array::from_iter_values(ordinals.map(|ordinal| node_ref(space, *ordinal))))
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
    pub(in crate::query) nodes: Vec<Arc<Nodes>>,
    /// The column.
    pub(in crate::query) column: String,
    /// What is looked for.
    pub(in crate::query) probes: Vec<Probe>,
    /// Where.
    pub(in crate::query) indexes: TextIndexes,
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
        let types: Vec<&str> = self.nodes.iter().map(|nodes| nodes.name.as_str()).collect();
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
        let mut found: Vec<u64> = Vec::new();
        for nodes in &self.nodes {
            for fragment in nodes.rows.fragments() {
                let sorted = self.indexes.order(&nodes.table, fragment.id, &self.column).await?;
                let lives = |row: &u32| fragment.deleted.as_ref().is_none_or(|deleted| !deleted.contains(*row));
                for row in self.probes.iter().flat_map(|probe| sorted.find(probe)).filter(|row| lives(row)) {
                    if let Some(ordinal) = fragment.ordinals.values().get(*row as usize) {
                        found.push(node_ref(nodes.space, *ordinal));
                    }
                }
            }
        }
        self.budget.spend(found.len() as u64)?;
        // In one order, whatever was looked for first; and each once, if it was looked for twice.
        found.sort_unstable();
        found.dedup();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::new(UInt64Array::from(found))])?)
    }
}
