//! Several edges: breadth first from the nodes of a column.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashMap;
use omnigraph_walk::{Place, Scratch, WalkGraph};

use super::restrict::Restrictable;
use super::{Hop, Operator, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::graph::{node_ref, ordinal_of, space_of};

/// Rows of a batch that a walk makes, unless one node alone reaches more.
const BATCH_ROWS: usize = 1 << 15;

/// Where a walk ends.
#[derive(Clone, Debug)]
pub(in crate::query) struct WalkTarget {
    /// At the node of a column; otherwise wherever it gets.
    pub(in crate::query) bound: Option<usize>,
    /// The node types that count, by index.
    pub(in crate::query) admitted: Vec<bool>,
    /// How many ordinals there are, by node type.
    pub(in crate::query) sizes: Vec<u32>,
}

/// Walks.
#[derive(Clone, Debug)]
pub(in crate::query) struct Walk {
    /// The column that is walked from.
    pub(in crate::query) from: usize,
    /// The edges that may be walked.
    pub(in crate::query) steps: Vec<Hop>,
    /// Where it ends.
    pub(in crate::query) target: WalkTarget,
    /// The least distance that counts.
    pub(in crate::query) min: u32,
    /// The greatest distance that counts.
    pub(in crate::query) max: Option<u32>,
    /// Whether each target is found once for all starts together.
    pub(in crate::query) together: bool,
    /// Whether the pattern goes from the targets to the starts.
    pub(in crate::query) backward: bool,
    /// Whether the distance becomes a column.
    pub(in crate::query) count: bool,
    /// The columns of the input that stay.
    pub(in crate::query) keep: Vec<usize>,
    /// The columns that stay, then the target if it is found, then the distance.
    pub(in crate::query) schema: SchemaRef,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

/// How a plan shows steps and bounds.
pub(super) fn steps_text(steps: &[Hop], min: u32, max: Option<u32>) -> String {
    let steps: Vec<String> = steps.iter().map(Hop::text).collect();
    let max = max.map_or(String::new(), |max| max.to_string());
    format!("{} {{{min},{max}}}", steps.join(" | "))
}

/// The graph that steps span over the node types of the catalogue. `sizes` says how many ordinals each has.
pub(super) fn walk_graph(steps: &[Hop], sizes: &[u32], skip_loops: bool) -> WalkGraph {
    let step = |hop: &Hop| omnigraph_walk::Step {
        adjacency: hop.adjacency.clone(),
        side: hop.side,
        from_space: hop.from,
        to_space: hop.to,
        allow: hop.allowed.clone(),
        skip_loops: hop.skip_loops || skip_loops,
    };
    WalkGraph::new(sizes.to_vec(), steps.iter().map(step).collect())
}

/// The place of a node in a walk.
pub(super) fn place(node: u64) -> Place {
    Place { space: space_of(node), ordinal: ordinal_of(node) }
}

/// The node of a place.
pub(super) fn node_of(place: Place) -> u64 {
    node_ref(place.space, place.ordinal)
}

/// Passes work on to the budget, and keeps the error when it is spent.
pub(super) struct Spending<'a> {
    pub(super) budget: &'a Budget,
    pub(super) failed: Option<Error>,
}

impl Spending<'_> {
    pub(super) fn spend(&mut self, work: u64) -> ControlFlow<()> {
        match self.budget.spend(work) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Operator for Walk {
    fn name(&self) -> &'static str {
        match (&self.target.bound, self.together) {
            (Some(_), _) => "WalkInto",
            (None, true) => "WalkTogether",
            (None, false) => "Walk",
        }
    }

    fn detail(&self) -> String {
        steps_text(&self.steps, self.min, self.max)
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let input = super::exec::only(inputs)?;
        let graph = Arc::new(walk_graph(&self.steps, &self.target.sizes, self.backward));
        // With loops, to ask whether a start has one.
        let looped = Arc::new(walk_graph(&self.steps, &self.target.sizes, false));
        if self.together {
            return Ok(futures::stream::once(async move { self.all(input, &graph).await }).boxed());
        }
        let work = Work { walk: self, graph, looped, scratch: Scratch::default(), batch: None, row: 0, input };
        Ok(futures::stream::try_unfold(
            work,
            |mut work| async move { Ok(work.next().await?.map(|batch| (batch, work))) },
        )
        .boxed())
    }
}

impl Restrictable for Walk {
    fn from(&self) -> usize {
        self.from
    }

    fn hops(&self) -> &[Hop] {
        &self.steps
    }

    fn reach(&self) -> Option<u32> {
        self.max
    }

    fn restricted(&self, steps: Vec<Hop>, _: HashMap<u64, f64>) -> Arc<dyn Operator> {
        Arc::new(Self { steps, ..self.clone() })
    }
}

impl Walk {
    fn admits(&self, place: Place) -> bool {
        self.target.admitted.get(usize::from(place.space)).copied().unwrap_or(false)
    }

    /// Each target once, whatever it is reached from.
    async fn all(&self, input: Stream, graph: &WalkGraph) -> Result<RecordBatch> {
        let batches: Vec<RecordBatch> = input.try_collect().await?;
        let mut starts: Vec<Place> = Vec::new();
        for batch in &batches {
            starts.extend(batch.column(self.from).as_primitive::<UInt64Type>().iter().flatten().map(place));
        }
        starts.sort_unstable();
        starts.dedup();
        let mut targets = Vec::new();
        let mut spending = Spending { budget: &self.budget, failed: None };
        let mut emit = |place: Place, _: u32| {
            if self.admits(place) {
                targets.push(node_of(place));
            }
            ControlFlow::Continue(())
        };
        let mut scratch = Scratch::default();
        let mut work = |work: u64| spending.spend(work);
        let _ = graph.reach_from_any(&starts, self.min, self.max, &mut scratch, &mut work, &mut emit);
        if let Some(failed) = spending.failed {
            return Err(failed);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::new(UInt64Array::from(targets))])?)
    }
}

