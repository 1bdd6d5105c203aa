//! Columns, distinct, order, pages.
//!
//! What a row is ordered by is computed first; what a row shows is fetched for the rows that are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::physical_expr::expressions::Column as Place;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::union::UnionExec;
use omnigraph_compiler::ir::{Body, Column, Expr, ExprKind, Group, OrderKey, Query, Rank, Union, VarId, VariableKind};

use super::Lowering;
use super::block::Uses;
use super::expr::{carrier, result_column};
use super::flow::{Computed, Flow};
use super::group::{ignores_duplicates, only_counts};
use super::mention::{Mention, mentions, of_aggregate, variables};
use crate::error::{Error, Result};
use crate::query::cursor::Cursor;
use crate::query::operator::{After, Field, LateKeys, Project, SortKey, TopK, node};
use crate::query::scalar::Scalar;

/// Which rows of the result are asked for.
pub(super) struct Page<'a> {
    /// Rows left out at the start.
    pub(super) offset: usize,
    /// Most rows.
    pub(super) limit: Option<usize>,
    /// The row to continue after.
    pub(super) after: Option<&'a Cursor>,
}

/// The column of an order key.
pub(super) fn order_column(index: usize) -> String {
    format!("order{index}")
}

impl Lowering {
    /// The rows of the only body of a query, in order.
    pub(super) async fn single_body(
        &mut self,
        body: &Body,
        query: &Query,
        page: &Page<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let keys = order_keys(query);
        if body.distinct {
            let flow = self.projected(body, &keys).await?;
            let flow = self.ordered(flow, &keys, query, page).await?;
            return self.shown(flow, &plain_columns(body), query).await;
        }
        let mut flow = self.rows(body, query, &keys, page).await?;
        if let Some(having) = &body.having {
            flow = self.filter(flow, &[&substituted(having, &body.columns)], |_| true).await?;
        }
        let keys: Vec<OrderKey> = keys.iter().map(|key| over_variables(key, &body.columns)).collect();
        let flow = self.ordered(flow, &keys, query, page).await?;
        self.shown(flow, &body.columns, query).await
    }

