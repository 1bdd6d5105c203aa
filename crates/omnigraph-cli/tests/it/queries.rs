//! `query`: sources, parameters, branches and the past.

use crate::support::{PEOPLE, TestGraph};

const TWO: &str = "\
query find($name: String) { match { $p: Person { name: $name } } return { $p.name as name, $p.age as age } }
query friends() { match { $p: Person  $p knows $q } return { $p.name as who, $q.name as whom } }
";

#[test]
fn a_query_of_a_file_is_run_by_name_with_parameters() {
    let graph = TestGraph::small();
    let file = graph.file("two.gq", TWO);
    let answer = graph.run(&["query", "find", "--query", &file, "--params", r#"{"name": "Alice"}"#, "--json"]).json();
    assert_eq!(answer["rows"], serde_json::json!([{ "name": "Alice", "age": 30 }]));
    assert_eq!(answer["row_count"], 1);
    assert_eq!(answer["query_name"], "find");
    assert_eq!(answer["columns"], serde_json::json!(["name", "age"]));
    assert_eq!(answer["target"], serde_json::json!({ "branch": "main", "snapshot": null }));
    assert_eq!(answer["graph_commit_id"], graph.head("main").as_str());
    let params = graph.file("params.json", r#"{"name": "Bob"}"#);
    let answer = graph.run(&["query", "find", "--query", &file, "--params-file", &params, "--json"]).json();
    assert_eq!(answer["rows"], serde_json::json!([{ "name": "Bob", "age": null }]));
    let answer = graph.run(&["query", "friends", "--query", &file, "--json"]).json();
    assert_eq!(answer["rows"], serde_json::json!([{ "who": "Alice", "whom": "Bob" }]));
}

#[test]
fn the_query_meant_must_be_clear() {
    let graph = TestGraph::small();
    let file = graph.file("two.gq", TWO);
    let failed = |arguments: &[&str]| graph.run(arguments).fails(1);
    assert!(failed(&["query", "--query", &file]).contains("multiple queries"));
    assert!(failed(&["query", "nope", "--query", &file]).contains("query 'nope' not found"));
    assert!(failed(&["query", "-e", ""]).contains("--query-string must not be empty"));
    assert!(failed(&["query", "-e", "  \n"]).contains("must not be empty"));
    assert!(failed(&["query", "find"]).contains("by-name invocation needs a server"));
    assert!(failed(&["query"]).contains("--query <path>"));
    assert!(failed(&["query", "--query", "none.gq"]).contains("cannot read the query file none.gq"));
    assert!(failed(&["query", "-e", PEOPLE, "--params", "{"]).contains("--params is not valid JSON"));
}

#[test]
fn a_query_that_does_not_compile_is_shown_with_its_place() {
    let graph = TestGraph::small();
    let file = graph.file("bad.gq", "query q() {\n  match { $p: Persn }\n  return { $p.name }\n}\n");
    let message = graph.run(&["query", "--query", &file]).fails(1);
    assert!(message.starts_with("error["), "{message}");
    assert!(message.contains("bad.gq:2:") && message.contains('^'), "{message}");
    assert!(message.contains("Person"), "no advice: {message}");
    assert_eq!(message.matches("error[").count(), 1, "{message}");
}

#[test]
fn the_past_can_be_asked() {
    let graph = TestGraph::small();
    let before = graph.head("main");
    graph.load("{\"type\": \"Person\", \"data\": {\"name\": \"Carol\"}}\n", &["--mode", "append"]).ok();
    assert_eq!(graph.people(&[]), ["Alice", "Bob", "Carol"]);
    assert_eq!(graph.people(&["--snapshot", &before]), ["Alice", "Bob"]);
    let answer = graph.run(&["query", "-e", PEOPLE, "--snapshot", &before, "--json"]).json();
    assert_eq!(answer["target"], serde_json::json!({ "branch": null, "snapshot": before }));
    assert_eq!(answer["graph_commit_id"], before);
    let human = graph.run(&["query", "-e", PEOPLE, "--snapshot", &before]).ok();
    assert!(human.starts_with(&format!("2 rows from snapshot {before} via people\n")), "{human}");
    let message = graph.run(&["query", "-e", PEOPLE, "--snapshot", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).fails(1);
    assert!(message.contains("commit '01ARZ3NDEKTSV4RRFFQ69G5FAV' not found"), "{message}");
    let message = graph.run(&["query", "-e", PEOPLE, "--branch", "nope"]).fails(1);
    assert!(message.contains("branch 'nope' not found"), "{message}");
}

#[test]
fn a_file_of_queries_may_set_tighter_limits_and_no_wider_ones() {
    let graph = TestGraph::small();
    let few = graph.file("few.gq", &format!("set row_limit = 1;\n{PEOPLE}"));
    let message = graph.run(&["query", "--query", &few]).fails(1);
    assert!(message.contains("OG-QUERY-006") && message.contains("1 rows"), "{message}");
    let many = graph.file("many.gq", &format!("set row_limit = 100;\n{PEOPLE}"));
    assert!(graph.run(&["query", "--query", &many, "--row-limit", "1"]).fails(1).contains("OG-QUERY-006"));
    graph.run(&["query", "--query", &many]).ok();
    let wrong = graph.file("wrong.gq", &format!("set row_limits = 1;\n{PEOPLE}"));
    let message = graph.run(&["query", "--query", &wrong]).fails(1);
    assert!(message.contains("error[T131]") && message.contains("did you mean `row_limit`?"), "{message}");
}
