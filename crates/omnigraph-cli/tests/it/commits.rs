//! `commit list`, `commit show`, `snapshot`.

use serde_json::json;

use crate::support::{ROWS, TestGraph, run};

#[test]
fn history_is_listed_newest_first() {
    let graph = TestGraph::small();
    graph.load(ROWS, &["--mode", "merge", "--as", "ann"]).ok();
    let commits = graph.commits("main");
    assert_eq!(commits.len(), 3);
    let id = |at: usize| commits[at]["graph_commit_id"].as_str().unwrap();
    assert_eq!(commits[0]["parent_commit_id"], id(1));
    assert_eq!(commits[0]["actor_id"], "ann");
    assert!(commits[2]["parent_commit_id"].is_null());
    assert!(commits[0]["created_at"].as_i64().unwrap() >= commits[1]["created_at"].as_i64().unwrap());
    let expected = format!(
        "{} graph_branch=main graph_manifest_version=3 actor=ann kind=load\n\
         {} graph_branch=main graph_manifest_version=2 kind=load\n\
         {} graph_branch=main graph_manifest_version=1 kind=init\n",
        id(0),
        id(1),
        id(2)
    );
    assert_eq!(graph.run(&["commit", "list"]).ok(), expected);
    assert_eq!(run(["commit", "list", &graph.uri()]).ok(), expected);
}

#[test]
fn the_history_of_a_branch_goes_on_where_it_began() {
    let graph = TestGraph::small();
    graph.load(ROWS, &["--mode", "merge", "--branch", "draft", "--from", "main"]).ok();
    let branches: Vec<_> = graph.commits("draft").iter().map(|commit| commit["graph_branch"].clone()).collect();
    assert_eq!(branches, [json!("draft"), json!(null), json!(null)]);
    assert_eq!(graph.commits("main").len(), 2);
}

#[test]
fn a_commit_is_shown() {
    let graph = TestGraph::small();
    let commits = graph.commits("main");
    let head = graph.head("main");
    let shown = run(["commit", "show", "--uri", &graph.uri(), &head, "--json"]).json();
    assert_eq!(shown, commits[0]);
    let keys: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "graph_commit_id",
        "graph_branch",
        "graph_manifest_version",
        "parent_commit_id",
        "merged_parent_commit_id",
        "actor_id",
        "created_at",
    ];
    assert_eq!(keys, expected);
    let human = run(["commit", "show", "--uri", &graph.uri(), &head]).ok();
    assert!(human.starts_with(&format!("graph_commit_id: {head}\ngraph_branch: main\ngraph_manifest_version: 2\n")));
    assert!(!human.contains("actor_id"), "{human}");
    assert!(graph.run(&["commit", "show", "nonsense"]).fails(1).contains("commit 'nonsense' not found"));
}

#[test]
fn a_snapshot_names_every_table() {
    let graph = TestGraph::small();
    let report = graph.run(&["snapshot", "--json"]).json();
    assert_eq!(report["graph_branch"], "main");
    assert_eq!(report["generation"], 2);
    assert_eq!(report["format_version"], 1);
    let datasets = report["datasets"].as_array().unwrap();
    let shown: Vec<_> =
        datasets.iter().map(|set| (&set["entity_kind"], &set["type_name"], &set["entity_count"])).collect();
    let expected = [("node", "Company", 1), ("edge", "Knows", 1), ("node", "Person", 2), ("edge", "WorksAt", 1)];
    let expected = expected.map(|(kind, name, rows)| (json!(kind), json!(name), json!(rows)));
    assert_eq!(shown, expected.each_ref().map(|(kind, name, rows)| (kind, name, rows)));
    // Above 2^53, so it travels as a string.
    let version: u64 = datasets[0]["published_dataset_version"].as_str().unwrap().parse().unwrap();
    assert!(version > 1 << 53);
    assert!(datasets[0]["native_dataset_branch"].is_null());
    let human = graph.run(&["snapshot"]).ok();
    assert!(human.starts_with("graph_branch: main\ngeneration: 2\nformat_version: 1\n"), "{human}");
    let line =
        format!("node type 'Company' published_dataset_version={version} native_dataset_branch=main entities=1\n");
    assert!(human.contains(&line), "{human}");
}
