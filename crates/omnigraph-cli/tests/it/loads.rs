//! `init` and `load`.

use crate::support::{ROWS, TestGraph, files_below, run};

#[test]
fn init_makes_the_folders_it_needs() {
    let graph = TestGraph::empty();
    let uri = graph.path("a/b/c.omni").display().to_string();
    let schema = graph.path("schema.pg").display().to_string();
    assert_eq!(run(["init", "--schema", &schema, &uri]).ok(), format!("initialized {uri}\n"));
    assert!(run(["init", "--schema", &schema, &uri]).fails(1).contains("a graph already exists at"));
}

#[test]
fn a_schema_that_does_not_compile_is_shown_with_its_place_and_makes_no_graph() {
    let graph = TestGraph::empty();
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
    let graph = TestGraph::empty();
    let loud = graph.load(ROWS, &["--mode", "merge"]);
    assert_eq!(loud.stderr, format!("omnigraph load → {} (direct, local)\n", graph.uri()));
    assert_eq!(graph.load(ROWS, &["--mode", "merge", "--quiet"]).stderr, "");
    let report = graph.load(ROWS, &["--mode", "overwrite", "--as", "ann"]).ok();
    let expected = format!(
        "loaded {} on branch main with overwrite: 5 entities across 2 node types and 2 edge types\n",
        graph.uri()
    );
    assert_eq!(report, expected);
    assert_eq!(graph.commits("main")[0]["actor_id"], "ann");
}

#[test]
fn the_report_counts_per_type() {
    let graph = TestGraph::empty();
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
    let graph = TestGraph::small();
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
    let graph = TestGraph::small();
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
    let graph = TestGraph::small();
    let before = graph.head("main");
    let dangling = "{\"edge\": \"Knows\", \"from\": \"Alice\", \"to\": \"Nobody\", \"data\": {}}\n";
    let message = graph.load(dangling, &["--mode", "append"]).fails(1);
    assert!(message.contains("Nobody") && message.contains("<stdin>"), "{message}");
    assert_eq!(graph.head("main"), before);
}

#[test]
fn a_missing_file_is_named() {
    let message = TestGraph::empty().run(&["load", "--data", "none.jsonl", "--mode", "merge"]).fails(1);
    assert!(message.contains("input file none.jsonl not found"), "{message}");
}

#[test]
fn files_of_several_formats_are_one_load() {
    let graph = TestGraph::empty();
    let people = graph.file("Person.csv", "name,age\nAlice,30\n\"Bob\",\n");
    std::fs::create_dir(graph.path("more")).unwrap();
    let knows = graph.file("more/Knows.csv", "from,to,since\nAlice,Bob,2020\n");
    graph.file("more/rest.jsonl", ROWS.lines().nth(2).unwrap());
    let folder = graph.path("more").display().to_string();
    let report = graph.run(&["load", "--data", &people, "--data", &folder, "--mode", "append", "--json"]).json();
    assert_eq!((&report["total_entities"], report.get("rejected")), (&4.into(), None));
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
    assert_eq!(graph.commits("main").len(), 2);

    std::fs::rename(knows, graph.path("more/pairs.csv")).unwrap();
    let message = graph.run(&["load", "--data", &folder, "--mode", "merge"]).fails(1);
    assert!(message.contains("error[OG-LOAD-004]") && message.contains("pairs.csv:1"), "{message}");
    let mapping = graph.file("map.json", r#"{"files": [{"file": "pairs.csv", "edge": "Knows"}]}"#);
    graph.run(&["load", "--data", &folder, "--mode", "merge", "--mapping", &mapping]).ok();
}

#[test]
fn stdin_is_of_the_type_that_a_mapping_gives_it() {
    let graph = TestGraph::empty();
    let mapping = graph.file("map.json", r#"{"files": [{"file": "-", "type": "Person", "columns": {"who": "name"}}]}"#);
    graph.load("who\nAlice\n", &["--mode", "append", "--mapping", &mapping]).ok();
    assert_eq!(graph.people(&[]), ["Alice"]);
    let wrong = graph.file("wrong.json", "{\"files\": [\n  {\"file\": \"-\", \"type\": \"Persn\"}\n]}");
    let message = graph.load("name\nBob\n", &["--mode", "append", "--mapping", &wrong]).fails(1);
    assert!(message.contains("wrong.json:2:3") && message.contains("did you mean 'Person'?"), "{message}");
}

#[test]
fn several_bad_lines_are_shown_at_once() {
    let graph = TestGraph::small();
    let bad = "{oops}\n{\"type\": \"Person\", \"data\": {\"name\": 7}}\n[]\n";
    let message = graph.load(bad, &["--mode", "append"]).fails(1);
    assert!(message.contains("error[OG-LOAD-001]") && message.contains("error[OG-LOAD-006]"), "{message}");
    assert!(
        message.contains("<stdin>:2:") && message.ends_with("3 errors in the input; nothing was loaded\n"),
        "{message}"
    );
    let first = graph.load(bad, &["--mode", "append", "--error-limit", "1"]).fails(1);
    assert!(first.contains("<stdin>:1") && !first.contains("<stdin>:2"), "{first}");
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
}

#[test]
fn invalid_rows_are_skipped_up_to_a_limit() {
    let graph = TestGraph::empty();
    let rows = "{\"type\": \"Person\", \"data\": {\"name\": \"Alice\"}}\n{oops}\n";
    let rejects = graph.path("rejects.jsonl").display().to_string();
    let message = graph.load(rows, &["--mode", "append", "--max-errors", "1"]).fails(2);
    assert!(message.contains("--rejects"), "{message}");
    graph.load(rows, &["--mode", "append", "--max-errors", "0", "--rejects", &rejects]).fails(1);
    assert!(graph.people(&[]).is_empty());
    let report = graph.load(rows, &["--mode", "append", "--max-errors", "1", "--rejects", &rejects]).ok();
    assert!(report.ends_with(&format!("1 invalid rows were skipped; see {rejects}\n")), "{report}");
    let reject: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&rejects).unwrap()).unwrap();
    assert_eq!(
        (&reject["line"], &reject["raw"], &reject["code"]),
        (&2.into(), &"{oops}".into(), &"OG-LOAD-001".into())
    );
    assert_eq!(graph.people(&[]), ["Alice"]);
    let merged = graph.load(rows, &["--mode", "merge", "--max-errors", "5", "--rejects", &rejects, "--json"]).json();
    assert_eq!(merged["rejected"], 1);
}

#[test]
fn a_load_that_fails_leaves_no_branch() {
    let graph = TestGraph::small();
    let branches = || graph.run(&["branch", "list"]).ok();
    let before = branches();
    let arguments = ["--mode", "append", "--branch", "draft", "--from", "main"];
    graph.load("{oops}\n", &arguments).fails(1);
    graph.load("{\"type\": \"Person\", \"data\": {\"name\": \"Alice\"}}\n", &arguments).fails(1);
    assert_eq!(branches(), before);
    graph.load("{\"type\": \"Person\", \"data\": {\"name\": \"Carol\"}}\n", &arguments).ok();
    assert!(branches().contains("draft"));
}