    /// The rows of several bodies together.
    pub(super) async fn union(
        &mut self,
        bodies: &[Body],
        query: &Query,
        page: &Page<'_>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let keys = order_keys(query);
        let schema = result_schema(query);
        let mut plans = Vec::with_capacity(bodies.len());
        for body in bodies {
            self.numbered.clear();
            self.known.clear();
            let flow = self.projected(body, &[]).await?;
            let columns = (0..schema.fields().len()).map(Scalar::Column).collect();
            let project = Project { columns, schema: Arc::clone(&schema), witness: flow.witness() };
            plans.push(node(project, vec![flow.plan], Arc::clone(&schema)));
        }
        let all: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(UnionExec::try_new(plans)?));
        let all = if query.union == Union::Distinct { distinct(all)? } else { all };
        let flow = Flow { plan: all, scope: super::scope::Scope::default() };
        let flow = self.ordered(flow, &keys, query, page).await?;
        let columns: Vec<Column> = plain_columns(bodies.first().ok_or_else(|| Error::internal("a union of nothing"))?);
        self.shown(flow, &typed(columns, query), query).await
    }

    /// A body with its columns computed; `having` and `distinct` applied.
    async fn projected(&mut self, body: &Body, keys: &[OrderKey]) -> Result<Flow> {
        let flow = self.rows_for(body, keys, true).await?;
        let names: Vec<String> = (0..body.columns.len()).map(result_column).collect();
        let columns = body.columns.iter().zip(&names);
        let computed: Vec<Computed<'_>> =
            columns.map(|(column, name)| Computed { name: name.clone(), expr: &column.expr }).collect();
        let mut flow = self.compute(flow, &computed).await?;
        if let Some(having) = &body.having {
            flow = self.filter(flow, &[having], |_| true).await?;
        }
        let mut places = Vec::with_capacity(names.len());
        for name in &names {
            places.push(flow.place(name)?);
        }
        let schema = Arc::new(flow.schema().project(&places)?);
        let columns = places.into_iter().map(Scalar::Column).collect();
        let project = Project { columns, schema: Arc::clone(&schema), witness: flow.witness() };
        let plan = node(project, vec![flow.plan], schema);
        let plan = if body.distinct { distinct(plan)? } else { plan };
        Ok(Flow { plan, scope: super::scope::Scope::default() })
    }

    /// The rows of a body, grouped if it groups; its columns are not computed.
    async fn rows(&mut self, body: &Body, query: &Query, keys: &[OrderKey], page: &Page<'_>) -> Result<Flow> {
        let at_once = keys.is_empty() && page.limit.is_none() && query.order.rank.is_none();
        self.few = keys.is_empty() && page.limit.is_some() && body.group.is_none() && query.order.rank.is_none();
        self.numbered.extend(query.order.rank.iter().flat_map(super::mention::rank_variables));
        let mut flow = self.rows_for(body, keys, at_once).await?;
        if let Some(rank) = &query.order.rank {
            let cut = page.after.is_none() && body.having.is_none() && body.group.is_none();
            let fetch = page.limit.filter(|_| cut).map(|limit| limit.saturating_add(page.offset));
            flow = self.rank(flow, rank, fetch)?;
        }
        Ok(flow)
    }

    async fn rows_for(&mut self, body: &Body, keys: &[OrderKey], at_once: bool) -> Result<Flow> {
        self.numbered.extend(super::mention::numbered(&body.block));
        let read = body.columns.iter().map(|column| &column.expr).chain(keys.iter().map(|key| &key.expr));
        self.numbered.extend(read.chain(&body.having).flat_map(super::mention::numbered_in));
        if let Some(group) = &body.group {
            let read = group.keys.iter().chain(group.aggregates.iter().filter_map(|aggregate| aggregate.arg.as_ref()));
            self.numbered.extend(read.flat_map(super::mention::numbered_in));
        }
        let Some(group) = &body.group else {
            let read = body.columns.iter().map(|column| &column.expr);
            let fields = if at_once { fields(read.clone()) } else { BTreeMap::new() };
            let vars = variables(read.chain(keys.iter().map(|key| &key.expr)));
            let uses = Uses { vars, fields, distinct: body.distinct, counted: false };
            return self.block(&body.block, None, &uses).await;
        };
        if let Some(flow) = self.counted_by_pin(body, group)? {
            return Ok(flow);
        }
        let counted = only_counts(&group.aggregates, &body.block);
        let distinct = ignores_duplicates(&group.aggregates);
        let mut vars = variables(&group.keys);
        if !counted {
            vars.extend(group.aggregates.iter().flat_map(of_aggregate));
        }
        let mut read: Vec<&Expr> = group.keys.iter().collect();
        read.extend(group.aggregates.iter().filter_map(|aggregate| aggregate.arg.as_ref()));
        let uses = Uses { fields: fields_of(read, &vars), vars, distinct, counted };
        let flow = self.block(&body.block, None, &uses).await?;
        if counted {
            let aggregates = super::group::of_rows(&group.aggregates);
            return self.group(flow, &Group { keys: group.keys.clone(), aggregates }).await;
        }
        self.group(flow, group).await
    }

    /// The number of all nodes of a type is known from its pin.
    fn counted_by_pin(&self, body: &Body, group: &Group) -> Result<Option<Flow>> {
        let block = &body.block;
        let plain =
            block.expands.is_empty() && block.paths.is_empty() && block.filters.is_empty() && block.blocks.is_empty();
        let ([variable], true) = (block.variables.as_slice(), plain && group.keys.is_empty()) else { return Ok(None) };
        let VariableKind::Node { types } = &variable.kind else { return Ok(None) };
        if !only_counts(&group.aggregates, block) {
            return Ok(None);
        }
        let rows: u64 = types.iter().map(|ty| self.graph.count(&ty.name)).sum();
        let rows = i64::try_from(rows).map_err(|error| Error::internal(error.to_string()))?;
        let names = (0..group.aggregates.len()).map(super::expr::aggregated);
        let fields = names.map(|name| ArrowField::new(name, DataType::Int64, true)).collect::<Vec<_>>();
        let columns = group.aggregates.iter().map(|_| Arc::new(Int64Array::from(vec![rows])) as ArrayRef).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        super::block::constant(batch).map(Some)
    }

    /// The rows in order, those of the page.
    async fn ordered(&mut self, flow: Flow, keys: &[OrderKey], query: &Query, page: &Page<'_>) -> Result<Flow> {
        let ranked = query.order.rank.as_ref().map(rank_key).into_iter();
        let keys: Vec<OrderKey> = ranked.chain(keys.iter().cloned()).collect();
        let fetch = page.limit.map(|limit| limit.saturating_add(page.offset));
        if keys.is_empty() {
            return Ok(limited(flow, page));
        }
        // All keys but the first are computed only for rows that may be among the first.
        let late = if fetch.is_some() && page.after.is_none() { keys.len() - 1 } else { 0 };
        let (eager, ties) = keys.split_at(keys.len() - late);
        let (mut flow, sort) = self.keyed(flow, eager, order_column).await?;
        if let Some(after) = page.after {
            let schema = flow.schema();
            let operator = After::new(after, &sort, &schema)?;
            flow.plan = node(operator, vec![flow.plan], schema);
        }
        let Some(fetch) = fetch else {
            return Ok(limited(sorted(flow, &sort)?, page));
        };
        let late = self.late_keys(&flow, ties).await?;
        let schema = flow.schema();
        let top = TopK { keys: sort, late, fetch, budget: Arc::clone(&self.budget), schema: Arc::clone(&schema) };
        flow.plan = node(top, vec![flow.plan], schema);
        let flow = limited(flow, page);
        if !query.order.total {
            return Ok(flow);
        }
        // A page's last row tells where the next one continues: ties too.
        let (flow, _) = self.keyed(flow, ties, |index| order_column(eager.len() + index)).await?;
        Ok(flow)
    }

    /// The rows with what orders them, in columns of these names.
    pub(super) async fn keyed(
        &mut self,
        flow: Flow,
        keys: &[OrderKey],
        name: impl Fn(usize) -> String,
    ) -> Result<(Flow, Vec<SortKey>)> {
        let names: Vec<String> = (0..keys.len()).map(name).collect();
        let computed: Vec<Computed<'_>> =
            keys.iter().zip(&names).map(|(key, name)| Computed { name: name.clone(), expr: &key.expr }).collect();
        let flow = self.compute(flow, &computed).await?;
        let mut sort = Vec::with_capacity(names.len());
        for (key, name) in keys.iter().zip(&names) {
            sort.push(SortKey { column: flow.place(name)?, options: options(key) });
        }
        Ok((flow, sort))
    }

    /// Keys that are computed only for rows that are otherwise equal: a plan over rows of the flow.
    async fn late_keys(&mut self, flow: &Flow, keys: &[OrderKey]) -> Result<Option<LateKeys>> {
        if keys.is_empty() {
            return Ok(None);
        }
        let seed = crate::query::operator::Seed::default();
        let leaf = Flow { plan: node(seed.clone(), Vec::new(), flow.schema()), scope: flow.scope.clone() };
        let first = leaf.schema().fields().len();
        let (flow, keys) = self.keyed(leaf, keys, |index| format!("late{index}")).await?;
        Ok(Some(LateKeys { plan: flow.plan, seed, keys, width: first }))
    }

    /// The columns of the result, then what places a row in its order.
    async fn shown_flow(&mut self, flow: Flow, columns: &[Column], query: &Query) -> Result<Flow> {
        let exprs: Vec<&Expr> = columns.iter().map(|column| &column.expr).collect();
        let flow = self.attach(flow, &exprs).await?;
        let schema = flow.schema();
        let mut scalars = Vec::with_capacity(columns.len());
        for column in columns {
            scalars.push(self.scalar(&column.expr, &flow.scope, &schema)?);
        }
        let mut fields: Vec<ArrowField> = result_schema(query).fields().iter().map(|f| f.as_ref().clone()).collect();
        for (place, field) in schema.fields().iter().enumerate() {
            if query.limit.is_some() && field.name().starts_with("order") {
                scalars.push(Scalar::Column(place));
                fields.push(field.as_ref().clone());
            }
        }
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let project = Project { columns: scalars, schema: Arc::clone(&schema), witness: flow.witness() };
        Ok(Flow { plan: node(project, vec![flow.plan], schema), scope: flow.scope })
    }

    async fn shown(&mut self, flow: Flow, columns: &[Column], query: &Query) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.shown_flow(flow, columns, query).await?.plan)
    }
}

