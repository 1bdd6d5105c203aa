//! The rows whose vectors are nearest: sketches tell which rows need not be measured, the others are.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Float64Array, UInt64Array};
use arrow::compute::{concat_batches, filter, filter_record_batch};
use arrow::datatypes::{Float64Type, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use omnigraph_search::{Border, QuerySketch, Sketches};

use super::search::{Arm, Scoring, distances};
use super::{Operator, Stream};
use crate::error::Result;
use crate::query::budget::Budget;
use crate::query::graph::{Entities, Nodes, ordinal_of, space_of};
use crate::search::ColumnIndexes;

/// Rows that may gather before those that are too far by now are dropped.
const LEAST_GATHERED: usize = 1 << 14;

/// Adds the distance to the nearest rows, and drops the others. Whatever is as near as the last of them stays.
#[derive(Debug)]
pub(in crate::query) struct NearestRows {
    /// What is measured.
    pub(in crate::query) arm: Arm,
    /// How many rows are asked for.
    pub(in crate::query) fetch: usize,
    /// The columns of the input, then the distance.
    pub(in crate::query) schema: SchemaRef,
    /// Where sketches are.
    pub(in crate::query) indexes: ColumnIndexes,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for NearestRows {
    fn name(&self) -> &'static str {
        "NearestRows"
    }

    fn detail(&self) -> String {
        let column = match &self.arm.scoring {
            Scoring::Distance { column, .. } => column.as_str(),
            _ => "nothing",
        };
        format!("the {} nearest by {column} (sketches, then measured)", self.fetch)
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let input = super::exec::only(inputs)?;
        Ok(futures::stream::once(async move { self.nearest(input).await }).boxed())
    }
}

impl NearestRows {
    async fn nearest(&self, mut input: Stream) -> Result<RecordBatch> {
        let width = self.schema.fields().len() - 1;
        let narrow = Arc::new(self.schema.project(&(0..width).collect::<Vec<_>>())?);
        let (Scoring::Distance { column, query: Some(query) }, Entities::Nodes(nodes)) =
            (&self.arm.scoring, &self.arm.entities)
        else {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.schema)));
        };
        let sketched = Sketched::of(nodes, column, &self.indexes).await?;
        let query_sketch = QuerySketch::new(query);
        let mut gathered = Gathered::new(self.fetch);
        while let Some(batch) = input.try_next().await? {
            self.budget.spend(batch.num_rows() as u64)?;
            let refs = batch.column(self.arm.column).as_primitive::<UInt64Type>();
            let lowers = sketched.lowers(refs, &query_sketch, &mut gathered.border);
            gathered.add(&batch, lowers)?;
        }
        let rows = concat_batches(&narrow, &gathered.finish()?)?;
        let refs = rows.column(self.arm.column).as_primitive::<UInt64Type>();
        let measured = distances(refs, nodes, column, Some(query), &self.budget).await?;
        let columns = rows.columns().iter().cloned().chain([measured]).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// Sketches of the vectors of nodes.
struct Sketched<'a> {
    types: Vec<(&'a Nodes, Fragments)>,
}

/// Fragments by id, each with the sketches of its rows.
type Fragments = Vec<(u32, Arc<Sketches>)>;

impl<'a> Sketched<'a> {
    async fn of(nodes: &'a [Arc<Nodes>], column: &str, indexes: &ColumnIndexes) -> Result<Self> {
        let mut types = Vec::with_capacity(nodes.len());
        for nodes in nodes {
            let mut fragments = Vec::with_capacity(nodes.rows.fragments().len());
            for fragment in nodes.rows.fragments() {
                fragments.push((fragment.id, indexes.sketches(&nodes.table, fragment.id, column).await?));
            }
            types.push((nodes.as_ref(), fragments));
        }
        Ok(Self { types })
    }

    /// The least distance that each row can have; none where it has no vector. The border learns of the greatest.
    fn lowers(&self, refs: &UInt64Array, query: &QuerySketch, border: &mut Border) -> Vec<Option<f64>> {
        let lower = |node: Option<u64>| {
            let (lower, upper) = self.bounds(node?, query)?;
            border.note(upper);
            Some(lower)
        };
        refs.iter().map(lower).collect()
    }

    fn bounds(&self, node: u64, query: &QuerySketch) -> Option<(f64, f64)> {
        let (nodes, fragments) = self.types.iter().find(|(nodes, _)| nodes.space == space_of(node))?;
        let address = nodes.rows.address(ordinal_of(node));
        let at = fragments.binary_search_by_key(&address.fragment(), |(id, _)| *id).ok()?;
        query.bounds(&fragments.get(at)?.1, address.offset() as usize)
    }
}

/// Rows that may be among the nearest.
struct Gathered {
    border: Border,
    batches: Vec<(RecordBatch, Float64Array)>,
    rows: usize,
    enough: usize,
}

impl Gathered {
    fn new(fetch: usize) -> Self {
        let enough = fetch.saturating_mul(4).max(LEAST_GATHERED);
        Self { border: Border::new(fetch), batches: Vec::new(), rows: 0, enough }
    }

    fn add(&mut self, batch: &RecordBatch, lowers: Vec<Option<f64>>) -> Result<()> {
        let kept = self.near(batch, &lowers.into())?;
        self.rows += kept.0.num_rows();
        self.batches.push(kept);
        if self.rows > self.enough {
            self.narrow()?;
            // Rows that are all as near as each other cannot be dropped: the next look has to be worth its time.
            self.enough = self.enough.max(self.rows * 2);
        }
        Ok(())
    }

    /// Drops what is too far by now.
    fn narrow(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.batches);
        self.rows = 0;
        for (batch, lowers) in batches {
            let kept = self.near(&batch, &lowers)?;
            self.rows += kept.0.num_rows();
            self.batches.push(kept);
        }
        Ok(())
    }

    fn near(&self, batch: &RecordBatch, lowers: &Float64Array) -> Result<(RecordBatch, Float64Array)> {
        let near: BooleanArray =
            lowers.iter().map(|lower| Some(lower.is_some_and(|lower| self.border.admits(lower)))).collect();
        let lowers = filter(lowers, &near)?;
        Ok((filter_record_batch(batch, &near)?, lowers.as_primitive::<Float64Type>().clone()))
    }

    fn finish(mut self) -> Result<Vec<RecordBatch>> {
        self.narrow()?;
        Ok(self.batches.into_iter().map(|(batch, _)| batch).collect())
    }
}

/// Whether the rows of an arm are found by sketches: there is a query, and sketches of all vectors have room.
pub(in crate::query) fn is_sketched(arm: &Arm, indexes: &ColumnIndexes) -> Result<bool> {
    let (Scoring::Distance { column, query: Some(_) }, Entities::Nodes(nodes)) = (&arm.scoring, &arm.entities) else {
        return Ok(false);
    };
    for nodes in nodes {
        if !indexes.has_room_for(&nodes.table, crate::search::width_of(&nodes.table, column)?) {
            return Ok(false);
        }
    }
    Ok(true)
}
