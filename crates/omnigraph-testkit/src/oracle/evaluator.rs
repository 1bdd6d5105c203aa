//! The inputs and errors of a query, and the current row.

use std::collections::BTreeMap;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::{self, VarId};

use super::cell::CellPrinter;
use super::graph::OracleGraph;
use super::query::OracleRows;
use super::rank::{NoTextBackend, TextBackend};
use super::rules::ConstraintKind;
use super::value::OracleValue;

/// The values of the variables of a pattern in one row.
pub(super) type Bindings = BTreeMap<VarId, OracleValue>;

/// The inputs of a query.
pub(super) struct OracleEvaluator<'a> {
    pub(super) graph: &'a OracleGraph,
    /// The graphs of variables whose rows are not in `graph`: states between two statements of a mutation.
    pub(super) states: BTreeMap<VarId, &'a OracleGraph>,
    pub(super) catalog: &'a Catalog,
    pub(super) params: Vec<OracleValue>,
    pub(super) now_millis: i64,
    pub(super) search: &'a dyn TextBackend,
}

/// The values that an expression can read; values that do not exist at its place are empty.
#[derive(Clone, Copy)]
pub(super) struct RowScope<'a> {
    /// The variables.
    pub(super) env: &'a Bindings,
    /// All rows of the pattern, for scores that depend on the others.
    pub(super) all: &'a [Bindings],
    /// Keys of the group.
    pub(super) keys: &'a [OracleValue],
    /// Aggregates of the group.
    pub(super) aggregates: &'a [OracleValue],
    /// Columns of the result.
    pub(super) columns: &'a [OracleValue],
}

impl<'a> RowScope<'a> {
    /// Creates the scope of a row of a pattern.
    pub(super) const fn from_bindings(env: &'a Bindings) -> Self {
        Self { env, all: &[], keys: &[], aggregates: &[], columns: &[] }
    }
}

/// Runs `query` on `graph`. `params` are its parameters in order, as [`omnigraph_compiler::params::decode`] yields
/// them; `now_millis` is the time of the request in milliseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// [`OracleError::Run`] where a value does not exist, [`OracleError::NotSupported`] for text search, text to be embedded, and cursors.
pub fn evaluate(
    graph: &OracleGraph,
    catalog: &Catalog,
    query: &ir::ReadQuery,
    params: &[ir::Value],
    now_millis: i64,
) -> Result<OracleRows, OracleError> {
    evaluate_with_search(graph, catalog, query, params, now_millis, &NoTextBackend)
}

/// Runs `query` like [`evaluate`], with the caller's own analysis of text.
///
/// # Errors
/// As [`evaluate`], and whatever `search` fails with.
pub fn evaluate_with_search(
    graph: &OracleGraph,
    catalog: &Catalog,
    query: &ir::ReadQuery,
    params: &[ir::Value],
    now_millis: i64,
    search: &dyn TextBackend,
) -> Result<OracleRows, OracleError> {
    let params = params.iter().map(OracleValue::from_ir).collect();
    OracleEvaluator { graph, states: BTreeMap::new(), catalog, params, now_millis, search }.query(query)
}

impl OracleEvaluator<'_> {
    /// Returns a printer for values of this graph.
    pub(super) const fn printer(&self) -> CellPrinter<'_> {
        CellPrinter { graph: self.graph, catalog: self.catalog }
    }

    /// Returns the graph that holds the rows of a variable.
    pub(super) fn graph_of(&self, var: VarId) -> &OracleGraph {
        self.states.get(&var).copied().unwrap_or(self.graph)
    }

    /// Returns the parameter at an index.
    pub(super) fn param(&self, index: usize) -> Result<&OracleValue, OracleError> {
        self.params.get(index).ok_or_else(|| OracleError::internal(format!("parameter {index} is not given")))
    }
}

/// The reason for which a query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OracleError {
    /// The query asked for a value that does not exist: an overflow, a division by zero, text that is not a number.
    Run(String),
    /// An argument is wrong: a negative number of rows.
    Request(String),
    /// A row that must be new exists already.
    Exists(String),
    /// A write violates a constraint of the schema.
    Constraint(ConstraintKind, String),
    /// The evaluator cannot do this without help, such as searching text.
    NotSupported(String),
    /// The evaluator, or the form it was given, is wrong.
    Internal(String),
}

impl OracleError {
    /// Creates an error of the run.
    pub(super) fn run(problem: impl Into<String>) -> Self {
        Self::Run(problem.into())
    }

    /// Creates an internal error.
    pub(super) fn internal(problem: impl Into<String>) -> Self {
        Self::Internal(problem.into())
    }
}

impl std::fmt::Display for OracleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(problem) => write!(f, "the query failed: {problem}"),
            Self::Request(problem) | Self::Exists(problem) | Self::Constraint(_, problem) => f.write_str(problem),
            Self::NotSupported(what) => write!(f, "not supported: {what}"),
            Self::Internal(problem) => write!(f, "internal: {problem}"),
        }
    }
}

impl std::error::Error for OracleError {}
