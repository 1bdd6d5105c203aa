//! Result columns, distinct rows, order and pages.
//!
//! The plan computes order keys first, and fetches result columns only for the rows of the page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::compute::SortOptions;
use datafusion_physical_expr::expressions::Column as PhysicalColumn;
use datafusion_physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion_physical_plan::ExecutionPlan;
use datafusion_physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion_physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion_physical_plan::limit::GlobalLimitExec;
use datafusion_physical_plan::sorts::sort::SortExec;
use datafusion_physical_plan::union::UnionExec;
use omnigraph_compiler::ir::{
    Expr, ExprKind, ExprType, GroupBy, OrderKey, OutputColumn, RankExpr, ReadBody, ReadQuery, UnionMode, VarId,
};
use omnigraph_compiler::types::ScalarType;

use super::aggregate::{count_from_commit, count_rows, group_rows, ignores_duplicates, only_counts};
use super::context::Planner;
use super::expr::lower_expr;
use super::partial_plan::{ComputedColumn, PartialPlan, PlanColumns, compute, fetch_references, filter};
use super::pattern::{RequiredOutputs, plan_block};
use super::references::{
    RowReference, compared_variables, operands_mut, ordinal_variables, rank_variables, references, variables_read,
};
use super::scope::{ColumnId, ColumnRole, PlanScope};
use super::search::append_rank;
use crate::error::{Error, Result};
use crate::query::cursor::PageCursor;
use crate::query::exec::{
    AfterCursor, ArgumentPlan, ArgumentRows, EntityField, RowContext, SortKey, TieBreakKeys, TopRows,
};
use crate::query::result::schema::arrow_type;
use crate::query::scalar::ScalarExpr;

/// The plan of a query.
#[derive(Debug)]
pub(crate) struct PhysicalQuery {
    /// Its first columns are the query's, in order. The columns after them are order keys.
    pub(crate) root: Arc<dyn ExecutionPlan>,
    /// The limit of the query.
    pub(crate) limit: Option<usize>,
}

/// The rows of the ordered result that the query returns.
struct PageBounds<'a> {
    offset: usize,
    limit: Option<usize>,
    after: Option<&'a PageCursor>,
}

impl PageBounds<'_> {
    /// Returns the number of rows up to the end of the page.
    fn end(&self) -> Option<usize> {
        self.limit.map(|limit| limit.saturating_add(self.offset))
    }
}

impl Planner {
    /// Plans a query, from the row after a cursor.
    pub(crate) async fn plan_query(mut self, query: &ReadQuery, after: Option<&PageCursor>) -> Result<PhysicalQuery> {
        let limit = self.context.row_count(query.limit)?;
        let page = PageBounds { offset: self.context.row_count(query.offset)?.unwrap_or(0), limit, after };
        let plan = match query.bodies.as_slice() {
            [body] => plan_single_body(&mut self, body, query, &page).await?,
            bodies => plan_union(&mut self, bodies, query, &page).await?,
        };
        Ok(PhysicalQuery { root: plan.root, limit })
    }
}

async fn plan_single_body(
    planner: &mut Planner,
    body: &ReadBody,
    query: &ReadQuery,
    page: &PageBounds<'_>,
) -> Result<PartialPlan> {
    let keys = order_keys(query);
    if body.distinct {
        let plan = plan_projected_body(planner, body, &keys).await?;
        let plan = order_rows(planner, plan, &keys, query, page)?;
        return project_result(planner, plan, &computed_columns(body), query);
    }
    let mut plan = plan_ranked_body(planner, body, query, &keys, page).await?;
    if let Some(having) = &body.having {
        plan = filter(planner, plan, &[&substitute_columns(having, &body.columns)], |_| true)?;
    }
    let substitute =
        |key: &OrderKey| OrderKey { expr: substitute_columns(&key.expr, &body.columns), descending: key.descending };
    let keys: Vec<OrderKey> = keys.iter().map(substitute).collect();
    let plan = order_rows(planner, plan, &keys, query, page)?;
    project_result(planner, plan, &body.columns, query)
}

