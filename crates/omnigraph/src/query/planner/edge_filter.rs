//! Edge conditions and edge costs of traversals.
//!
//! A condition on the edge alone allows the same edges for every row: the planner evaluates it once. A condition that reads
//! more of a row is evaluated for each row, by the operator [`EdgeFilter`].

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Float64Type, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use hashbrown::HashMap;
use omnigraph_compiler::ir::{EdgeCondition, ExpandPattern, Expr, ExprKind, VarId, print_expr};
use omnigraph_traversal::EdgeSet;

use super::context::Planner;
use super::expand::edge_types;
use super::partial_plan::{ComputedColumn, PartialPlan, PlanColumns, compute, filter};
use super::references::{condition_variables, reads_at_most};
use super::scope::{ColumnId, ColumnRole, VariableBinding};
use crate::error::{Error, Result};
use crate::query::exec::{ArgumentPlan, ArgumentRows, EdgeFilter, FilterableTraversal, OperatorExec, check_edge_cost};
use crate::query::run::collect_plan;
use crate::query::tables::{EntitySet, RowTable};
use crate::table::{CHUNK_ROWS, RowAddress};

/// The conditions on the edges of a traversal.
#[derive(Debug)]
pub(super) struct TraversalConditions<'a> {
    /// Conditions that read the edge alone.
    pub(super) on_edge: Vec<&'a Expr>,
    /// Conditions that read more of a row.
    on_row: Vec<&'a Expr>,
}

/// Splits the conditions on the edges of a traversal.
pub(super) fn traversal_conditions(walk: &EdgeCondition) -> TraversalConditions<'_> {
    let conjuncts: Vec<&Expr> = match walk.filter.as_ref() {
        None => Vec::new(),
        Some(Expr { kind: ExprKind::And(conjuncts), .. }) => conjuncts.iter().collect(),
        Some(filter) => vec![filter],
    };
    let (on_edge, on_row) = conjuncts.into_iter().partition(|condition| reads_at_most(condition, walk.edge.id));
    TraversalConditions { on_edge, on_row }
}

/// Reports if conditions or costs of a traversal read more of a row than the edge.
pub(super) fn has_row_conditions(expand: &ExpandPattern, cost: Option<&Expr>) -> bool {
    expand.walk.as_ref().is_some_and(|walk| {
        !traversal_conditions(walk).on_row.is_empty() || cost.is_some_and(|cost| !reads_at_most(cost, walk.edge.id))
    })
}

/// Returns the edges of a type for which conditions hold that read the edge alone.
pub(super) async fn allowed_edges(
    planner: &mut Planner,
    edge_type: &str,
    var: VarId,
    conditions: &[&Expr],
) -> Result<Arc<EdgeSet>> {
    let edges = planner.context.edge_table(edge_type).await?;
    let (argument, plan) = edge_argument(&edges, var);
    let plan = filter(planner, plan, conditions, |column| *column == ColumnId::Variable(var))?;
    let address = plan.position(&ColumnId::Variable(var))?;
    let mut allowed = EdgeSet::default();
    for batch in run_over_edges(planner, &edges, &argument, &plan).await? {
        allowed.extend(batch.column(address).as_primitive::<UInt64Type>().values().iter().copied());
    }
    Ok(Arc::new(allowed))
}

/// Computes the costs of the edges that a search for cheapest paths may use.
pub(super) async fn edge_costs(
    planner: &mut Planner,
    expand: &ExpandPattern,
    cost: &Expr,
) -> Result<HashMap<u64, f64>> {
    let walk = expand.walk.as_ref().ok_or_else(|| Error::internal("an edge cost without an edge"))?;
    let var = walk.edge.id;
    let mut costs = HashMap::new();
    for ty in edge_types(expand) {
        let edges = planner.context.edge_table(&ty.name).await?;
        let (argument, plan) = edge_argument(&edges, var);
        let conditions = traversal_conditions(walk).on_edge;
        let plan = filter(planner, plan, &conditions, |column| *column == ColumnId::Variable(var))?;
        let plan = compute(planner, plan, &[ComputedColumn { id: ColumnId::EdgeCost, expr: cost }])?;
        let address = plan.position(&ColumnId::Variable(var))?;
        let cost = plan.position(&ColumnId::EdgeCost)?;
        for batch in run_over_edges(planner, &edges, &argument, &plan).await? {
            let addresses = batch.column(address).as_primitive::<UInt64Type>();
            let values = arrow::compute::cast(batch.column(cost), &DataType::Float64)?;
            for (address, value) in addresses.values().iter().zip(values.as_primitive::<Float64Type>()) {
                costs.insert(*address, check_edge_cost(value, &edges.name)?);
            }
        }
    }
    Ok(costs)
}

