//! Runs the examples of the crate, each on a new graph.

#[path = "../../examples/arrow.rs"]
#[expect(dead_code, reason = "the test calls `run`")]
mod arrow_batches;
#[path = "../../examples/branches.rs"]
#[expect(dead_code, reason = "the test calls `run`")]
mod branches;
#[path = "../../examples/change_feed.rs"]
#[expect(dead_code, reason = "the test calls `run`")]
mod change_feed;
#[path = "../../examples/quickstart.rs"]
#[expect(dead_code, reason = "the test calls `run`")]
mod quickstart;
#[path = "../../examples/time_travel.rs"]
#[expect(dead_code, reason = "the test calls `run`")]
mod time_travel;

use crate::support::memory;

#[tokio::test]
async fn examples_run() {
    arrow_batches::run(&memory()).await.unwrap();
    branches::run(&memory()).await.unwrap();
    change_feed::run(&memory()).await.unwrap();
    quickstart::run(&memory()).await.unwrap();
    time_travel::run(&memory()).await.unwrap();
}

/// An existing graph is opened, a missing one is created.
#[tokio::test]
async fn open_or_create_is_idempotent() {
    use omnigraph::{LoadMode, LoadSource, Omnigraph};

    let location = memory();
    let schema = "node City { name: String @key }";
    let first = Omnigraph::open_or_create(&location, schema).await.unwrap();
    let rows = LoadSource::ndjson(r#"{"type": "City", "data": {"name": "Oslo"}}"#);
    first.branch("main").load(LoadMode::Merge, rows).await.unwrap();
    first.close().await.unwrap();
    let second = Omnigraph::open_or_create(&location, schema).await.unwrap();
    let rows = second.branch("main").query("match { $c: City } return { $c.name }").await.unwrap().rows().unwrap();
    assert_eq!(rows.len(), 1);
}

/// The body of a query takes the types of its parameters from their values and from their use.
#[tokio::test]
async fn bare_queries_infer_parameters() {
    use omnigraph::Omnigraph;
    use serde_json::json;

    let schema = "node Event { name: String @key  day: Date?  size: I32?  weight: F32?  tags: [String]? }";
    let graph = Omnigraph::create(memory(), schema).await.unwrap();
    let main = graph.branch("main");
    let insert = "insert Event { name: $n, day: $d, size: $s, weight: $w, tags: $t }";
    let insert = main.mutate(insert).param("n", "launch").param("d", "2026-03-01").param("s", 3).param("w", 0.5);
    insert.param("t", json!(["a", "b"])).await.unwrap();
    let rows = main.query("match { $e: Event { day: $d } } return { $e.name, $e.size, $e.weight, $e.tags }");
    let rows = rows.param("d", "2026-03-01").await.unwrap().rows().unwrap();
    assert_eq!(
        serde_json::to_value(&rows).unwrap(),
        json!([{"e.name": "launch", "e.size": 3, "e.weight": 0.5, "e.tags": ["a", "b"]}])
    );

    let error = main.query("match { $e: Event } return { $e.nam }").file("events.gq").await.unwrap_err().to_string();
    assert!(error.contains("events.gq:1:33"), "the position is in the body, not in a wrapped query: {error}");
    let error = main.query("match { $e: Event { size: $s } } return { $e.name }").await.unwrap_err().to_string();
    assert!(error.contains("$s"), "{error}");
}
