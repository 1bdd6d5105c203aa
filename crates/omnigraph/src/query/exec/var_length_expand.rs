//! Expansions over several edges: breadth-first search from the nodes of a column.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt64Array};
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashMap;
use omnigraph_traversal::{NodeRef, ProgressFn, SearchBuffers, TraversalGraph, TraversalStep};

use super::edge_filter::FilterableTraversal;
use super::expand::{EdgeExpansion, describe_steps, take_and_append};
use super::operator::{single_batch, single_input};
use super::{BatchStream, GraphOperator};
use crate::error::Result;
use crate::query::limits::QueryBudget;

/// Rows of an output batch, unless a single node reaches more.
const BATCH_ROWS: usize = 1 << 15;
/// Start nodes per output batch, which may have fewer rows.
const MAX_STARTS_PER_BATCH: usize = 256;

/// The target of a traversal.
#[derive(Clone, Debug)]
pub(crate) struct TraversalTarget {
    /// Position of the target nodes, or `None` if every node reached is a target.
    pub(crate) bound: Option<usize>,
    /// For each node type: its nodes are targets.
    pub(crate) target_types: Vec<bool>,
    /// For each node type: a bound of its ordinals.
    pub(crate) ordinal_bounds: Vec<u32>,
}

impl TraversalTarget {
    /// Reports if a node is of a target type.
    pub(super) fn admits(&self, node: NodeRef) -> bool {
        self.target_types.get(usize::from(node.node_type())) == Some(&true)
    }

    /// Returns the graph that steps span over the node types of the catalog.
    pub(super) fn graph(&self, steps: &[EdgeExpansion], skip_loops: bool) -> TraversalGraph {
        let step = |step: &EdgeExpansion| TraversalStep {
            skip_loops: step.step.skip_loops || skip_loops,
            ..step.step.clone()
        };
        TraversalGraph::new(self.ordinal_bounds.clone(), steps.iter().map(step).collect())
    }
}

/// Expands nodes over several edges.
#[derive(Clone, Debug)]
pub(crate) struct VarLengthExpand {
    /// Position of the start nodes.
    pub(crate) from: usize,
    pub(crate) steps: Vec<EdgeExpansion>,
    pub(crate) target: TraversalTarget,
    /// The least distance of a target.
    pub(crate) min: u32,
    /// The greatest distance of a target.
    pub(crate) max: Option<u32>,
    /// One search starts at all nodes, and finds each target once.
    pub(crate) is_combined: bool,
    /// The pattern leads from the targets to the start nodes.
    pub(crate) is_reversed: bool,
    /// The distance becomes a column.
    pub(crate) returns_distance: bool,
    /// Positions of the input columns to keep.
    pub(crate) projection: Vec<usize>,
    /// The kept columns, then the target unless it is bound, then the distance.
    pub(crate) schema: SchemaRef,
    pub(crate) budget: Arc<QueryBudget>,
}

/// Describes the steps and the length of a traversal, for plans.
pub(super) fn describe_range(steps: &[EdgeExpansion], min: u32, max: Option<u32>) -> String {
    let max = max.map_or(String::new(), |max| max.to_string());
    format!("{} {{{min},{max}}}", describe_steps(steps))
}

/// Runs a search that reports its work to the budget.
pub(super) fn with_progress(
    budget: &QueryBudget,
    search: impl FnOnce(&mut ProgressFn<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let mut failed = None;
    let mut progress = |work: u64| match budget.spend(work) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    };
    let _ = search(&mut progress);
    match failed {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl GraphOperator for VarLengthExpand {
    fn name(&self) -> &'static str {
        match (&self.target.bound, self.is_combined) {
            (Some(_), _) => "WalkInto",
            (None, true) => "WalkTogether",
            (None, false) => "Walk",
        }
    }

    fn detail(&self) -> String {
        describe_range(&self.steps, self.min, self.max)
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let input = single_input(inputs)?;
        let graph = self.target.graph(&self.steps, self.is_reversed);
        if self.is_combined {
            return Ok(single_batch(async move { self.reach_from_all(input, &graph).await }));
        }
        let loops = self.target.graph(&self.steps, false);
        let search = DistanceSearch { expand: self, graph, loops, buffers: SearchBuffers::default() };
        let expansion = VarLengthExpansion { search, batch: None, row: 0, input };
        let next = |mut expansion: VarLengthExpansion| async move {
            Ok(expansion.next_batch().await?.map(|batch| (batch, expansion)))
        };
        Ok(futures::stream::try_unfold(expansion, next).boxed())
    }
}

impl FilterableTraversal for VarLengthExpand {
    fn start_column(&self) -> usize {
        self.from
    }

    fn steps(&self) -> &[EdgeExpansion] {
        &self.steps
    }

    fn max_depth(&self) -> Option<u32> {
        self.max
    }

    fn with_steps(&self, steps: Vec<EdgeExpansion>, _: HashMap<u64, f64>) -> Arc<dyn GraphOperator> {
        Arc::new(Self { steps, ..self.clone() })
    }
}

impl VarLengthExpand {
    /// Finds each target once, from all start nodes.
    async fn reach_from_all(&self, input: BatchStream, graph: &TraversalGraph) -> Result<RecordBatch> {
        let batches: Vec<RecordBatch> = input.try_collect().await?;
        let mut starts: Vec<NodeRef> = Vec::new();
        for batch in &batches {
            starts.extend(batch.column(self.from).as_primitive::<UInt64Type>().iter().flatten().map(NodeRef));
        }
        starts.sort_unstable();
        starts.dedup();
        let mut targets = Vec::new();
        let mut visit = |node: NodeRef, _: u32| {
            if self.target.admits(node) {
                targets.push(node.0);
            }
            ControlFlow::Continue(())
        };
        let mut buffers = SearchBuffers::default();
        with_progress(&self.budget, |progress| {
            graph.reach_from_any(&starts, self.min, self.max, &mut buffers, progress, &mut visit)
        })?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), vec![Arc::new(UInt64Array::from(targets))])?)
    }

    fn output_batch(&self, batch: &RecordBatch, output: ReachedNodes) -> Result<RecordBatch> {
        let mut added: Vec<ArrayRef> = Vec::new();
        if self.target.bound.is_none() {
            added.push(Arc::new(UInt64Array::from(output.nodes)));
        }
        if self.returns_distance {
            added.push(Arc::new(Int64Array::from(output.distances)));
        }
        take_and_append(batch, &self.projection, output.rows, added, &self.schema)
    }
}

