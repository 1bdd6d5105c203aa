//! IR to a logical plan.
//!
//! - `scope`  the columns of variables
//! - `block`  patterns: scans, joins, filters
//! - `correlated` blocks within blocks
//! - `expand` one hop as joins over an edge table
//! - `expr`   expressions
//! - `value`  constants
//! - `output` grouping, columns, distinct, order, limit

mod block;
mod correlated;
mod expand;
mod expr;
mod output;
mod scope;
mod value;

use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use omnigraph_compiler::ir::{Count, Query, Union, Value};

use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use scope::Scope;

/// Lowers one query on one snapshot, with its parameters.
pub(super) struct Lowering<'a> {
    snapshot: &'a Snapshot,
    params: Vec<Value>,
    now_millis: i64,
    /// Names given so far, so that no two relations of a plan share one.
    names: usize,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, params: Vec<Value>) -> Self {
        let now_millis = snapshot.shared.ambient().now_micros().div_euclid(1000);
        Self { snapshot, params, now_millis, names: 0 }
    }

    /// The plan of a query. Its columns are the query's, in order.
    pub(super) async fn query(mut self, query: &Query) -> Result<LogicalPlan> {
        if query.order.rank.is_some() {
            return Err(unsupported("ranked search"));
        }
        if query.after.is_some() {
            return Err(unsupported("paging with a cursor"));
        }
        let (offset, limit) = (self.count(query.offset)?, self.count(query.limit)?);
        let plan = match query.bodies.as_slice() {
            [body] => self.single_body(body, query).await?,
            bodies => self.union(bodies, query).await?,
        };
        let plan = LogicalPlanBuilder::from(plan).limit(offset.unwrap_or(0), limit)?;
        Ok(output::named(plan, query)?.build()?)
    }

    async fn union(&mut self, bodies: &[omnigraph_compiler::ir::Body], query: &Query) -> Result<LogicalPlan> {
        let mut plans = Vec::with_capacity(bodies.len());
        for body in bodies {
            plans.push(self.unordered_body(body).await?);
        }
        let mut plans = plans.into_iter();
        let first = plans.next().ok_or_else(|| Error::internal("a query without bodies"))?;
        let mut all = LogicalPlanBuilder::from(first);
        for plan in plans {
            all = all.union(plan)?;
        }
        if query.union == Union::Distinct {
            all = all.distinct()?;
        }
        self.order_by_columns(all, query)
    }

    fn count(&self, count: Option<Count>) -> Result<Option<usize>> {
        let number = match count {
            None => return Ok(None),
            Some(Count::Literal(number)) => number,
            Some(Count::Param(index)) => match self.params.get(index) {
                Some(Value::I64(number)) if *number >= 0 => number.unsigned_abs(),
                Some(Value::Null) | None => return Ok(None),
                Some(other) => return Err(Error::request(format!("limit and offset cannot be {other:?}"))),
            },
        };
        Ok(Some(usize::try_from(number).unwrap_or(usize::MAX)))
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }
}

fn unsupported(what: &str) -> Error {
    Error::Unsupported { what: what.to_owned() }
}

/// A plan and what its columns stand for.
struct Bound {
    plan: LogicalPlanBuilder,
    scope: Scope,
}
