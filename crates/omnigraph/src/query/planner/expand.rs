//! Expansions: over one edge, or over several.

use std::sync::Arc;

use arrow::datatypes::DataType;
use omnigraph_compiler::ir::{ExpandPattern, ExpandRows, ExpandStep, HopRange, StepDirection, TypeRef, VarId};
use omnigraph_traversal::{EdgeDirection, TraversalStep};

use super::context::{PlanContext, Planner};
use super::edge_filter::{allowed_edges, apply_traversal, has_row_conditions, traversal_conditions};
use super::partial_plan::PartialPlan;
use super::pattern::{RemainingPattern, RequiredOutputs};
use super::scope::{ColumnId, ColumnRole, VariableBinding};
use crate::error::{Error, Result};
use crate::index::topology::{AdjacencyLookup, EndpointFilter};
use crate::query::exec::{EdgeExpansion, ExpandMode, SingleHopExpand, TraversalTarget, VarLengthExpand};
use crate::query::tables::EntitySet;

/// Appends an expansion to a plan that binds at least one of its ends.
pub(super) async fn plan_expand(
    planner: &mut Planner,
    plan: PartialPlan,
    expand: &ExpandPattern,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let is_reversed = !plan.scope.binds(expand.from);
    let expand = &if is_reversed { reverse(expand) } else { expand.clone() };
    if expand.hops != HopRange::One {
        return plan_var_length_expand(planner, plan, expand, is_reversed, remaining, outputs).await;
    }
    let known_ids = planner.builder.known_ids.get(&expand.from).cloned();
    let steps = plan_steps(planner, expand, known_ids.as_deref()).await?;
    let live = remaining.live_variables(outputs);
    let edge = edge_variable(expand);
    let types = remaining.unbound.remove(&expand.to);
    let reads_pair = live.contains(&expand.to) || edge.is_some_and(|edge| live.contains(&edge));
    let mode = match &types {
        None => ExpandMode::Into(plan.position(&ColumnId::Variable(expand.to))?),
        Some(_) if !reads_pair && outputs.distinct => ExpandMode::Semi,
        Some(_) if !reads_pair && outputs.counted => {
            let multiplicity = plan.scope.multiplicity.as_ref();
            ExpandMode::Count(multiplicity.map(|column| plan.position(column)).transpose()?)
        }
        Some(_) => ExpandMode::All,
    };
    let mut bindings = Vec::new();
    let mut added = Vec::new();
    if let (Some(types), ExpandMode::All) = (&types, &mode) {
        added.push((ColumnId::Variable(expand.to), DataType::UInt64));
        bindings.push((expand.to, planner.context.nodes_by_ordinal(types).await?));
    }
    if let (Some(edge), ExpandMode::All | ExpandMode::Into(_)) = (edge, &mode) {
        added.push((ColumnId::Variable(edge), DataType::UInt64));
        bindings.push((edge, planner.context.edges(&edge_types(expand)).await?));
    }
    let (mut replaced, mut multiplicity) = (None, plan.scope.multiplicity.clone());
    if matches!(mode, ExpandMode::Count(_)) {
        let product = planner.builder.new_column(ColumnRole::Multiplicity);
        added.push((product.clone(), DataType::Int64));
        replaced = multiplicity.replace(product);
    }
    let wanted = remaining.wanted_columns(outputs);
    let projection = plan.scope.positions(|column| wanted(column) && replaced.as_ref() != Some(column));
    let columns = plan.columns_at(&projection)?.append(added);
    let operator = SingleHopExpand {
        from: plan.position(&ColumnId::Variable(expand.from))?,
        steps,
        mode,
        target_types: target_types(&planner.context, types.as_deref())?,
        returns_edges: edge.is_some(),
        projection,
        schema: Arc::clone(&columns.schema),
        budget: Arc::clone(&planner.context.budget),
    };
    let mut plan = apply_traversal(planner, plan, operator, columns, expand, None).await?;
    plan.scope.multiplicity = multiplicity;
    let bindings = bindings.into_iter().map(|(var, entities)| (var, VariableBinding::Entity(entities)));
    plan.scope.bindings.extend(bindings);
    prune_columns(planner, plan, remaining, outputs)
}