async fn plan_union(
    planner: &mut Planner,
    bodies: &[ReadBody],
    query: &ReadQuery,
    page: &PageBounds<'_>,
) -> Result<PartialPlan> {
    let columns = result_columns(query);
    let mut plans = Vec::with_capacity(bodies.len());
    for body in bodies {
        planner.builder.bound_by_ordinal.clear();
        planner.builder.known_ids.clear();
        let plan = plan_projected_body(planner, body, &[]).await?;
        let scalars = (0..columns.ids.len()).map(ScalarExpr::Column).collect();
        plans.push(plan.project(scalars, columns.clone(), RowContext::default()).root);
    }
    let root: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(UnionExec::try_new(plans)?));
    let plan = PartialPlan { root, scope: PlanScope { columns: columns.ids, ..PlanScope::default() } };
    let plan = if query.union == UnionMode::Distinct { distinct_values(plan)? } else { plan };
    let plan = order_rows(planner, plan, &order_keys(query), query, page)?;
    let first = bodies.first().ok_or_else(|| Error::internal("a union without bodies"))?;
    let mut computed = computed_columns(first);
    for (column, result) in computed.iter_mut().zip(&query.columns) {
        column.expr.ty = result.ty.clone();
    }
    project_result(planner, plan, &computed, query)
}

/// Plans a body with its columns computed, and applies `having` and `distinct`.
async fn plan_projected_body(planner: &mut Planner, body: &ReadBody, keys: &[OrderKey]) -> Result<PartialPlan> {
    let plan = plan_body(planner, body, keys, true).await?;
    let computed: Vec<ComputedColumn<'_>> = body
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| ComputedColumn { id: result_column(index), expr: &column.expr })
        .collect();
    let mut plan = compute(planner, plan, &computed)?;
    if let Some(having) = &body.having {
        plan = filter(planner, plan, &[having], |_| true)?;
    }
    let positions = computed.iter().map(|column| plan.position(&column.id)).collect::<Result<Vec<_>>>()?;
    let (columns, context) = (plan.columns_at(&positions)?, plan.row_context());
    let plan = plan.project(positions.into_iter().map(ScalarExpr::Column).collect(), columns, context);
    let scope = PlanScope { columns: plan.scope.columns, ..PlanScope::default() };
    let plan = PartialPlan { root: plan.root, scope };
    if body.distinct { distinct_values(plan) } else { Ok(plan) }
}

/// Plans the rows of a body and the rank that orders them; its columns are not computed.
async fn plan_ranked_body(
    planner: &mut Planner,
    body: &ReadBody,
    query: &ReadQuery,
    keys: &[OrderKey],
    page: &PageBounds<'_>,
) -> Result<PartialPlan> {
    let rank = query.order.rank.as_ref();
    let reads_all_rows = keys.is_empty() && page.limit.is_none() && rank.is_none();
    planner.builder.limit_hint = keys.is_empty() && page.limit.is_some() && body.group.is_none() && rank.is_none();
    planner.builder.bound_by_ordinal.extend(rank.into_iter().flat_map(rank_variables));
    let plan = plan_body(planner, body, keys, reads_all_rows).await?;
    let Some(rank) = rank else { return Ok(plan) };
    let can_cut = page.after.is_none() && body.having.is_none() && body.group.is_none();
    append_rank(planner, plan, rank, page.end().filter(|_| can_cut))
}

/// Plans the rows of a body, grouped if it groups. With `reads_all_rows`, the columns of all rows are read.
async fn plan_body(
    planner: &mut Planner,
    body: &ReadBody,
    keys: &[OrderKey],
    reads_all_rows: bool,
) -> Result<PartialPlan> {
    let by_ordinal = &mut planner.builder.bound_by_ordinal;
    by_ordinal.extend(ordinal_variables(&body.block));
    let columns = || body.columns.iter().map(|column| &column.expr);
    let read = columns().chain(keys.iter().map(|key| &key.expr)).chain(&body.having);
    by_ordinal.extend(read.flat_map(compared_variables));
    let Some(group) = &body.group else {
        let fields = if reads_all_rows { fields_read(columns()) } else { BTreeMap::new() };
        let vars = variables_read(columns().chain(keys.iter().map(|key| &key.expr)));
        let outputs = RequiredOutputs { vars, fields, distinct: body.distinct, counted: false };
        return plan_block(planner, &body.block, None, &outputs).await;
    };
    let grouped = || group.keys.iter().chain(group.aggregates.iter().filter_map(|aggregate| aggregate.arg.as_ref()));
    by_ordinal.extend(grouped().flat_map(compared_variables));
    if let Some(plan) = count_from_commit(&planner.context, body, group)? {
        return Ok(plan);
    }
    let counted = only_counts(&group.aggregates, &body.block);
    let distinct = ignores_duplicates(&group.aggregates);
    let vars = if counted { variables_read(&group.keys) } else { variables_read(grouped()) };
    let mut fields = fields_read(grouped());
    fields.retain(|var, _| vars.contains(var));
    let outputs = RequiredOutputs { vars, fields, distinct, counted };
    let plan = plan_block(planner, &body.block, None, &outputs).await?;
    if counted {
        let aggregates = count_rows(&group.aggregates);
        return group_rows(planner, plan, &GroupBy { keys: group.keys.clone(), aggregates });
    }
    group_rows(planner, plan, group)
}

