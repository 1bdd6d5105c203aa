//! The reference evaluator as an engine. It has no search and no plans.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use omnigraph_compiler::ir::{ObjectKind, QueryOperation, QueryParam, Value};
use omnigraph_compiler::{Catalog, Diagnostic, compile, compile_schema, params};

use super::engine::{
    EngineError, LogicCondition, LogicEngine, LogicMutation, LogicQuery, MutationSummary, ResultTable,
};
use crate::oracle::{
    ConstraintKind, EntityRef, LoadProblem, MutationEffect, OracleError, OracleGraph, OracleLoadMode, changed,
    evaluate, mutate,
};

/// 2024-05-06T07:08:09Z, the time of every request.
const NOW_MILLIS: i64 = 1_714_979_289_000;

/// Branches in memory, read and written by the reference evaluator.
#[derive(Debug, Default)]
pub struct OracleEngine {
    catalog: Catalog,
    branches: BTreeMap<String, Vec<OracleCommit>>,
    commits: u64,
}

/// A state of a branch.
#[derive(Clone, Debug)]
struct OracleCommit {
    id: String,
    graph: OracleGraph,
    /// The entities that it changed.
    touched: BTreeSet<(ObjectKind, EntityRef)>,
}

impl OracleEngine {
    /// The commits of a branch, those of its origin first; at least one.
    fn branch(&self, branch: &str) -> Result<&Vec<OracleCommit>, EngineError> {
        let missing = || error("OG-BRANCH-001", format!("branch '{branch}' not found"));
        self.branches.get(branch).ok_or_else(missing)
    }

    fn newest(&self, branch: &str) -> Result<&OracleCommit, EngineError> {
        let missing = || error("OG-BRANCH-001", format!("branch '{branch}' has no commit"));
        self.branch(branch)?.last().ok_or_else(missing)
    }

    fn commit(&mut self, branch: &str, graph: OracleGraph, touched: BTreeSet<(ObjectKind, EntityRef)>) {
        self.commits += 1;
        let id = self.commits.to_string();
        self.branches.entry(branch.to_owned()).or_default().push(OracleCommit { id, graph, touched });
    }

    fn compiled(&self, request: &LogicQuery) -> Result<QueryOperation, EngineError> {
        let compiled = compile(&request.source, request.name.as_deref(), &self.catalog);
        Ok(compiled.map_err(|diagnostics| refusal(&diagnostics))?.operation)
    }

    /// Checks the condition of a mutation with the effect `done`.
    fn require(&self, condition: &LogicCondition, branch: &str, done: &MutationEffect) -> Result<(), EngineError> {
        let commits = self.branch(branch)?;
        let after = |id: &String| {
            let at = commits.iter().position(|commit| commit.id == *id);
            let missing = || error("OG-COMMIT-005", format!("commit '{id}' not found on branch '{branch}'"));
            at.map(|at| commits.iter().skip(at + 1)).ok_or_else(missing)
        };
        let moved = match condition {
            LogicCondition::Head(id) => after(id)?.next().is_some(),
            LogicCondition::UnchangedSince(id) => after(id)?.any(|commit| !commit.touched.is_disjoint(&done.touched)),
        };
        if moved { Err(error(CONDITION, format!("branch '{branch}' has moved"))) } else { Ok(()) }
    }
}

#[async_trait(?Send)]
impl LogicEngine for OracleEngine {
    fn supports(&self, feature: &str) -> bool {
        feature == "mutations"
    }

    async fn init(&mut self, schema: &str) -> Result<(), EngineError> {
        let mut minted = 0;
        let mut mint = || {
            minted += 1;
            ulid::Ulid::from(minted)
        };
        let (catalog, diagnostics) = compile_schema(schema, None, &mut mint);
        self.catalog = catalog.ok_or_else(|| refusal(&diagnostics))?;
        self.branches.clear();
        self.commit("main", OracleGraph::new(), BTreeSet::new());
        Ok(())
    }

    async fn load(&mut self, lines: &str, mode: OracleLoadMode, branch: &str) -> Result<(), EngineError> {
        let before = &self.newest(branch)?.graph;
        let mut graph = before.clone();
        graph
            .load(&self.catalog, lines, mode, NOW_MILLIS)
            .map_err(|failure| error(code_of_load(failure.problem), failure.to_string()))?;
        let touched = changed(before, &graph);
        self.commit(branch, graph, touched);
        Ok(())
    }

    async fn create_branch(&mut self, name: &str, from: &str) -> Result<(), EngineError> {
        let commits = self.branch(from)?.clone();
        self.branches.insert(name.to_owned(), commits);
        Ok(())
    }

