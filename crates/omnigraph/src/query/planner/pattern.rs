//! Patterns of a block.
//!
//! The plan starts at one variable and grows along connections to bound variables, then starts at the next variable. It applies a
//! condition once all variables are bound that the condition reads. It drops a column once nothing reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Int32Array;
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::ir::{
    CorrelatedBlock, ExpandPattern, Expr, PathSearch, PatternBlock, TypeRef, VarId, VariableKind,
};

use super::access_path::{known_ids, plan_variable};
use super::apply::apply_block;
use super::context::Planner;
use super::expand::plan_expand;
use super::join_order::{
    StartChoice, blocked_variables, deferred_variables, equi_join_conditions, next_expand, next_path,
};
use super::partial_plan::{ComputedColumn, PartialPlan, compute, filter, join};
use super::paths::plan_path_search;
use super::references::{expand_variables, path_variables, variables_read};
use super::scope::{ColumnId, ColumnRole, PlanScope};
use crate::error::{Error, Result};
use crate::query::exec::EntityField;

/// The parts of a block's rows that are read after the block.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequiredOutputs {
    pub(crate) vars: BTreeSet<VarId>,
    /// Fields that are read right after the block, so that the plan keeps their columns.
    pub(crate) fields: BTreeMap<VarId, BTreeSet<EntityField>>,
    /// Equal rows count once.
    pub(crate) distinct: bool,
    /// Rows are only counted, so that a row may represent several.
    pub(crate) counted: bool,
}

/// The parts of a block that the plan does not cover yet.
#[derive(Debug)]
pub(super) struct RemainingPattern<'a> {
    /// Node variables that are not bound.
    pub(super) unbound: BTreeMap<VarId, Vec<TypeRef>>,
    pub(super) expands: Vec<&'a ExpandPattern>,
    pub(super) paths: Vec<&'a PathSearch>,
    pub(super) filters: Vec<&'a Expr>,
    pub(super) blocks: Vec<&'a CorrelatedBlock>,
}

impl<'a> RemainingPattern<'a> {
    pub(super) fn new(block: &'a PatternBlock, scope: &PlanScope) -> Self {
        let unbound = block.variables.iter().filter_map(|variable| match &variable.kind {
            VariableKind::Node { types } if !scope.binds(variable.id) => Some((variable.id, types.clone())),
            _ => None,
        });
        Self {
            unbound: unbound.collect(),
            expands: block.expands.iter().collect(),
            paths: block.paths.iter().collect(),
            filters: block.filters.iter().collect(),
            blocks: block.blocks.iter().collect(),
        }
    }

    /// Returns the variables that are read later, in the block or after it.
    pub(super) fn live_variables(&self, outputs: &RequiredOutputs) -> BTreeSet<VarId> {
        let mut live = outputs.vars.clone();
        live.extend(outputs.fields.keys());
        live.extend(self.expands.iter().flat_map(|expand| expand_variables(expand)));
        live.extend(self.paths.iter().flat_map(|path| path_variables(path)));
        live.extend(variables_read(self.filters.iter().copied()));
        live.extend(self.blocks.iter().flat_map(|block| block.outer.iter().copied()));
        live
    }

    /// Returns a predicate for the columns that are read later.
    pub(super) fn wanted_columns(&self, outputs: &RequiredOutputs) -> impl Fn(&ColumnId) -> bool + use<> {
        let live = self.live_variables(outputs);
        let carried = outputs.fields.clone();
        move |column| match column {
            ColumnId::Variable(var) | ColumnId::Path(var, _) => live.contains(var),
            ColumnId::Field(var, field) => carried.get(var).is_some_and(|fields| fields.contains(field)),
            _ => true,
        }
    }
}

/// Plans all rows of a block, from nothing or from the outer rows of `seed`.
pub(super) async fn plan_block(
    planner: &mut Planner,
    block: &PatternBlock,
    seed: Option<PartialPlan>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let empty = PlanScope::default();
    let mut remaining = RemainingPattern::new(block, seed.as_ref().map_or(&empty, |seed| &seed.scope));
    let mut plan = match seed {
        Some(seed) => Some(grow(planner, seed, &mut remaining, outputs).await?),
        None => None,
    };
    plan = plan_components(planner, plan, &mut remaining, outputs, true).await?;
    let blocks = std::mem::take(&mut remaining.blocks);
    for (index, correlated) in blocks.iter().enumerate() {
        remaining.blocks = blocks[index + 1..].to_vec();
        let outer = plan.take().map_or_else(one_row, Ok)?;
        let applied = apply_block(planner, outer, correlated, &remaining, outputs).await?;
        plan = Some(grow(planner, applied, &mut remaining, outputs).await?);
    }
    plan = plan_components(planner, plan, &mut remaining, outputs, false).await?;
    let plan = plan.map_or_else(one_row, Ok)?;
    let plan = apply_ready_filters(planner, plan, &mut remaining, outputs)?;
    if remaining.expands.is_empty() && remaining.paths.is_empty() && remaining.filters.is_empty() {
        return Ok(plan);
    }
    Err(Error::internal("the plan does not cover the pattern"))
}

