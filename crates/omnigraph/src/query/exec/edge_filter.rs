//! Traversals whose edge conditions read more of a row than the edge.
//!
//! A breadth-first search from the start of each row evaluates the condition, for all edges of a level at once, and follows
//! only the edges that pass. The traversal then runs over these edges. Rows in which the condition reads equal values share one
//! search.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, take, take_record_batch};
use arrow::datatypes::{DataType, Float64Type, SchemaRef, UInt32Type, UInt64Type};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use datafusion_execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashMap;
use omnigraph_traversal::{CandidateEdges, EdgeSet, FilteredBfs, NodeRef, TraversalStep};

use super::argument::ArgumentPlan;
use super::expand::EdgeExpansion;
use super::operator::{single_batch, single_input, split_batches};
use super::{BatchStream, GraphOperator};
use crate::error::{Error, Result};
use crate::query::limits::QueryBudget;

/// Rows whose searches run together, and keep the edges that pass in memory.
const MAX_ROWS: usize = 64;
/// Edges per evaluation of the condition.
const MAX_CANDIDATES: usize = 1 << 16;

/// A traversal that can be restricted to some edges.
pub(crate) trait FilterableTraversal: GraphOperator {
    /// Returns the position of the start nodes.
    fn start_column(&self) -> usize;

    /// Returns the edges that the traversal follows.
    fn steps(&self) -> &[EdgeExpansion];

    /// Returns the greatest number of edges that the traversal follows from a start node.
    fn max_depth(&self) -> Option<u32>;

    /// Creates the same traversal over other steps, and with these edge costs.
    fn with_steps(&self, steps: Vec<EdgeExpansion>, costs: HashMap<u64, f64>) -> Arc<dyn GraphOperator>;
}

/// Restricts a traversal to the edges that satisfy a condition on the row.
#[derive(Debug)]
pub(crate) struct EdgeFilter {
    pub(crate) traversal: Arc<dyn FilterableTraversal>,
    /// The condition as text, for plans.
    pub(crate) text: String,
    /// The plan that evaluates the condition. It yields the numbers of the edges that pass.
    pub(crate) block: ArgumentPlan,
    /// Schema of the block's argument: edge number, edge address, and the columns that the condition reads.
    pub(crate) edge_schema: SchemaRef,
    /// Positions in the input of the columns that the condition reads.
    pub(crate) reads: Vec<usize>,
    /// Position in the block of the edge numbers.
    pub(crate) number: usize,
    /// Position in the block of the edge costs.
    pub(crate) cost: Option<usize>,
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for EdgeFilter {
    fn name(&self) -> &'static str {
        self.traversal.name()
    }

    fn detail(&self) -> String {
        format!("{} where {}", self.traversal.detail(), self.text)
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, context: Arc<TaskContext>) -> Result<BatchStream> {
        let slices = split_batches(single_input(inputs)?, MAX_ROWS);
        let traversed = slices.and_then(move |batch| {
            let (this, context) = (Arc::clone(&self), Arc::clone(&context));
            async move {
                let groups = this.filter_edges(&batch, &context).await?;
                let traversals = groups.into_iter().map(|group| this.traverse(&batch, group, &context));
                Ok(futures::stream::iter(traversals.collect::<Result<Vec<_>>>()?).flatten())
            }
        });
        Ok(traversed.try_flatten().boxed())
    }
}

/// Rows in which the condition reads equal values, and the edges that pass for them.
#[derive(Default)]
struct RowGroup {
    rows: Vec<u32>,
    allowed: EdgeSet,
    costs: HashMap<u64, f64>,
}

