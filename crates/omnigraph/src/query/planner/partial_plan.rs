//! The plan under construction: fetched fields, filters, computed columns and joins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion_common::{JoinType, NullEquality};
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_plan::ExecutionPlan;
use datafusion_physical_plan::joins::{CrossJoinExec, HashJoinExec, PartitionMode};
use omnigraph_compiler::ir::{BinaryOp, Expr, ExprType, PathPart, VarId, print_expr};
use omnigraph_compiler::types::ScalarType;
use omnigraph_expr::Kernel;

use super::context::Planner;
use super::expr::lower_expr;
use super::paths::read_path_parts;
use super::references::{RowReference, group_keys_read, references};
use super::scope::{ColumnId, ColumnRole, GroupKey, PlanScope, VariableBinding};
use super::search::append_score;
use crate::error::{Error, Result};
use crate::query::exec::{
    ConstantRows, DistinctRows, EntityField, FetchProperties, FilterRows, GraphOperator, MeterRows, OperatorExec,
    PathParts, ProjectColumns, RowContext,
};
use crate::query::result::schema::arrow_type;
use crate::query::scalar::ScalarExpr;
use crate::query::tables::EntitySet;

/// A plan, its columns and the variables that it binds.
#[derive(Clone, Debug)]
pub(crate) struct PartialPlan {
    pub(crate) root: Arc<dyn ExecutionPlan>,
    pub(crate) scope: PlanScope,
}

/// The columns of an operator's output.
#[derive(Clone, Debug)]
pub(super) struct PlanColumns {
    pub(super) ids: Vec<ColumnId>,
    pub(super) schema: SchemaRef,
}

impl PlanColumns {
    pub(super) fn new(columns: impl IntoIterator<Item = (ColumnId, DataType)>) -> Self {
        Self { ids: Vec::new(), schema: Arc::new(Schema::empty()) }.append(columns)
    }

    /// Appends columns.
    pub(super) fn append(mut self, columns: impl IntoIterator<Item = (ColumnId, DataType)>) -> Self {
        let mut fields: Vec<Arc<ArrowField>> = self.schema.fields().iter().cloned().collect();
        for (id, ty) in columns {
            fields.push(Arc::new(id.field(ty)));
            self.ids.push(id);
        }
        Self { ids: self.ids, schema: Arc::new(Schema::new(fields)) }
    }
}

/// An expression to compute as a column.
pub(super) struct ComputedColumn<'a> {
    pub(super) id: ColumnId,
    pub(super) expr: &'a Expr,
}

impl PartialPlan {
    /// Creates a plan of a leaf that binds nothing yet.
    pub(super) fn leaf(operator: impl GraphOperator + 'static, columns: PlanColumns) -> Self {
        let root = Arc::new(OperatorExec::new(Arc::new(operator), Vec::new(), columns.schema));
        Self { root, scope: PlanScope { columns: columns.ids, ..PlanScope::default() } }
    }

    /// Creates a plan of constant rows.
    pub(super) fn constant(batch: RecordBatch, columns: Vec<ColumnId>) -> Self {
        let schema = batch.schema();
        Self::leaf(ConstantRows(batch), PlanColumns { ids: columns, schema })
    }

    /// Binds a variable.
    pub(super) fn bind(mut self, var: VarId, binding: VariableBinding) -> Self {
        self.scope.bindings.insert(var, binding);
        self
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        self.root.schema()
    }

    /// Returns the position of a column.
    pub(super) fn position(&self, column: &ColumnId) -> Result<usize> {
        self.scope.position(column)
    }

    /// Returns the columns at some positions.
    pub(super) fn columns_at(&self, positions: &[usize]) -> Result<PlanColumns> {
        let ids = positions.iter().filter_map(|position| self.scope.columns.get(*position).cloned()).collect();
        Ok(PlanColumns { ids, schema: Arc::new(self.schema().project(positions)?) })
    }

    /// Returns all columns.
    pub(super) fn columns(&self) -> PlanColumns {
        PlanColumns { ids: self.scope.columns.clone(), schema: self.schema() }
    }

    /// Applies an operator whose output has `columns`.
    pub(super) fn apply(self, operator: impl GraphOperator + 'static, columns: PlanColumns) -> Self {
        let root = Arc::new(OperatorExec::new(Arc::new(operator), vec![self.root], columns.schema));
        Self { root, scope: PlanScope { columns: columns.ids, ..self.scope } }
    }

