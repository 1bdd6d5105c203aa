//! `export`: lines that load again.

use crate::support::TestGraph;

#[test]
fn an_export_loads_again_and_exports_the_same() {
    let graph = TestGraph::small();
    let exported = graph.run(&["export"]).ok();
    assert_eq!(exported.lines().count(), 5);
    let copy = TestGraph::empty();
    copy.load(&exported, &["--mode", "append"]).ok();
    assert_eq!(copy.run(&["export"]).ok(), exported);
    assert_eq!(copy.people(&[]), ["Alice", "Bob"]);
}

#[test]
fn types_branches_and_the_past_can_be_chosen() {
    let graph = TestGraph::small();
    let before = graph.head("main");
    let carol = "{\"type\": \"Person\", \"data\": {\"name\": \"Carol\"}}\n";
    graph.load(carol, &["--mode", "append", "--branch", "draft", "--from", "main"]).ok();
    let lines = |arguments: &[&str]| graph.run(arguments).ok().lines().count();
    assert_eq!(lines(&["export", "--type", "Person"]), 2);
    assert_eq!(lines(&["export", "--type", "Person", "--type", "Knows"]), 3);
    assert_eq!(lines(&["export", "--type", "Person", "--branch", "draft"]), 3);
    assert_eq!(lines(&["export", "--type", "Person", "--snapshot", &before]), 2);
    let message = graph.run(&["export", "--type", "Persn"]).fails(1);
    assert!(message.contains("'Persn'"), "{message}");
}
