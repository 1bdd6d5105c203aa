//! Walks whose edges must satisfy a condition that reads more of a row than the edge.
//!
//! Which edges the walk of a row may take is found out first: breadth first from its start, all edges of a level at once, and
//! only over edges that passed. Then it is walked as if there were no others. Rows in which the condition reads the same share
//! what is found out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, take, take_record_batch};
use arrow::datatypes::{DataType, Float64Type, SchemaRef, UInt32Type, UInt64Type};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use hashbrown::{HashMap, HashSet};
use omnigraph_walk::EdgeSet;

use super::exec::{only, slices};
use super::path::checked_cost;
use super::{Hop, Operator, Seed, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;

/// Rows whose edges are judged together: what is found out for them is held in memory.
const ROWS: usize = 64;
/// Edges that are judged at a time.
const CANDIDATES: usize = 1 << 16;

/// A walk that can be restricted to some edges.
pub(in crate::query) trait Restrictable: Operator {
    /// The column that is walked from.
    fn from(&self) -> usize;

    /// The edges that may be walked.
    fn hops(&self) -> &[Hop];

    /// How many edges it is long at most.
    fn reach(&self) -> Option<u32>;

    /// The same walk over other edges, with their costs if they have any.
    fn restricted(&self, hops: Vec<Hop>, costs: HashMap<u64, f64>) -> Arc<dyn Operator>;
}

/// Restricts a walk row by row.
#[derive(Debug)]
pub(in crate::query) struct Restrict {
    /// The walk.
    pub(in crate::query) walk: Arc<dyn Restrictable>,
    /// What the condition says, for plans.
    pub(in crate::query) text: String,
    /// The plan that lets pass which edges may be walked: their numbers, among others.
    pub(in crate::query) judge: Arc<dyn ExecutionPlan>,
    /// Where it takes edges from.
    pub(in crate::query) seed: Seed,
    /// An edge that is judged: its number, its address, the columns that the condition reads.
    pub(in crate::query) seeded: SchemaRef,
    /// Where these columns are in the input.
    pub(in crate::query) reads: Vec<usize>,
    /// The judge's column of numbers.
    pub(in crate::query) number: usize,
    /// The judge's column of costs, if they are asked for.
    pub(in crate::query) cost: Option<usize>,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for Restrict {
    fn name(&self) -> &'static str {
        self.walk.name()
    }

    fn detail(&self) -> String {
        format!("{} where {}", self.walk.detail(), self.text)
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, context: Arc<TaskContext>) -> Result<Stream> {
        let slices = slices(only(inputs)?, ROWS);
        let walked = slices.and_then(move |batch| {
            let (this, context) = (Arc::clone(&self), Arc::clone(&context));
            async move {
                let groups = this.judged(&batch, &context).await?;
                let walks = groups.into_iter().map(|group| this.walked(&batch, group, &context));
                Ok(futures::stream::iter(walks.collect::<Result<Vec<_>>>()?).flatten())
            }
        });
        Ok(walked.try_flatten().boxed())
    }
}

/// Rows in which the condition reads the same, and which edges their walks may take.
#[derive(Default)]
struct Group {
    rows: Vec<u32>,
    /// Nodes whose edges are judged next.
    frontier: Vec<u64>,
    seen: HashSet<u64>,
    allowed: EdgeSet,
    costs: HashMap<u64, f64>,
}

impl Group {
    fn reach(&mut self, node: u64) {
        if self.seen.insert(node) {
            self.frontier.push(node);
        }
    }
}

/// Edges to be judged: for which group, where they lead, their addresses.
#[derive(Default)]
struct Candidates {
    groups: Vec<u32>,
    targets: Vec<u64>,
    addresses: Vec<u64>,
}

impl Restrict {
    /// The rows of a batch in groups, with the edges that each may walk.
    async fn judged(&self, batch: &RecordBatch, context: &Arc<TaskContext>) -> Result<Vec<Group>> {
        let mut groups = self.groups(batch)?;
        let mut depth = 0;
        while self.walk.reach().is_none_or(|most| depth < most) {
            let open = (0u32..).zip(&mut groups);
            let frontier = open.flat_map(|(group, of)| of.frontier.drain(..).map(move |node| (group, node)));
            let mut frontier = frontier.collect::<Vec<_>>().into_iter();
            if frontier.len() == 0 {
                break;
            }
            depth += 1;
            while frontier.len() > 0 {
                let candidates = self.candidates(&mut frontier)?;
                self.judge(&candidates, batch, &mut groups, context).await?;
                tokio::task::consume_budget().await;
            }
        }
        Ok(groups)
    }

    fn groups(&self, batch: &RecordBatch) -> Result<Vec<Group>> {
        let read: Vec<ArrayRef> = self.reads.iter().map(|column| Arc::clone(batch.column(*column))).collect();
        let converter =
            RowConverter::new(read.iter().map(|array| SortField::new(array.data_type().clone())).collect())?;
        let read = converter.convert_columns(&read)?;
        let starts = batch.column(self.walk.from()).as_primitive::<UInt64Type>();
        let mut known: HashMap<_, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (row, (start, read)) in (0u32..).zip(starts.iter().zip(&read)) {
            // Nothing is connected with null.
            let Some(start) = start else { continue };
            let group = *known.entry(read).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Group::default());
            }
            if let Some(group) = groups.get_mut(group) {
                group.rows.push(row);
                group.reach(start);
            }
        }
        Ok(groups)
    }

    /// The next edges that lead away from a frontier.
    fn candidates(&self, frontier: &mut std::vec::IntoIter<(u32, u64)>) -> Result<Candidates> {
        let mut found = Candidates::default();
        let hops: Vec<_> = self.walk.hops().iter().map(Hop::open).collect();
        while found.addresses.len() < CANDIDATES
            && let Some((group, node)) = frontier.next()
        {
            for hop in &hops {
                let _ = hop.visit::<()>(node, |to, address| {
                    found.groups.push(group);
                    found.targets.push(to);
                    found.addresses.push(address);
                    std::ops::ControlFlow::Continue(())
                });
            }
        }
        self.budget.spend(found.addresses.len() as u64 + 1)?;
        Ok(found)
    }

    /// Lets the edges that pass into the sets of their groups, and goes on where they lead.
    async fn judge(
        &self,
        candidates: &Candidates,
        batch: &RecordBatch,
        groups: &mut [Group],
        context: &Arc<TaskContext>,
    ) -> Result<()> {
        let edges = u32::try_from(candidates.addresses.len()).map_err(|error| Error::internal(error.to_string()))?;
        let first = |group: &u32| groups.get(*group as usize).and_then(|group| group.rows.first().copied());
        let rows: UInt32Array = candidates.groups.iter().map(first).collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from_iter_values(0..edges)),
            Arc::new(UInt64Array::from(candidates.addresses.clone())),
        ];
        for column in &self.reads {
            columns.push(take(batch.column(*column), &rows, None)?);
        }
        self.seed.fill(RecordBatch::try_new(Arc::clone(&self.seeded), columns)?);
        let plan = reset_plan_states(Arc::clone(&self.judge))?;
        let mut passed = execute_stream(plan, Arc::clone(context))?;
        while let Some(passed) = passed.try_next().await? {
            let costs = self.cost.map(|column| cast(passed.column(column), &DataType::Float64)).transpose()?;
            let costs = costs.as_ref().map(|costs| costs.as_primitive::<Float64Type>());
            let numbers = passed.column(self.number).as_primitive::<UInt32Type>();
            for (row, number) in numbers.values().iter().enumerate() {
                let number = *number as usize;
                let (target, address) = (candidates.targets[number], candidates.addresses[number]);
                let Some(group) = groups.get_mut(candidates.groups[number] as usize) else { continue };
                group.allowed.insert(address);
                group.reach(target);
                if let Some(costs) = costs {
                    let cost = costs.is_valid(row).then(|| costs.value(row));
                    group.costs.insert(address, checked_cost(cost, &self.types())?);
                }
            }
        }
        Ok(())
    }

    /// The edge types, for messages.
    fn types(&self) -> String {
        let mut types: Vec<&str> = self.walk.hops().iter().map(|hop| hop.edge.as_str()).collect();
        types.dedup();
        types.join(" | ")
    }

    fn walked(&self, batch: &RecordBatch, group: Group, context: &Arc<TaskContext>) -> Result<Stream> {
        let allowed = Arc::new(group.allowed);
        let restricted = |hop: &Hop| Hop { allowed: Some(Arc::clone(&allowed)), ..hop.clone() };
        let hops = self.walk.hops().iter().map(restricted).collect();
        let rows = take_record_batch(batch, &UInt32Array::from(group.rows))?;
        let input = futures::future::ready(Ok(rows)).into_stream().boxed();
        self.walk.restricted(hops, group.costs).run(vec![input], Arc::clone(context))
    }
}