    /// Computes all columns of the output.
    pub(super) fn project(self, scalars: Vec<ScalarExpr>, columns: PlanColumns, context: RowContext) -> Self {
        let project = ProjectColumns { columns: scalars, schema: Arc::clone(&columns.schema), context };
        self.apply(project, columns)
    }

    /// Keeps the columns at some positions.
    pub(super) fn keep(self, positions: &[usize]) -> Result<Self> {
        if positions.len() == self.scope.columns.len() {
            return Ok(self);
        }
        let columns = self.columns_at(positions)?;
        let scalars = positions.iter().map(|position| ScalarExpr::Column(*position)).collect();
        Ok(self.project(scalars, columns, RowContext::default()))
    }

    /// Returns the first bound node or edge, which errors of a row name.
    pub(super) fn row_context(&self) -> RowContext {
        let first = self.scope.bindings.iter().find_map(|(var, binding)| match binding {
            VariableBinding::Entity(entities) => {
                Some((self.position(&ColumnId::Variable(*var)).ok()?, entities.clone()))
            }
            _ => None,
        });
        RowContext(first)
    }

    /// Makes rows distinct. All columns are references.
    pub(super) fn distinct(self, planner: &Planner) -> Self {
        let columns = self.columns();
        self.apply(DistinctRows { budget: Arc::clone(&planner.context.budget) }, columns)
    }
}

/// Returns the column of a field of a variable.
pub(super) fn field_column(var: VarId, entities: &EntitySet, field: &EntityField) -> Result<(ColumnId, DataType)> {
    let ty = match field {
        EntityField::Type | EntityField::Object => DataType::Utf8,
        EntityField::Column(name) => {
            let schema = entities.schema().ok_or_else(|| Error::internal("a variable without types"))?;
            let field = schema.field_with_name(name).map_err(|error| Error::internal(error.to_string()))?;
            field.data_type().clone()
        }
    };
    Ok((ColumnId::Field(var, field.clone()), ty))
}

/// Appends fields of a variable.
pub(super) fn fetch_fields(plan: PartialPlan, var: VarId, fields: Vec<EntityField>) -> Result<PartialPlan> {
    let entities = plan.scope.entities(var).cloned();
    let entities = entities.ok_or_else(|| Error::internal(format!("variable {} is not a node or edge", var.0)))?;
    let added = fields.iter().map(|field| field_column(var, &entities, field)).collect::<Result<Vec<_>>>()?;
    let columns = plan.columns().append(added);
    let column = plan.position(&ColumnId::Variable(var))?;
    let fetch = FetchProperties { column, entities, fields, schema: Arc::clone(&columns.schema) };
    Ok(plan.apply(fetch, columns))
}

/// Appends all columns that expressions read and the plan lacks.
pub(super) fn fetch_references(planner: &mut Planner, plan: PartialPlan, exprs: &[&Expr]) -> Result<PartialPlan> {
    let mut fields: BTreeMap<VarId, BTreeSet<EntityField>> = BTreeMap::new();
    let mut paths: Vec<(VarId, PathParts)> = Vec::new();
    let scope = plan.scope.clone();
    let mut plan = plan;
    for reference in exprs.iter().flat_map(|expr| references_with_group_keys(expr, &scope)) {
        match reference {
            RowReference::Field(var, field)
                if scope.binds(var) && !scope.has_column(&ColumnId::Field(var, field.clone())) =>
            {
                fields.entry(var).or_default().insert(field);
            }
            RowReference::Path(var, PathPart::Whole | PathPart::Nodes | PathPart::Edges) => {
                paths.push((var, PathParts::Shown));
            }
            RowReference::Path(var, PathPart::Identity) => paths.push((var, PathParts::Identity)),
            RowReference::Search(_, expr) if plan.scope.computed_column(expr).is_none() => {
                plan = append_score(planner, plan, expr)?;
            }
            _ => {}
        }
    }
    for (var, parts) in paths {
        plan = read_path_parts(plan, var, parts)?;
    }
    for (var, fields) in fields {
        plan = fetch_fields(plan, var, fields.into_iter().collect())?;
    }
    Ok(plan)
}

fn references_with_group_keys<'a>(expr: &'a Expr, scope: &'a PlanScope) -> Vec<RowReference<'a>> {
    let mut found = references(expr);
    for index in group_keys_read(expr) {
        if let Some(GroupKey::Derived(key)) = scope.groups.get(index) {
            found.extend(references(key));
        }
    }
    found
}

