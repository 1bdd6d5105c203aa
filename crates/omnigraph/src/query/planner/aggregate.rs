//! Grouping and aggregates.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use datafusion_functions_aggregate::{
    array_agg::array_agg_udaf, average::avg_udaf, count::count_udaf, min_max::max_udaf, min_max::min_udaf,
    sum::sum_udaf,
};
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion_physical_expr::expressions::{Column, Literal};
use datafusion_physical_plan::ExecutionPlan;
use datafusion_physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use omnigraph_compiler::ir::{
    AggregateExpr, AggregateKind, CorrelatedKind, Expr, ExprKind, ExprType, GroupBy, PatternBlock, ReadBody, VarId,
    VariableKind,
};
use omnigraph_compiler::types::ScalarType;

use super::context::{PlanContext, Planner};
use super::partial_plan::{ComputedColumn, PartialPlan, PlanColumns, compute};
use super::references::{variables_read, whole_variable};
use super::scope::{ColumnId, ColumnRole, GroupKey, PlanScope};
use crate::error::{Error, Result};
use crate::query::exec::RowContext;
use crate::query::lists::{null_counts_to_zero, sort_items};
use crate::query::result::schema::arrow_type;
use crate::query::scalar::ScalarExpr;
use crate::query::tables::EntitySet;

/// Reports if aggregates only count rows, so that a row may represent several: they read nothing of a row but its presence.
pub(super) fn only_counts(aggregates: &[AggregateExpr], block: &PatternBlock) -> bool {
    let has_optional = block.blocks.iter().any(|nested| matches!(nested.kind, CorrelatedKind::Optional));
    let counts_rows = |aggregate: &AggregateExpr| {
        is_plain_count(aggregate) && aggregate.arg.as_ref().is_none_or(|arg| whole_variable(arg).is_some())
    };
    !aggregates.is_empty() && !has_optional && aggregates.iter().all(counts_rows)
}

fn is_plain_count(aggregate: &AggregateExpr) -> bool {
    aggregate.kind == AggregateKind::Count && !aggregate.distinct
}

/// Replaces counts of variables, which are present in every row, by counts of rows.
pub(super) fn count_rows(aggregates: &[AggregateExpr]) -> Vec<AggregateExpr> {
    aggregates.iter().map(|aggregate| AggregateExpr { arg: None, ..aggregate.clone() }).collect()
}

/// Reports if aggregates count equal rows once.
pub(super) fn ignores_duplicates(aggregates: &[AggregateExpr]) -> bool {
    aggregates
        .iter()
        .all(|aggregate| aggregate.distinct || matches!(aggregate.kind, AggregateKind::Min | AggregateKind::Max))
}

/// Counts all nodes of a type from the commit, if a body does only that.
pub(super) fn count_from_commit(
    context: &PlanContext,
    body: &ReadBody,
    group: &GroupBy,
) -> Result<Option<PartialPlan>> {
    let block = &body.block;
    let is_whole_type =
        block.expands.is_empty() && block.paths.is_empty() && block.filters.is_empty() && block.blocks.is_empty();
    let ([variable], true) = (block.variables.as_slice(), is_whole_type && group.keys.is_empty()) else {
        return Ok(None);
    };
    let VariableKind::Node { types } = &variable.kind else { return Ok(None) };
    if !only_counts(&group.aggregates, block) {
        return Ok(None);
    }
    let rows: u64 = types.iter().map(|ty| context.type_rows(&ty.name)).sum();
    let rows = i64::try_from(rows).map_err(|error| Error::internal(error.to_string()))?;
    let columns = PlanColumns::new((0..group.aggregates.len()).map(|index| (aggregate_column(index), DataType::Int64)));
    let counts = group.aggregates.iter().map(|_| Arc::new(Int64Array::from(vec![rows])) as ArrayRef).collect();
    Ok(Some(PartialPlan::constant(RecordBatch::try_new(columns.schema, counts)?, columns.ids)))
}

/// Groups the rows of a plan.
pub(super) fn group_rows(planner: &mut Planner, plan: PartialPlan, group: &GroupBy) -> Result<PartialPlan> {
    let group_key = |key: &Expr| {
        let derived = is_determined_by_variable(&planner.context, key, &plan.scope);
        if derived { GroupKey::Derived(key.clone()) } else { GroupKey::Column }
    };
    let groups: Vec<GroupKey> = group.keys.iter().map(group_key).collect();
    let mut determining: BTreeSet<VarId> = BTreeSet::new();
    let (mut computed, mut key_columns) = (Vec::new(), Vec::new());
    for (index, (expr, key)) in group.keys.iter().zip(&groups).enumerate() {
        match key {
            GroupKey::Derived(_) => determining.extend(variables_read([expr])),
            GroupKey::Column => {
                let id = ColumnId::Numbered(ColumnRole::GroupKey, index);
                key_columns.push(id.clone());
                computed.push(ComputedColumn { id, expr });
            }
        }
    }
    let plan = compute_arguments(planner, plan, computed, &group.aggregates)?;
    let mut keys: Vec<ColumnId> = determining.iter().map(|var| ColumnId::Variable(*var)).collect();
    keys.extend(key_columns);
    let bindings = plan.scope.bindings.iter().filter(|(var, _)| determining.contains(var));
    let bindings = bindings.map(|(var, binding)| (*var, binding.clone())).collect();
    let scope = PlanScope { groups, bindings, ..PlanScope::default() };
    aggregate_rows(plan, scope, &keys, &group.aggregates)
}