/// The expansion of all input batches.
struct VarLengthExpansion {
    search: DistanceSearch,
    batch: Option<RecordBatch>,
    /// The next row of the batch.
    row: usize,
    input: BatchStream,
}

/// Searches from one node at a time.
struct DistanceSearch {
    expand: Arc<VarLengthExpand>,
    graph: TraversalGraph,
    /// The same graph with self-loops.
    loops: TraversalGraph,
    buffers: SearchBuffers,
}

/// The rows of an output batch.
#[derive(Default)]
struct ReachedNodes {
    /// The input row of each output row.
    rows: Vec<u32>,
    nodes: Vec<u64>,
    distances: Vec<i64>,
}

impl VarLengthExpansion {
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
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
            let output = self.expand_rows(&batch)?;
            tokio::task::consume_budget().await;
            if !output.rows.is_empty() {
                return self.search.expand.output_batch(&batch, output).map(Some);
            }
        }
    }

    /// Expands the next rows of a batch.
    fn expand_rows(&mut self, batch: &RecordBatch) -> Result<ReachedNodes> {
        let from = batch.column(self.search.expand.from).as_primitive::<UInt64Type>();
        let bound = self.search.expand.target.bound;
        let targets = bound.map(|column| batch.column(column).as_primitive::<UInt64Type>());
        let mut output = ReachedNodes::default();
        let end = from.len().min(self.row + MAX_STARTS_PER_BATCH);
        while self.row < end && output.rows.len() < BATCH_ROWS {
            let row = self.row;
            self.row += 1;
            if from.is_null(row) {
                continue;
            }
            let start = NodeRef(from.value(row));
            match targets {
                None => self.search.reach(row, start, &mut output)?,
                Some(targets) if targets.is_valid(row) => {
                    if let Some(distance) = self.search.distance(start, NodeRef(targets.value(row)))? {
                        output.rows.push(u32::try_from(row).unwrap_or(u32::MAX));
                        output.distances.push(i64::from(distance));
                    }
                }
                Some(_) => {}
            }
        }
        Ok(output)
    }
}

impl DistanceSearch {
    /// Adds the targets that a node reaches.
    fn reach(&mut self, row: usize, start: NodeRef, output: &mut ReachedNodes) -> Result<()> {
        let Self { expand, graph, loops, buffers } = self;
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        let mut visit = |node: NodeRef, distance: u32| {
            if expand.target.admits(node) {
                output.rows.push(row);
                output.nodes.push(node.0);
                output.distances.push(i64::from(distance.max(expand.min)));
            }
            ControlFlow::Continue(())
        };
        // In a reversed pattern, the start node is the one whose loop can lengthen a path.
        let extended = expand.is_reversed && expand.min > 0 && loops.has_loop(start);
        let min = if extended { expand.min - 1 } else { expand.min };
        with_progress(&expand.budget, |progress| graph.reach(start, min, expand.max, buffers, progress, &mut visit))
    }

    /// Returns the distance between two nodes, if it is within bounds.
    fn distance(&mut self, start: NodeRef, target: NodeRef) -> Result<Option<u32>> {
        let Self { expand, graph, loops, buffers } = self;
        let (min, max) = (expand.min, expand.max);
        let mut found = None;
        with_progress(&expand.budget, |progress| {
            found = if expand.is_reversed {
                // The distance is the same from both ends, except for the loop of the pattern's target.
                graph.distance(start, target, 0, max, buffers, progress)?
            } else {
                loops.distance(start, target, min, max, buffers, progress)?
            };
            ControlFlow::Continue(())
        })?;
        Ok(match found {
            Some(distance) if expand.is_reversed && distance < min => {
                (distance + 1 == min && loops.has_loop(start)).then_some(min)
            }
            found => found,
        })
    }
}