/// Drops columns that nothing reads any more, and then rows that became equal if equal rows count once.
fn prune_columns(
    planner: &Planner,
    plan: PartialPlan,
    remaining: &RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let kept = plan.scope.positions(remaining.wanted_columns(outputs));
    if kept.len() == plan.scope.columns.len() {
        return Ok(plan);
    }
    let plan = plan.keep(&kept)?;
    let is_reference = |ty: &DataType| matches!(ty, DataType::UInt64 | DataType::UInt32);
    let only_references = plan.schema().fields().iter().all(|field| is_reference(field.data_type()));
    Ok(if outputs.distinct && only_references { plan.distinct(planner) } else { plan })
}

async fn plan_var_length_expand(
    planner: &mut Planner,
    plan: PartialPlan,
    expand: &ExpandPattern,
    is_reversed: bool,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let HopRange::Range { min, max } = expand.hops else { return Err(Error::internal("an expansion over one edge")) };
    let steps = plan_steps(planner, expand, None).await?;
    let PlannedTarget { target, mut bindings, columns: mut added } =
        plan_target(planner, &plan, expand, &steps, remaining).await?;
    if let Some(hop_count) = expand.hop_count {
        added.push((ColumnId::Variable(hop_count), DataType::Int64));
        bindings.push((hop_count, VariableBinding::Value));
    }
    let projection = plan.scope.positions(remaining.wanted_columns(outputs));
    // If equal rows count once and only targets are read, one search can start at all nodes.
    let is_combined = outputs.distinct
        && projection.is_empty()
        && expand.hop_count.is_none()
        && target.bound.is_none()
        && !is_reversed
        && !has_row_conditions(expand, None);
    let columns = plan.columns_at(&projection)?.append(added);
    let operator = VarLengthExpand {
        from: plan.position(&ColumnId::Variable(expand.from))?,
        steps,
        target,
        min,
        max,
        is_combined,
        is_reversed,
        returns_distance: expand.hop_count.is_some(),
        projection,
        schema: Arc::clone(&columns.schema),
        budget: Arc::clone(&planner.context.budget),
    };
    let mut plan = apply_traversal(planner, plan, operator, columns, expand, None).await?;
    plan.scope.bindings.extend(bindings);
    prune_columns(planner, plan, remaining, outputs)
}

/// The target of a traversal, and the variables and columns that the traversal adds to the plan.
pub(super) struct PlannedTarget {
    pub(super) target: TraversalTarget,
    pub(super) bindings: Vec<(VarId, VariableBinding)>,
    pub(super) columns: Vec<(ColumnId, DataType)>,
}

/// Plans the target of a traversal, which is bound already or gets bound.
pub(super) async fn plan_target(
    planner: &Planner,
    plan: &PartialPlan,
    expand: &ExpandPattern,
    steps: &[EdgeExpansion],
    remaining: &mut RemainingPattern<'_>,
) -> Result<PlannedTarget> {
    let types = remaining.unbound.remove(&expand.to);
    let column = ColumnId::Variable(expand.to);
    let mut target = TraversalTarget {
        bound: None,
        target_types: target_types(&planner.context, types.as_deref())?,
        ordinal_bounds: ordinal_bounds(&planner.context, plan, expand, steps, types.as_deref()).await?,
    };
    let Some(types) = types else {
        target.bound = Some(plan.position(&column)?);
        return Ok(PlannedTarget { target, bindings: Vec::new(), columns: Vec::new() });
    };
    let nodes = VariableBinding::Entity(planner.context.nodes_by_ordinal(&types).await?);
    Ok(PlannedTarget { target, bindings: vec![(expand.to, nodes)], columns: vec![(column, DataType::UInt64)] })
}

/// Returns for each node type if its nodes are targets. All are if the target is bound already.
fn target_types(context: &PlanContext, types: Option<&[TypeRef]>) -> Result<Vec<bool>> {
    let mut targets = vec![types.is_none(); context.node_type_count()];
    for ty in types.into_iter().flatten() {
        let node_type = usize::from(context.node_type(&ty.name)?);
        if let Some(is_target) = targets.get_mut(node_type) {
            *is_target = true;
        }
    }
    Ok(targets)
}

