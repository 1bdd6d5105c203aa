//! Merges, differences, the change feed, tags, renames and resets on the command line.

use serde_json::json;

use crate::support::{ROWS, TestGraph, run};

const EVE: &str = r#"{"type": "Person", "data": {"name": "Eve", "age": 1}}"#;

fn person(name: &str, age: u32) -> String {
    format!("{{\"type\": \"Person\", \"data\": {{\"name\": \"{name}\", \"age\": {age}}}}}\n")
}

#[test]
fn a_merge_reports_its_outcome() {
    let graph = TestGraph::small();
    graph.load(EVE, &["--mode", "merge", "--branch", "draft", "--from", "main"]).ok();
    let preview = graph.run(&["branch", "merge", "draft", "--dry-run", "--json"]).json();
    assert_eq!((&preview["outcome"], &preview["graph_commit_id"]), (&json!("fast_forward"), &json!(null)));
    let done = graph.run(&["branch", "merge", "draft", "--as", "ann", "--json"]).json();
    let report = [&done["source"], &done["target"], &done["outcome"], &done["actor_id"]];
    assert_eq!(report, [&json!("draft"), &json!("main"), &json!("fast_forward"), &json!("ann")]);
    assert!(done.get("branch_deleted").is_none());
    assert_eq!(graph.people(&[]), ["Alice", "Bob", "Eve"]);
    let again = graph.run(&["branch", "merge", "draft", "--delete-branch"]).ok();
    assert_eq!(again, "merged draft into main: already_up_to_date\ndeleted branch draft\n");
    assert!(graph.run(&["branch", "merge", "main"]).fails(1).contains("distinct source and target"));
    assert!(graph.run(&["branch", "merge", "nope"]).fails(1).contains("branch 'nope' not found"));
}

