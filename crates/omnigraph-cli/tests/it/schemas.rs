//! `schema show` and `schema plan`.

use serde_json::json;

use crate::support::{SCHEMA, TestGraph, run};

#[test]
fn the_schema_is_shown_as_it_was_written() {
    let graph = TestGraph::empty();
    assert_eq!(run(["schema", "show", &graph.uri()]).ok(), SCHEMA);
    assert_eq!(graph.run(&["schema", "show", "--json"]).json(), json!({ "schema_source": SCHEMA }));
    assert_eq!(run(["--store", &graph.uri(), "schema", "show"]).ok(), SCHEMA);
}

#[test]
fn a_plan_lists_the_steps_to_another_schema() {
    let graph = TestGraph::empty();
    let wanted = SCHEMA.replace("age: I64?", "years: I64? @rename_from(\"age\")  nick: String?");
    let schema = graph.file("wanted.pg", &wanted);
    let human = run(["schema", "plan", "--schema", &schema, &graph.uri()]).ok();
    let expected = format!(
        "schema plan for {}\nsupported: yes\n- add property 'Person.nick' (String?) on node 'Person'\n\
         - rename property 'Person.age' -> 'Person.years' on node 'Person'\n",
        graph.uri()
    );
    assert_eq!(human, expected);
    let plan = graph.run(&["schema", "plan", "--schema", &schema, "--json"]).json();
    assert_eq!((&plan["uri"], &plan["supported"], &plan["step_count"]), (&json!(graph.uri()), &json!(true), &json!(2)));
    assert_eq!(plan["steps"][0]["kind"], "add_property");
    assert_eq!(run(["schema", "show", &graph.uri()]).ok(), SCHEMA);
}

#[test]
fn a_plan_that_is_refused_is_a_plan_all_the_same() {
    let graph = TestGraph::empty();
    let schema = graph.file("wanted.pg", &SCHEMA.replace("age: I64?", "age: String?"));
    let human = graph.run(&["schema", "plan", "--schema", &schema]).ok();
    assert!(
        human.contains("supported: no\n- unsupported change on node:Person.age [OG-MF-106, destructive]"),
        "{human}"
    );
    let same = graph.file("same.pg", SCHEMA);
    assert!(graph.run(&["schema", "plan", "--schema", &same]).ok().ends_with("supported: yes\nno schema changes\n"));
    let less = graph.file("less.pg", "node Person { name: String @key }\n");
    assert!(graph.run(&["schema", "plan", "--schema", &less]).ok().contains("(soft mode)"));
    let hard = graph.run(&["schema", "plan", "--schema", &less, "--allow-data-loss"]).ok();
    assert!(hard.contains("- drop node type 'Company' (hard mode)"), "{hard}");
    assert!(graph.run(&["schema", "plan", "--schema", "none.pg"]).fails(1).contains("cannot read the schema none.pg"));
}
