//! Tests as text, and random queries compared with the reference evaluator.

use std::path::Path;

use async_trait::async_trait;
use omnigraph::{LoadMode, LoadSource, Omnigraph, Query, SchemaSource, Target};
use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::QueryOperation;
use omnigraph_testkit::generate::{self, CaseSize};
use omnigraph_testkit::logic::{
    self, EngineError, LogicCondition, LogicEngine, LogicMutation, LogicQuery, MutationSummary, OracleEngine,
    ResultTable,
};
use omnigraph_testkit::oracle::OracleLoadMode;
use serde_json::Value;

use crate::support::memory;

/// The engine behind the interface of text tests.
#[derive(Default)]
struct EngineUnderTest {
    graph: Option<Omnigraph>,
}

/// Returns cells in the order of the columns.
fn answer(columns: Vec<String>, rows: &[serde_json::Map<String, Value>]) -> ResultTable {
    let cells = |row: &serde_json::Map<String, Value>| {
        columns.iter().map(|column| row.get(column).cloned().unwrap_or(Value::Null)).collect()
    };
    ResultTable { rows: rows.iter().map(cells).collect(), columns }
}

fn logic_error(error: omnigraph::Error) -> EngineError {
    EngineError { code: error.code().to_owned(), message: error.to_string() }
}

impl EngineUnderTest {
    fn graph(&self) -> &Omnigraph {
        self.graph.as_ref().expect("a test starts with a schema")
    }

    async fn prepare(&self, request: &LogicQuery) -> Result<Query, EngineError> {
        let snapshot = self.graph().branch(&request.branch).snapshot().await.map_err(logic_error)?;
        let mut query = snapshot.query(&request.source).file("test.gq");
        if let Some(name) = &request.name {
            query = query.name(name);
        }
        Ok(match &request.params {
            Some(params) => query.params(params.clone()),
            None => query,
        })
    }
}

#[async_trait(?Send)]
impl LogicEngine for EngineUnderTest {
    fn supports(&self, feature: &str) -> bool {
        matches!(feature, "search" | "mutations")
    }

    async fn init(&mut self, schema: &str) -> Result<(), EngineError> {
        let graph = Omnigraph::create(memory(), SchemaSource::new("schema.pg", schema)).await;
        self.graph = Some(graph.map_err(logic_error)?);
        Ok(())
    }

    async fn load(&mut self, lines: &str, mode: OracleLoadMode, branch: &str) -> Result<(), EngineError> {
        let mode = match mode {
            OracleLoadMode::Append => LoadMode::Append,
            OracleLoadMode::Merge => LoadMode::Merge,
            OracleLoadMode::Overwrite => LoadMode::Overwrite,
        };
        let source = LoadSource::reader("rows.jsonl", std::io::Cursor::new(lines.as_bytes().to_vec()));
        self.graph().branch(branch).load(mode, source).await.map(drop).map_err(logic_error)
    }

    async fn create_branch(&mut self, name: &str, from: &str) -> Result<(), EngineError> {
        let from = Target::Branch(from.to_owned());
        self.graph().create_branch(name, &from).await.map(drop).map_err(logic_error)
    }

    async fn query(&mut self, request: &LogicQuery) -> Result<ResultTable, EngineError> {
        let result = self.prepare(request).await?.await.map_err(logic_error)?;
        Ok(answer(result.columns(), &result.rows().unwrap()))
    }

    async fn mutate(&mut self, write: &LogicMutation) -> Result<MutationSummary, EngineError> {
        let request = &write.request;
        let mut mutation = self.graph().branch(&request.branch).mutate(&request.source).file("test.gq");
        if let Some(name) = &request.name {
            mutation = mutation.name(name);
        }
        if let Some(params) = &request.params {
            mutation = mutation.params(params.clone());
        }
        mutation = match &write.condition {
            Some(LogicCondition::Head(commit)) => mutation.if_head(commit),
            Some(LogicCondition::UnchangedSince(commit)) => mutation.if_unchanged_since(commit),
            None => mutation,
        };
        let receipt = mutation.await.map_err(logic_error)?;
        Ok(MutationSummary {
            nodes: receipt.affected_nodes,
            edges: receipt.affected_edges,
            committed: receipt.commit.is_some(),
            answer: answer(receipt.columns, &receipt.rows),
        })
    }

    async fn head(&mut self, branch: &str) -> Result<String, EngineError> {
        Ok(self.graph().branch(branch).head().await.map_err(logic_error)?.id().to_string())
    }

