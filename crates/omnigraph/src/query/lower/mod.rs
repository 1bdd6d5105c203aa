//! IR to one physical plan, built directly: the IR is typed and resolved, so nothing is left for a logical optimizer, and
//! planning costs microseconds.
//!
//! - `scope`    what the columns of a plan stand for
//! - `mention`  which variables and fields an expression reads
//! - `value`    constants
//! - `expr`     expressions
//! - `flow`     a growing plan: filters, attached fields, joins
//! - `start`    where a pattern starts
//! - `change`   what statements of a mutation read
//! - `block`    patterns
//! - `expand`   connections between nodes
//! - `edges`    what is asked of every edge before a walk
//! - `restrict` what is asked of edges row by row
//! - `nested`   blocks within blocks
//! - `group`    grouping and aggregates
//! - `search`   text matches, distances and ranks
//! - `output`   columns, distinct, order, pages

mod block;
mod change;
mod edges;
mod expand;
mod expr;
mod flow;
mod group;
mod mention;
mod nested;
mod output;
mod restrict;
mod scope;
mod search;
mod start;
mod value;

pub(super) use block::Uses;
pub(super) use change::{assigned, pinned, types_read};
pub(super) use expr::carrier;
pub(crate) use mention::compare_as_text;
pub(super) use mention::{Mention, mentions};
pub(super) use scope::{Binding, Scope, column, field_column};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use omnigraph_compiler::ir::{Count, Query, Value, VarId};

use super::budget::Budget;
use super::cursor::Cursor;
use super::graph::Graph;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// Lowers one query on one snapshot, with its parameters.
#[derive(Debug)]
pub(super) struct Lowering {
    graph: Graph,
    params: Vec<Value>,
    now_millis: i64,
    budget: Arc<Budget>,
    /// The variables of the body at hand that are known by number.
    numbered: BTreeSet<VarId>,
    /// The ids of which variables that are bound have one, where that is known.
    known: BTreeMap<VarId, Vec<String>>,
    /// Whether only the first rows of the body at hand are asked for.
    few: bool,
    /// Names given so far, so that no two columns of a plan share one.
    names: usize,
}

/// The plan of a query.
#[derive(Debug)]
pub(super) struct Planned {
    /// Its first columns are the query's, in order; those after them place a row in the order of the result.
    pub(super) plan: Arc<dyn ExecutionPlan>,
    /// Most rows of the result, if the query says so.
    pub(super) limit: Option<usize>,
}

impl Lowering {
    pub(super) fn new(snapshot: &Snapshot, params: Vec<Value>, budget: Arc<Budget>) -> Self {
        let now_millis = snapshot.shared.ambient().now_millis();
        Self {
            graph: Graph::new(snapshot.clone()),
            params,
            now_millis,
            budget,
            numbered: BTreeSet::new(),
            known: BTreeMap::new(),
            few: false,
            names: 0,
        }
    }

    /// With the time of the request, in Unix milliseconds, where it is not the time of the plan.
    pub(super) fn at(mut self, now_millis: i64) -> Self {
        self.now_millis = now_millis;
        self
    }

    /// The plan of a query.
    pub(super) async fn query(mut self, query: &Query, after: Option<&Cursor>) -> Result<Planned> {
        let (offset, limit) = (self.count(query.offset)?.unwrap_or(0), self.count(query.limit)?);
        let page = output::Page { offset, limit, after };
        let plan = match query.bodies.as_slice() {
            [body] => self.single_body(body, query, &page).await?,
            bodies => self.union(bodies, query, &page).await?,
        };
        Ok(Planned { plan, limit })
    }

    fn count(&self, count: Option<Count>) -> Result<Option<usize>> {
        let number = match count {
            None => return Ok(None),
            Some(Count::Literal(number)) => number,
            Some(Count::Param(index)) => match self.params.get(index) {
                Some(Value::I64(number)) if *number >= 0 => number.unsigned_abs(),
                Some(Value::U64(number)) => *number,
                Some(Value::Null) | None => return Ok(None),
                Some(Value::I64(number)) => {
                    return Err(Error::request(format!("limit and offset cannot be negative, and one is {number}")));
                }
                Some(_) => return Err(Error::internal("a count that is no number")),
            },
        };
        Ok(Some(usize::try_from(number).unwrap_or(usize::MAX)))
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }
}
