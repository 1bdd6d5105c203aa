//! The effect of a mutation, computed in the slow and plain way: the whole graph is copied before every statement.
//!
//! - The block is read once, on the graph before the mutation, and so are its variables for as long as the mutation runs.
//! - A statement runs for all rows of the block, which come in the order of their ids. Its conditions and values see the graph
//!   before it. Where several rows of the block write one entity, the last wins; `insert if absent` finds what an earlier row
//!   inserted, and `insert new` fails on it.
//! - An insertion binds its row in the state after that statement.
//! - Constraints are checked at the end, on the last graph. Required values are checked after every statement.
//!
//! - `change`  one statement
//! - `stored`  values as properties hold them

mod change;
mod stored;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::{self, ExprKind, MutationQuery, ObjectKind, OrderKey, VarId};
use serde_json::Value as Json;

use super::canonical::contains_generated_id;
use super::cell::CellPrinter;
use super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::graph::OracleGraph;
use super::query::{OracleRows, RowOrder};
use super::rank::NoTextBackend;
use super::rules;
use super::value::{EntityRef, OracleValue};

/// The effect of a mutation on a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct MutationEffect {
    /// The graph afterwards.
    pub graph: OracleGraph,
    /// Distinct nodes of each statement, added up.
    pub affected_nodes: u64,
    /// Distinct edges of each statement, added up, with those that were deleted with their nodes.
    pub affected_edges: u64,
    /// The returned rows: one per row of the block.
    pub rows: OracleRows,
    /// Entities that exist before or after. A mutation that touches none makes no commit.
    pub touched: BTreeSet<(ObjectKind, EntityRef)>,
    /// True if the result depends on generated ids: two rows of the block wrote one entity differently, and such ids
    /// order the rows.
    pub order_dependent: bool,
}

/// Runs a mutation. `params` and `now_millis` are as in [`super::evaluate`].
///
/// # Errors
/// [`OracleError::Run`] where a value does not exist or does not fit its property, [`OracleError::Exists`] and [`OracleError::Constraint`]
/// where the rows that it writes are invalid.
pub fn mutate(
    graph: &OracleGraph,
    catalog: &Catalog,
    mutation: &MutationQuery,
    params: &[ir::Value],
    now_millis: i64,
) -> Result<MutationEffect, OracleError> {
    let params = params.iter().map(OracleValue::from_ir).collect();
    let mut run = MutationRun { catalog, params, now_millis, states: vec![graph.clone()], bound: BTreeMap::new() };
    let (mut envs, unordered) = match &mutation.block {
        Some(block) => run.rows(block, &mutation.order)?,
        None => (vec![Bindings::new()], false),
    };
    let (mut affected, mut written, mut order_dependent) = ([0, 0], BTreeSet::new(), false);
    for statement in &mutation.statements {
        let change = run.change(statement, envs)?;
        order_dependent |= change.order_dependent && unordered;
        for (sum, rows) in affected.iter_mut().zip(change.affected) {
            *sum += rows;
        }
        written.extend(change.written);
        envs = change.envs;
        run.states.push(change.graph);
        run.bound.insert(statement.row.id, run.states.len() - 1);
    }
    let last = run.state();
    rules::check_constraints(catalog, graph, last)
        .map_err(|broken| OracleError::Constraint(broken.rule, broken.message))?;
    let touched =
        written.into_iter().filter(|(kind, entity)| exists(last, *kind, entity) || exists(graph, *kind, entity));
    let [affected_nodes, affected_edges] = affected;
    Ok(MutationEffect {
        graph: last.clone(),
        affected_nodes,
        affected_edges,
        rows: run.returned(mutation, &envs)?,
        touched: touched.collect(),
        order_dependent,
    })
}

fn exists(graph: &OracleGraph, kind: ObjectKind, entity: &EntityRef) -> bool {
    match kind {
        ObjectKind::Node => graph.node(entity).is_some(),
        ObjectKind::Edge => graph.edge(entity).is_some(),
    }
}

/// The state of a running mutation.
struct MutationRun<'a> {
    catalog: &'a Catalog,
    params: Vec<OracleValue>,
    now_millis: i64,
    /// The graph before, then after each statement so far.
    states: Vec<OracleGraph>,
    /// The index of the state with the row of a statement.
    bound: BTreeMap<VarId, usize>,
}

impl MutationRun<'_> {
    /// Returns the current graph.
    fn state(&self) -> &OracleGraph {
        &self.states[self.states.len() - 1]
    }

    /// Returns an evaluator over the graph before the mutation. Rows of statements are read from their own states.
    fn evaluator(&self, current: Option<VarId>) -> OracleEvaluator<'_> {
        let bound = self.bound.iter().map(|(var, state)| (*var, &self.states[*state]));
        OracleEvaluator {
            graph: &self.states[0],
            states: bound.chain(current.map(|var| (var, self.state()))).collect(),
            catalog: self.catalog,
            params: self.params.clone(),
            now_millis: self.now_millis,
            search: &NoTextBackend,
        }
    }

    /// Returns the rows of the block in order, and true if generated ids order them.
    fn rows(&self, block: &ir::PatternBlock, order: &[OrderKey]) -> Result<(Vec<Bindings>, bool), OracleError> {
        let evaluator = self.evaluator(None);
        let mut rows = Vec::new();
        let mut generated = false;
        for env in evaluator.block(block, &Bindings::new())? {
            let keys = order.iter().map(|key| evaluator.expr(&key.expr, RowScope::from_bindings(&env)));
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            generated |= keys.iter().any(|key| matches!(key, OracleValue::Text(id) if contains_generated_id(id)));
            rows.push((keys, env));
        }
        rows.sort_by(|(a, _), (b, _)| a.iter().zip(b).fold(Ordering::Equal, |order, (a, b)| order.then(a.sorted(b))));
        Ok((rows.into_iter().map(|(_, env)| env).collect(), generated))
    }

    fn returned(&self, mutation: &MutationQuery, envs: &[Bindings]) -> Result<OracleRows, OracleError> {
        let evaluator = self.evaluator(None);
        let cell = |column: &ir::OutputColumn, env: &Bindings| -> Result<Json, OracleError> {
            let graph = match column.expr.kind {
                ExprKind::Object(var) => evaluator.graph_of(var),
                _ => evaluator.graph,
            };
            CellPrinter { graph, catalog: self.catalog }
                .cell(&evaluator.expr(&column.expr, RowScope::from_bindings(env))?)
        };
        let row = |env: &Bindings| mutation.returning.iter().map(|column| cell(column, env)).collect();
        Ok(OracleRows {
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
