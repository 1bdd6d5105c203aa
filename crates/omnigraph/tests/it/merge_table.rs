//! The truth tables of merges in `docs/reference/merges.md`: one entity with every pair of edits, and pairs of mutations whose
//! merge can violate a constraint. `UPDATE_EXPECT=1` rewrites them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use expect_test::expect_file;
use omnigraph::{ConflictStrategy, LoadMode, MergePolicy, MergeSide, Omnigraph, SchemaSource};

use crate::support::{branch, export, export_rows, load, memory, mutate};

const SCHEMA: &str = "\
node Item { key: String @key  a: I64  b: I64 }
node End { key: String @key }
edge Link: End -> End { tag: String  a: I64  b: I64 }
";

/// Edits of an entity that exists with `a` and `b` 0.
const EXISTING_EDITS: [Edit; 5] = [Edit::Nothing, Edit::Set(1, 0), Edit::Set(2, 0), Edit::Set(0, 1), Edit::Delete];
/// Edits of an entity that does not exist.
const MISSING_EDITS: [Edit; 3] = [Edit::Nothing, Edit::Set(1, 0), Edit::Set(2, 0)];

/// The edit of an entity by one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Nothing,
    Set(i64, i64),
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TableKind {
    Node,
    Edge,
}

impl Edit {
    fn word(self, exists: bool) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Set(a, b) if !exists => format!("insert `a={a} b={b}`"),
            Self::Set(a, 0) => format!("set `a={a}`"),
            Self::Set(_, b) => format!("set `b={b}`"),
            Self::Delete => "delete".to_owned(),
        }
    }
}

/// Returns every pair of edits, each with an entity of its own.
fn cells(exists: bool) -> Vec<(String, Edit, Edit)> {
    let edits: &[Edit] = if exists { &EXISTING_EDITS } else { &MISSING_EDITS };
    let prefix = if exists { "old" } else { "new" };
    let pairs = edits.iter().enumerate().flat_map(|(row, ours)| {
        edits.iter().enumerate().map(move |(column, theirs)| (format!("{prefix}-{row}-{column}"), *ours, *theirs))
    });
    pairs.collect()
}