/// The names and types of a result's columns.
fn result_schema(query: &Query) -> SchemaRef {
    let columns = query.columns.iter().enumerate();
    let fields = columns.map(|(index, (_, ty))| ArrowField::new(result_column(index), carrier(ty), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Columns that are computed already.
fn plain_columns(body: &Body) -> Vec<Column> {
    let columns = body.columns.iter().enumerate();
    columns
        .map(|(index, column)| Column {
            name: column.name.clone(),
            expr: Expr { kind: ExprKind::Column(index), ty: column.expr.ty.clone() },
        })
        .collect()
}

/// The same in the types of the whole query.
fn typed(columns: Vec<Column>, query: &Query) -> Vec<Column> {
    let types = query.columns.iter().map(|(_, ty)| ty.clone());
    columns
        .into_iter()
        .zip(types)
        .map(|(column, ty)| Column { name: column.name, expr: Expr { kind: column.expr.kind, ty } })
        .collect()
}

/// What rows are sorted by: what the query asks for, then what makes the order total. A bare limit takes the first rows that
/// are found.
fn order_keys(query: &Query) -> Vec<OrderKey> {
    let ordered = query.order.rank.is_some() || !query.order.keys.is_empty();
    if !ordered && query.offset.is_none() && query.after.is_none() {
        return Vec::new();
    }
    query.order.keys.iter().chain(&query.order.ties).cloned().collect()
}

/// A key over the variables that its columns are made of.
fn over_variables(key: &OrderKey, columns: &[Column]) -> OrderKey {
    OrderKey { expr: substituted(&key.expr, columns), descending: key.descending }
}

fn substituted(expr: &Expr, columns: &[Column]) -> Expr {
    if let ExprKind::Column(index) = &expr.kind
        && let Some(column) = columns.get(*index)
    {
        return column.expr.clone();
    }
    let mut expr = expr.clone();
    for part in super::mention::parts_mut(&mut expr) {
        *part = substituted(part, columns);
    }
    expr
}

fn rank_key(rank: &Rank) -> OrderKey {
    let ty = omnigraph_compiler::ir::Type::scalar(omnigraph_compiler::types::Scalar::F64);
    OrderKey { expr: Expr { kind: ExprKind::Rank(Box::new(rank.clone())), ty }, descending: rank.descending() }
}

/// Nulls first in ascending and last in descending order.
fn options(key: &OrderKey) -> SortOptions {
    SortOptions { descending: key.descending, nulls_first: !key.descending }
}

/// All rows in the order of some columns.
pub(super) fn sorted(flow: Flow, keys: &[SortKey]) -> Result<Flow> {
    let schema = flow.schema();
    let by = keys.iter().map(|key| PhysicalSortExpr {
        expr: Arc::new(Place::new(schema.field(key.column).name(), key.column)),
        options: key.options,
    });
    let Some(by) = LexOrdering::new(by) else { return Ok(flow) };
    Ok(Flow { plan: Arc::new(SortExec::new(by, flow.plan)), scope: flow.scope })
}

fn limited(flow: Flow, page: &Page<'_>) -> Flow {
    if page.offset == 0 && page.limit.is_none() {
        return flow;
    }
    Flow { plan: Arc::new(GlobalLimitExec::new(flow.plan, page.offset, page.limit)), scope: flow.scope }
}

/// Equal rows once.
fn distinct(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = plan.schema();
    let by = schema.fields().iter().enumerate().map(|(place, field)| {
        let column: Arc<dyn datafusion::physical_expr::PhysicalExpr> = Arc::new(Place::new(field.name(), place));
        (column, field.name().clone())
    });
    let by = PhysicalGroupBy::new_single(by.collect());
    Ok(Arc::new(AggregateExec::try_new(AggregateMode::Single, by, Vec::new(), Vec::new(), plan, schema)?))
}

/// The fields that expressions read, by variable.
fn fields<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> BTreeMap<VarId, BTreeSet<Field>> {
    let mut fields: BTreeMap<VarId, BTreeSet<Field>> = BTreeMap::new();
    for mention in exprs.into_iter().flat_map(mentions) {
        if let Mention::Field(var, field @ Field::Column(_)) = mention {
            fields.entry(var).or_default().insert(field);
        }
    }
    fields
}

fn fields_of(exprs: Vec<&Expr>, vars: &BTreeSet<VarId>) -> BTreeMap<VarId, BTreeSet<Field>> {
    let mut fields = fields(exprs);
    fields.retain(|var, _| vars.contains(var));
    fields
}
