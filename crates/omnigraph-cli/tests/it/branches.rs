//! `branch create`, `list`, `delete`.

use serde_json::json;

use crate::support::{TestGraph, run};

#[test]
fn branches_are_created_and_deleted() {
    let graph = TestGraph::small();
    let uri = graph.uri();
    let made = run(["branch", "create", "zoo", "--uri", &uri, "--as", "ann", "--json"]).json();
    assert_eq!(made, json!({ "uri": uri, "from": "main", "name": "zoo", "actor_id": "ann" }));
    let human = graph.run(&["branch", "create", "alpha/one", "--from", "zoo"]);
    assert_eq!(human.stderr, format!("omnigraph branch create → {uri} (direct, local)\n"));
    assert_eq!(human.ok(), "created branch alpha/one from zoo\n");
    assert_eq!(graph.run(&["branch", "list"]).ok(), "alpha/one\nmain\nzoo\n");
    assert_eq!(graph.run(&["branch", "list", "--json"]).json(), json!({ "branches": ["alpha/one", "main", "zoo"] }));
    let deleted = graph.run(&["branch", "delete", "zoo", "--json"]).json();
    assert_eq!(deleted, json!({ "uri": uri, "name": "zoo", "actor_id": null }));
    assert_eq!(graph.run(&["branch", "delete", "alpha/one"]).ok(), "deleted branch alpha/one\n");
    assert_eq!(graph.run(&["branch", "list"]).ok(), "main\n");
}

#[test]
fn what_cannot_be_done_to_branches_is_refused() {
    let graph = TestGraph::empty();
    let failed = |arguments: &[&str]| graph.run(arguments).fails(1);
    assert!(failed(&["branch", "delete", "main"]).contains("cannot delete branch 'main'"));
    assert!(failed(&["branch", "delete", "nope"]).contains("branch 'nope' not found"));
    assert!(failed(&["branch", "create", "main"]).contains("branch 'main' already exists"));
    assert!(failed(&["branch", "create", "x", "--from", "nope"]).contains("no branch, tag or commit named 'nope'"));
    graph.run(&["branch", "create", "x"]).ok();
    assert!(failed(&["branch", "create", "x"]).contains("branch 'x' already exists"));
}
