//! Searches for paths, and the parts of paths that expressions read.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField};
use omnigraph_compiler::ir::{ExprType, HopRange, ObjectKind, PathMode, PathPart, PathSearch, VarId};

use super::context::Planner;
use super::edge_filter::{apply_traversal, edge_costs, has_row_conditions};
use super::expand::{PlannedTarget, edge_types, plan_steps, plan_target};
use super::partial_plan::PartialPlan;
use super::pattern::{RemainingPattern, RequiredOutputs};
use super::references::edge_cost;
use super::scope::{ColumnId, PathColumn, VariableBinding};
use crate::error::{Error, Result};
use crate::query::exec::{FindPaths, PathKind, PathParts, ReadPaths};
use crate::query::result::schema::arrow_type;

/// Appends a search for paths.
pub(super) async fn plan_path_search(
    planner: &mut Planner,
    plan: PartialPlan,
    path: &PathSearch,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let expand = &path.expand;
    let (min, max) = match expand.hops {
        HopRange::One => (1, Some(1)),
        HopRange::Range { min, max } => (min, max),
    };
    let steps = plan_steps(planner, expand, None).await?;
    let PlannedTarget { target, mut bindings, columns: mut added } =
        plan_target(planner, &plan, expand, &steps, remaining).await?;
    let cost = edge_cost(path);
    let kind = match (&path.mode, cost) {
        (PathMode::Shortest, _) => PathKind::Shortest,
        (PathMode::AllShortest, _) => PathKind::AllShortest,
        (PathMode::Cheapest { .. }, Some(cost)) if !has_row_conditions(expand, Some(cost)) => {
            PathKind::Cheapest(Arc::new(edge_costs(planner, expand, cost).await?))
        }
        // The operator computes the costs for each row.
        (PathMode::Cheapest { .. }, _) => PathKind::Cheapest(Arc::default()),
    };
    let node_types = steps.iter().flat_map(|step| [step.step.from_type, step.step.to_type]);
    let nodes = planner.context.nodes_of_types(node_types).await?;
    let edges = planner.context.edges(&edge_types(expand)).await?;
    added.extend(path_columns(path.path));
    bindings.push((path.path, VariableBinding::Path { nodes: nodes.clone(), edges: edges.clone() }));
    let projection = plan.scope.positions(remaining.wanted_columns(outputs));
    let columns = plan.columns_at(&projection)?.append(added);
    let operator = FindPaths {
        from: plan.position(&ColumnId::Variable(expand.from))?,
        steps,
        target,
        kind,
        min,
        max,
        nodes,
        edges,
        projection,
        schema: Arc::clone(&columns.schema),
        ids: Arc::default(),
        budget: Arc::clone(&planner.context.budget),
    };
    let mut plan = apply_traversal(planner, plan, operator, columns, expand, cost).await?;
    plan.scope.bindings.extend(bindings);
    Ok(plan)
}

/// Returns the columns of a path that the search yields.
fn path_columns(path: VarId) -> [(ColumnId, DataType); 4] {
    let refs = || DataType::List(Arc::new(ArrowField::new("item", DataType::UInt64, true)));
    [
        (ColumnId::Path(path, PathColumn::NodeRefs), refs()),
        (ColumnId::Path(path, PathColumn::EdgeAddresses), refs()),
        (ColumnId::Path(path, PathColumn::Part(PathPart::Length)), DataType::Int64),
        (ColumnId::Path(path, PathColumn::Part(PathPart::Cost)), DataType::Float64),
    ]
}

/// Appends parts of a path that the plan lacks.
pub(super) fn read_path_parts(plan: PartialPlan, var: VarId, parts: PathParts) -> Result<PartialPlan> {
    let column = |part, ty| (ColumnId::Path(var, PathColumn::Part(part)), ty);
    let entities = arrow_type(&ExprType::Objects { kind: ObjectKind::Node, nullable: true });
    let added = match parts {
        PathParts::Shown => vec![
            column(PathPart::Nodes, entities.clone()),
            column(PathPart::Edges, entities),
            column(PathPart::Whole, DataType::Utf8),
        ],
        PathParts::Identity => vec![column(PathPart::Identity, DataType::Utf8)],
    };
    if added.iter().all(|(column, _)| plan.scope.has_column(column)) {
        return Ok(plan);
    }
    let Some(VariableBinding::Path { nodes, edges }) = plan.scope.bindings.get(&var).cloned() else {
        return Err(Error::internal("parts of a variable that is not a path"));
    };
    let columns = plan.columns().append(added);
    let operator = ReadPaths {
        parts,
        nodes,
        edges,
        node_refs: plan.position(&ColumnId::Path(var, PathColumn::NodeRefs))?,
        edge_addresses: plan.position(&ColumnId::Path(var, PathColumn::EdgeAddresses))?,
        schema: Arc::clone(&columns.schema),
    };
    Ok(plan.apply(operator, columns))
}
