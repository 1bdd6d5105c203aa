//! What a mutation means, computed the slow and plain way: the whole graph is copied before every statement.
//!
//! - The block is read once, on the graph before the mutation, and so are its variables for as long as the mutation runs.
//! - A statement runs for all rows of the block, which come in the order of their ids. Its conditions and values see the graph
//!   before it. Where several rows of the block write one entity, the last wins; `insert if absent` finds what an earlier row
//!   inserted, and `insert new` does so in vain.
//! - The row an insertion binds is what it is after that statement.
//! - Rules are judged at the end, on the last graph. Only what must not be null is not null after any statement.
//!
//! - `change`  one statement
//! - `stored`  values as properties hold them

mod change;
mod stored;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::{self, ExprKind, Mutation, ObjectKind, OrderKey, VarId};
use serde_json::Value as Json;

use super::canonical::has_made_up;
use super::cell::Printer;
use super::evaluator::{Env, Evaluator, Row};
use super::failure::Failure;
use super::graph::Graph;
use super::query::{RowOrder, Rows};
use super::rank::NoSearch;
use super::rules;
use super::value::{Entity, Value};

/// What a mutation makes of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutated {
    /// The graph afterwards.
    pub graph: Graph,
    /// Distinct nodes of each statement, added up.
    pub affected_nodes: u64,
    /// Distinct edges of each statement, added up, with those that went with their nodes.
    pub affected_edges: u64,
    /// What is returned: one row per row of the block.
    pub rows: Rows,
    /// What was written and is there, or was there and is removed. Of nothing there is no commit.
    pub touched: BTreeSet<(ObjectKind, Entity)>,
    /// Whether the result depends on ids that nobody gave: two rows of the block wrote one entity differently, and such ids
    /// are what the rows are ordered by.
    pub contested: bool,
}

/// Runs a mutation. `params` and `now_millis` are as in [`super::evaluate`].
///
/// # Errors
/// [`Failure::Run`] where a value does not exist or does not fit its property, [`Failure::Exists`] and [`Failure::Rule`]
/// where the rows that it writes may not be.
pub fn mutate(
    graph: &Graph,
    catalog: &Catalog,
    mutation: &Mutation,
    params: &[ir::Value],
    now_millis: i64,
) -> Result<Mutated, Failure> {
    let params = params.iter().map(Value::of).collect();
    let mut run = Run { catalog, params, now_millis, states: vec![graph.clone()], bound: BTreeMap::new() };
    let (mut envs, unordered) = match &mutation.block {
        Some(block) => run.rows(block, &mutation.order)?,
        None => (vec![Env::new()], false),
    };
    let (mut affected, mut written, mut contested) = ([0, 0], BTreeSet::new(), false);
    for statement in &mutation.statements {
        let change = run.change(statement, envs)?;
        contested |= change.contested && unordered;
        for (sum, rows) in affected.iter_mut().zip(change.affected) {
            *sum += rows;
        }
        written.extend(change.written);
        envs = change.envs;
        run.states.push(change.graph);
        run.bound.insert(statement.row.id, run.states.len() - 1);
    }
    let last = run.state();
    rules::judge(catalog, graph, last).map_err(|broken| Failure::Rule(broken.rule, broken.message))?;
    let touched =
        written.into_iter().filter(|(kind, entity)| exists(last, *kind, entity) || exists(graph, *kind, entity));
    let [affected_nodes, affected_edges] = affected;
    Ok(Mutated {
        graph: last.clone(),
        affected_nodes,
        affected_edges,
        rows: run.returned(mutation, &envs)?,
        touched: touched.collect(),
        contested,
    })
}

fn exists(graph: &Graph, kind: ObjectKind, entity: &Entity) -> bool {
    match kind {
        ObjectKind::Node => graph.node(entity).is_some(),
        ObjectKind::Edge => graph.edge(entity).is_some(),
    }
}

/// A mutation on its way.
struct Run<'a> {
    catalog: &'a Catalog,
    params: Vec<Value>,
    now_millis: i64,
    /// The graph before, then after each statement so far.
    states: Vec<Graph>,
    /// In which of the states the row of a statement stands.
    bound: BTreeMap<VarId, usize>,
}

impl Run<'_> {
    /// The graph as it is now.
    fn state(&self) -> &Graph {
        &self.states[self.states.len() - 1]
    }

    /// Evaluates over the graph before the mutation; the row of a statement before and the row at hand in theirs.
    fn evaluator(&self, at_hand: Option<VarId>) -> Evaluator<'_> {
        let bound = self.bound.iter().map(|(var, state)| (*var, &self.states[*state]));
        Evaluator {
            graph: &self.states[0],
            states: bound.chain(at_hand.map(|var| (var, self.state()))).collect(),
            catalog: self.catalog,
            params: self.params.clone(),
            now_millis: self.now_millis,
            search: &NoSearch,
        }
    }

    /// The rows of the block in order, and whether ids that nobody gave order them.
    fn rows(&self, block: &ir::Block, order: &[OrderKey]) -> Result<(Vec<Env>, bool), Failure> {
        let evaluator = self.evaluator(None);
        let mut rows = Vec::new();
        let mut made_up = false;
        for env in evaluator.block(block, &Env::new())? {
            let keys = order.iter().map(|key| evaluator.expr(&key.expr, Row::of(&env)));
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            made_up |= keys.iter().any(|key| matches!(key, Value::Text(id) if has_made_up(id)));
            rows.push((keys, env));
        }
        rows.sort_by(|(a, _), (b, _)| a.iter().zip(b).fold(Ordering::Equal, |order, (a, b)| order.then(a.sorted(b))));
        Ok((rows.into_iter().map(|(_, env)| env).collect(), made_up))
    }

    fn returned(&self, mutation: &Mutation, envs: &[Env]) -> Result<Rows, Failure> {
        let evaluator = self.evaluator(None);
        let cell = |column: &ir::Column, env: &Env| -> Result<Json, Failure> {
            let graph = match column.expr.kind {
                ExprKind::Object(var) => evaluator.graph_of(var),
                _ => evaluator.graph,
            };
            Printer { graph, catalog: self.catalog }.cell(&evaluator.expr(&column.expr, Row::of(env))?)
        };
        let row = |env: &Env| mutation.returning.iter().map(|column| cell(column, env)).collect();
        Ok(Rows {
            columns: mutation.returning.iter().map(|column| column.name.clone()).collect(),
            rows: if mutation.returning.is_empty() {
                Vec::new()
            } else {
                envs.iter().map(row).collect::<Result<_, _>>()?
            },
            order: RowOrder::None,
        })
    }
}