fn line(kind: TableKind, id: &str, a: i64, b: i64) -> String {
    match kind {
        TableKind::Node => format!(r#"{{"type":"Item","data":{{"key":"{id}","a":{a},"b":{b}}}}}"#),
        TableKind::Edge => {
            format!(r#"{{"edge":"Link","from":"x","to":"y","data":{{"id":"{id}","tag":"{id}","a":{a},"b":{b}}}}}"#)
        }
    }
}

async fn apply_edits(graph: &Omnigraph, on: &str, kind: TableKind, edits: impl Iterator<Item = (String, Edit)>) {
    let (mut rows, mut deletions) = (String::new(), String::new());
    for (id, edit) in edits {
        match edit {
            Edit::Nothing => {}
            Edit::Set(a, b) => rows += &(line(kind, &id, a, b) + "\n"),
            Edit::Delete if kind == TableKind::Node => deletions += &format!("delete Item where key = \"{id}\" "),
            Edit::Delete => deletions += &format!("delete Link where tag = \"{id}\" "),
        }
    }
    load(graph, on, LoadMode::Merge, &rows).await.unwrap();
    if !deletions.is_empty() {
        mutate(graph, on, &deletions).await.unwrap();
    }
}

/// Merges every pair and returns the result of each entity.
async fn results(kind: TableKind, policy: MergePolicy) -> BTreeMap<String, String> {
    let graph = Omnigraph::create(memory(), SchemaSource::new("items.pg", SCHEMA)).await.unwrap();
    let ends = "{\"type\":\"End\",\"data\":{\"key\":\"x\"}}\n{\"type\":\"End\",\"data\":{\"key\":\"y\"}}\n";
    load(&graph, "main", LoadMode::Merge, ends).await.unwrap();
    let old = cells(true).into_iter().map(|(id, ..)| line(kind, &id, 0, 0) + "\n").collect::<String>();
    load(&graph, "main", LoadMode::Merge, &old).await.unwrap();
    branch(&graph, "side").await;
    let all: Vec<_> = cells(true).into_iter().chain(cells(false)).collect();
    apply_edits(&graph, "main", kind, all.iter().map(|(id, ours, _)| (id.clone(), *ours))).await;
    apply_edits(&graph, "side", kind, all.iter().map(|(id, _, theirs)| (id.clone(), *theirs))).await;

    let choices = ConflictStrategy { default: Some(MergeSide::Ours), ..ConflictStrategy::default() };
    let request = graph.branch("main").merge("side").policy(policy);
    let preview = request.clone().preview().await.unwrap();
    let mut found: BTreeMap<String, String> =
        preview.conflicts.iter().map(|it| (it.entity_id.clone().unwrap(), it.kind.as_str().to_owned())).collect();
    request.resolve_with(choices).await.unwrap();
    let rows = export_rows(&graph, "main").await;
    for (id, ..) in all {
        let row = rows.rows("Item").iter().chain(rows.rows("Link")).find(|row| row["id"] == id);
        let state = row.map_or("deleted".to_owned(), |row| format!("`a={} b={}`", row["a"], row["b"]));
        found.entry(id).or_insert(state);
    }
    found
}

fn table(found: &BTreeMap<String, String>, exists: bool) -> String {
    let edits: &[Edit] = if exists { &EXISTING_EDITS } else { &MISSING_EDITS };
    let prefix = if exists { "old" } else { "new" };
    let mut text = String::from("| target ╲ source |");
    edits.iter().for_each(|edit| write!(text, " {} |", edit.word(exists)).unwrap());
    text += "\n|---|";
    edits.iter().for_each(|_| text += "---|");
    for (row, edit) in edits.iter().enumerate() {
        write!(text, "\n| {} |", edit.word(exists)).unwrap();
        for column in 0..edits.len() {
            let state = &found[&format!("{prefix}-{row}-{column}")];
            let state = if exists || state != "deleted" { state.as_str() } else { "absent" };
            write!(text, " {state} |").unwrap();
        }
    }
    text + "\n"
}

/// The schema of the table of constraints.
const CONSTRAINT_SCHEMA: &str = "\
node Sailor { handle: String @key  mail: String? @unique  rank: I32?  state: enum(active, retired)?  @range(rank, 0..99) }
node Boat { name: String @key  code: String?  hull: String?  sail: String?  @check(code, \"^[a-z]+$\")  @unique(hull, sail) }
edge Steers: Sailor -> Boat @card(0..1)
edge Owns: Sailor -> Boat @card(1..)
edge Leads: Sailor -> Boat @card_in(0..1)
edge Visits: Sailor -> Boat { day: I32  note: String?  @key(@src, @dst, day) }
edge Logs: Sailor -> Boat { code: String? @unique }
edge Guards: Sailor -> Boat @on_delete(restrict)
";

const START: &str = r#"{"type":"Sailor","data":{"handle":"ana","mail":"a"}}
{"type":"Sailor","data":{"handle":"ben"}}
{"type":"Sailor","data":{"handle":"cyd"}}
{"type":"Boat","data":{"name":"one"}}
{"type":"Boat","data":{"name":"two","hull":"h"}}
{"type":"Boat","data":{"name":"six","sail":"s"}}
{"edge":"Owns","from":"ana","to":"one","data":{"id":"o1"}}
{"edge":"Owns","from":"ana","to":"two","data":{"id":"o2"}}
{"edge":"Steers","from":"ben","to":"one","data":{"id":"s1"}}
{"edge":"Visits","from":"ben","to":"two","data":{"day":7}}
"#;

/// Constraint, mutation of the target, mutation of the source.
const CASES: &[(&str, &str, &str)] = &[
    ("`@unique`", "insert Sailor { handle: \"dot\", mail: \"m\" }", "insert Sailor { handle: \"eve\", mail: \"m\" }"),
    (
        "`@unique`",
        "update Sailor set { mail: \"m\" } where handle = \"ben\"",
        "insert Sailor { handle: \"eve\", mail: \"m\" }",
    ),
    (
        "`@unique`",
        "update Sailor set { mail: \"m\" } where handle = \"ben\"",
        "update Sailor set { mail: \"m\" } where handle = \"cyd\"",
    ),
    (
        "`@unique`",
        "update Sailor set { mail: \"m\" } where handle = \"ben\"",
        "update Sailor set { mail: \"m\" } where handle = \"ben\"",
    ),
    (
        "`@unique`",
        "update Sailor set { mail: null } where handle = \"ana\"",
        "update Sailor set { mail: \"m\" } where handle = \"ben\"",
    ),
    (
        "`@unique`",
        "delete Sailor where handle = \"ana\"",
        "update Sailor set { mail: null } where handle = \"ana\" update Sailor set { mail: \"a\" } where handle = \"ben\"",
    ),
    (
        "`@unique(hull, sail)`",
        "update Boat set { sail: \"s\" } where name = \"two\"",
        "update Boat set { hull: \"h\" } where name = \"six\"",
    ),
    (
        "`@unique` of an edge",
        "insert Logs { from: \"ana\", to: \"one\", code: \"c\" }",
        "insert Logs { from: \"ben\", to: \"two\", code: \"c\" }",
    ),
    ("`@card(0..1)`", "insert Steers { from: \"ana\", to: \"one\" }", "insert Steers { from: \"ana\", to: \"two\" }"),
    ("`@card(0..1)`", "insert Steers { from: \"ana\", to: \"one\" }", "insert Steers { from: \"cyd\", to: \"one\" }"),
    (
        "`@card(0..1)`",
        "delete Steers where from = \"ben\" insert Steers { from: \"cyd\", to: \"one\" }",
        "insert Steers { from: \"cyd\", to: \"two\" }",
    ),
    (
        "`@card(0..1)`",
        "delete Steers where from = \"ben\"",
        "delete Steers where from = \"ben\" insert Steers { from: \"ben\", to: \"two\" }",
    ),
    ("`@card(1..)`", "delete Owns where to = \"one\"", "delete Owns where to = \"two\""),
    ("`@card(1..)`", "delete Owns where to = \"one\"", "delete Owns where to = \"one\""),
    ("`@card(1..)`", "delete Owns where to = \"one\"", "delete Boat where name = \"two\""),
    ("`@card_in(0..1)`", "insert Leads { from: \"ana\", to: \"one\" }", "insert Leads { from: \"ben\", to: \"one\" }"),
    ("`@card_in(0..1)`", "insert Leads { from: \"ana\", to: \"one\" }", "insert Leads { from: \"ana\", to: \"two\" }"),
    (
        "`@key(@src, @dst, day)`",
        "insert Visits { from: \"ana\", to: \"one\", day: 1 }",
        "insert Visits { from: \"ana\", to: \"one\", day: 1 }",
    ),
    (
        "`@key(@src, @dst, day)`",
        "insert Visits { from: \"ana\", to: \"one\", day: 1, note: \"x\" }",
        "insert Visits { from: \"ana\", to: \"one\", day: 1, note: \"y\" }",
    ),
    ("endpoints exist", "delete Boat where name = \"one\"", "insert Logs { from: \"ben\", to: \"one\" }"),
    ("endpoints exist", "insert Logs { from: \"ben\", to: \"one\" }", "delete Boat where name = \"one\""),
    (
        "endpoints exist",
        "delete Sailor where handle = \"ben\"",
        "update Visits set { note: \"again\" } where from = \"ben\"",
    ),
    ("endpoints exist", "delete Sailor where handle = \"ben\"", "delete Steers where from = \"ben\""),
    ("`@on_delete(restrict)`", "delete Boat where name = \"six\"", "insert Guards { from: \"ana\", to: \"six\" }"),
    (
        "`@range`, `@check`, enums",
        "update Sailor set { rank: 99 } where handle = \"ben\"",
        "update Sailor set { state: \"retired\" } where handle = \"ben\"",
    ),
    (
        "`@range`, `@check`, enums",
        "update Sailor set { rank: 98 } where handle = \"ben\"",
        "update Sailor set { rank: 99 } where handle = \"ben\"",
    ),
];

async fn merge_result(target: &str, source: &str) -> String {
    let graph = Omnigraph::create(memory(), SchemaSource::new("rules.pg", CONSTRAINT_SCHEMA)).await.unwrap();
    load(&graph, "main", LoadMode::Merge, START).await.unwrap();
    branch(&graph, "side").await;
    mutate(&graph, "main", target).await.unwrap();
    mutate(&graph, "side", source).await.unwrap();
    let before = export(&graph, "main").await;
    let request = graph.branch("main").merge("side");
    let preview = request.clone().preview().await.unwrap();
    let merged = request.await;
    assert_eq!(merged.is_ok(), preview.conflicts.is_empty(), "a preview predicts the merge");
    if merged.is_err() {
        assert_eq!(export(&graph, "main").await, before, "a refused merge changes nothing");
    }
    let mut kinds: Vec<&str> = preview.conflicts.iter().map(|it| it.kind.as_str()).collect();
    kinds.dedup();
    if kinds.is_empty() { "merged".to_owned() } else { kinds.join(", ") }
}

/// Prints all cases with their results.
async fn constraint_table() -> String {
    let mut text = String::from("| Constraint | Target | Source | Result |\n|---|---|---|---|\n");
    for (rule, target, source) in CASES {
        writeln!(text, "| {rule} | `{target}` | `{source}` | {} |", merge_result(target, source).await).unwrap();
    }
    text
}

#[tokio::test]
async fn the_tables_of_the_manual_are_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/merges.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (head, _) = text.split_once("<!-- tables -->\n").expect("the page has a mark where its tables begin");
    let mut tables = format!("{head}<!-- tables -->\n");
    for (policy, word) in [(MergePolicy::Field, "field"), (MergePolicy::Entity, "entity")] {
        let nodes = results(TableKind::Node, policy).await;
        assert_eq!(nodes, results(TableKind::Edge, policy).await, "nodes and edges are merged alike");
        for (exists, what) in [(true, "that exists with `a=0 b=0`"), (false, "that does not exist")] {
            write!(tables, "\n### Policy `{word}`: a node or edge {what}\n\n").unwrap();
            tables += &table(&nodes, exists);
        }
    }
    tables += "\n### Constraints\n\nEach side satisfies the schema. A constraint on one property cannot be violated by a merge, because the merged \
                value is that of one side.\n\n";
    tables += &constraint_table().await;
    expect_file![page].assert_eq(&tables);
}
