//! What stays the same while a query runs, and the row at hand.

use std::collections::BTreeMap;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::{self, VarId};

use super::cell::Printer;
use super::failure::Failure;
use super::graph::Graph;
use super::query::Rows;
use super::rank::{NoSearch, Search};
use super::value::Value;

/// What the variables of a pattern stand for in one row.
pub(super) type Env = BTreeMap<VarId, Value>;

/// Everything a query reads that is no row of it.
pub(super) struct Evaluator<'a> {
    pub(super) graph: &'a Graph,
    /// Where the rows of a variable are looked up if not in `graph`: a state between two statements of a mutation.
    pub(super) states: BTreeMap<VarId, &'a Graph>,
    pub(super) catalog: &'a Catalog,
    pub(super) params: Vec<Value>,
    pub(super) now_millis: i64,
    pub(super) search: &'a dyn Search,
}

/// What an expression may read of a row; what does not exist at its place is empty.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// The variables.
    pub(super) env: &'a Env,
    /// All rows of the pattern, for scores that depend on the others.
    pub(super) all: &'a [Env],
    /// Keys of the group.
    pub(super) keys: &'a [Value],
    /// Aggregates of the group.
    pub(super) aggregates: &'a [Value],
    /// Columns of the result.
    pub(super) columns: &'a [Value],
}

impl<'a> Row<'a> {
    /// A row of a pattern.
    pub(super) const fn of(env: &'a Env) -> Self {
        Self { env, all: &[], keys: &[], aggregates: &[], columns: &[] }
    }
}

/// The result of `query` on `graph`. `params` are its parameters in order, as [`omnigraph_compiler::params::decode`] yields
/// them; `now_millis` is the time of the request in milliseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// [`Failure::Run`] where a value does not exist, [`Failure::NotSupported`] for text search, text to be embedded, and cursors.
pub fn evaluate(
    graph: &Graph,
    catalog: &Catalog,
    query: &ir::Query,
    params: &[ir::Value],
    now_millis: i64,
) -> Result<Rows, Failure> {
    evaluate_with_search(graph, catalog, query, params, now_millis, &NoSearch)
}

/// As [`evaluate`], with the caller's own analysis of text.
///
/// # Errors
/// As [`evaluate`], and whatever `search` fails with.
pub fn evaluate_with_search(
    graph: &Graph,
    catalog: &Catalog,
    query: &ir::Query,
    params: &[ir::Value],
    now_millis: i64,
    search: &dyn Search,
) -> Result<Rows, Failure> {
    let params = params.iter().map(Value::of).collect();
    Evaluator { graph, states: BTreeMap::new(), catalog, params, now_millis, search }.query(query)
}

impl Evaluator<'_> {
    /// Prints values of this graph.
    pub(super) const fn printer(&self) -> Printer<'_> {
        Printer { graph: self.graph, catalog: self.catalog }
    }

    /// The graph that holds the rows of a variable.
    pub(super) fn graph_of(&self, var: VarId) -> &Graph {
        self.states.get(&var).copied().unwrap_or(self.graph)
    }

    /// The parameter at an index.
    pub(super) fn param(&self, index: usize) -> Result<&Value, Failure> {
        self.params.get(index).ok_or_else(|| Failure::internal(format!("parameter {index} is not given")))
    }
}
