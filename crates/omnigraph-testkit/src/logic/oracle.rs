//! The reference evaluator as an engine. It has no search and no plans.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use omnigraph_compiler::ir::{ObjectKind, Operation, Param, Value};
use omnigraph_compiler::{Catalog, Diagnostic, compile, compile_schema, params};

use super::engine::{Answer, Condition, Engine, EngineError, Receipt, Request, Write};
use crate::oracle::{Entity, Failure, Graph, Mode, Mutated, Problem, Rule, changed, evaluate, mutate};

/// 2024-05-06T07:08:09Z, the time of every request.
const NOW_MILLIS: i64 = 1_714_979_289_000;

/// Branches in memory, read and written by the reference evaluator.
#[derive(Debug, Default)]
pub struct OracleEngine {
    catalog: Catalog,
    branches: BTreeMap<String, Vec<Commit>>,
    commits: u64,
}

/// A state of a branch.
#[derive(Clone, Debug)]
struct Commit {
    id: String,
    graph: Graph,
    /// What it changed.
    touched: BTreeSet<(ObjectKind, Entity)>,
}

impl OracleEngine {
    /// The commits of a branch, those of the branch it came from first; never none.
    fn branch(&self, branch: &str) -> Result<&Vec<Commit>, EngineError> {
        let missing = || error("OG-LOG-006", format!("there is no branch '{branch}'"));
        self.branches.get(branch).ok_or_else(missing)
    }

    fn newest(&self, branch: &str) -> Result<&Commit, EngineError> {
        let missing = || error("OG-LOG-006", format!("branch '{branch}' has no commit"));
        self.branch(branch)?.last().ok_or_else(missing)
    }

    fn commit(&mut self, branch: &str, graph: Graph, touched: BTreeSet<(ObjectKind, Entity)>) {
        self.commits += 1;
        let id = self.commits.to_string();
        self.branches.entry(branch.to_owned()).or_default().push(Commit { id, graph, touched });
    }

    fn compiled(&self, request: &Request) -> Result<Operation, EngineError> {
        let compiled = compile(&request.source, request.name.as_deref(), &self.catalog);
        Ok(compiled.map_err(|diagnostics| refusal(&diagnostics))?.operation)
    }

    /// Whether a mutation may run that writes what `done` did.
    fn require(&self, condition: &Condition, branch: &str, done: &Mutated) -> Result<(), EngineError> {
        let commits = self.branch(branch)?;
        let after = |id: &String| {
            let at = commits.iter().position(|commit| commit.id == *id);
            let missing = || error("OG-LOG-010", format!("there is no commit '{id}' on branch '{branch}'"));
            at.map(|at| commits.iter().skip(at + 1)).ok_or_else(missing)
        };
        let moved = match condition {
            Condition::Head(id) => after(id)?.next().is_some(),
            Condition::UnchangedSince(id) => after(id)?.any(|commit| !commit.touched.is_disjoint(&done.touched)),
        };
        if moved { Err(error(CONDITION, format!("branch '{branch}' has moved"))) } else { Ok(()) }
    }
}

#[async_trait(?Send)]
impl Engine for OracleEngine {
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
        self.commit("main", Graph::new(), BTreeSet::new());
        Ok(())
    }

    async fn load(&mut self, lines: &str, mode: Mode, branch: &str) -> Result<(), EngineError> {
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

    async fn query(&mut self, request: &Request) -> Result<Answer, EngineError> {
        let query = match self.compiled(request)? {
            Operation::Read(query) => query,
            Operation::Mutation(mutation) => {
                return Err(error(REQUEST, format!("query '{}' contains mutations", mutation.name)));
            }
        };
        let arguments = arguments(&query.params, request)?;
        let graph = &self.newest(&request.branch)?.graph;
        let rows = evaluate(graph, &self.catalog, &query, &arguments, NOW_MILLIS).map_err(failed)?;
        Ok(Answer { columns: rows.columns, rows: rows.rows })
    }

    async fn mutate(&mut self, write: &Write) -> Result<Receipt, EngineError> {
        let request = &write.request;
        let mutation = match self.compiled(request)? {
            Operation::Mutation(mutation) => mutation,
            Operation::Read(query) => return Err(error(REQUEST, format!("query '{}' only reads", query.name))),
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
        let answer = Answer { columns: done.rows.columns, rows: done.rows.rows };
        Ok(Receipt { nodes: done.affected_nodes, edges: done.affected_edges, committed, answer })
    }

    async fn head(&mut self, branch: &str) -> Result<String, EngineError> {
        self.newest(branch).map(|commit| commit.id.clone())
    }

    async fn explain(&mut self, _: &Request) -> Result<Option<String>, EngineError> {
        Ok(None)
    }
}

fn arguments(params: &[Param], request: &Request) -> Result<Vec<Value>, EngineError> {
    params::decode(params, request.params.as_ref(), params::NumberMode::Native)
        .map_err(|problem| error(REQUEST, problem.to_string()))
}

/// A request that asks for what cannot be.
const REQUEST: &str = "OG-ENG-006";

/// A row that is there already.
const EXISTS: &str = "OG-ENG-002";

/// A condition that does not hold.
const CONDITION: &str = "OG-ENG-014";

fn failed(failure: Failure) -> EngineError {
    let code = match failure {
        Failure::Run(_) => "OG-ENG-011",
        Failure::Request(_) => REQUEST,
        Failure::Exists(_) => EXISTS,
        Failure::Rule(rule, _) => code_of_rule(rule),
        Failure::NotSupported(_) => "OG-ENG-009",
        Failure::Internal(_) => "OG-ENG-010",
    };
    error(code, failure.to_string())
}

const fn code_of_load(problem: Problem) -> &'static str {
    match problem {
        Problem::NotJson => "OG-LOAD-001",
        Problem::Envelope => "OG-LOAD-002",
        Problem::UnknownType => "OG-LOAD-004",
        Problem::UnknownField => "OG-LOAD-005",
        Problem::WrongType => "OG-LOAD-006",
        Problem::Missing => "OG-LOAD-008",
        Problem::OutOfRange => "OG-LOAD-007",
        Problem::Id => "OG-LOAD-010",
        Problem::DuplicateKey => "OG-LOAD-011",
        Problem::Exists => EXISTS,
        Problem::Rule(rule) => code_of_rule(rule),
    }
}

const fn code_of_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Null => "OG-RULE-001",
        Rule::Enum => "OG-RULE-002",
        Rule::Range => "OG-RULE-003",
        Rule::Check => "OG-RULE-004",
        Rule::Key => "OG-RULE-005",
        Rule::Unique => "OG-RULE-006",
        Rule::End | Rule::Restrict => "OG-LOAD-012",
        Rule::Cardinality => "OG-RULE-007",
    }
}

fn error(code: &str, message: String) -> EngineError {
    EngineError { code: code.to_owned(), message }
}

/// The code of the first error and the words of all.
fn refusal(diagnostics: &[Diagnostic]) -> EngineError {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let message = errors.iter().map(|diagnostic| diagnostic.message.clone()).collect::<Vec<_>>().join("\n");
    error(errors.first().map_or("", |diagnostic| diagnostic.code.as_str()), message)
}