/// Returns for each node type that a traversal meets a bound of its ordinals.
async fn ordinal_bounds(
    context: &PlanContext,
    plan: &PartialPlan,
    expand: &ExpandPattern,
    steps: &[EdgeExpansion],
    target: Option<&[TypeRef]>,
) -> Result<Vec<u32>> {
    let mut met: Vec<u16> = steps.iter().flat_map(|step| [step.step.from_type, step.step.to_type]).collect();
    for endpoint in [expand.from, expand.to] {
        if let Some(EntitySet::Nodes(nodes)) = plan.scope.entities(endpoint) {
            met.extend(nodes.iter().map(|nodes| nodes.node_type));
        }
    }
    for ty in target.into_iter().flatten() {
        met.push(context.node_type(&ty.name)?);
    }
    let mut bounds = vec![0; context.node_type_count()];
    if let EntitySet::Nodes(nodes) = context.nodes_of_types(met).await? {
        for nodes in nodes {
            if let Some(bound) = bounds.get_mut(usize::from(nodes.node_type)) {
                *bound = nodes.rows.bound();
            }
        }
    }
    Ok(bounds)
}

/// Returns the steps of an expansion, each with the edges that conditions on the edge alone allow. `from_ids` are the ids of the
/// nodes that a single-hop expansion starts at, if they are known.
pub(super) async fn plan_steps(
    planner: &mut Planner,
    expand: &ExpandPattern,
    from_ids: Option<&[String]>,
) -> Result<Vec<EdgeExpansion>> {
    let mut steps = Vec::new();
    for step in &expand.steps {
        steps.extend(open_step(&planner.context, step, from_ids).await?);
    }
    let Some(walk) = &expand.walk else { return Ok(steps) };
    let conditions = traversal_conditions(walk).on_edge;
    if conditions.is_empty() {
        return Ok(steps);
    }
    for ty in edge_types(expand) {
        let allowed = allowed_edges(planner, &ty.name, walk.edge.id, &conditions).await?;
        for step in steps.iter_mut().filter(|step| step.edge_type == ty.name) {
            step.step.allowed = Some(Arc::clone(&allowed));
        }
    }
    Ok(steps)
}

/// Opens an edge type in its direction; both directions are two steps.
async fn open_step(
    context: &PlanContext,
    step: &ExpandStep,
    from_ids: Option<&[String]>,
) -> Result<Vec<EdgeExpansion>> {
    let edge_type = &step.edge.name;
    let directions: &[EdgeDirection] = match step.direction {
        StepDirection::Out => &[EdgeDirection::Out],
        StepDirection::In => &[EdgeDirection::In],
        StepDirection::Both => &[EdgeDirection::Out, EdgeDirection::In],
    };
    let endpoints = from_ids.map(|ids| EndpointFilter { directions, ids });
    let AdjacencyLookup { adjacency, by_endpoint_scan } = context.adjacency(edge_type, endpoints).await?;
    let (source, target) = context.endpoint_types(edge_type)?;
    let open = |direction: &EdgeDirection| {
        let is_out = *direction == EdgeDirection::Out;
        let (from_type, to_type) = if is_out { (source, target) } else { (target, source) };
        // The step in the other direction already follows loops.
        let skip_loops = step.direction == StepDirection::Both && !is_out && source == target;
        let adjacency = adjacency.clone();
        let step = TraversalStep { adjacency, direction: *direction, from_type, to_type, allowed: None, skip_loops };
        EdgeExpansion { edge_type: edge_type.clone(), by_endpoints: by_endpoint_scan, step }
    };
    Ok(directions.iter().map(open).collect())
}

/// Returns the edge types of an expansion.
pub(super) fn edge_types(expand: &ExpandPattern) -> Vec<TypeRef> {
    expand.steps.iter().map(|step| step.edge.clone()).collect()
}

/// Returns the variable that an expansion binds to each edge.
fn edge_variable(expand: &ExpandPattern) -> Option<VarId> {
    match expand.rows {
        ExpandRows::Edges(var) => Some(var),
        ExpandRows::Pairs => None,
    }
}

/// Returns the same expansion from its other end.
fn reverse(expand: &ExpandPattern) -> ExpandPattern {
    let reverse_step = |step: &ExpandStep| ExpandStep {
        edge: step.edge.clone(),
        direction: match step.direction {
            StepDirection::Out => StepDirection::In,
            StepDirection::In => StepDirection::Out,
            StepDirection::Both => StepDirection::Both,
        },
    };
    let steps = expand.steps.iter().map(reverse_step).collect();
    ExpandPattern { from: expand.to, to: expand.from, steps, ..expand.clone() }
}