/// Orders rows and keeps those of the page.
fn order_rows(
    planner: &mut Planner,
    plan: PartialPlan,
    keys: &[OrderKey],
    query: &ReadQuery,
    page: &PageBounds<'_>,
) -> Result<PartialPlan> {
    let rank = query.order.rank.as_ref().map(rank_key).into_iter();
    let keys: Vec<OrderKey> = rank.chain(keys.iter().cloned()).collect();
    if keys.is_empty() {
        return Ok(limit_rows(plan, page));
    }
    // Only the first key is computed for all rows, the others for rows whose first keys are equal.
    let ties = if page.limit.is_some() && page.after.is_none() { keys.len() - 1 } else { 0 };
    let (first_keys, ties) = keys.split_at(keys.len() - ties);
    let (mut plan, sort) = compute_keys(planner, plan, first_keys, order_column)?;
    if let Some(after) = page.after {
        let columns = plan.columns();
        plan = plan.apply(AfterCursor::new(after, &sort, &columns.schema)?, columns);
    }
    let Some(fetch) = page.end() else {
        return Ok(limit_rows(sort_rows(plan, &sort)?, page));
    };
    let (tie_keys, columns) = (tie_break_keys(planner, &plan, ties)?, plan.columns());
    let budget = Arc::clone(&planner.context.budget);
    let top = TopRows { keys: sort, ties: tie_keys, fetch, budget, schema: Arc::clone(&columns.schema) };
    let plan = limit_rows(plan.apply(top, columns), page);
    if !query.order.total {
        return Ok(plan);
    }
    // The cursor of the next page holds all keys of the last row.
    Ok(compute_keys(planner, plan, ties, |index| order_column(first_keys.len() + index))?.0)
}

/// Appends order keys as columns with these ids.
pub(super) fn compute_keys(
    planner: &mut Planner,
    plan: PartialPlan,
    keys: &[OrderKey],
    id: impl Fn(usize) -> ColumnId,
) -> Result<(PartialPlan, Vec<SortKey>)> {
    let computed: Vec<ComputedColumn<'_>> =
        keys.iter().enumerate().map(|(index, key)| ComputedColumn { id: id(index), expr: &key.expr }).collect();
    let plan = compute(planner, plan, &computed)?;
    let mut sort = Vec::with_capacity(keys.len());
    for (key, column) in keys.iter().zip(&computed) {
        // Nulls are the least values.
        let options = SortOptions { descending: key.descending, nulls_first: !key.descending };
        sort.push(SortKey { column: plan.position(&column.id)?, options });
    }
    Ok((plan, sort))
}

/// Plans keys that the operator computes only for rows whose other keys are equal.
fn tie_break_keys(planner: &mut Planner, plan: &PartialPlan, keys: &[OrderKey]) -> Result<Option<TieBreakKeys>> {
    if keys.is_empty() {
        return Ok(None);
    }
    let argument = ArgumentRows::default();
    let mut leaf = PartialPlan::leaf(argument.clone(), plan.columns());
    leaf.scope = plan.scope.clone();
    let width = leaf.scope.columns.len();
    let id = |index| ColumnId::Numbered(ColumnRole::TieBreak, index);
    let (plan, keys) = compute_keys(planner, leaf, keys, id)?;
    Ok(Some(TieBreakKeys { block: ArgumentPlan { plan: plan.root, argument }, keys, width }))
}

/// Projects to the columns of the result, and the order keys that a cursor holds.
fn project_result(
    planner: &mut Planner,
    plan: PartialPlan,
    columns: &[OutputColumn],
    query: &ReadQuery,
) -> Result<PartialPlan> {
    let exprs: Vec<&Expr> = columns.iter().map(|column| &column.expr).collect();
    let plan = fetch_references(planner, plan, &exprs)?;
    let mut scalars = Vec::with_capacity(columns.len());
    for expr in exprs {
        scalars.push(lower_expr(&planner.context, expr, &plan.scope)?);
    }
    let is_key = |column: &ColumnId| matches!(column, ColumnId::Numbered(ColumnRole::OrderKey, _));
    let keys = if query.limit.is_some() { plan.scope.positions(is_key) } else { Vec::new() };
    let schema = plan.schema();
    let key_columns = keys.iter().map(|key| (plan.scope.columns[*key].clone(), schema.field(*key).data_type().clone()));
    let columns = result_columns(query).append(key_columns);
    scalars.extend(keys.into_iter().map(ScalarExpr::Column));
    let context = plan.row_context();
    Ok(plan.project(scalars, columns, context))
}

