//! What a read costs, where it stops, and how it goes on.

use std::time::{Duration, Instant};

use omnigraph::{LoadMode, Omnigraph, OpenOptions, QueryLimits, QueryRequest, QueryResult, Result, Target};
use serde_json::json;

use crate::support::{load, memory};

const SCHEMA: &str = "\
node Item { name: String @key  rank: I32  v: Vector(4)? }
edge Next: Item -> Item
";

/// A ring of items, each with an edge to the next.
async fn ring(location: &str, items: usize) -> Omnigraph {
    let graph = Omnigraph::init(location, "ring.pg", SCHEMA, None, OpenOptions::default()).await.unwrap();
    let nodes = (0..items)
        .map(|i| format!(r#"{{"type":"Item","data":{{"name":"i{i:05}","rank":{},"v":[{i},1,0,0]}}}}"#, i % 7));
    let edges = (0..items).map(|i| {
        let next = (i + 1) % items;
        format!(r#"{{"edge":"Next","from":"i{i:05}","to":"i{next:05}","data":{{"id":"e{i:05}"}}}}"#)
    });
    let lines: Vec<String> = nodes.chain(edges).collect();
    load(&graph, "main", LoadMode::Append, &lines.join("\n")).await.unwrap();
    graph
}

async fn ask(graph: &Omnigraph, source: &str, params: serde_json::Value, limits: QueryLimits) -> Result<QueryResult> {
    let snapshot = graph.snapshot(Target::Branch("main".into())).await?;
    let file = "reads.gq".to_owned();
    snapshot.query(QueryRequest { source: source.to_owned(), file, name: None, params: Some(params), limits }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_on_where_they_ended_whatever_is_written_meanwhile() {
    let graph = ring(&memory(), 40).await;
    let page =
        "query page($c: String?) { match { $i: Item } return { $i.name } order { $i.rank desc } limit 7 after $c }";
    let whole = "query whole() { match { $i: Item } return { $i.name } order { $i.rank desc } }";
    let expected = ask(&graph, whole, json!({}), QueryLimits::default()).await.unwrap().rows;
    let (mut rows, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let answer = ask(&graph, page, json!({"c": cursor}), QueryLimits::default()).await.unwrap();
        rows.extend(answer.rows);
        pages += 1;
        cursor = answer.next_cursor;
        if cursor.is_none() {
            break;
        }
        let line = format!(r#"{{"type":"Item","data":{{"name":"later{pages}","rank":9}}}}"#);
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    assert_eq!(rows, expected);
    assert_eq!(pages, 6);
    let foreign = ask(&graph, page, json!({"c": "nonsense"}), QueryLimits::default()).await.unwrap_err();
    assert_eq!(foreign.code(), "OG-ENG-006");
}

/// The rows of all pages of a query whose cursor is `$c`.
async fn page_by_page(graph: &Omnigraph, page: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let answer = ask(graph, page, json!({"c": cursor}), QueryLimits::default()).await.unwrap();
        rows.extend(answer.rows);
        cursor = answer.next_cursor;
        if cursor.is_none() {
            return rows;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_miss_no_path_of_several_between_the_same_ends() {
    let schema = "node Stop { name: String @key } edge Next: Stop -> Stop { line: String @key(@src, @dst, line) }";
    let graph = Omnigraph::init(&memory(), "s.pg", schema, None, OpenOptions::default()).await.unwrap();
    let stop = |name: &str| format!(r#"{{"type":"Stop","data":{{"name":"{name}"}}}}"#);
    let next = |from: &str, to: &str, line: &str| {
        format!(r#"{{"edge":"Next","from":"{from}","to":"{to}","data":{{"line":"{line}"}}}}"#)
    };
    let mut lines: Vec<String> = ["z", "c", "b", "a"].map(stop).to_vec();
    for between in ["c", "b"] {
        lines.extend([next("a", between, "2"), next("a", between, "1"), next(between, "z", "1")]);
    }
    load(&graph, "main", LoadMode::Append, &lines.join("\n")).await.unwrap();
    let page = r#"query page($c: String?) {
        match { $a: Stop { name: "a" } $z: Stop { name: "z" } path $p = all_shortest $a next{1,4} $z }
        return { edges($p) as edges } order { $a.name } limit 1 after $c
    }"#;
    let first = |row: &serde_json::Map<String, serde_json::Value>| {
        format!("{}{}", row["edges"][0]["@dst"].as_str().unwrap(), row["edges"][0]["line"].as_str().unwrap())
    };
    let found: Vec<String> = page_by_page(&graph, page).await.iter().map(first).collect();
    assert_eq!(found, ["b1", "b2", "c1", "c2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_miss_no_node_whose_id_another_type_has_too() {
    let schema = "interface Named { label: String } node Ship implements Named { code: String @key } node Port implements Named { code: String @key }";
    let graph = Omnigraph::init(&memory(), "s.pg", schema, None, OpenOptions::default()).await.unwrap();
    let line = |ty: &str, code: &str| format!(r#"{{"type":"{ty}","data":{{"code":"{code}","label":"{ty} {code}"}}}}"#);
    let lines = ["b", "a", "c"].map(|code| [line("Ship", code), line("Port", code)].join("\n")).join("\n");
    load(&graph, "main", LoadMode::Append, &lines).await.unwrap();
    let page = "query page($c: String?) { match { $x: Named } return { $x.label as label } order { $x.@id } limit 1 after $c }";
    let rows = page_by_page(&graph, page).await;
    let labels: Vec<&str> = rows.iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["Port a", "Ship a", "Port b", "Ship b", "Port c", "Ship c"]);
}

#[expect(clippy::disallowed_methods, reason = "a limit on time is seen in time")]
#[tokio::test(flavor = "multi_thread")]
async fn limits_stop_a_query_and_nothing_else() {
    let graph = ring(&memory(), 2000).await;
    let cross = "query q() { match { $a: Item $b: Item $c: Item } return { sum($a.rank + $b.rank + $c.rank) as n } }";
    let started = Instant::now();
    let brief = QueryLimits { timeout: Duration::from_millis(300), ..QueryLimits::default() };
    let error = ask(&graph, cross, json!({}), brief).await.unwrap_err();
    assert_eq!(error.code(), "OG-ENG-012");
    assert!(error.to_string().contains("timeout"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "it took {:?}", started.elapsed());
    let little = QueryLimits { work: 10_000, ..QueryLimits::default() };
    let error = ask(&graph, cross, json!({}), little).await.unwrap_err();
    assert!(error.to_string().contains("work"), "{error}");
    let few = QueryLimits { rows: 10, ..QueryLimits::default() };
    let error = ask(&graph, "query q() { match { $a: Item } return { $a.name } }", json!({}), few).await.unwrap_err();
    assert!(error.to_string().contains("rows"), "{error}");
    let narrow = QueryLimits { memory_bytes: 64 << 10, ..QueryLimits::default() };
    let collected = "query q() { match { $a: Item $b: Item } return { $a.name as a, collect($b.name) as names } }";
    let error = ask(&graph, collected, json!({}), narrow).await.unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
    // The side of a join that is kept: its error reaches several readers.
    let joined =
        "query q() { match { $a: Item $b: Item $c: Item $a.rank + $b.rank = $c.rank } return { count(*) as n } }";
    let error = ask(&graph, joined, json!({}), narrow).await.unwrap_err();
    assert_eq!(error.code(), "OG-ENG-012", "{error}");
    assert!(error.to_string().contains("limit of 64.0 KB (`memory_bytes`)"), "{error}");
    let answer = ask(&graph, "query q() { match { $a: Item } return { count(*) as n } }", json!({}), narrow).await;
    assert_eq!(answer.unwrap().rows[0]["n"], json!(2000));
}

#[expect(clippy::disallowed_methods, reason = "a caller that goes away does so at some time")]
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_query_ends() {
    let graph = ring(&memory(), 2000).await;
    let cross = "query q() { match { $a: Item $b: Item $c: Item } return { sum($a.rank + $b.rank + $c.rank) as n } }";
    let dropped =
        tokio::time::timeout(Duration::from_millis(100), ask(&graph, cross, json!({}), QueryLimits::default()));
    assert!(dropped.await.is_err());
    // The handle goes on serving.
    let next = "query q() { match { $a: Item { name: \"i00000\" } $a next{3} $b } return { $b.name } }";
    let answer = ask(&graph, next, json!({}), QueryLimits::default()).await.unwrap();
    assert_eq!(answer.rows[0]["b.name"], json!("i00003"));
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_come_from_the_pin() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("g").display().to_string();
    drop(ring(&place, 100).await);
    let graph = Omnigraph::open_read_only(&place, OpenOptions::default()).await.unwrap();
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    let before = graph.requests();
    let request = QueryRequest {
        source: "query q() { match { $i: Item } return { count(*) as n } }".to_owned(),
        ..QueryRequest::default()
    };
    let answer = snapshot.query(request).await.unwrap();
    assert_eq!(answer.rows[0]["n"], json!(100));
    assert_eq!(graph.requests().total(), before.total(), "no table was opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_value_is_named() {
    let graph = ring(&memory(), 10).await;
    let divided = "query q() { match { $i: Item } return { 10 div $i.rank as q } }";
    let error = ask(&graph, divided, json!({}), QueryLimits::default()).await.unwrap_err();
    assert_eq!(error.code(), "OG-ENG-011");
    assert!(error.to_string().contains("Item i00000"), "{error}");
    let guarded =
        "query q() { match { $i: Item $i.rank != 0 and 10 div $i.rank > 4 } return { $i.name } order { $i.name } }";
    let rows = ask(&graph, guarded, json!({}), QueryLimits::default()).await.unwrap().rows;
    assert_eq!(rows.len(), 4, "{rows:?}");
}

/// A graph of wide rows in a folder, opened anew with next to no room for columns.
async fn wide(items: usize) -> (tempfile::TempDir, Omnigraph) {
    const SCHEMA: &str = "node Item { name: String @key  rank: I32  note: String  v: Vector(1024) }";
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("g").display().to_string();
    let graph = Omnigraph::init(&place, "wide.pg", SCHEMA, None, OpenOptions::default()).await.unwrap();
    let vector = |item: usize| (0..1024).map(|at| ((item * 7 + at) % 10).to_string()).collect::<Vec<_>>().join(",");
    let lines = (0..items).map(|item| {
        let note = "x".repeat(200);
        format!(
            r#"{{"type":"Item","data":{{"name":"i{item:05}","rank":{},"note":"{item}{note}","v":[{}]}}}}"#,
            item % 1000,
            vector(item)
        )
    });
    load(&graph, "main", LoadMode::Append, &lines.collect::<Vec<_>>().join("\n")).await.unwrap();
    let options = OpenOptions { column_cache_bytes: 1 << 10, ..OpenOptions::default() };
    (folder, Omnigraph::open_read_only(&place, options).await.unwrap())
}

/// The rows of a query, and how many bytes were read for them.
async fn bytes_for(graph: &Omnigraph, source: &str) -> (Vec<serde_json::Map<String, serde_json::Value>>, u64) {
    let before = graph.requests();
    let rows = ask(graph, source, json!({}), QueryLimits::default()).await.unwrap().rows;
    (rows, (graph.requests() - before).bytes_read())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_reads_what_it_names() {
    const ITEMS: usize = 6000;
    let (_folder, graph) = wide(ITEMS).await;
    let vectors = (ITEMS * 1024 * 4) as u64;
    let (rows, read) =
        bytes_for(&graph, "query q() { match { $i: Item $i.rank < 10 } return { count(*) as n } }").await;
    assert_eq!(rows[0]["n"], json!(60));
    assert!(read < vectors / 50, "a count over a condition read {read} bytes beside {vectors} of vectors");
    let notes = (ITEMS * 200) as u64;
    let found = "query q() { match { $i: Item $i.rank = 3 } return { $i.name, $i.note } }";
    let (rows, read) = bytes_for(&graph, found).await;
    assert_eq!(rows.len(), 6);
    assert!(read < notes / 2, "six rows read {read} bytes, and all notes have {notes}");
    let (rows, read) = bytes_for(&graph, "query q() { match { $i: Item } return { $i.name, $i.v } limit 10 }").await;
    assert_eq!(rows.len(), 10);
    assert!(read < vectors / 3, "ten rows read {read} bytes of {vectors}");
}
