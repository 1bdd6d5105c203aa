//! The reference evaluator against answers worked out by hand.
//!
//! A question is `clauses => { projections } …`, short for the query that matches and returns these.

mod aggregates;
mod blocks;
mod expressions;
mod mutations;
mod paths;
mod patterns;
mod ranks;
mod results;

use omnigraph_compiler::ir::{QueryOperation, ReadQuery};
use omnigraph_compiler::{Catalog, compile, compile_schema, params};
use omnigraph_testkit::oracle::{
    NoTextBackend, OracleError, OracleGraph, OracleLoadMode, OracleRows, RowOrder, TextBackend, evaluate_with_search,
};

/// 2024-05-06T07:08:09Z
const NOW_MILLIS: i64 = 1_714_979_289_000;

/// A schema and its rows.
struct OracleFixture {
    catalog: Catalog,
    graph: OracleGraph,
}

impl OracleFixture {
    fn new(schema: &str, lines: &str) -> Self {
        let mut next = 0;
        let mut mint = || {
            next += 1;
            ulid::Ulid::from(next)
        };
        let (catalog, diagnostics) = compile_schema(schema, None, &mut mint);
        let catalog = catalog.unwrap_or_else(|| panic!("{diagnostics:?}"));
        let mut graph = OracleGraph::new();
        graph.load(&catalog, lines, OracleLoadMode::Append, NOW_MILLIS).unwrap();
        Self { catalog, graph }
    }

    /// The sailors of the specification, with dates on two of the edges and weights on a third type.
    fn fleet() -> Self {
        Self::new(
            "interface Placed { code: String }
             node Sailor { handle: String @key rank: I32? }
             node Harbor implements Placed { code: String @key }
             node Bay implements Placed { code: String @key deep: Bool? }
             edge Trusts: Sailor -> Sailor { since: Date? }
             edge BasedAt: Sailor -> Harbor
             edge Owes: Sailor -> Sailor { amount: I64 }",
            r#"{"type":"Sailor","data":{"handle":"ana","rank":30}}
               {"type":"Sailor","data":{"handle":"ben","rank":25}}
               {"type":"Sailor","data":{"handle":"cyd","rank":35}}
               {"type":"Sailor","data":{"handle":"dot","rank":28}}
               {"type":"Sailor","data":{"handle":"eve"}}
               {"type":"Harbor","data":{"code":"oslo"}}
               {"type":"Harbor","data":{"code":"riga"}}
               {"type":"Bay","data":{"code":"oslo","deep":true}}
               {"edge":"Trusts","from":"ana","to":"ben","data":{"id":"t1","since":"2024-01-01"}}
               {"edge":"Trusts","from":"ana","to":"cyd","data":{"id":"t2","since":"2024-03-01"}}
               {"edge":"Trusts","from":"ben","to":"dot","data":{"id":"t3"}}
               {"edge":"BasedAt","from":"ana","to":"oslo","data":{"id":"b1"}}
               {"edge":"BasedAt","from":"ben","to":"riga","data":{"id":"b2"}}
               {"edge":"Owes","from":"ana","to":"ben","data":{"id":"o1","amount":7}}
               {"edge":"Owes","from":"ana","to":"ben","data":{"id":"o2","amount":2}}
               {"edge":"Owes","from":"ben","to":"ben","data":{"id":"o3","amount":1}}"#,
        )
    }

    fn compile(&self, question: &str) -> ReadQuery {
        let source = match question.split_once("=>") {
            Some((clauses, rest)) => format!("query q() {{ match {{ {clauses} }} return {rest} }}"),
            None => question.to_owned(),
        };
        match compile(&source, None, &self.catalog) {
            Ok(compiled) => match compiled.operation {
                QueryOperation::Read(query) => query,
                QueryOperation::Mutation(_) => panic!("{source} is not a read"),
            },
            Err(diagnostics) => panic!("{source}: {diagnostics:?}"),
        }
    }

    fn result(
        &self,
        question: &str,
        arguments: &serde_json::Value,
        search: &dyn TextBackend,
    ) -> Result<OracleRows, OracleError> {
        let query = self.compile(question);
        let params = params::decode(&query.params, Some(arguments), params::NumberMode::Native).unwrap();
        evaluate_with_search(&self.graph, &self.catalog, &query, &params, NOW_MILLIS, search)
    }

    /// The rows, cells joined by ` | `; sorted where the query leaves the order open.
    fn ask(&self, question: &str) -> Vec<String> {
        self.ask_with(question, &serde_json::json!({}))
    }

    fn ask_with(&self, question: &str, arguments: &serde_json::Value) -> Vec<String> {
        let rows =
            self.result(question, arguments, &NoTextBackend).unwrap_or_else(|failure| panic!("{question}: {failure}"));
        lines(&rows)
    }

    /// Returns the error of a query that fails while it runs.
    fn failure(&self, question: &str) -> String {
        match self.result(question, &serde_json::json!({}), &NoTextBackend) {
            Err(OracleError::Run(problem)) => problem,
            other => panic!("{question}: {other:?}"),
        }
    }
}

fn lines(rows: &OracleRows) -> Vec<String> {
    let cells = |row: &Vec<serde_json::Value>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    let mut lines: Vec<String> = rows.rows.iter().map(cells).collect();
    if rows.order == RowOrder::None {
        lines.sort();
    }
    lines
}

/// Asks one world several things.
#[track_caller]
fn check(world: &OracleFixture, cases: &[(&str, &[&str])]) {
    for (question, expected) in cases {
        assert_eq!(world.ask(question), *expected, "{question}");
    }
}
