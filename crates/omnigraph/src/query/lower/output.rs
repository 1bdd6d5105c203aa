//! Grouping, columns, distinct, order.

use datafusion::logical_expr::{Expr as Plan, LogicalPlan, LogicalPlanBuilder, SortExpr};
use omnigraph_compiler::ir::{Body, Column, Expr, Group, OrderKey, Query};

use super::block::Entities;
use super::expr::{aggregated, group_key, result_column};
use super::scope::{Scope, plain};
use super::{Bound, Lowering};
use crate::error::Result;

impl Lowering<'_> {
    /// The rows of the only body of a query, in order.
    pub(super) async fn single_body(&mut self, body: &Body, query: &Query) -> Result<LogicalPlan> {
        let Bound { plan, scope } = self.rows(body).await?;
        let keys = order_keys(query);
        let columns_only = body.distinct || body.group.is_some();
        // Keys over variables are computed beside the columns, since afterwards the variables are gone.
        let hidden = |index: usize| format!("order{index}");
        let mut outputs = self.columns(&body.columns, &scope)?;
        let mut sort = Vec::with_capacity(keys.len());
        for (index, key) in keys.iter().enumerate() {
            let lowered = self.expr(&key.expr, &scope)?;
            let over_columns = columns_only || !mentions_variables(&key.expr);
            let by = if over_columns {
                lowered
            } else {
                outputs.push(lowered.alias(hidden(index)));
                plain(&hidden(index))
            };
            // Nulls first in ascending and last in descending order.
            sort.push(SortExpr::new(by, !key.descending, !key.descending));
        }
        let mut plan = plan.project(outputs)?;
        if let Some(having) = self.conditions(body.having.as_slice(), &scope)? {
            plan = plan.filter(having)?;
        }
        if body.distinct {
            plan = plan.distinct()?;
        }
        if !sort.is_empty() {
            plan = plan.sort(sort)?;
        }
        Ok(plan.build()?)
    }

    /// The rows of one of several bodies, in no order.
    pub(super) async fn unordered_body(&mut self, body: &Body) -> Result<LogicalPlan> {
        let Bound { plan, scope } = self.rows(body).await?;
        let mut plan = plan.project(self.columns(&body.columns, &scope)?)?;
        if let Some(having) = self.conditions(body.having.as_slice(), &scope)? {
            plan = plan.filter(having)?;
        }
        if body.distinct {
            plan = plan.distinct()?;
        }
        Ok(plan.build()?)
    }

    /// Sorts a union, whose order is over columns.
    pub(super) fn order_by_columns(&self, plan: LogicalPlanBuilder, query: &Query) -> Result<LogicalPlan> {
        let by = |key: &&OrderKey| {
            Ok(SortExpr::new(self.expr(&key.expr, &Scope::default())?, !key.descending, !key.descending))
        };
        let sort = order_keys(query).iter().map(by).collect::<Result<Vec<_>>>()?;
        Ok(if sort.is_empty() { plan.build()? } else { plan.sort(sort)?.build()? })
    }

    async fn rows(&mut self, body: &Body) -> Result<Bound> {
        let bound = self.block(&body.block, &Entities::new()).await?;
        match &body.group {
            Some(group) => self.group(bound, group),
            None => Ok(bound),
        }
    }

    fn group(&self, bound: Bound, group: &Group) -> Result<Bound> {
        let Bound { plan, scope } = bound;
        let mut keys = Vec::with_capacity(group.keys.len());
        for (index, key) in group.keys.iter().enumerate() {
            keys.push(self.expr(key, &scope)?.alias(group_key(index)));
        }
        let mut aggregates = Vec::with_capacity(group.aggregates.len());
        for (index, aggregate) in group.aggregates.iter().enumerate() {
            aggregates.push(self.aggregate(aggregate, &scope)?.alias(aggregated(index)));
        }
        Ok(Bound { plan: plan.aggregate(keys, aggregates)?, scope })
    }

    fn columns(&self, columns: &[Column], scope: &Scope) -> Result<Vec<Plan>> {
        let lowered = columns.iter().enumerate();
        lowered.map(|(index, column)| Ok(self.expr(&column.expr, scope)?.alias(result_column(index)))).collect()
    }
}

/// What rows are sorted by: what the query asks for, then what makes the order total, if order matters at all.
fn order_keys(query: &Query) -> Vec<&OrderKey> {
    let paged = query.limit.is_some() || query.offset.is_some();
    if query.order.keys.is_empty() && !paged {
        return Vec::new();
    }
    query.order.keys.iter().chain(&query.order.ties).collect()
}

fn mentions_variables(expr: &Expr) -> bool {
    !super::scope::variables(expr).is_empty()
}

/// The result's columns under their names.
pub(super) fn named(plan: LogicalPlanBuilder, query: &Query) -> Result<LogicalPlanBuilder> {
    let columns = query.columns.iter().enumerate();
    let named = columns.map(|(index, (name, _))| plain(&result_column(index)).alias(name));
    Ok(plan.project(named.collect::<Vec<_>>())?)
}
