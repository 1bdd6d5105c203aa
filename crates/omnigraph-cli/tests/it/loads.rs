//! `init` and `load`.

use crate::support::{Graph, ROWS, files_below, run};

#[test]
fn init_makes_the_folders_it_needs() {
    let graph = Graph::empty();
    let uri = graph.path("a/b/c.omni").display().to_string();
    let schema = graph.path("schema.pg").display().to_string();
    assert_eq!(run(["init", "--schema", &schema, &uri]).ok(), format!("initialized {uri}\n"));
    assert!(run(["init", "--schema", &schema, &uri]).fails(1).contains("there is a graph at"));
}

#[test]
fn a_schema_that_does_not_compile_is_shown_with_its_place_and_makes_no_graph() {
    let graph = Graph::empty();
    let schema = graph.file("bad.pg", "node City {\n  name: Strin @key\n}\n");
    let uri = graph.path("bad.omni");
    let message = run(["init", "--schema", &schema, &uri.display().to_string()]).fails(1);
    assert!(message.contains("bad.pg:2:"), "{message}");
    assert!(message.contains('^'), "{message}");
    assert_eq!(files_below(&uri), 0);
    assert!(run(["init", "--schema", "none.pg", "u"]).fails(1).contains("cannot read the schema none.pg"));
}

#[test]
fn a_load_names_its_target_unless_quiet() {
    let graph = Graph::empty();
    let loud = graph.load(ROWS, &["--mode", "merge"]);
    assert_eq!(loud.stderr, format!("omnigraph load → {} (direct, local)\n", graph.uri()));
    assert_eq!(graph.load(ROWS, &["--mode", "merge", "--quiet"]).stderr, "");
    let told = graph.load(ROWS, &["--mode", "overwrite", "--as", "ann"]).ok();
    let expected = format!(
        "loaded {} on branch main with overwrite: 5 entities across 2 node types and 2 edge types\n",
        graph.uri()
    );
    assert_eq!(told, expected);
    assert_eq!(graph.commits("main")[0]["actor_id"], "ann");
}

#[test]
fn the_report_counts_per_type() {
    let graph = Graph::empty();
    let report = graph.load(ROWS, &["--mode", "merge", "--json"]).json();
    let count = |name: &str, rows: u64| serde_json::json!({ "name": name, "entities_loaded": rows });
    assert_eq!(report["nodes"], serde_json::json!([count("Company", 1), count("Person", 2)]));
    assert_eq!(report["edges"], serde_json::json!([count("Knows", 1), count("WorksAt", 1)]));
    assert_eq!(report["total_entities"], 5);
    assert_eq!(report["mode"], "merge");
    assert_eq!(report["branch_created"], false);
    assert!(report.get("base_branch").is_none());
    assert_eq!(report["commit"]["graph_commit_id"], graph.head("main").as_str());
    assert!(report["commit"]["graph_branch"].is_null());
    assert!(report["commit"]["actor_id"].is_null());
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
}

#[test]
fn a_missing_branch_is_created_from_its_base() {
    let graph = Graph::small();
    let carol = "{\"type\": \"Person\", \"data\": {\"name\": \"Carol\"}}\n";
    let message = graph.load(carol, &["--mode", "append", "--branch", "draft"]).fails(1);
    assert!(message.contains("branch 'draft' not found"), "{message}");
    let arguments = ["--mode", "merge", "--branch", "draft", "--from", "main", "--json"];
    let report = graph.load(carol, &arguments).json();
    assert_eq!((&report["base_branch"], &report["branch_created"]), (&"main".into(), &true.into()));
    assert_eq!(report["commit"]["graph_branch"], "draft");
    assert_eq!(graph.load(carol, &arguments).json()["branch_created"], false);
    assert_eq!(graph.people(&["--branch", "draft"]), ["Alice", "Bob", "Carol"]);
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
}

#[test]
fn a_bad_line_is_named_and_changes_nothing() {
    let graph = Graph::small();
    let before = graph.head("main");
    let bad = format!("{ROWS}{{\"type\": \"Person\", \"data\": {{\"name\": \"Dan\", \"age\": \"old\"}}}}\n");
    let file = graph.file("bad.jsonl", &bad);
    let message = graph.run(&["load", "--data", &file, "--mode", "overwrite"]).fails(1);
    assert!(message.contains("error[OG-"), "{message}");
    assert!(message.contains("bad.jsonl:6"), "{message}");
    assert!(message.contains("age"), "{message}");
    assert_eq!(graph.head("main"), before);
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
}

#[test]
fn an_edge_into_nothing_is_refused() {
    let graph = Graph::small();
    let before = graph.head("main");
    let dangling = "{\"edge\": \"Knows\", \"from\": \"Alice\", \"to\": \"Nobody\", \"data\": {}}\n";
    let message = graph.load(dangling, &["--mode", "append"]).fails(1);
    assert!(message.contains("Nobody") && message.contains("<stdin>"), "{message}");
    assert_eq!(graph.head("main"), before);
}

#[test]
fn a_missing_file_is_named() {
    let message = Graph::empty().run(&["load", "--data", "none.jsonl", "--mode", "merge"]).fails(1);
    assert!(message.contains("there is no file none.jsonl"), "{message}");
}
