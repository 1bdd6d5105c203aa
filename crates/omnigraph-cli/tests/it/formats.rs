//! The result of a query in every format.

use expect_test::{Expect, expect};

use crate::support::TestGraph;

const QUERY: &str =
    "query people() { match { $p: Person } return { $p.name as name, $p.age as age } order { $p.name } }";

fn graph() -> TestGraph {
    let graph = TestGraph::small();
    let rows = concat!(
        r#"{"type": "Person", "data": {"name": "Cy, \"the\"\nsecond", "age": -1}}"#,
        "\n",
        r#"{"type": "Person", "data": {"name": "Dvořák"}}"#,
        "\n",
    );
    graph.load(rows, &["--mode", "append"]).ok();
    graph
}

fn check(graph: &TestGraph, arguments: &[&str], expected: &Expect) {
    let all: Vec<&str> = ["query", "-e", QUERY].iter().chain(arguments).copied().collect();
    expected.assert_eq(&graph.run(&all).ok().replace(&graph.head("main"), "<head>"));
}

#[test]
fn formats_for_people() {
    let graph = graph();
    let table = expect![[r#"
        4 rows from branch main via people
        name              | age
        ------------------+-----
        Alice             | 30
        Bob               | null
        Cy, "the"\nsecond | -1
        Dvořák            | null
    "#]];
    check(&graph, &[], &table);
    check(&graph, &["--format", "table"], &table);
    check(
        &graph,
        &["--format", "kv"],
        &expect![[r#"
        4 rows from branch main via people
        row 1
        name: Alice
        age: 30

        row 2
        name: Bob
        age: null

        row 3
        name: Cy, "the"\nsecond
        age: -1

        row 4
        name: Dvořák
        age: null
    "#]],
    );
}

#[test]
fn formats_for_programs() {
    let graph = graph();
    check(
        &graph,
        &["--format", "csv"],
        &expect![[r#"
        name,age
        Alice,30
        Bob,null
        "Cy, ""the""
        second",-1
        Dvořák,null
    "#]],
    );
    check(
        &graph,
        &["--format", "jsonl"],
        &expect![[r#"
        {"kind":"metadata","query_name":"people","target":{"branch":"main","snapshot":null},"row_count":4}
        {"name":"Alice","age":30}
        {"name":"Bob","age":null}
        {"name":"Cy, \"the\"\nsecond","age":-1}
        {"name":"Dvořák","age":null}
    "#]],
    );
    let json = graph.run(&["query", "-e", QUERY, "--json"]).ok();
    assert_eq!(json, graph.run(&["query", "-e", QUERY, "--format", "json"]).ok());
    assert!(json.starts_with("{\n  \"query_name\": \"people\",\n") && json.ends_with("\n}\n"), "{json}");
}

#[test]
fn a_result_without_rows_has_every_format() {
    let graph = TestGraph::empty();
    check(
        &graph,
        &["--format", "kv"],
        &expect![[r#"
        0 rows from branch main via people
        (no rows)
    "#]],
    );
    check(
        &graph,
        &["--format", "csv"],
        &expect![[r#"
        name,age
    "#]],
    );
    check(
        &graph,
        &["--json"],
        &expect![[r#"
        {
          "query_name": "people",
          "target": {
            "branch": "main",
            "snapshot": null
          },
          "row_count": 0,
          "columns": [
            "name",
            "age"
          ],
          "rows": [],
          "graph_commit_id": "<head>"
        }
    "#]],
    );
}
