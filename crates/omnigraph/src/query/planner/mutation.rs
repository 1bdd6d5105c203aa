//! Reads of mutations: the rows of the pattern, and the rows that a statement changes.

use std::collections::BTreeSet;

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::ir::{Expr, ObjectKind, OrderKey, PatternBlock, PatternVariable, TypeRef, VarId, VariableKind};

use super::access_path::{filtered_fields, scan};
use super::context::Planner;
use super::output::{compute_keys, sort_rows};
use super::partial_plan::{ComputedColumn, PartialPlan, compute, fetch_fields, fetch_references};
use super::pattern::{RemainingPattern, RequiredOutputs, apply_ready_filters, join_components, plan_block};
use super::references::{compared_variables, conjuncts, ordinal_variables, visible_variables};
use super::scope::{ColumnId, ColumnRole, PlanScope};
use crate::error::{Error, Result};
use crate::query::exec::EntityField;

/// Outer rows of a statement, and the variables that they bind.
pub(crate) struct OuterRows {
    pub(crate) batch: RecordBatch,
    pub(crate) scope: PlanScope,
}

/// Returns the column of a value that a statement assigns.
pub(crate) fn assigned_column(index: usize) -> ColumnId {
    ColumnId::Numbered(ColumnRole::Assigned, index)
}

impl Planner {
    /// Plans the rows of a pattern in order, with all columns that `reads` mention.
    pub(crate) async fn plan_pattern(
        &mut self,
        block: &PatternBlock,
        order: &[OrderKey],
        reads: &[&Expr],
    ) -> Result<PartialPlan> {
        self.builder.bound_by_ordinal.extend(ordinal_variables(block));
        self.builder.bound_by_ordinal.extend(reads.iter().flat_map(|expr| compared_variables(expr)));
        let vars = visible_variables(block).into_iter().collect();
        let plan = plan_block(self, block, None, &RequiredOutputs { vars, ..RequiredOutputs::default() }).await?;
        let plan = fetch_references(self, plan, reads)?;
        let read: Vec<usize> = (0..plan.scope.columns.len()).collect();
        let id = |index| ColumnId::Numbered(ColumnRole::OrderKey, index);
        let (plan, keys) = compute_keys(self, plan, order, id)?;
        sort_rows(plan, &keys)?.keep(&read)
    }

    /// Plans the rows of a type that satisfy `predicate`, for each outer row: all columns of both, and the `values`. `carried`
    /// are the outer columns that the plan keeps.
    pub(crate) async fn plan_changed_rows(
        &mut self,
        outer: OuterRows,
        carried: &RequiredOutputs,
        row: &PatternVariable,
        predicate: &Expr,
        values: &[Expr],
    ) -> Result<PartialPlan> {
        self.builder.reserve_columns(&outer.scope.columns);
        let leaf = PartialPlan::constant(outer.batch, outer.scope.columns.clone());
        let leaf = PartialPlan { scope: outer.scope, ..leaf };
        let filters = conjuncts(predicate);
        self.builder.bound_by_ordinal.extend(filters.iter().chain(values).flat_map(compared_variables));
        let mut outputs = carried.clone();
        outputs.vars.insert(row.id);
        let (plan, types) = match &row.kind {
            VariableKind::Node { types } => {
                let block = PatternBlock { variables: vec![row.clone()], filters, ..PatternBlock::default() };
                (plan_block(self, &block, Some(leaf), &outputs).await?, types)
            }
            VariableKind::Edge { types } => (plan_edges(self, leaf, row.id, types, filters, &outputs).await?, types),
            _ => return Err(Error::internal("a statement over neither nodes nor edges")),
        };
        let computed: Vec<ComputedColumn<'_>> = values
            .iter()
            .enumerate()
            .map(|(index, expr)| ComputedColumn { id: assigned_column(index), expr })
            .collect();
        let plan = compute(self, plan, &computed)?;
        fetch_whole_row(plan, row.id, types)
    }
}

/// Plans the edges of a type that satisfy conditions. No pattern connects them, so they are scanned and joined with the outer
/// rows.
async fn plan_edges(
    planner: &mut Planner,
    outer: PartialPlan,
    var: VarId,
    types: &[TypeRef],
    filters: Vec<Expr>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let block = PatternBlock { filters, ..PatternBlock::default() };
    let mut remaining = RemainingPattern::new(&block, &outer.scope);
    let entities = planner.context.edges(types).await?;
    let fields = filtered_fields(&remaining.filters, var);
    let edges = scan(planner, var, entities, &fields, false)?;
    let edges = apply_ready_filters(planner, edges, &mut remaining, outputs)?;
    let joined = join_components(planner, outer, edges, &remaining)?;
    apply_ready_filters(planner, joined, &mut remaining, outputs)
}

/// Fetches every column of the row's table that the plan lacks.
fn fetch_whole_row(plan: PartialPlan, var: VarId, types: &[TypeRef]) -> Result<PartialPlan> {
    let entities = plan.scope.entities(var);
    let entities = entities.ok_or_else(|| Error::internal("the row of a statement is not bound"))?;
    let [ty] = types else { return Err(Error::internal("a statement over several types")) };
    let schema = entities.schema().ok_or_else(|| Error::internal(format!("'{}' has no table", ty.name)))?;
    let missing: Vec<EntityField> =
        table_fields(schema).filter(|field| !plan.scope.has_column(&ColumnId::Field(var, field.clone()))).collect();
    if missing.is_empty() { Ok(plan) } else { fetch_fields(plan, var, missing) }
}

/// Returns the columns of a table as fields.
pub(crate) fn table_fields(schema: &Schema) -> impl Iterator<Item = EntityField> {
    schema.fields().iter().map(|field| EntityField::Column(field.name().clone()))
}

/// Adds the types of the variables and connections of a block, which it reads.
pub(crate) fn collect_types_read(block: &PatternBlock, types_read: &mut BTreeSet<(ObjectKind, String)>) {
    for variable in &block.variables {
        let (kind, types) = match &variable.kind {
            VariableKind::Node { types } => (ObjectKind::Node, types),
            VariableKind::Edge { types } => (ObjectKind::Edge, types),
            _ => continue,
        };
        types_read.extend(types.iter().map(|ty| (kind, ty.name.clone())));
    }
    let paths = block.paths.iter().map(|path| &path.expand);
    for expand in block.expands.iter().chain(paths) {
        types_read.extend(expand.steps.iter().map(|step| (ObjectKind::Edge, step.edge.name.clone())));
    }
    for nested in &block.blocks {
        collect_types_read(&nested.block, types_read);
    }
}
