//! The truth table of merges, rules of the schema: two sides that are sound each, and what they come to together.

use std::fmt::Write;

use omnigraph::{MergeRequest, Omnigraph, OpenOptions};

use crate::support::{branch, export, load, memory, mutate};

const SCHEMA: &str = "\
node Sailor { handle: String @key  mail: String? @unique  rank: I32?  state: enum(active, gone)?  @range(rank, 0..99) }
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

/// Rule, target, source.
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
    ("ends exist", "delete Boat where name = \"one\"", "insert Logs { from: \"ben\", to: \"one\" }"),
    ("ends exist", "insert Logs { from: \"ben\", to: \"one\" }", "delete Boat where name = \"one\""),
    (
        "ends exist",
        "delete Sailor where handle = \"ben\"",
        "update Visits set { note: \"again\" } where from = \"ben\"",
    ),
    ("ends exist", "delete Sailor where handle = \"ben\"", "delete Steers where from = \"ben\""),
    ("`@on_delete(restrict)`", "delete Boat where name = \"six\"", "insert Guards { from: \"ana\", to: \"six\" }"),
    (
        "`@range`, `@check`, enums",
        "update Sailor set { rank: 99 } where handle = \"ben\"",
        "update Sailor set { state: \"gone\" } where handle = \"ben\"",
    ),
    (
        "`@range`, `@check`, enums",
        "update Sailor set { rank: 98 } where handle = \"ben\"",
        "update Sailor set { rank: 99 } where handle = \"ben\"",
    ),
];

async fn result(target: &str, source: &str) -> String {
    let graph = Omnigraph::init(&memory(), "rules.pg", SCHEMA, None, OpenOptions::default()).await.unwrap();
    load(&graph, "main", omnigraph::LoadMode::Merge, START).await.unwrap();
    branch(&graph, "side").await;
    mutate(&graph, "main", target).await.unwrap();
    mutate(&graph, "side", source).await.unwrap();
    let before = export(&graph, "main").await;
    let request = MergeRequest { source: "side".to_owned(), target: "main".to_owned(), ..MergeRequest::default() };
    let preview = graph.preview_merge(request.clone()).await.unwrap();
    let merged = graph.merge(request).await;
    assert_eq!(merged.is_ok(), preview.conflicts.is_empty(), "a preview says what a merge says");
    if merged.is_err() {
        assert_eq!(export(&graph, "main").await, before, "a merge that is refused changes nothing");
    }
    let mut kinds: Vec<&str> = preview.conflicts.iter().map(|it| it.kind.as_str()).collect();
    kinds.dedup();
    if kinds.is_empty() { "merged".to_owned() } else { kinds.join(", ") }
}

/// All cases with what they come to.
pub(crate) async fn table() -> String {
    let mut text = String::from("| Rule | Target | Source | Together |\n|---|---|---|---|\n");
    for (rule, target, source) in CASES {
        writeln!(text, "| {rule} | `{target}` | `{source}` | {} |", result(target, source).await).unwrap();
    }
    text
}