fn order_column(index: usize) -> ColumnId {
    ColumnId::Numbered(ColumnRole::OrderKey, index)
}

fn result_column(index: usize) -> ColumnId {
    ColumnId::Numbered(ColumnRole::Result, index)
}

/// Returns the columns of a query's result.
fn result_columns(query: &ReadQuery) -> PlanColumns {
    PlanColumns::new(
        query.columns.iter().enumerate().map(|(index, column)| (result_column(index), arrow_type(&column.ty))),
    )
}

/// Returns the columns of a body whose plan has computed them.
fn computed_columns(body: &ReadBody) -> Vec<OutputColumn> {
    let computed = |(index, column): (usize, &OutputColumn)| OutputColumn {
        name: column.name.clone(),
        expr: Expr { kind: ExprKind::Column(index), ty: column.expr.ty.clone() },
    };
    body.columns.iter().enumerate().map(computed).collect()
}

/// Returns the keys of the query, then those that make the order total. A limit without an order takes the first rows found.
fn order_keys(query: &ReadQuery) -> Vec<OrderKey> {
    let is_ordered = query.order.rank.is_some() || !query.order.keys.is_empty();
    if !is_ordered && query.offset.is_none() && query.after.is_none() {
        return Vec::new();
    }
    query.order.keys.iter().chain(&query.order.ties).cloned().collect()
}

/// Replaces result columns in an expression by the expressions that compute them.
fn substitute_columns(expr: &Expr, columns: &[OutputColumn]) -> Expr {
    if let ExprKind::Column(index) = &expr.kind
        && let Some(column) = columns.get(*index)
    {
        return column.expr.clone();
    }
    let mut expr = expr.clone();
    for operand in operands_mut(&mut expr) {
        *operand = substitute_columns(operand, columns);
    }
    expr
}

fn rank_key(rank: &RankExpr) -> OrderKey {
    let expr = Expr { kind: ExprKind::Rank(Box::new(rank.clone())), ty: ExprType::scalar(ScalarType::F64) };
    OrderKey { expr, descending: rank.descending() }
}

/// Sorts all rows.
pub(super) fn sort_rows(plan: PartialPlan, keys: &[SortKey]) -> Result<PartialPlan> {
    let schema = plan.schema();
    let by = keys.iter().map(|key| PhysicalSortExpr {
        expr: Arc::new(PhysicalColumn::new(schema.field(key.column).name(), key.column)),
        options: key.options,
    });
    let Some(by) = LexOrdering::new(by) else { return Ok(plan) };
    Ok(PartialPlan { root: Arc::new(SortExec::new(by, plan.root)), scope: plan.scope })
}

fn limit_rows(plan: PartialPlan, page: &PageBounds<'_>) -> PartialPlan {
    if page.offset == 0 && page.limit.is_none() {
        return plan;
    }
    PartialPlan { root: Arc::new(GlobalLimitExec::new(plan.root, page.offset, page.limit)), scope: plan.scope }
}

/// Makes rows of any values distinct.
fn distinct_values(plan: PartialPlan) -> Result<PartialPlan> {
    let schema = plan.schema();
    let by = schema.fields().iter().enumerate().map(|(position, field)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(field.name(), position));
        (column, field.name().clone())
    });
    let by = PhysicalGroupBy::new_single(by.collect());
    let distinct = AggregateExec::try_new(AggregateMode::Single, by, Vec::new(), Vec::new(), plan.root, schema)?;
    Ok(PartialPlan { root: Arc::new(distinct), scope: plan.scope })
}

/// Returns the table columns that expressions read, by variable.
fn fields_read<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> BTreeMap<VarId, BTreeSet<EntityField>> {
    let mut fields: BTreeMap<VarId, BTreeSet<EntityField>> = BTreeMap::new();
    for reference in exprs.into_iter().flat_map(references) {
        if let RowReference::Field(var, field @ EntityField::Column(_)) = reference {
            fields.entry(var).or_default().insert(field);
        }
    }
    fields
}