/// A walk on its way through its input.
struct Work {
    walk: Arc<Walk>,
    graph: Arc<WalkGraph>,
    looped: Arc<WalkGraph>,
    scratch: Scratch,
    batch: Option<RecordBatch>,
    row: usize,
    input: Stream,
}

/// Rows made so far.
#[derive(Default)]
struct Made {
    rows: Vec<u32>,
    nodes: Vec<u64>,
    distances: Vec<i64>,
}

impl Work {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let batch = match &self.batch {
                Some(batch) if self.row < batch.num_rows() => batch.clone(),
                _ => match self.input.try_next().await? {
                    Some(batch) => {
                        self.row = 0;
                        self.batch.insert(batch).clone()
                    }
                    None => return Ok(None),
                },
            };
            let made = self.some_rows(&batch)?;
            tokio::task::consume_budget().await;
            if !made.rows.is_empty() {
                return self.walk.batch(&batch, made).map(Some);
            }
        }
    }

    fn some_rows(&mut self, batch: &RecordBatch) -> Result<Made> {
        let walk = Arc::clone(&self.walk);
        let from = batch.column(walk.from).as_primitive::<UInt64Type>();
        let mut made = Made::default();
        let mut starts = 0;
        while self.row < from.len() && made.rows.len() < BATCH_ROWS && starts < 256 {
            let row = self.row;
            self.row += 1;
            starts += 1;
            if from.is_valid(row) {
                self.walk_from(&walk, batch, row, from.value(row), &mut made)?;
            }
        }
        Ok(made)
    }

    fn walk_from(&mut self, walk: &Walk, batch: &RecordBatch, row: usize, node: u64, made: &mut Made) -> Result<()> {
        let index = u32::try_from(row).unwrap_or(u32::MAX);
        let mut spending = Spending { budget: &walk.budget, failed: None };
        let mut work = |work: u64| spending.spend(work);
        if let Some(column) = walk.target.bound {
            let targets = batch.column(column).as_primitive::<UInt64Type>();
            if targets.is_valid(row) {
                // Distances are the same either way, but for loops, which are the target's.
                let (start, target) =
                    if walk.backward { (targets.value(row), node) } else { (node, targets.value(row)) };
                let found = self.within(walk, place(start), place(target), &mut work);
                if let ControlFlow::Continue(Some(distance)) = found {
                    made.rows.push(index);
                    made.distances.push(i64::from(distance));
                }
            }
        } else {
            let mut emit = |place: Place, distance: u32| {
                if walk.admits(place) {
                    made.rows.push(index);
                    made.nodes.push(node_of(place));
                    made.distances.push(i64::from(distance.max(walk.min)));
                }
                ControlFlow::Continue(())
            };
            // Seen from the end, it is the start that may go around once more.
            let around = walk.backward && walk.min > 0 && self.looped.has_loop(place(node));
            let min = if around { walk.min - 1 } else { walk.min };
            let _ = self.graph.reach(place(node), min, walk.max, &mut self.scratch, &mut work, &mut emit);
        }
        match spending.failed {
            Some(failed) => Err(failed),
            None => Ok(()),
        }
    }

    fn within(
        &mut self,
        walk: &Walk,
        start: Place,
        target: Place,
        work: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> ControlFlow<(), Option<u32>> {
        if !walk.backward {
            return self.looped.within(start, target, walk.min, walk.max, &mut self.scratch, work);
        }
        // The steps lead backward: search from the target, and judge the target's loop by hand.
        let distance = self.graph.within(target, start, 0, walk.max, &mut self.scratch, work)?;
        let admitted = distance.and_then(|distance| match distance {
            far if far >= walk.min => Some(far),
            near if near + 1 == walk.min && self.looped.has_loop(target) => Some(walk.min),
            _ => None,
        });
        ControlFlow::Continue(admitted)
    }
}

impl Walk {
    fn batch(&self, batch: &RecordBatch, made: Made) -> Result<RecordBatch> {
        let count = made.rows.len();
        let rows = UInt32Array::from(made.rows);
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for column in &self.keep {
            columns.push(take(batch.column(*column), &rows, None)?);
        }
        if self.target.bound.is_none() {
            columns.push(Arc::new(UInt64Array::from(made.nodes)) as ArrayRef);
        }
        if self.count {
            columns.push(Arc::new(Int64Array::from(made.distances)) as ArrayRef);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}
