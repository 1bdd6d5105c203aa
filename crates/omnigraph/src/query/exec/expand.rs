//! Expansions over one edge: from the nodes of a column to their neighbors.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{Int64Type, SchemaRef, UInt64Type};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion_execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashMap;
use omnigraph_traversal::{EdgeDirection, EdgeSet, NodeRef, StepCursor, TraversalStep};

use super::edge_filter::FilterableTraversal;
use super::operator::single_input;
use super::{BatchStream, GraphOperator};
use crate::error::Result;
use crate::query::limits::QueryBudget;

/// Rows of an output batch, unless a single node has more neighbors.
const BATCH_ROWS: usize = 1 << 15;
/// Nodes and edges read per output batch, which may have fewer rows.
const MAX_READS_PER_BATCH: usize = BATCH_ROWS * 4;

/// An edge type that a traversal follows in one direction.
#[derive(Clone, Debug)]
pub(crate) struct EdgeExpansion {
    /// Name of the edge type.
    pub(crate) edge_type: String,
    /// The adjacency holds only the edges of the start nodes, because an endpoint scan found them.
    pub(crate) by_endpoints: bool,
    pub(crate) step: TraversalStep,
}

impl EdgeExpansion {
    /// Returns the step restricted to some edges.
    pub(super) fn with_allowed(&self, allowed: Arc<EdgeSet>) -> Self {
        let step = TraversalStep { allowed: Some(allowed), ..self.step.clone() };
        Self { step, ..self.clone() }
    }

    fn describe(&self) -> String {
        let allowed = self.step.allowed.as_ref().map_or(String::new(), |edges| format!(" ({} edges)", edges.len()));
        let method = if self.by_endpoints { " by ends" } else { "" };
        match self.step.direction {
            EdgeDirection::Out => format!("{}{allowed}{method} →", self.edge_type),
            EdgeDirection::In => format!("← {}{allowed}{method}", self.edge_type),
        }
    }
}

/// Describes the steps of a traversal, for plans.
pub(super) fn describe_steps(steps: &[EdgeExpansion]) -> String {
    steps.iter().map(EdgeExpansion::describe).collect::<Vec<_>>().join(" | ")
}

/// The output of an expansion for the neighbors of a row's node.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExpandMode {
    /// A row for each neighbor.
    All,
    /// A row if the node at this position is a neighbor.
    Into(usize),
    /// The row if there is a neighbor.
    Semi,
    /// The row and the number of neighbors, times the multiplicity at this position.
    Count(Option<usize>),
}

/// Expands nodes over one edge.
#[derive(Clone, Debug)]
pub(crate) struct SingleHopExpand {
    /// Position of the start nodes.
    pub(crate) from: usize,
    pub(crate) steps: Vec<EdgeExpansion>,
    pub(crate) mode: ExpandMode,
    /// For each node type: its nodes are targets.
    pub(crate) target_types: Vec<bool>,
    /// Each edge makes a row, with its address as a column. Otherwise each pair of nodes makes one row.
    pub(crate) returns_edges: bool,
    /// Positions of the input columns to keep.
    pub(crate) projection: Vec<usize>,
    /// The kept columns, then the neighbor, the multiplicity and the edge.
    pub(crate) schema: SchemaRef,
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for SingleHopExpand {
    fn name(&self) -> &'static str {
        match self.mode {
            ExpandMode::All => "Expand",
            ExpandMode::Into(_) => "ExpandInto",
            ExpandMode::Semi => "ExpandAny",
            ExpandMode::Count(_) => "ExpandCount",
        }
    }

    fn detail(&self) -> String {
        let rows = if self.returns_edges { "edges" } else { "pairs" };
        format!("{} ({rows})", describe_steps(&self.steps))
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let expand_batch = move |batch: RecordBatch| {
            let follows_all = |step: &EdgeExpansion| step.step.allowed.is_none() && !step.step.skip_loops;
            let expansion = BatchExpansion {
                expand: Arc::clone(&self),
                batch,
                row: 0,
                follows_all_edges: self.steps.iter().all(follows_all),
                neighbors: Vec::new(),
                output: OutputBuilder::default(),
            };
            futures::stream::try_unfold(expansion, |mut expansion| async move {
                // Yields to other tasks, and lets a dropped query end.
                tokio::task::consume_budget().await;
                Ok(expansion.next_batch()?.map(|batch| (batch, expansion)))
            })
        };
        Ok(single_input(inputs)?.map_ok(expand_batch).try_flatten().boxed())
    }
}