/// Binds the unbound variables and joins unconnected parts. With `defer`, variables wait that only a later block connects.
async fn plan_components(
    planner: &mut Planner,
    mut plan: Option<PartialPlan>,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
    defer: bool,
) -> Result<Option<PartialPlan>> {
    loop {
        let ids = known_ids(&planner.context, remaining);
        let live = read_after_block(outputs).unwrap_or_else(|| remaining.live_variables(outputs));
        let empty = PlanScope::default();
        let scope = plan.as_ref().map_or(&empty, |plan| &plan.scope);
        let deferred = if defer { deferred_variables(remaining, scope) } else { BTreeSet::new() };
        let blocked = &blocked_variables(remaining, scope) | &deferred;
        let choice = StartChoice { ids: &ids, live: &live, prefers_live: outputs.counted || outputs.distinct };
        let start = choice
            .best(&planner.context, remaining, &blocked)
            .or_else(|| choice.best(&planner.context, remaining, &deferred));
        let Some(var) = start else { return Ok(plan) };
        let component = plan_variable(planner, var, remaining, &ids, outputs).await?;
        let component = grow(planner, component, remaining, outputs).await?;
        plan = Some(match plan {
            None => component,
            Some(plan) => {
                let joined = join_components(planner, plan, component, remaining)?;
                grow(planner, joined, remaining, outputs).await?
            }
        });
    }
}

/// Returns the variables that are read after the block, if any.
fn read_after_block(outputs: &RequiredOutputs) -> Option<BTreeSet<VarId>> {
    let read: BTreeSet<VarId> = outputs.vars.iter().chain(outputs.fields.keys()).copied().collect();
    (!read.is_empty()).then_some(read)
}

/// Grows a plan along all connections to bound variables.
async fn grow(
    planner: &mut Planner,
    mut plan: PartialPlan,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    loop {
        plan = apply_ready_filters(planner, plan, remaining, outputs)?;
        if let Some(expand) = next_expand(&planner.context, &plan.scope, remaining) {
            plan = bind_known_endpoints(planner, plan, expand, remaining, outputs).await?;
            remaining.expands.retain(|other| !std::ptr::eq(*other, expand));
            plan = plan_expand(planner, plan, expand, remaining, outputs).await?;
        } else if let Some(path) = next_path(&plan.scope, remaining) {
            plan = bind_known_endpoints(planner, plan, &path.expand, remaining, outputs).await?;
            remaining.paths.retain(|other| !std::ptr::eq(*other, path));
            plan = plan_path_search(planner, plan, path, remaining, outputs).await?;
        } else {
            return Ok(plan);
        }
    }
}

/// Applies the conditions whose variables are all bound.
pub(super) fn apply_ready_filters(
    planner: &mut Planner,
    plan: PartialPlan,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let is_ready = |condition: &&Expr| variables_read([*condition]).iter().all(|var| plan.scope.binds(*var));
    let (ready, later): (Vec<&Expr>, Vec<&Expr>) = remaining.filters.iter().copied().partition(is_ready);
    remaining.filters = later;
    let wanted = remaining.wanted_columns(outputs);
    filter(planner, plan, &ready, wanted)
}

/// Binds an endpoint of an expansion first if its id is known, because testing an edge is cheaper than finding its target.
async fn bind_known_endpoints(
    planner: &mut Planner,
    mut plan: PartialPlan,
    expand: &ExpandPattern,
    remaining: &mut RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let ids = known_ids(&planner.context, remaining);
    for endpoint in [expand.from, expand.to] {
        if ids.contains_key(&endpoint) && remaining.unbound.contains_key(&endpoint) {
            let known = plan_variable(planner, endpoint, remaining, &ids, outputs).await?;
            plan = join(planner, plan, known, &[])?;
        }
    }
    apply_ready_filters(planner, plan, remaining, outputs)
}

/// Joins two plans that share no variable, by conditions that equate expressions over both, or as a cross product.
pub(super) fn join_components(
    planner: &mut Planner,
    mut left: PartialPlan,
    mut right: PartialPlan,
    remaining: &RemainingPattern<'_>,
) -> Result<PartialPlan> {
    let mut on = Vec::new();
    for (a, b) in equi_join_conditions(&left.scope, &right.scope, &remaining.filters) {
        let keys = [(); 2].map(|()| planner.builder.new_column(ColumnRole::JoinKey));
        left = compute(planner, left, &[ComputedColumn { id: keys[0].clone(), expr: a }])?;
        right = compute(planner, right, &[ComputedColumn { id: keys[1].clone(), expr: b }])?;
        on.push(keys);
    }
    join(planner, left, right, &on)
}

/// Returns the row of a block without variables.
fn one_row() -> Result<PartialPlan> {
    let schema = Arc::new(Schema::new(vec![ColumnId::Unit.field(DataType::Int32)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(Int32Array::from(vec![0]))])?;
    Ok(PartialPlan::constant(batch, vec![ColumnId::Unit]))
}