/// Aggregates the rows of a block for each number of an outer row.
pub(super) fn aggregate_per_row(
    planner: &mut Planner,
    plan: PartialPlan,
    number: &ColumnId,
    aggregates: &[AggregateExpr],
) -> Result<PartialPlan> {
    let plan = compute_arguments(planner, plan, Vec::new(), aggregates)?;
    aggregate_rows(plan, PlanScope::default(), std::slice::from_ref(number), aggregates)
}

/// Reports if the identity of one variable determines a key: the key is the variable, or the only key property of its type.
fn is_determined_by_variable(context: &PlanContext, key: &Expr, scope: &PlanScope) -> bool {
    match &key.kind {
        ExprKind::Object(var) => scope.entities(*var).is_some(),
        ExprKind::Property { var, property } => match scope.entities(*var) {
            Some(EntitySet::Nodes(nodes)) => match nodes.as_slice() {
                [only] => context.is_sole_key([only.name.as_str()], &property.name),
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// Computes keys and the arguments of aggregates.
fn compute_arguments<'a>(
    planner: &mut Planner,
    plan: PartialPlan,
    mut computed: Vec<ComputedColumn<'a>>,
    aggregates: &'a [AggregateExpr],
) -> Result<PartialPlan> {
    for (index, aggregate) in aggregates.iter().enumerate() {
        if let Some(expr) = aggregate.arg.as_ref().filter(|arg| counted_variable(aggregate, arg).is_none()) {
            computed.push(ComputedColumn { id: argument_column(index), expr });
        }
    }
    compute(planner, plan, &computed)
}

/// Returns the variable whose references an aggregate counts.
fn counted_variable(aggregate: &AggregateExpr, arg: &Expr) -> Option<VarId> {
    whole_variable(arg).filter(|_| aggregate.kind == AggregateKind::Count)
}

fn argument_column(index: usize) -> ColumnId {
    ColumnId::Numbered(ColumnRole::Argument, index)
}

fn aggregate_column(index: usize) -> ColumnId {
    ColumnId::Numbered(ColumnRole::Aggregate, index)
}

/// Aggregates over the groups of `keys`. The result has the variables of `scope`.
fn aggregate_rows(
    plan: PartialPlan,
    scope: PlanScope,
    keys: &[ColumnId],
    aggregates: &[AggregateExpr],
) -> Result<PartialPlan> {
    let plan = project_arguments(plan, keys, aggregates)?;
    let schema = plan.schema();
    let mut functions = Vec::with_capacity(aggregates.len());
    for (index, aggregate) in aggregates.iter().enumerate() {
        functions.push(Arc::new(aggregate_function(aggregate, index, &plan, &schema)?));
    }
    let by = keys.iter().map(|key| Ok((physical_column(&plan, key)?, key.to_string()))).collect::<Result<Vec<_>>>()?;
    let filters = vec![None; functions.len()];
    let by = PhysicalGroupBy::new_single(by);
    let root: Arc<dyn ExecutionPlan> =
        Arc::new(AggregateExec::try_new(AggregateMode::Single, by, functions, filters, plan.root, schema)?);
    let aggregated = (0..aggregates.len()).map(aggregate_column);
    let columns = keys.iter().cloned().chain(aggregated).collect();
    convert_aggregates(PartialPlan { root, scope: PlanScope { columns, ..scope } }, aggregates, keys.len())
}

/// Projects to keys and arguments, and converts arguments to the types that DataFusion aggregates.
fn project_arguments(plan: PartialPlan, keys: &[ColumnId], aggregates: &[AggregateExpr]) -> Result<PartialPlan> {
    let mut positions = Vec::with_capacity(keys.len());
    for key in keys {
        positions.push(plan.position(key)?);
    }
    let key_columns = plan.columns_at(&positions)?;
    let mut scalars: Vec<ScalarExpr> = positions.into_iter().map(ScalarExpr::Column).collect();
    let mut arguments = Vec::new();
    for (index, aggregate) in aggregates.iter().enumerate() {
        let Some(arg) = &aggregate.arg else { continue };
        if plan.scope.multiplicity.is_some() && is_plain_count(aggregate) {
            continue;
        }
        let (scalar, ty) = match counted_variable(aggregate, arg) {
            Some(var) => (ScalarExpr::Column(plan.position(&ColumnId::Variable(var))?), DataType::UInt64),
            None => convert_argument(ScalarExpr::Column(plan.position(&argument_column(index))?), aggregate, arg),
        };
        scalars.push(scalar);
        arguments.push((argument_column(index), ty));
    }
    if let Some(multiplicity) = &plan.scope.multiplicity {
        scalars.push(ScalarExpr::Column(plan.position(multiplicity)?));
        arguments.push((ColumnId::MultiplicityArgument, DataType::Int64));
    }
    Ok(plan.project(scalars, key_columns.append(arguments), RowContext::default()))
}

/// Converts an argument. Integers are summed as decimals, so that only a result can overflow.
fn convert_argument(scalar: ScalarExpr, aggregate: &AggregateExpr, arg: &Expr) -> (ScalarExpr, DataType) {
    let base = match &arg.ty {
        ExprType::Value(ty) if !ty.list => Some(ty.scalar),
        _ => None,
    };
    let ty = match (aggregate.kind, base) {
        (AggregateKind::Sum, Some(ScalarType::F32 | ScalarType::F64)) | (AggregateKind::Avg, _) => DataType::Float64,
        (AggregateKind::Sum, Some(ScalarType::I32 | ScalarType::I64 | ScalarType::U32)) => DataType::Decimal128(19, 0),
        (AggregateKind::Sum, _) => DataType::Decimal128(20, 0),
        _ => return (scalar, arrow_type(&arg.ty)),
    };
    let target = ty.clone();
    (ScalarExpr::Map(Arc::new(move |array| cast_checked(array, &target)), Box::new(scalar)), ty)
}

/// Casts, and fails if a value does not fit.
fn cast_checked(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, ty, &CastOptions { safe: false, ..CastOptions::default() })
}

fn physical_column(plan: &PartialPlan, column: &ColumnId) -> Result<Arc<dyn PhysicalExpr>> {
    Ok(Arc::new(Column::new(&column.to_string(), plan.position(column)?)))
}

fn aggregate_function(
    aggregate: &AggregateExpr,
    index: usize,
    plan: &PartialPlan,
    schema: &SchemaRef,
) -> Result<AggregateFunctionExpr> {
    let argument = || physical_column(plan, &argument_column(index));
    let (function, arg) = match (&aggregate.kind, &aggregate.arg) {
        _ if is_plain_count(aggregate) && plan.scope.multiplicity.is_some() => {
            (sum_udaf(), physical_column(plan, &ColumnId::MultiplicityArgument)?)
        }
        (AggregateKind::Count, None) => (count_udaf(), Arc::new(Literal::new(1_i64.into())) as _),
        (_, None) => return Err(Error::internal("an aggregate without an argument")),
        (AggregateKind::Count, Some(_)) => (count_udaf(), argument()?),
        (AggregateKind::Sum, Some(_)) => (sum_udaf(), argument()?),
        (AggregateKind::Avg, Some(_)) => (avg_udaf(), argument()?),
        (AggregateKind::Min, Some(_)) => (min_udaf(), argument()?),
        (AggregateKind::Max, Some(_)) => (max_udaf(), argument()?),
        (AggregateKind::Collect, Some(_)) => (array_agg_udaf(), argument()?),
    };
    let name = aggregate_column(index).to_string();
    let builder = AggregateExprBuilder::new(function, vec![arg]).schema(Arc::clone(schema)).alias(name);
    let builder = builder.with_distinct(aggregate.distinct);
    let builder = if aggregate.kind == AggregateKind::Collect { builder.ignore_nulls() } else { builder };
    Ok(builder.build()?)
}

/// Converts aggregates to the types of the query language.
fn convert_aggregates(plan: PartialPlan, aggregates: &[AggregateExpr], keys: usize) -> Result<PartialPlan> {
    let mut scalars: Vec<ScalarExpr> = (0..keys).map(ScalarExpr::Column).collect();
    for (index, aggregate) in aggregates.iter().enumerate() {
        let target = arrow_type(&aggregate.ty);
        let map = |function| ScalarExpr::Map(function, Box::new(ScalarExpr::Column(keys + index)));
        scalars.push(match aggregate.kind {
            AggregateKind::Sum => map(Arc::new(move |array| cast_checked(array, &target))),
            AggregateKind::Count => map(Arc::new(|array| Ok(null_counts_to_zero(array)))),
            AggregateKind::Collect => map(Arc::new(sort_items)),
            _ => ScalarExpr::Column(keys + index),
        });
    }
    let converted =
        aggregates.iter().enumerate().map(|(index, aggregate)| (aggregate_column(index), arrow_type(&aggregate.ty)));
    let columns = plan.columns_at(&(0..keys).collect::<Vec<_>>())?.append(converted);
    Ok(plan.project(scalars, columns, RowContext::default()))
}