impl EdgeFilter {
    /// Groups the rows of a batch, and finds the edges that each group may follow.
    async fn filter_edges(&self, batch: &RecordBatch, context: &Arc<TaskContext>) -> Result<Vec<RowGroup>> {
        let mut search = FilteredBfs::new(self.traversal.max_depth());
        let mut groups = self.group_rows(batch, &mut search)?;
        let steps: Vec<TraversalStep> = self.traversal.steps().iter().map(|step| step.step.clone()).collect();
        while let Some(candidates) = search.next_candidates(&steps, MAX_CANDIDATES) {
            self.budget.spend(candidates.len() as u64 + 1)?;
            let mut passed = self.evaluate(&candidates, batch, &groups, context)?;
            while let Some(passed) = passed.try_next().await? {
                let costs = self.cost.map(|column| cast(passed.column(column), &DataType::Float64)).transpose()?;
                let costs = costs.as_ref().map(|costs| costs.as_primitive::<Float64Type>());
                for (row, number) in passed.column(self.number).as_primitive::<UInt32Type>().values().iter().enumerate()
                {
                    let number = *number as usize;
                    search.admit(&candidates, number);
                    if let Some(costs) = costs
                        && let Some(group) = groups.get_mut(candidates.searches[number] as usize)
                    {
                        let cost = costs.is_valid(row).then(|| costs.value(row));
                        group.costs.insert(candidates.addresses[number], check_edge_cost(cost, &self.edge_types())?);
                    }
                }
            }
            tokio::task::consume_budget().await;
        }
        for (group, allowed) in groups.iter_mut().zip(search.into_admitted()) {
            group.allowed = allowed;
        }
        Ok(groups)
    }

    /// Groups rows by the values that the condition reads. The search of a group has its number.
    fn group_rows(&self, batch: &RecordBatch, search: &mut FilteredBfs) -> Result<Vec<RowGroup>> {
        let read: Vec<ArrayRef> = self.reads.iter().map(|column| Arc::clone(batch.column(*column))).collect();
        let fields = read.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let values = RowConverter::new(fields)?.convert_columns(&read)?;
        let starts = batch.column(self.traversal.start_column()).as_primitive::<UInt64Type>();
        let mut numbers: HashMap<_, u32> = HashMap::new();
        let mut groups: Vec<RowGroup> = Vec::new();
        for (row, (start, values)) in (0u32..).zip(starts.iter().zip(&values)) {
            // Null has no edges.
            let Some(start) = start else { continue };
            let number = *numbers.entry(values).or_insert_with(|| {
                groups.push(RowGroup::default());
                search.add_search()
            });
            search.add_source(number, NodeRef(start));
            if let Some(group) = groups.get_mut(number as usize) {
                group.rows.push(row);
            }
        }
        Ok(groups)
    }

    /// Evaluates the condition for candidate edges, with the values of the first row of each group.
    fn evaluate(
        &self,
        candidates: &CandidateEdges,
        batch: &RecordBatch,
        groups: &[RowGroup],
        context: &Arc<TaskContext>,
    ) -> Result<BatchStream> {
        let edges = u32::try_from(candidates.len()).map_err(|error| Error::internal(error.to_string()))?;
        let first_row = |group: &u32| groups.get(*group as usize).and_then(|group| group.rows.first().copied());
        let rows: UInt32Array = candidates.searches.iter().map(first_row).collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from_iter_values(0..edges)),
            Arc::new(UInt64Array::from(candidates.addresses.clone())),
        ];
        for column in &self.reads {
            columns.push(take(batch.column(*column), &rows, None)?);
        }
        self.block.run(RecordBatch::try_new(Arc::clone(&self.edge_schema), columns)?, Arc::clone(context))
    }

    /// Returns the edge types, for errors.
    fn edge_types(&self) -> String {
        let mut types: Vec<&str> = self.traversal.steps().iter().map(|step| step.edge_type.as_str()).collect();
        types.dedup();
        types.join(" | ")
    }

    /// Runs the traversal for the rows of a group.
    fn traverse(&self, batch: &RecordBatch, group: RowGroup, context: &Arc<TaskContext>) -> Result<BatchStream> {
        let allowed = Arc::new(group.allowed);
        let steps = self.traversal.steps().iter().map(|step| step.with_allowed(Arc::clone(&allowed))).collect();
        let rows = take_record_batch(batch, &UInt32Array::from(group.rows))?;
        let input = single_batch(std::future::ready(Ok(rows)));
        self.traversal.with_steps(steps, group.costs).run(vec![input], Arc::clone(context))
    }
}

/// Checks the cost of an edge.
pub(crate) fn check_edge_cost(cost: Option<f64>, edge_types: &str) -> Result<f64> {
    cost.filter(|cost| *cost >= 0.0 && cost.is_finite()).ok_or_else(|| Error::Value {
        problem:
            "the cost of an edge is null, negative or not finite; leave such edges out with a condition on the walk"
                .to_owned(),
        code: "bad-cost",
        entity: format!("edge type {edge_types}"),
    })
}
