//! `lint`: queries checked against a schema, from a file or from a graph.

use serde_json::json;

use crate::support::{CommandResult, SCHEMA, TestGraph, run};

const GOOD: &str = "query all() { match { $p: Person } return { $p.name } }\n";
const BAD: &str = "query bad() { match { $p: Person } return { $p.nmae } }\n";
const UPDATE: &str = "query since($n: String, $s: I64) { update Knows set { since: $s } where from = $n }\n\
                      query rename($n: String) { update Person set { } where name = $n }\n";

/// The report of a lint, and its exit code.
fn report(ended: CommandResult) -> (i32, serde_json::Value) {
    assert_eq!(ended.stderr, "");
    (ended.code, serde_json::from_str(&ended.stdout).unwrap())
}

#[test]
fn a_report_has_the_documented_shape() {
    let graph = TestGraph::empty();
    let query = graph.file("q.gq", &format!("{GOOD}{BAD}"));
    let schema = graph.file("s.pg", SCHEMA);
    let (code, found) = report(run(["lint", "--query", &query, "--schema", &schema, "--json"]));
    assert_eq!(code, 1);
    assert_eq!(found["status"], "error");
    assert_eq!(found["schema_source"], json!({ "kind": "file", "path": schema }));
    assert_eq!((&found["queries_processed"], &found["errors"], &found["warnings"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!(found["results"][0]["operation"]["reads"], json!([{ "kind": "node", "type_name": "Person" }]));
    let bad = found["results"][1].as_object().unwrap();
    assert_eq!(bad["error"], "type error: T6: node type `Person` has no property `nmae`");
    assert!(!bad.contains_key("operation") && !bad.contains_key("diagnostics"), "{bad:?}");
    let (code, found) = report(graph.run(&["lint", "--query", &query, "--json"]));
    assert_eq!((code, &found["schema_source"]), (1, &json!({ "kind": "graph", "uri": graph.uri() })));
    let (_, again) = report(run(["lint", "--query", &query, &graph.uri(), "--json"]));
    assert_eq!(found, again);
}

#[test]
fn a_file_that_does_not_parse_is_one_finding() {
    let graph = TestGraph::empty();
    let query = graph.file("q.gq", UPDATE);
    let (code, found) = report(graph.run(&["lint", "--query", &query, "--json"]));
    assert_eq!((code, &found["queries_processed"], &found["results"]), (1, &json!(0), &json!([])));
    assert_eq!((&found["findings"][0]["code"], &found["findings"][1]), (&json!("Q000"), &json!(null)));
}

#[test]
fn text_has_labels_places_and_a_sum() {
    let graph = TestGraph::empty();
    let query = graph
        .file("q.gq", &format!("{GOOD}{BAD}query touch() {{ update Person set {{ age: 3 }} where name = \"a\" }}\n"));
    let ended = graph.run(&["lint", "--query", &query]);
    assert_eq!((ended.code, ended.stderr.as_str()), (1, ""));
    for wanted in [
        "OK    query all\n",
        "ERROR query bad\n",
        "q.gq:2:48",
        "did you mean `name`?",
        "OK    mutation touch\nWARN  warning[L101]",
        "INFO  Lint complete: 3 queries processed (1 errors, 1 warnings, 0 infos)\n",
    ] {
        assert!(ended.stdout.contains(wanted), "no {wanted:?} in\n{}", ended.stdout);
    }
}

#[test]
fn a_property_that_no_update_sets_is_reported() {
    let graph = TestGraph::empty();
    let schema = graph.file("s.pg", "node Policy { code: String @key  name: String?  effectiveTo: Date? }\n");
    let query =
        graph.file("q.gq", "query q($c: String, $n: String) { update Policy set { name: $n } where code = $c }\n");
    let all = ["lint", "--query", &query, "--schema", &schema];
    let (code, found) = report(run(all.iter().copied().chain(["--json"])));
    assert_eq!((code, &found["status"], &found["warnings"]), (0, &json!("ok"), &json!(1)));
    let finding = &found["findings"][0];
    assert_eq!((&finding["code"], &finding["type_name"]), (&json!("L201"), &json!("Policy")));
    assert_eq!((&finding["property"], &finding["query_names"]), (&json!("effectiveTo"), &json!(["q"])));
    let human = run(all).ok();
    assert!(human.contains("WARN  Policy.effectiveTo exists"), "{human}");
    let (code, found) = report(run(all.iter().copied().chain(["--level", "L201=error", "--json"])));
    assert_eq!((code, &found["errors"]), (1, &json!(1)));
    let (_, found) = report(run(all.iter().copied().chain(["--level", "L201=off", "--json"])));
    assert_eq!((&found["warnings"], &found["findings"]), (&json!(0), &json!([])));
    assert!(run(all.iter().copied().chain(["--level", "L999=off"])).fails(2).contains("code L999 not found"));
    assert!(run(all.iter().copied().chain(["--level", "L201=loud"])).fails(2).contains("loud"));
}

#[test]
fn a_schema_must_be_named_and_sound() {
    let graph = TestGraph::empty();
    let query = graph.file("q.gq", GOOD);
    let message = run(["lint", "--query", &query]).fails(1);
    assert!(message.contains("no graph addressed") && message.contains("lint requires --schema"), "{message}");
    let schema = graph.file("s.pg", "node Person { name: Strin }\n");
    let message = run(["lint", "--query", &query, "--schema", &schema, "--json"]).fails(1);
    assert!(message.starts_with("error[S000]") && message.contains("s.pg:1:21"), "{message}");
    assert!(run(["lint", "--query", &query, "http://host/graphs/k"]).fails(1).contains("--server"));
    assert!(graph.run(&["lint", "--query", &query, "--as", "ana"]).fails(1).contains("direct (storage-native)"));
    assert!(run(["lint"]).fails(2).contains("--query"));
}

#[test]
fn old_names_still_lint() {
    let graph = TestGraph::empty();
    let (query, schema) = (graph.file("q.gq", GOOD), graph.file("s.pg", SCHEMA));
    let rest = ["--query", &query, "--schema", &schema, "--json"];
    let now = run(["lint"].into_iter().chain(rest)).ok();
    for old in [&["check"][..], &["query", "lint"], &["query", "check"]] {
        let ended = run(old.iter().copied().chain(rest));
        assert_eq!((ended.code, &ended.stdout), (0, &now));
        assert!(ended.stderr.contains(&format!("`{}` is deprecated; use `lint`", old.join(" "))), "{}", ended.stderr);
    }
}

#[test]
fn a_schema_may_be_split_over_files() {
    let graph = TestGraph::empty();
    let (query, schema) = (graph.file("q.gq", GOOD), graph.file("whole.pg", "import \"part.pg\"\nnode City {}\n"));
    graph.file("part.pg", "node Person { name: String @key }\n");
    assert_eq!(run(["lint", "--query", &query, "--schema", &schema]).code, 0);
    let uri = graph.path("split.omni").display().to_string();
    run(["init", "--durability", "os", "--schema", &schema, &uri]).ok();
    let shown = run(["schema", "show", &uri]).ok();
    assert_eq!(shown, "node Person {\n  name: String @key\n}\n\nnode City {}\n");
    graph.file("part.pg", "node Person { name: Strin @key }\n");
    let message = run(["init", "--schema", &schema, &graph.path("other.omni").display().to_string()]).fails(1);
    assert!(message.contains("part.pg:1:21"), "{message}");
}
