//! Nearest neighbors by a VA-file: quantized vectors bound distances, and only rows within the bound are measured exactly.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Float64Array, UInt64Array};
use arrow::compute::{concat_batches, filter, filter_record_batch};
use arrow::datatypes::{Float64Type, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use futures::TryStreamExt;
use omnigraph_search::{QuantizedQuery, QuantizedVectors, TopKBound};
use omnigraph_traversal::NodeRef;

use super::operator::{single_batch, single_input};
use super::score::{ScoreArm, ScoreMethod, distances};
use super::{BatchStream, GraphOperator};
use crate::error::Result;
use crate::index::ColumnIndexCache;
use crate::query::limits::QueryBudget;
use crate::query::tables::{EntitySet, NodeTable};

/// Rows that gather before rows beyond the current bound are dropped.
const MIN_GATHERED_ROWS: usize = 1 << 14;

/// Appends the distance to the nearest rows, and drops the others. Rows as near as the last of them stay.
#[derive(Debug)]
pub(crate) struct NearestRows {
    pub(crate) arm: ScoreArm,
    /// The number of rows.
    pub(crate) fetch: usize,
    /// The columns of the input, then the distance.
    pub(crate) schema: SchemaRef,
    pub(crate) indexes: ColumnIndexCache,
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for NearestRows {
    fn name(&self) -> &'static str {
        "NearestRows"
    }

    fn detail(&self) -> String {
        let column = match &self.arm.method {
            ScoreMethod::Distance { column, .. } => column.as_str(),
            _ => "nothing",
        };
        format!("the {} nearest by {column} (quantized, then measured)", self.fetch)
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let input = single_input(inputs)?;
        Ok(single_batch(async move { self.nearest(input).await }))
    }
}

impl NearestRows {
    async fn nearest(&self, mut input: BatchStream) -> Result<RecordBatch> {
        let width = self.schema.fields().len() - 1;
        let input_schema = Arc::new(self.schema.project(&(0..width).collect::<Vec<_>>())?);
        let (ScoreMethod::Distance { column, query: Some(query) }, EntitySet::Nodes(nodes)) =
            (&self.arm.method, &self.arm.entities)
        else {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.schema)));
        };
        let vectors = VectorFilter::open(nodes, column, &self.indexes).await?;
        let quantized = QuantizedQuery::new(query);
        let mut candidates = NearestCandidates::new(self.fetch);
        while let Some(batch) = input.try_next().await? {
            self.budget.spend(batch.num_rows() as u64)?;
            let refs = batch.column(self.arm.column).as_primitive::<UInt64Type>();
            let lower_bounds = vectors.lower_bounds(refs, &quantized, &mut candidates.bound);
            candidates.add(&batch, lower_bounds)?;
        }
        let rows = concat_batches(&input_schema, &candidates.finish()?)?;
        let refs = rows.column(self.arm.column).as_primitive::<UInt64Type>();
        let measured = distances(refs, nodes, column, Some(query), &self.budget).await?;
        let columns = rows.columns().iter().cloned().chain([measured]).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// Quantized vectors by fragment id.
type FragmentVectors = Vec<(u32, Arc<QuantizedVectors>)>;

/// Quantized vectors of nodes.
struct VectorFilter<'a> {
    types: Vec<(&'a NodeTable, FragmentVectors)>,
}

impl<'a> VectorFilter<'a> {
    async fn open(nodes: &'a [Arc<NodeTable>], column: &str, indexes: &ColumnIndexCache) -> Result<Self> {
        let mut types = Vec::with_capacity(nodes.len());
        for nodes in nodes {
            let mut fragments = Vec::with_capacity(nodes.rows.fragments().len());
            for fragment in nodes.rows.fragments() {
                fragments.push((fragment.id, indexes.quantized_vectors(&nodes.table, fragment.id, column).await?));
            }
            types.push((nodes.as_ref(), fragments));
        }
        Ok(Self { types })
    }

    /// Returns the least possible distance of each row, or null without a vector. Notes the greatest possible ones in `bound`.
    fn lower_bounds(&self, refs: &UInt64Array, query: &QuantizedQuery, bound: &mut TopKBound) -> Vec<Option<f64>> {
        let lower_bound = |node: Option<u64>| {
            let (lower, upper) = self.bounds(NodeRef(node?), query)?;
            bound.push(upper);
            Some(lower)
        };
        refs.iter().map(lower_bound).collect()
    }

    fn bounds(&self, node: NodeRef, query: &QuantizedQuery) -> Option<(f64, f64)> {
        let (nodes, fragments) = self.types.iter().find(|(nodes, _)| nodes.node_type == node.node_type())?;
        let address = nodes.address(node);
        let index = fragments.binary_search_by_key(&address.fragment(), |(id, _)| *id).ok()?;
        query.bounds(&fragments.get(index)?.1, address.offset() as usize)
    }
}

/// Rows that may be among the nearest, with the least distance of each.
struct NearestCandidates {
    bound: TopKBound,
    batches: Vec<(RecordBatch, Float64Array)>,
    rows: usize,
    max_rows: usize,
}

impl NearestCandidates {
    fn new(fetch: usize) -> Self {
        let max_rows = fetch.saturating_mul(4).max(MIN_GATHERED_ROWS);
        Self { bound: TopKBound::new(fetch), batches: Vec::new(), rows: 0, max_rows }
    }

    fn add(&mut self, batch: &RecordBatch, lower_bounds: Vec<Option<f64>>) -> Result<()> {
        self.push_near(batch, &lower_bounds.into())?;
        if self.rows > self.max_rows {
            self.prune()?;
            // Rows that are all equally near cannot be dropped: prune again only after as many more.
            self.max_rows = self.max_rows.max(self.rows * 2);
        }
        Ok(())
    }

    /// Drops the rows beyond the current bound.
    fn prune(&mut self) -> Result<()> {
        self.rows = 0;
        for (batch, lower_bounds) in std::mem::take(&mut self.batches) {
            self.push_near(&batch, &lower_bounds)?;
        }
        Ok(())
    }

    fn push_near(&mut self, batch: &RecordBatch, lower_bounds: &Float64Array) -> Result<()> {
        let near: BooleanArray =
            lower_bounds.iter().map(|lower| Some(lower.is_some_and(|lower| self.bound.admits(lower)))).collect();
        let lower_bounds = filter(lower_bounds, &near)?.as_primitive::<Float64Type>().clone();
        let batch = filter_record_batch(batch, &near)?;
        self.rows += batch.num_rows();
        self.batches.push((batch, lower_bounds));
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<RecordBatch>> {
        self.prune()?;
        Ok(self.batches.into_iter().map(|(batch, _)| batch).collect())
    }
}

/// Reports if a rank can use quantized vectors: it has a query vector, and the cache has space for the vectors of all nodes.
pub(crate) fn uses_quantized_vectors(arm: &ScoreArm, indexes: &ColumnIndexCache) -> Result<bool> {
    let (ScoreMethod::Distance { column, query: Some(_) }, EntitySet::Nodes(nodes)) = (&arm.method, &arm.entities)
    else {
        return Ok(false);
    };
    for nodes in nodes {
        if !indexes.fits_quantized_vectors(&nodes.table, crate::index::vector_width(&nodes.table, column)?) {
            return Ok(false);
        }
    }
    Ok(true)
}