#[test]
fn conflicts_are_reported_and_resolved() {
    let graph = TestGraph::small();
    graph.load(&person("Alice", 1), &["--mode", "merge", "--branch", "draft", "--from", "main"]).ok();
    graph.load(&person("Alice", 2), &["--mode", "merge"]).ok();
    let refused = graph.run(&["branch", "merge", "draft"]).fails(1);
    assert!(
        refused.contains("error[OG-MERGE-001]: merge conflicts: node type 'Person', entity id 'Alice'"),
        "{refused}"
    );
    let preview = graph.run(&["branch", "merge", "draft", "--dry-run", "--json"]).json();
    let conflict = &preview["merge_conflicts"][0];
    assert_eq!((&conflict["entity_kind"], &conflict["kind"]), (&json!("node"), &json!("divergent_update")));
    let choices = graph.file("choices.json", r#"{"entities": [{"type": "Person", "id": "Alice", "take": "theirs"}]}"#);
    assert!(graph.run(&["branch", "merge", "draft", "--ours", "--theirs"]).fails(1).contains("cannot both apply"));
    let resolve =
        graph.file("resolve.gq", "query fix($age: I64) { update Person set { age: $age } where name = \"Alice\" }");
    let preview =
        graph.run(&["branch", "merge", "draft", "--dry-run", "--resolve", &resolve, "--params", "{\"age\": 9}"]).ok();
    assert!(preview.contains("resolved by fix: 1 nodes, 0 edges") && !preview.contains("conflict"), "{preview}");
    graph.run(&["branch", "merge", "draft", "--choices", &choices]).ok();
    let shown = graph.run(&["diff", "main", "draft"]).ok();
    assert_eq!(shown.lines().count(), 2, "the two branches are equal: {shown}");
    let bad = graph.file("bad.json", r#"{"entities": [{"type": "Person"}]}"#);
    assert!(graph.run(&["branch", "merge", "draft", "--choices", &bad]).fails(1).contains("invalid file of choices"));
}

#[test]
fn changes_of_a_commit_are_text_json_and_pages() {
    let graph = TestGraph::small();
    let more = r#"{"type": "Person", "data": {"name": "Alice", "age": null}}
{"type": "Person", "data": {"name": "null"}}
{"edge": "WorksAt", "from": "Bob", "to": "Acme", "data": {"id": "w"}}"#;
    graph.load(more, &["--mode", "merge", "--as", "ann"]).ok();
    let head = graph.head("main");
    let text = graph.run(&["commit", "changes", &head]).ok();
    assert!(text.starts_with(&format!("commit: {head}\nbranch: main\nparent: ")), "{text}");
    assert!(text.contains("\nactor: ann\n") && !text.contains("merged_parent"), "{text}");
    assert!(text.contains("insert edge WorksAt w\n  Bob -> Acme\n"), "{text}");
    assert!(text.contains("update node Person Alice\n  age: 30 -> <null>\n"), "{text}");
    assert!(text.contains("insert node Person null\n  + age: <null>\n  + name: null\n"), "{text}");
    let whole = graph.run(&["commit", "changes", &head, "--json"]).json();
    assert_eq!(whole["changes"].as_array().unwrap().len(), 3);
    assert_eq!(whole["cause"]["authored_branch"], "main");
    let (mut token, mut paged) = ("start".to_owned(), Vec::new());
    loop {
        let page = graph.run(&["commit", "changes", &head, "--limit", "2", "--page-token", &token, "--json"]).json();
        paged.extend(page["changes"].as_array().unwrap().clone());
        let Some(next) = page["next_page_token"].as_str() else { break };
        next.clone_into(&mut token);
    }
    assert_eq!(&paged, whole["changes"].as_array().unwrap());
    let filtered = graph.run(&["commit", "changes", &head, "--kind", "node", "--op", "insert", "--json"]).json();
    assert_eq!(filtered["changes"].as_array().unwrap().len(), 1);
    let first = graph.commits("main").pop().unwrap();
    let refused = graph.run(&["commit", "changes", first["graph_commit_id"].as_str().unwrap()]).fails(1);
    assert!(refused.contains("has no parent"), "{refused}");
}

#[test]
fn the_feed_goes_on_where_it_ended() {
    let graph = TestGraph::small();
    let all = graph.run(&["changes", "poll", "--start", "beginning", "--limit", "1", "--json"]).json();
    assert_eq!(all["blocks"].as_array().unwrap().len(), 1);
    assert_eq!(all["blocks"][0]["changes"].as_array().unwrap().len(), 5, "a commit is shown whole");
    let cursor = all["cursor"].as_str().unwrap();
    let nothing = graph.run(&["changes", "poll", "--cursor", cursor]).ok();
    assert!(
        nothing.starts_with("(no new commits)\n\ncursor: ") && nothing.ends_with("\ncaught_up: true\n"),
        "{nothing}"
    );

    let out = graph.path("state.jsonl").display().to_string();
    let nodes = ["--kind", "node"];
    let baseline = graph.run(&[&["changes", "baseline", "--out", &out, "--json"][..], &nodes].concat()).json();
    let lines = std::fs::read_to_string(&out).unwrap();
    assert!(lines.lines().count() == 3 && lines.lines().all(|line| line.contains("\"type\"")), "{lines}");
    assert_eq!(baseline["snapshot_commit_id"], graph.head("main"));
    graph.load(EVE, &["--mode", "merge"]).ok();
    let resume = baseline["resume_cursor"].as_str().unwrap();
    let next = graph.run(&[&["changes", "poll", "--cursor", resume, "--json"][..], &nodes].concat()).json();
    assert_eq!(next["blocks"][0]["changes"][0]["id"], "Eve");
    assert_eq!(next["blocks"].as_array().unwrap().len(), 1);

    graph.run(&["changes", "poll", "--cursor", resume, "--start", "now"]).fails(2);
    let refused = graph.run(&["changes", "poll", "--start", "yesterday"]).fails(1);
    assert!(refused.contains("now | beginning | after:<commit_id>"), "{refused}");
    let before = std::fs::read(&out).unwrap();
    graph.run(&["changes", "baseline", "--out", &out, "--type", "Nothing", "--branch", "nope"]).fails(1);
    assert_eq!(std::fs::read(&out).unwrap(), before, "a failure leaves the file as it was");
    assert!(
        !std::fs::read_dir(graph.path("")).unwrap().any(|it| it.unwrap().path().to_string_lossy().ends_with(".part"))
    );
}

#[test]
fn the_past_has_names_and_times() {
    let graph = TestGraph::small();
    let then = graph.head("main");
    let tag = graph.run(&["tag", "create", "v1", "--as", "ann", "--json"]).json();
    assert_eq!((&tag["name"], &tag["graph_commit_id"], &tag["actor_id"]), (&json!("v1"), &json!(then), &json!("ann")));
    graph.load(EVE, &["--mode", "merge"]).ok();
    assert_eq!(graph.people(&["--snapshot", "v1"]), ["Alice", "Bob"]);
    assert_eq!(graph.run(&["tag", "list"]).ok(), format!("v1 {then}\n"));
    assert!(graph.run(&["query", "-e", "q", "--at", "2001-01-01"]).fails(1).contains("commit not found at or before"));
    assert!(graph.run(&["snapshot", "--at", "soon"]).fails(1).contains("invalid time 'soon'"));
    let table = graph.run(&["diff", "v1", "main", "--format", "table"]).ok();
    assert!(table.lines().nth(1).unwrap().starts_with("insert | node | Person"), "{table}");
    let document = graph.run(&["diff", "v1", "main", "--json"]).json();
    assert_eq!((document["schema"].as_array().unwrap().len(), document["changes"].as_array().unwrap().len()), (0, 1));
    let undone = graph.run(&["branch", "reset", "main", "--to", "v1"]).ok();
    assert!(undone.starts_with("reset branch main to v1 as commit "), "{undone}");
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
    graph.run(&["tag", "delete", "v1"]).ok();
    assert!(graph.run(&["diff", "v1", "main"]).fails(1).contains("no branch, tag or commit named 'v1'"));
}

#[test]
fn commits_are_filtered_undone_and_drawn() {
    let graph = TestGraph::small();
    graph.load(EVE, &["--mode", "merge", "--as", "ann", "--branch", "draft", "--from", "main"]).ok();
    let eve = graph.head("draft");
    graph.load(ROWS, &["--mode", "merge"]).ok();
    graph.run(&["branch", "merge", "draft"]).ok();
    let drawn = graph.run(&["log", "--graph"]).ok();
    let columns: Vec<&str> = drawn.lines().map(|line| line.split("01").next().unwrap().trim_end()).collect();
    assert_eq!(columns[..2], ["*", "|\\"], "{drawn}");
    assert_eq!(drawn.lines().filter(|line| line.contains('*')).count(), 5, "{drawn}");
    let by_ann = graph.run(&["commit", "list", "--branch", "draft", "--actor", "ann"]).ok();
    assert!(by_ann.starts_with(&eve) && by_ann.lines().count() == 1, "{by_ann}");
    assert_eq!(graph.run(&["commit", "list", "--limit", "1", "--after", &eve]).ok().lines().count(), 1);
    assert_eq!(graph.run(&["commit", "list", "--type", "Company"]).ok().lines().count(), 2);
    let summary = graph.run(&["commit", "show", &eve, "--summary"]).ok();
    assert!(summary.ends_with("changed: node Person inserted=1 updated=0 deleted=0\n"), "{summary}");
    let undone = graph.run(&["commit", "revert", &eve]).ok();
    assert!(undone.starts_with(&format!("reverted {eve} on main: merged\n")), "{undone}");
    assert_eq!(graph.people(&[]), ["Alice", "Bob"]);
    graph.run(&["commit", "cherry-pick", &eve, "--json"]).json();
    assert_eq!(graph.people(&[]), ["Alice", "Bob", "Eve"]);
}

#[test]
fn branches_are_renamed_and_shown_with_their_distance() {
    let graph = TestGraph::small();
    graph.load(EVE, &["--mode", "merge", "--branch", "draft", "--from", "main"]).ok();
    let renamed = run(["branch", "rename", "draft", "proposal", "--uri", &graph.uri(), "--quiet"]).ok();
    assert_eq!(renamed, "renamed branch draft to proposal\n");
    assert_eq!(graph.run(&["branch", "list"]).ok(), "main\nproposal\n");
    let listed = graph.run(&["branch", "list", "--verbose", "--json"]).json();
    let proposal = &listed["details"][1];
    assert_eq!((&proposal["ahead"], &proposal["behind"]), (&json!(1), &json!(0)));
    assert_eq!(proposal["forked_from"], graph.head("main"));
    assert!(graph.run(&["branch", "list", "--verbose"]).ok().contains(" ahead=1 behind=0 forked_from="));
}
