//! Nested blocks: the plan of a block starts at numbered outer rows, and returns their numbers with its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use omnigraph_compiler::ir::{AggregateKind, CorrelatedBlock, CorrelatedKind, VarId};

use super::aggregate::{aggregate_per_row, count_rows, ignores_duplicates, only_counts};
use super::context::Planner;
use super::partial_plan::PartialPlan;
use super::pattern::{RemainingPattern, RequiredOutputs, plan_block};
use super::references::{variables_read, visible_variables};
use super::scope::{ColumnId, ColumnRole, PlanScope, VariableBinding};
use crate::error::{Error, Result};
use crate::query::exec::{Apply, ApplyKind, ArgumentPlan, ArgumentRows, OperatorExec};

/// Applies a nested block to the rows of a plan.
pub(super) async fn apply_block(
    planner: &mut Planner,
    plan: PartialPlan,
    correlated: &CorrelatedBlock,
    remaining: &RemainingPattern<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let number = planner.builder.new_column(ColumnRole::RowNumber);
    let argument = ArgumentRows::default();
    let outer_columns = plan.columns().append([(number.clone(), DataType::UInt32)]);
    let outer_schema = Arc::clone(&outer_columns.schema);
    let mut leaf = PartialPlan::leaf(argument.clone(), outer_columns);
    leaf.scope.bindings = outer_bindings(&plan.scope, correlated);
    let keep = leaf.scope.positions(|column| match column {
        ColumnId::Variable(var) | ColumnId::Path(var, _) => correlated.outer.contains(var),
        column => *column == number,
    });
    let leaf = leaf.keep(&keep)?;
    let live = remaining.live_variables(outputs);
    let block = Box::pin(plan_inner(planner, leaf, correlated, &number, &live)).await?;
    let own = |(column, field): (&ColumnId, &FieldRef)| {
        (*column != number).then(|| (column.clone(), field.data_type().clone()))
    };
    let schema = block.schema();
    let own_columns = block.scope.columns.iter().zip(schema.fields()).filter_map(own);
    let (kind, added) = match &correlated.kind {
        CorrelatedKind::Exists => (ApplyKind::Exists, Vec::new()),
        CorrelatedKind::NotExists => (ApplyKind::NotExists, Vec::new()),
        CorrelatedKind::Optional => (ApplyKind::Optional, own_columns.collect()),
        CorrelatedKind::Aggregate { into, aggregate } => {
            let value = own_columns.map(|(_, ty)| (ColumnId::Variable(*into), ty)).next();
            let value = value.ok_or_else(|| Error::internal("a nested aggregate without a value"))?;
            let zero_if_empty = matches!(aggregate.kind, AggregateKind::Count | AggregateKind::Collect);
            (ApplyKind::Value { zero_if_empty }, vec![value])
        }
    };
    let columns = plan.columns().append(added);
    let apply = Apply {
        kind,
        block: ArgumentPlan { plan: Arc::clone(&block.root), argument },
        outer_schema,
        row_number: block.position(&number)?,
        schema: Arc::clone(&columns.schema),
    };
    let PartialPlan { root, mut scope } = plan;
    let root = OperatorExec::new(Arc::new(apply), vec![root], columns.schema).with_block(block.root);
    scope.columns = columns.ids;
    match &correlated.kind {
        CorrelatedKind::Exists | CorrelatedKind::NotExists => {}
        CorrelatedKind::Optional => {
            let visible = visible_variables(&correlated.block);
            scope.bindings.extend(block.scope.bindings.into_iter().filter(|(var, _)| visible.contains(var)));
        }
        CorrelatedKind::Aggregate { into, .. } => {
            scope.bindings.insert(*into, VariableBinding::Value);
        }
    }
    let plan = PartialPlan { root: Arc::new(root), scope };
    let keep = plan.scope.positions(remaining.wanted_columns(outputs));
    plan.keep(&keep)
}

/// Plans the rows of a block, each with the number of its outer row.
async fn plan_inner(
    planner: &mut Planner,
    leaf: PartialPlan,
    correlated: &CorrelatedBlock,
    number: &ColumnId,
    live: &BTreeSet<VarId>,
) -> Result<PartialPlan> {
    match &correlated.kind {
        CorrelatedKind::Exists | CorrelatedKind::NotExists => {
            let outputs = RequiredOutputs { distinct: true, ..RequiredOutputs::default() };
            let block = plan_block(planner, &correlated.block, Some(leaf), &outputs).await?;
            let keep = block.scope.positions(|column| column == number);
            block.keep(&keep)
        }
        CorrelatedKind::Optional => {
            let visible = visible_variables(&correlated.block).into_iter();
            let vars: BTreeSet<VarId> = visible.filter(|var| live.contains(var)).collect();
            let outputs = RequiredOutputs { vars: vars.clone(), ..RequiredOutputs::default() };
            let block = plan_block(planner, &correlated.block, Some(leaf), &outputs).await?;
            let keep = block.scope.positions(|column| match column {
                ColumnId::Variable(var) | ColumnId::Field(var, _) | ColumnId::Path(var, _) => vars.contains(var),
                column => column == number,
            });
            block.keep(&keep)
        }
        CorrelatedKind::Aggregate { aggregate, .. } => {
            let aggregates = std::slice::from_ref(aggregate);
            let counted = only_counts(aggregates, &correlated.block);
            let vars = if counted { BTreeSet::new() } else { variables_read(&aggregate.arg) };
            let distinct = ignores_duplicates(aggregates);
            let outputs = RequiredOutputs { vars, distinct, counted, ..RequiredOutputs::default() };
            let block = plan_block(planner, &correlated.block, Some(leaf), &outputs).await?;
            let counts = count_rows(aggregates);
            aggregate_per_row(planner, block, number, if counted { counts.as_slice() } else { aggregates })
        }
    }
}

/// Returns the bindings of the outer variables that a block mentions. Another variable with the same id is the block's own.
fn outer_bindings(outer: &PlanScope, correlated: &CorrelatedBlock) -> BTreeMap<VarId, VariableBinding> {
    let mentioned = outer.bindings.iter().filter(|(var, _)| correlated.outer.contains(var));
    mentioned.map(|(var, binding)| (*var, binding.clone())).collect()
}
