//! Reads: their cost, their limits, and their cursors.

use std::time::{Duration, Instant};

use futures::TryStreamExt;
use omnigraph::{LoadMode, Omnigraph, OpenOptions, QueryLimits, QueryResult, Result, SchemaSource, Target};
use serde_json::json;

use crate::support::{load, memory, open_read_only};

const SCHEMA: &str = "\
node Item { name: String @key  rank: I32  v: Vector(4)? }
edge Next: Item -> Item
";

/// Creates a ring of items, each with an edge to the next.
async fn ring(location: &str, items: usize) -> Omnigraph {
    let graph = Omnigraph::create(location, SchemaSource::new("ring.pg", SCHEMA)).await.unwrap();
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
    snapshot.query(source).file("reads.gq").params(params).limits(limits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_resume_despite_concurrent_writes() {
    let graph = ring(&memory(), 40).await;
    let page =
        "query page($c: String?) { match { $i: Item } return { $i.name } order { $i.rank desc } limit 7 after $c }";
    let whole = "query whole() { match { $i: Item } return { $i.name } order { $i.rank desc } }";
    let expected = ask(&graph, whole, json!({}), QueryLimits::default()).await.unwrap().rows().unwrap();
    let (mut rows, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let answer = ask(&graph, page, json!({"c": cursor}), QueryLimits::default()).await.unwrap();
        rows.extend(answer.rows().unwrap());
        pages += 1;
        cursor = answer.next_cursor().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
        let line = format!(r#"{{"type":"Item","data":{{"name":"later{pages}","rank":9}}}}"#);
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    assert_eq!(rows, expected);
    assert_eq!(pages, 6);
    let foreign = ask(&graph, page, json!({"c": "nonsense"}), QueryLimits::default()).await.unwrap_err();
    assert_eq!(foreign.code(), "OG-QUERY-002");
}

/// Returns the rows of all pages of a query whose cursor is `$c`.
async fn page_by_page(graph: &Omnigraph, page: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let answer = ask(graph, page, json!({"c": cursor}), QueryLimits::default()).await.unwrap();
        rows.extend(answer.rows().unwrap());
        cursor = answer.next_cursor().map(str::to_owned);
        if cursor.is_none() {
            return rows;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_miss_no_path_between_equal_endpoints() {
    let schema = "node Stop { name: String @key } edge Next: Stop -> Stop { line: String @key(@src, @dst, line) }";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
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
async fn pages_miss_no_node_with_an_id_of_another_type() {
    let schema = "interface Named { label: String } node Ship implements Named { code: String @key } node Port implements Named { code: String @key }";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
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
async fn limits_stop_only_their_query() {
    let graph = ring(&memory(), 2000).await;
    let cross = "query q() { match { $a: Item $b: Item $c: Item } return { sum($a.rank + $b.rank + $c.rank) as n } }";
    let started = Instant::now();
    let brief = QueryLimits { timeout: Duration::from_millis(300), ..QueryLimits::default() };
    let error = ask(&graph, cross, json!({}), brief).await.unwrap_err();
    assert_eq!(error.code(), "OG-QUERY-006");
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
    // An error of a join's build side reaches several readers.
    let joined =
        "query q() { match { $a: Item $b: Item $c: Item $a.rank + $b.rank = $c.rank } return { count(*) as n } }";
    let error = ask(&graph, joined, json!({}), narrow).await.unwrap_err();
    assert_eq!(error.code(), "OG-QUERY-006", "{error}");
    assert!(error.to_string().contains("limit `memory_bytes` of 64.0 KB"), "{error}");
    let answer = ask(&graph, "query q() { match { $a: Item } return { count(*) as n } }", json!({}), narrow).await;
    assert_eq!(answer.unwrap().rows().unwrap()[0]["n"], json!(2000));
}

#[expect(clippy::disallowed_methods, reason = "a caller that goes away does so at some time")]
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_query_ends() {
    let graph = ring(&memory(), 2000).await;
    let cross = "query q() { match { $a: Item $b: Item $c: Item } return { sum($a.rank + $b.rank + $c.rank) as n } }";
    let dropped =
        tokio::time::timeout(Duration::from_millis(100), ask(&graph, cross, json!({}), QueryLimits::default()));
    assert!(dropped.await.is_err());
    // The handle still works.
    let next = "query q() { match { $a: Item { name: \"i00000\" } $a next{3} $b } return { $b.name } }";
    let answer = ask(&graph, next, json!({}), QueryLimits::default()).await.unwrap();
    assert_eq!(answer.rows().unwrap()[0]["b.name"], json!("i00003"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_yields_the_batches_of_the_result() {
    let graph = ring(&memory(), 3000).await;
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    let page = "query q() { match { $i: Item } return { $i.name as name, $i as item } order { $i.name } limit 2000 }";
    let result = snapshot.query(page).await.unwrap();
    let mut stream = snapshot.query(page).stream().await.unwrap();
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await.unwrap() {
        batches.push(batch);
    }
    assert_eq!(batches, result.batches());
    assert_eq!((stream.next_cursor(), stream.stats().rows), (result.next_cursor(), result.stats().rows));
    assert!(result.next_cursor().is_some());
    assert_eq!((result.row_count(), result.stats().rows), (2000, 2000));
    assert_eq!(result.schema().field(1).metadata()["ARROW:extension:name"], "arrow.json");
    assert_eq!(result.rows().unwrap()[0]["item"]["name"], json!("i00000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_read_only_the_pin() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("g").display().to_string();
    drop(ring(&place, 100).await);
    let graph = Omnigraph::open_read_only(&place).await.unwrap();
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    let before = graph.requests();
    let answer = snapshot.query("query q() { match { $i: Item } return { count(*) as n } }").await.unwrap();
    assert_eq!(answer.rows().unwrap()[0]["n"], json!(100));
    assert_eq!(graph.requests().total(), before.total(), "no table was opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_error_names_its_row() {
    let graph = ring(&memory(), 10).await;
    let divided = "query q() { match { $i: Item } return { 10 div $i.rank as q } }";
    let error = ask(&graph, divided, json!({}), QueryLimits::default()).await.unwrap_err();
    assert_eq!(error.code(), "OG-QUERY-005");
    assert!(error.to_string().contains("Item i00000"), "{error}");
    let guarded =
        "query q() { match { $i: Item $i.rank != 0 and 10 div $i.rank > 4 } return { $i.name } order { $i.name } }";
    let rows = ask(&graph, guarded, json!({}), QueryLimits::default()).await.unwrap().rows().unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}");
}

/// Creates a graph of wide rows in a folder and opens it with almost no memory for columns.
async fn wide(items: usize) -> (tempfile::TempDir, Omnigraph) {
    const SCHEMA: &str = "node Item { name: String @key  rank: I32  note: String  v: Vector(1024) }";
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("g").display().to_string();
    let graph = Omnigraph::create(&place, SchemaSource::new("wide.pg", SCHEMA)).await.unwrap();
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
    (folder, open_read_only(&place, options).await.unwrap())
}

/// Returns the rows of a query, and the number of bytes read.
async fn bytes_for(graph: &Omnigraph, source: &str) -> (Vec<serde_json::Map<String, serde_json::Value>>, u64) {
    let before = graph.requests();
    let rows = ask(graph, source, json!({}), QueryLimits::default()).await.unwrap().rows().unwrap();
    (rows, (graph.requests() - before).bytes_read())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_reads_only_its_columns() {
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