    async fn explain(&mut self, request: &LogicQuery) -> Result<Option<String>, EngineError> {
        let plan = self.prepare(request).await?.explain().await.map_err(logic_error)?;
        Ok(Some(plan.text))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_tests_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logic");
    let outcomes = logic::run_folder(&folder, EngineUnderTest::default).await.unwrap();
    let failures: Vec<String> = outcomes.into_iter().flat_map(|(_, outcome)| outcome.failures).collect();
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// Random cases of a test run; `OMNIGRAPH_RANDOM_CASES` runs more, `OMNIGRAPH_RANDOM_SEED` others.
const DEFAULT_CASES: u64 = 150;

/// Limits the failures that are printed.
const MAX_FAILURES: usize = 8;

#[expect(clippy::disallowed_methods, reason = "the environment sets the size of the test")]
fn env_number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_queries_agree_with_the_reference() {
    let first = env_number("OMNIGRAPH_RANDOM_SEED", 0);
    let (mut agreed, mut failures) = (0, Vec::new());
    for seed in first..first + env_number("OMNIGRAPH_RANDOM_CASES", DEFAULT_CASES) {
        let case = generate::case(seed, CaseSize::default());
        let (mut subject, mut oracle) = (EngineUnderTest::default(), OracleEngine::default());
        if oracle.init(&case.schema).await.is_err() || subject.init(&case.schema).await.is_err() {
            continue;
        }
        let env = omnigraph_storage::Env::seeded(seed);
        let mut ids = || env.ulid();
        let catalog = omnigraph_compiler::compile_schema(&case.schema, None, &mut ids).0.unwrap();
        // Two commits with queries after each: the caches of the first are updated incrementally for the second.
        let lines: Vec<&str> = case.rows.lines().collect();
        let (first, second) = lines.split_at(lines.len() * 2 / 3);
        for part in [first.join("\n"), second.join("\n")] {
            oracle.load(&part, OracleLoadMode::Append, "main").await.unwrap();
            subject.load(&part, OracleLoadMode::Append, "main").await.unwrap();
            for source in &case.queries {
                let request =
                    LogicQuery { source: source.clone(), name: None, params: None, branch: "main".to_owned() };
                let expected = oracle.query(&request).await;
                let actual = subject.query(&request).await;
                if let Some(difference) = difference(source, &catalog, expected, actual) {
                    let plan = subject.explain(&request).await.ok().flatten().unwrap_or_default();
                    failures.push(format!("seed {seed}: {difference}\n{source}\n{plan}"));
                    continue;
                }
                agreed += 1;
            }
        }
        if failures.len() >= MAX_FAILURES {
            break;
        }
    }
    assert!(
        failures.is_empty(),
        "OMNIGRAPH_RANDOM_SEED and OMNIGRAPH_RANDOM_CASES=1 repeat one\n{}",
        failures.join("\n")
    );
    println!("{agreed} random queries agree with the reference");
    assert!(agreed > 0);
}

/// Returns true if a query determines the order of all rows. In these graphs ids repeat over the types of an interface, so ids
/// do not distinguish its rows.
fn orders(source: &str, catalog: &Catalog) -> bool {
    let Ok(compiled) = omnigraph_compiler::compile(source, None, catalog) else { return false };
    let QueryOperation::Read(query) = compiled.operation else { return false };
    let asked = !query.order.keys.is_empty() || query.offset.is_some();
    asked && query.order.total && !source.contains(": Named")
}

/// Returns the difference of two results. Rows without an order are sorted, and a bare limit can select any of them.
fn difference(
    source: &str,
    catalog: &Catalog,
    expected: Result<ResultTable, EngineError>,
    actual: Result<ResultTable, EngineError>,
) -> Option<String> {
    match (expected, actual) {
        (Err(_), Err(_)) => None,
        (Ok(expected), Ok(actual)) => {
            let ordered = orders(source, catalog);
            let rows = |answer: &ResultTable| {
                let mut rows: Vec<String> = answer.rows.iter().map(|row| format!("{row:?}")).collect();
                if !ordered {
                    rows.sort();
                }
                rows
            };
            let (left, right) = (rows(&expected), rows(&actual));
            // A bare limit can select any rows, and so can one between rows that are equal in the order.
            let bare_limit = source.contains("limit") && !ordered;
            let same = left == right || (bare_limit && left.len() == right.len());
            (!same || expected.columns != actual.columns).then(|| format!("expected {left:#?}\nactual {right:#?}"))
        }
        (expected, actual) => Some(format!("expected {expected:?}\nactual {actual:?}")),
    }
}