/// The leaf of a plan over edges, and its schema.
struct EdgeArgument {
    rows: ArgumentRows,
    schema: SchemaRef,
}

/// Returns a plan over edges that [`run_over_edges`] passes in.
fn edge_argument(edges: &Arc<RowTable>, var: VarId) -> (EdgeArgument, PartialPlan) {
    let rows = ArgumentRows::default();
    let columns = PlanColumns::new([(ColumnId::Variable(var), DataType::UInt64)]);
    let argument = EdgeArgument { rows: rows.clone(), schema: Arc::clone(&columns.schema) };
    let edges = VariableBinding::Entity(EntitySet::Rows(vec![Arc::clone(edges)]));
    (argument, PartialPlan::leaf(rows, columns).bind(var, edges))
}

/// Runs a plan over all edges of a type.
async fn run_over_edges(
    planner: &Planner,
    edges: &RowTable,
    argument: &EdgeArgument,
    plan: &PartialPlan,
) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for fragment in edges.table.fragments(None).await? {
        let offsets: Vec<u32> = (0..fragment.physical_rows).filter(|offset| fragment.is_live(*offset)).collect();
        for chunk in offsets.chunks(CHUNK_ROWS) {
            let addresses = chunk.iter().map(|offset| RowAddress::new(fragment.id, *offset).0);
            let addresses: ArrayRef = Arc::new(UInt64Array::from_iter_values(addresses));
            argument.rows.fill(RecordBatch::try_new(Arc::clone(&argument.schema), vec![addresses])?);
            batches.extend(collect_plan(Arc::clone(&plan.root), &planner.context.budget).await?);
        }
    }
    Ok(batches)
}

/// Applies a traversal whose output has `columns`. `cost` is the cost of an edge.
pub(super) async fn apply_traversal(
    planner: &mut Planner,
    plan: PartialPlan,
    traversal: impl FilterableTraversal + 'static,
    columns: PlanColumns,
    expand: &ExpandPattern,
    cost: Option<&Expr>,
) -> Result<PartialPlan> {
    let walk = match &expand.walk {
        Some(walk) if has_row_conditions(expand, cost) => walk,
        _ => return Ok(plan.apply(traversal, columns)),
    };
    let read = condition_variables(expand, cost);
    let reads = plan.scope.positions(|column| match column {
        ColumnId::Variable(var) | ColumnId::Field(var, _) | ColumnId::Path(var, _) => read.contains(var),
        _ => false,
    });
    let number = planner.builder.new_column(ColumnRole::RowNumber);
    let outer = plan.columns_at(&reads)?;
    let outer = outer.ids.into_iter().zip(outer.schema.fields().iter().map(|field| field.data_type().clone()));
    let edge_columns = [(number.clone(), DataType::UInt32), (ColumnId::Variable(walk.edge.id), DataType::UInt64)];
    let argument = ArgumentRows::default();
    let edge_columns = PlanColumns::new(edge_columns).append(outer);
    let edge_schema = Arc::clone(&edge_columns.schema);
    let mut edges = PartialPlan::leaf(argument.clone(), edge_columns);
    let entities = planner.context.edges(&edge_types(expand)).await?;
    edges.scope.bindings.insert(walk.edge.id, VariableBinding::Entity(entities));
    for var in &read {
        let binding = plan.scope.bindings.get(var).cloned();
        let unbound = || Error::internal(format!("an edge condition reads variable {} before it is bound", var.0));
        edges.scope.bindings.insert(*var, binding.ok_or_else(unbound)?);
    }
    let conditions = traversal_conditions(walk).on_row;
    let mut edges = filter(planner, edges, &conditions, |column| cost.is_some() || *column == number)?;
    if let Some(cost) = cost {
        edges = compute(planner, edges, &[ComputedColumn { id: ColumnId::EdgeCost, expr: cost }])?;
    }
    let text = conditions.iter().copied().chain(cost).map(print_expr).collect::<Vec<_>>().join(" and ");
    let filter = EdgeFilter {
        traversal: Arc::new(traversal),
        text,
        block: ArgumentPlan { plan: Arc::clone(&edges.root), argument },
        edge_schema,
        reads,
        number: edges.position(&number)?,
        cost: cost.map(|_| edges.position(&ColumnId::EdgeCost)).transpose()?,
        budget: Arc::clone(&planner.context.budget),
    };
    let PartialPlan { root, mut scope } = plan;
    let root = OperatorExec::new(Arc::new(filter), vec![root], columns.schema).with_block(edges.root);
    scope.columns = columns.ids;
    Ok(PartialPlan { root: Arc::new(root), scope })
}
