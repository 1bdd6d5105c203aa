//! The Lance mirror under heads/: current when a command ends, checked and repaired on demand, off if created so.

use crate::support::{ROWS, SCHEMA, TestGraph, run};

#[test]
fn the_mirror_is_current_when_a_command_ends() {
    let graph = TestGraph::small();
    for name in ["Person", "Company", "Knows", "WorksAt"] {
        let versions = graph.path("graph.omni/heads/main").join(format!("{name}.lance/_versions"));
        assert_eq!(std::fs::read_dir(&versions).unwrap().count(), 2, "{name}: one of init, one of the load");
    }
    assert!(!graph.path("graph.omni/__recovery").exists(), "an intent remains");
    let report = graph.run(&["repair", "--json"]).json();
    assert_eq!(report["confirm"], false);
    let datasets = report["datasets"].as_array().unwrap();
    assert_eq!(datasets.len(), 4);
    for dataset in datasets {
        assert_eq!(
            (&dataset["classification"], &dataset["action"]),
            (&"NoMovement".into(), &"no_op".into()),
            "{dataset}"
        );
        assert_eq!(dataset["lance_head_version"], 2);
    }
}

#[test]
fn repair_previews_first_and_repairs_on_confirmation() {
    let graph = TestGraph::small();
    std::fs::remove_dir_all(graph.path("graph.omni/heads/main/Person.lance")).unwrap();
    let shown = graph.run(&["repair"]);
    assert!(shown.stderr.contains("omnigraph repair → "), "{shown:?}");
    let shown = shown.ok();
    assert!(shown.contains("node type 'Person'") && shown.contains("no head, Behind -> preview"), "{shown}");
    assert!(shown.contains("run again with --confirm"), "{shown}");
    let done = graph.run(&["repair", "--confirm"]).ok();
    assert!(done.contains("Behind -> healed") && !done.contains("preview"), "{done}");
    let clean = graph.run(&["repair", "--confirm"]).ok();
    assert!(!clean.contains("healed"), "{clean}");
    let audit = graph.run(&["audit", "--json"]).json();
    let entries = audit["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["actor_id"]), (1, &"omnigraph:repair".into()));
    let lines = graph.run(&["audit"]).ok();
    assert!(lines.contains("decision=RollForward") && lines.contains("  node:Person Behind 0 -> 1"), "{lines}");
}

#[test]
fn a_graph_without_a_mirror_has_no_heads_folder() {
    let graph = TestGraph::empty();
    let (schema, uri) = (graph.file("schema.pg", SCHEMA), graph.path("none.omni").display().to_string());
    run(["init", "--no-heads", "--schema", &schema, &uri]).ok();
    let rows = graph.file("rows.jsonl", ROWS);
    run(["load", "--data", &rows, "--mode", "merge", &uri]).ok();
    assert!(!graph.path("none.omni/heads").exists());
    assert!(run(["repair", &uri]).fails(1).contains("error[OG-MIRROR-005]"));
}

#[test]
fn commands_that_only_read_leave_everything_as_it_is() {
    let graph = TestGraph::small();
    graph.run(&["branch", "create", "side"]).ok();
    let head = graph.head("main");
    let before = tree(&graph);
    let query = "query q() { match { $p: Person } return { $p.name } }";
    let commands: [&[&str]; 11] = [
        &["export"],
        &["commit", "list"],
        &["commit", "show", &head],
        &["schema", "show"],
        &["query", "-e", query],
        &["query", "-e", query, "--snapshot", &head],
        &["explain", "-e", query],
        &["snapshot"],
        &["branch", "list"],
        &["audit"],
        &["repair"],
    ];
    let permit = |mode: &str| {
        let done = std::process::Command::new("chmod").args(["-R", mode]).arg(graph.path("graph.omni")).status();
        assert!(done.unwrap().success());
    };
    // Root ignores permissions; then at least nothing may change.
    permit("a-w");
    for command in commands {
        graph.run(command).ok();
    }
    assert_eq!(tree(&graph), before);
    permit("u+w");
}

/// Every file and folder of a graph, with sizes and times.
fn tree(graph: &TestGraph) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![graph.path("graph.omni")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                open.push(entry.path());
            }
            let size = if meta.is_dir() { 0 } else { meta.len() };
            found.push(format!("{} {size} {:?}", entry.path().display(), meta.modified().unwrap()));
        }
    }
    found.sort();
    found
}