/// Keeps the rows for which all conditions are true, and the columns for which `wanted` is.
pub(super) fn filter(
    planner: &mut Planner,
    plan: PartialPlan,
    conditions: &[&Expr],
    wanted: impl Fn(&ColumnId) -> bool,
) -> Result<PartialPlan> {
    if conditions.is_empty() {
        return Ok(plan);
    }
    let plan = fetch_references(planner, plan, conditions)?;
    let lower = |condition: &&Expr| lower_expr(&planner.context, condition, &plan.scope);
    let mut lowered = conditions.iter().map(lower).collect::<Result<Vec<_>>>()?;
    let condition = if lowered.len() == 1 { lowered.swap_remove(0) } else { ScalarExpr::And(lowered) };
    let projection = plan.scope.positions(wanted);
    let columns = plan.columns_at(&projection)?;
    let text = conditions.iter().map(|condition| print_expr(condition)).collect::<Vec<_>>().join(" and ");
    let filter = FilterRows { condition, text, context: plan.row_context(), projection };
    Ok(plan.apply(filter, columns))
}

/// Appends computed columns.
pub(super) fn compute(
    planner: &mut Planner,
    plan: PartialPlan,
    computed: &[ComputedColumn<'_>],
) -> Result<PartialPlan> {
    if computed.is_empty() {
        return Ok(plan);
    }
    let exprs: Vec<&Expr> = computed.iter().map(|computed| computed.expr).collect();
    let plan = fetch_references(planner, plan, &exprs)?;
    let mut scalars: Vec<ScalarExpr> = (0..plan.scope.columns.len()).map(ScalarExpr::Column).collect();
    for ComputedColumn { expr, .. } in computed {
        scalars.push(lower_expr(&planner.context, expr, &plan.scope)?);
    }
    let added = computed.iter().map(|ComputedColumn { id, expr }| (id.clone(), arrow_type(&expr.ty)));
    let (columns, context) = (plan.columns().append(added), plan.row_context());
    Ok(plan.project(scalars, columns, context))
}

/// Joins the rows of two plans that agree on pairs of columns, or every pair of rows without such columns.
pub(super) fn join(
    planner: &mut Planner,
    left: PartialPlan,
    right: PartialPlan,
    on: &[[ColumnId; 2]],
) -> Result<PartialPlan> {
    let joined: Arc<dyn ExecutionPlan> = if on.is_empty() {
        Arc::new(CrossJoinExec::new(left.root, right.root))
    } else {
        let mut pairs = Vec::with_capacity(on.len());
        for [a, b] in on {
            let a = Column::new(&a.to_string(), left.scope.position(a)?);
            let b = Column::new(&b.to_string(), right.scope.position(b)?);
            pairs.push((Arc::new(a) as _, Arc::new(b) as _));
        }
        Arc::new(HashJoinExec::try_new(
            left.root,
            right.root,
            pairs,
            None,
            &JoinType::Inner,
            None,
            PartitionMode::CollectLeft,
            NullEquality::NullEqualsNothing,
            false,
        )?)
    };
    let multiplicities = left.scope.multiplicity.clone().zip(right.scope.multiplicity.clone());
    let mut scope = left.scope;
    scope.join(right.scope);
    let joined = PartialPlan { root: joined, scope };
    let columns = joined.columns();
    let joined = joined.apply(MeterRows { budget: Arc::clone(&planner.context.budget) }, columns);
    match multiplicities {
        Some((a, b)) => multiply_multiplicities(planner, joined, &a, &b),
        None => Ok(joined),
    }
}

/// Replaces the multiplicities of both sides of a join by their product.
fn multiply_multiplicities(
    planner: &mut Planner,
    plan: PartialPlan,
    a: &ColumnId,
    b: &ColumnId,
) -> Result<PartialPlan> {
    let factors = [a, b].map(|factor| plan.position(factor).map(ScalarExpr::Column));
    let [left, right] = factors;
    let integer = ExprType::scalar(ScalarType::I64);
    let kernel = Kernel::binary(BinaryOp::Multiply, &integer, &integer, &integer);
    let kernel = kernel.map_err(|error| Error::internal(error.to_string()))?;
    let kept = plan.scope.positions(|column| column != a && column != b);
    let product = planner.builder.new_column(ColumnRole::Multiplicity);
    let columns = plan.columns_at(&kept)?.append([(product.clone(), DataType::Int64)]);
    let mut scalars: Vec<ScalarExpr> = kept.into_iter().map(ScalarExpr::Column).collect();
    scalars.push(ScalarExpr::Apply(Arc::new(kernel), vec![left?, right?]));
    let mut plan = plan.project(scalars, columns, RowContext::default());
    plan.scope.multiplicity = Some(product);
    Ok(plan)
}
