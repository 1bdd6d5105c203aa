//! Tests as text, and random queries beside the reference evaluator.

use std::path::Path;

use async_trait::async_trait;
use omnigraph::{
    LoadMode, LoadRequest, LoadSource, MutateRequest, Omnigraph, OpenOptions, QueryRequest, Target, WriteCondition,
};
use omnigraph_compiler::catalog::Catalog;
use omnigraph_compiler::ir::Operation;
use omnigraph_testkit::generate::{self, Size};
use omnigraph_testkit::logic::{self, Answer, Condition, Engine, EngineError, OracleEngine, Receipt, Request, Write};
use omnigraph_testkit::oracle::Mode;
use serde_json::Value;

use crate::support::memory;

/// The engine as text tests see it.
#[derive(Default)]
struct Subject {
    graph: Option<Omnigraph>,
}

/// Cells in the order of the columns.
fn answer(columns: Vec<String>, rows: &[serde_json::Map<String, Value>]) -> Answer {
    let cells = |row: &serde_json::Map<String, Value>| {
        columns.iter().map(|column| row.get(column).cloned().unwrap_or(Value::Null)).collect()
    };
    Answer { rows: rows.iter().map(cells).collect(), columns }
}

fn shown(error: omnigraph::Error) -> EngineError {
    EngineError { code: error.code().to_owned(), message: error.to_string() }
}

impl Subject {
    fn graph(&self) -> &Omnigraph {
        self.graph.as_ref().expect("a test starts with a schema")
    }

    fn request(request: &Request) -> QueryRequest {
        QueryRequest {
            source: request.source.clone(),
            file: "test.gq".to_owned(),
            name: request.name.clone(),
            params: request.params.clone(),
            ..QueryRequest::default()
        }
    }
}

#[async_trait(?Send)]
impl Engine for Subject {
    fn supports(&self, feature: &str) -> bool {
        matches!(feature, "search" | "mutations")
    }

    async fn init(&mut self, schema: &str) -> Result<(), EngineError> {
        let graph = Omnigraph::init(&memory(), "schema.pg", schema, None, OpenOptions::default()).await;
        self.graph = Some(graph.map_err(shown)?);
        Ok(())
    }

    async fn load(&mut self, lines: &str, mode: Mode, branch: &str) -> Result<(), EngineError> {
        let mode = match mode {
            Mode::Append => LoadMode::Append,
            Mode::Merge => LoadMode::Merge,
            Mode::Overwrite => LoadMode::Overwrite,
        };
        let source = LoadSource::reader("rows.jsonl", std::io::Cursor::new(lines.as_bytes().to_vec()));
        let request = LoadRequest::new(branch, mode, source);
        self.graph().load(request).await.map(drop).map_err(shown)
    }

    async fn create_branch(&mut self, name: &str, from: &str) -> Result<(), EngineError> {
        let from = Target::Branch(from.to_owned());
        self.graph().create_branch(name, &from, None).await.map(drop).map_err(shown)
    }

    async fn query(&mut self, request: &Request) -> Result<Answer, EngineError> {
        let snapshot = self.graph().snapshot(Target::Branch(request.branch.clone())).await.map_err(shown)?;
        let result = snapshot.query(Self::request(request)).await.map_err(shown)?;
        Ok(answer(result.columns, &result.rows))
    }

    async fn mutate(&mut self, write: &Write) -> Result<Receipt, EngineError> {
        let request = &write.request;
        let condition = write.condition.clone().map(|condition| match condition {
            Condition::Head(commit) => WriteCondition::Head(commit),
            Condition::UnchangedSince(commit) => WriteCondition::UnchangedSince(commit),
        });
        let request = MutateRequest {
            branch: request.branch.clone(),
            source: request.source.clone(),
            file: "test.gq".to_owned(),
            name: request.name.clone(),
            params: request.params.clone(),
            condition,
            ..MutateRequest::default()
        };
        let receipt = self.graph().mutate(request).await.map_err(shown)?;
        Ok(Receipt {
            nodes: receipt.affected_nodes,
            edges: receipt.affected_edges,
            committed: receipt.commit.is_some(),
            answer: answer(receipt.columns, &receipt.rows),
        })
    }