    async fn query(&mut self, request: &LogicQuery) -> Result<ResultTable, EngineError> {
        let query = match self.compiled(request)? {
            QueryOperation::Read(query) => query,
            QueryOperation::Mutation(mutation) => {
                return Err(error(REQUEST, format!("query '{}' contains mutations", mutation.name)));
            }
        };
        let arguments = arguments(&query.params, request)?;
        let graph = &self.newest(&request.branch)?.graph;
        let rows = evaluate(graph, &self.catalog, &query, &arguments, NOW_MILLIS).map_err(failed)?;
        Ok(ResultTable { columns: rows.columns, rows: rows.rows })
    }

    async fn mutate(&mut self, write: &LogicMutation) -> Result<MutationSummary, EngineError> {
        let request = &write.request;
        let mutation = match self.compiled(request)? {
            QueryOperation::Mutation(mutation) => mutation,
            QueryOperation::Read(query) => return Err(error(REQUEST, format!("query '{}' only reads", query.name))),
        };
        let arguments = arguments(&mutation.params, request)?;
        let graph = &self.newest(&request.branch)?.graph;
        let done = mutate(graph, &self.catalog, &mutation, &arguments, NOW_MILLIS).map_err(failed)?;
        if let Some(condition) = &write.condition {
            self.require(condition, &request.branch, &done)?;
        }
        let committed = !done.touched.is_empty();
        if committed {
            self.commit(&request.branch, done.graph, done.touched);
        }
        let answer = ResultTable { columns: done.rows.columns, rows: done.rows.rows };
        Ok(MutationSummary { nodes: done.affected_nodes, edges: done.affected_edges, committed, answer })
    }

    async fn head(&mut self, branch: &str) -> Result<String, EngineError> {
        self.newest(branch).map(|commit| commit.id.clone())
    }

    async fn explain(&mut self, _: &LogicQuery) -> Result<Option<String>, EngineError> {
        Ok(None)
    }
}

fn arguments(params: &[QueryParam], request: &LogicQuery) -> Result<Vec<Value>, EngineError> {
    params::decode(params, request.params.as_ref(), params::NumberMode::Native)
        .map_err(|problem| error(REQUEST, problem.to_string()))
}

/// The code of an invalid request.
const REQUEST: &str = "OG-QUERY-002";

/// The code of a row that exists already.
const EXISTS: &str = "OG-CONSTRAINT-008";

/// The code of a condition that does not hold.
const CONDITION: &str = "OG-COMMIT-003";

fn failed(failure: OracleError) -> EngineError {
    let code = match failure {
        OracleError::Run(_) => "OG-QUERY-005",
        OracleError::Request(_) => REQUEST,
        OracleError::Exists(_) => EXISTS,
        OracleError::Constraint(rule, _) => code_of_rule(rule),
        OracleError::NotSupported(_) => "OG-QUERY-004",
        OracleError::Internal(_) => "OG-INTERNAL-001",
    };
    error(code, failure.to_string())
}

const fn code_of_load(problem: LoadProblem) -> &'static str {
    match problem {
        LoadProblem::NotJson => "OG-LOAD-001",
        LoadProblem::Envelope => "OG-LOAD-002",
        LoadProblem::UnknownType => "OG-LOAD-004",
        LoadProblem::UnknownField => "OG-LOAD-005",
        LoadProblem::WrongType => "OG-LOAD-006",
        LoadProblem::Missing => "OG-LOAD-008",
        LoadProblem::OutOfRange => "OG-LOAD-007",
        LoadProblem::Id => "OG-LOAD-010",
        LoadProblem::DuplicateKey => "OG-LOAD-011",
        LoadProblem::Exists => EXISTS,
        LoadProblem::Constraint(rule) => code_of_rule(rule),
    }
}

const fn code_of_rule(rule: ConstraintKind) -> &'static str {
    match rule {
        ConstraintKind::Null => "OG-CONSTRAINT-001",
        ConstraintKind::Enum => "OG-CONSTRAINT-002",
        ConstraintKind::Range => "OG-CONSTRAINT-003",
        ConstraintKind::Check => "OG-CONSTRAINT-004",
        ConstraintKind::Key => "OG-CONSTRAINT-005",
        ConstraintKind::Unique => "OG-CONSTRAINT-006",
        ConstraintKind::End | ConstraintKind::Restrict => "OG-CONSTRAINT-009",
        ConstraintKind::Cardinality => "OG-CONSTRAINT-007",
    }
}

fn error(code: &str, message: String) -> EngineError {
    EngineError { code: code.to_owned(), message }
}

/// Returns the code of the first error and the messages of all.
fn refusal(diagnostics: &[Diagnostic]) -> EngineError {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let message = errors.iter().map(|diagnostic| diagnostic.message.clone()).collect::<Vec<_>>().join("\n");
    error(errors.first().map_or("", |diagnostic| diagnostic.code.as_str()), message)
}