impl FilterableTraversal for SingleHopExpand {
    fn start_column(&self) -> usize {
        self.from
    }

    fn steps(&self) -> &[EdgeExpansion] {
        &self.steps
    }

    fn max_depth(&self) -> Option<u32> {
        Some(1)
    }

    fn with_steps(&self, steps: Vec<EdgeExpansion>, _: HashMap<u64, f64>) -> Arc<dyn GraphOperator> {
        Arc::new(Self { steps, ..self.clone() })
    }
}

/// The expansion of one input batch.
struct BatchExpansion {
    expand: Arc<SingleHopExpand>,
    batch: RecordBatch,
    /// The next input row.
    row: usize,
    /// No step leaves out edges, so that a degree takes constant time.
    follows_all_edges: bool,
    /// Reused memory: the neighbors of one node and the edges to them.
    neighbors: Vec<(NodeRef, u64)>,
    output: OutputBuilder,
}

/// The rows of an output batch.
#[derive(Default)]
struct OutputBuilder {
    /// The input row of each output row.
    rows: Vec<u32>,
    nodes: Vec<u64>,
    edges: Vec<u64>,
    counts: Vec<i64>,
}

impl BatchExpansion {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let expand = Arc::clone(&self.expand);
        let batch = self.batch.clone();
        let from = batch.column(expand.from).as_primitive::<UInt64Type>();
        let targets = |step: &&EdgeExpansion| expand.target_types.get(usize::from(step.step.to_type)) == Some(&true);
        let cursors: Vec<StepCursor<'_>> = expand.steps.iter().filter(targets).map(|step| step.step.cursor()).collect();
        let mut reads = 0;
        while self.row < from.len() && self.output.rows.len() < BATCH_ROWS && reads < MAX_READS_PER_BATCH {
            let row = self.row;
            self.row += 1;
            reads += 1;
            if from.is_valid(row) {
                reads += self.expand_node(&expand, &cursors, row, NodeRef(from.value(row)));
            }
        }
        expand.budget.spend(reads as u64)?;
        if self.row == from.len() && self.output.rows.is_empty() {
            return Ok(None);
        }
        let output = std::mem::take(&mut self.output);
        Ok(Some(expand.output_batch(&batch, output)?))
    }

    /// Makes the output rows of one node, and returns the number of edges read.
    #[inline]
    fn expand_node(
        &mut self,
        expand: &SingleHopExpand,
        cursors: &[StepCursor<'_>],
        row: usize,
        node: NodeRef,
    ) -> usize {
        let index = u32::try_from(row).unwrap_or(u32::MAX);
        match expand.mode {
            ExpandMode::All => self.all_neighbors(expand, cursors, index, node),
            ExpandMode::Semi => {
                let has_neighbor =
                    |cursor: &StepCursor<'_>| cursor.try_for_each(node, |_, _| ControlFlow::Break(())).is_break();
                if cursors.iter().any(has_neighbor) {
                    self.output.rows.push(index);
                }
                1
            }
            ExpandMode::Into(column) => {
                let targets = self.batch.column(column).as_primitive::<UInt64Type>();
                if let Some(target) = targets.is_valid(row).then(|| NodeRef(targets.value(row))) {
                    self.edges_to(expand, cursors, index, node, target);
                }
                1
            }
            ExpandMode::Count(multiplicity) => {
                let (count, reads) = self.count_neighbors(expand, cursors, node);
                if count > 0 {
                    let multiplicity = multiplicity
                        .map_or(1, |column| self.batch.column(column).as_primitive::<Int64Type>().value(row));
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    self.output.rows.push(index);
                    self.output.counts.push(multiplicity.saturating_mul(count));
                }
                reads
            }
        }
    }

    fn all_neighbors(
        &mut self,
        expand: &SingleHopExpand,
        cursors: &[StepCursor<'_>],
        row: u32,
        node: NodeRef,
    ) -> usize {
        let output = &mut self.output;
        let before = output.rows.len();
        match cursors {
            [cursor] if expand.returns_edges => {
                let _ = cursor.try_for_each::<()>(node, |neighbor, address| {
                    output.rows.push(row);
                    output.nodes.push(neighbor.0);
                    output.edges.push(address);
                    ControlFlow::Continue(())
                });
                output.rows.len() - before
            }
            [cursor] => {
                // Neighbors are sorted, so parallel edges are adjacent.
                let mut last = None;
                let _ = cursor.try_for_each::<()>(node, |neighbor, _| {
                    if last != Some(neighbor) {
                        output.rows.push(row);
                        output.nodes.push(neighbor.0);
                        last = Some(neighbor);
                    }
                    ControlFlow::Continue(())
                });
                output.rows.len() - before
            }
            _ => {
                let reads = expand.collect_neighbors(cursors, node, &mut self.neighbors);
                for (neighbor, address) in &self.neighbors {
                    output.rows.push(row);
                    output.nodes.push(neighbor.0);
                    if expand.returns_edges {
                        output.edges.push(*address);
                    }
                }
                reads
            }
        }
    }

    /// Makes a row for each edge between two nodes, or one row if there is an edge.
    fn edges_to(
        &mut self,
        expand: &SingleHopExpand,
        cursors: &[StepCursor<'_>],
        row: u32,
        node: NodeRef,
        target: NodeRef,
    ) {
        let output = &mut self.output;
        for cursor in cursors {
            let found = cursor.try_for_each_to(node, target, |address| {
                output.rows.push(row);
                if !expand.returns_edges {
                    return ControlFlow::Break(());
                }
                output.edges.push(address);
                ControlFlow::Continue(())
            });
            if found.is_break() {
                return;
            }
        }
    }

    /// Returns the number of edges or distinct neighbors of a node, and the number of edges read.
    fn count_neighbors(
        &mut self,
        expand: &SingleHopExpand,
        cursors: &[StepCursor<'_>],
        node: NodeRef,
    ) -> (usize, usize) {
        match cursors {
            [cursor] if expand.returns_edges && self.follows_all_edges => (cursor.degree(node), 1),
            [cursor] if !expand.returns_edges => {
                let (mut last, mut distinct, mut reads) = (None, 0, 0);
                let _ = cursor.try_for_each::<()>(node, |neighbor, _| {
                    distinct += usize::from(last != Some(neighbor));
                    last = Some(neighbor);
                    reads += 1;
                    ControlFlow::Continue(())
                });
                (distinct, reads + 1)
            }
            _ => {
                let reads = expand.collect_neighbors(cursors, node, &mut self.neighbors);
                (self.neighbors.len(), reads + 1)
            }
        }
    }
}

impl SingleHopExpand {
    /// Collects the edges of a node over several steps, or its distinct neighbors. Returns the number of edges read.
    fn collect_neighbors(
        &self,
        cursors: &[StepCursor<'_>],
        node: NodeRef,
        neighbors: &mut Vec<(NodeRef, u64)>,
    ) -> usize {
        neighbors.clear();
        for cursor in cursors {
            let _ = cursor.try_for_each::<()>(node, |neighbor, address| {
                neighbors.push((neighbor, address));
                ControlFlow::Continue(())
            });
        }
        let reads = neighbors.len();
        if !self.returns_edges {
            neighbors.sort_unstable();
            neighbors.dedup_by_key(|(neighbor, _)| *neighbor);
        }
        reads
    }

    fn output_batch(&self, batch: &RecordBatch, output: OutputBuilder) -> Result<RecordBatch> {
        let mut added: Vec<ArrayRef> = Vec::new();
        if matches!(self.mode, ExpandMode::All) {
            added.push(Arc::new(UInt64Array::from(output.nodes)));
        }
        if matches!(self.mode, ExpandMode::Count(_)) {
            added.push(Arc::new(Int64Array::from(output.counts)));
        } else if self.returns_edges && !matches!(self.mode, ExpandMode::Semi) {
            added.push(Arc::new(UInt64Array::from(output.edges)));
        }
        take_and_append(batch, &self.projection, output.rows, added, &self.schema)
    }
}

/// Takes `rows` of the columns at some positions, and appends columns.
pub(super) fn take_and_append(
    batch: &RecordBatch,
    projection: &[usize],
    rows: Vec<u32>,
    added: Vec<ArrayRef>,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let rows = UInt32Array::from(rows);
    let mut columns = Vec::with_capacity(schema.fields().len());
    for position in projection {
        columns.push(take(batch.column(*position), &rows, None)?);
    }
    columns.extend(added);
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