    async fn head(&mut self, branch: &str) -> Result<String, EngineError> {
        let commit = self.graph().commit_of(&Target::Branch(branch.to_owned())).await.map_err(shown)?;
        Ok(commit.commit.to_string())
    }

    async fn explain(&mut self, request: &Request) -> Result<Option<String>, EngineError> {
        let snapshot = self.graph().snapshot(Target::Branch(request.branch.clone())).await.map_err(shown)?;
        let plan = snapshot.explain(Self::request(request), false).await.map_err(shown)?;
        Ok(Some(plan.text))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logic");
    let outcomes = logic::run_folder(&folder, Subject::default).await.unwrap();
    let failures: Vec<String> = outcomes.into_iter().flat_map(|(_, outcome)| outcome.failures).collect();
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// How many random cases the test run asks; `OMNIGRAPH_RANDOM_CASES` asks more, `OMNIGRAPH_RANDOM_SEED` others.
const CASES: u64 = 150;

/// How many failures are shown at most.
const MOST_FAILURES: usize = 8;

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how many there are")]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_queries_agree_with_the_reference() {
    let first = number("OMNIGRAPH_RANDOM_SEED", 0);
    let (mut agreed, mut failures) = (0, Vec::new());
    for seed in first..first + number("OMNIGRAPH_RANDOM_CASES", CASES) {
        let case = generate::case(seed, Size::default());
        let (mut subject, mut oracle) = (Subject::default(), OracleEngine::default());
        if oracle.init(&case.schema).await.is_err() || subject.init(&case.schema).await.is_err() {
            continue;
        }
        let ambient = omnigraph::objects::Ambient::seeded(seed);
        let mut ids = || ambient.ulid();
        let catalog = omnigraph_compiler::compile_schema(&case.schema, None, &mut ids).0.unwrap();
        // In two commits, with questions after each: what is kept of the first is brought forward to the second.
        let lines: Vec<&str> = case.rows.lines().collect();
        let (first, second) = lines.split_at(lines.len() * 2 / 3);
        for part in [first.join("\n"), second.join("\n")] {
            oracle.load(&part, Mode::Append, "main").await.unwrap();
            subject.load(&part, Mode::Append, "main").await.unwrap();
            for source in &case.queries {
                let request = Request { source: source.clone(), name: None, params: None, branch: "main".to_owned() };
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
        if failures.len() >= MOST_FAILURES {
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

/// Whether the order of a query's rows is one that both must find: no two rows are equal in it. Ids repeat over the types of
/// an interface in these graphs, so there they do not tell rows apart.
fn orders(source: &str, catalog: &Catalog) -> bool {
    let Ok(compiled) = omnigraph_compiler::compile(source, None, catalog) else { return false };
    let Operation::Read(query) = compiled.operation else { return false };
    let asked = !query.order.keys.is_empty() || query.offset.is_some();
    asked && query.order.total && !source.contains(": Named")
}

/// What two answers disagree about. Rows without an order come in any, and a bare limit takes any of them.
fn difference(
    source: &str,
    catalog: &Catalog,
    expected: Result<Answer, EngineError>,
    actual: Result<Answer, EngineError>,
) -> Option<String> {
    match (expected, actual) {
        (Err(_), Err(_)) => None,
        (Ok(expected), Ok(actual)) => {
            let ordered = orders(source, catalog);
            let rows = |answer: &Answer| {
                let mut rows: Vec<String> = answer.rows.iter().map(|row| format!("{row:?}")).collect();
                if !ordered {
                    rows.sort();
                }
                rows
            };
            let (left, right) = (rows(&expected), rows(&actual));
            // A bare limit takes any rows; and so does one that cuts between equal ones.
            let bare_limit = source.contains("limit") && !ordered;
            let same = left == right || (bare_limit && left.len() == right.len());
            (!same || expected.columns != actual.columns).then(|| format!("expected {left:#?}\nactual {right:#?}"))
        }
        (expected, actual) => Some(format!("expected {expected:?}\nactual {actual:?}")),
    }
}
