//! The cost of a search for the ten nearest vectors, compared with an exact scan of all of them.
//!
//! `cargo bench -p omnigraph --bench nearest` loads so many vectors (`OMNIGRAPH_BENCH_VECTORS`, 200,000) of 256 components around a
//! thousand centers, asks for the ten nearest of vectors of the same kind, and compares the answers with those of measuring all
//! vectors in memory: both times, and the recall.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use omnigraph::{Durability, LoadMode, LoadSource, Omnigraph, OpenMode, OpenOptions, SchemaSource, StoreOptions};
use omnigraph_compiler::catalog::DistanceMetric;
use omnigraph_search::VectorQuery;
use parquet::arrow::ArrowWriter;
use serde_json::json;

const WIDTH: usize = 256;
const CENTERS: usize = 1000;
const QUERIES: usize = 50;
const BATCH_ROWS: usize = 10_000;
const SCHEMA: &str = "\
node Item {
  key: String @key
  cosine: Vector(256) @index(metric=cosine)
  l2: Vector(256) @index(metric=l2)
  even: Bool
}";

fn main() {
    let vectors = std::env::var("OMNIGRAPH_BENCH_VECTORS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(vectors));
}

async fn measure(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let graph = filled(folder.path(), count).await;
    let flat: Vec<f32> = (0..count).flat_map(vector).collect();
    let queries: Vec<Vec<f32>> = (0..QUERIES).map(|at| vector(count + at)).collect();
    println!("the 10 nearest of {count} vectors of {WIDTH} components, medians of {QUERIES} queries, one client");
    println!("  {:<8} {:<22} {:>9} {:>9} {:>7} {:>7}", "metric", "", "measured", "ours ms", "ratio", "right");
    for (name, metric) in [("cosine", DistanceMetric::Cosine), ("l2", DistanceMetric::L2)] {
        let truths: Vec<(f64, Vec<usize>)> =
            queries.iter().map(|query| exhaustive(metric, &flat, query, |_| true)).collect();
        report(name, "all", &truths, &asked(&graph, name, "", &queries).await);
        let truths: Vec<_> = queries.iter().map(|query| exhaustive(metric, &flat, query, |row| row % 2 == 0)).collect();
        report(name, "of half, by a filter", &truths, &asked(&graph, name, "  $i.even = true", &queries).await);
    }
    let begun = Instant::now();
    let numbers = vector(count).iter().map(f32::to_string).collect::<Vec<_>>().join(", ");
    let source =
        format!("query q() {{ insert Item {{ key: \"new\", cosine: [{numbers}], l2: [{numbers}], even: true }} }}");
    graph.branch("main").mutate(source).await.unwrap();
    let committed = begun.elapsed();
    let (ms, keys) = ask(&graph, "l2", "", &queries[0]).await;
    println!(
        "  a vector inserted in {:.1} ms is the nearest of itself right after it: {} ({ms:.1} ms)",
        committed.as_secs_f64() * 1e3,
        keys[0] == "new"
    );
    let cold = Omnigraph::open(folder.path().join("graph").display().to_string())
        .options(OpenOptions { mode: OpenMode::ReadOnly, ..options() })
        .await
        .unwrap();
    let (ms, _) = ask(&cold, "cosine", "", &queries[0]).await;
    println!("  the first query of a process: {ms:.0} ms");
}

fn options() -> OpenOptions {
    let store = StoreOptions { durability: Durability::Os, ..StoreOptions::default() };
    OpenOptions { store, ..OpenOptions::default() }
}

async fn filled(folder: &std::path::Path, count: usize) -> Omnigraph {
    let place = folder.join("graph").display().to_string();
    let graph = Omnigraph::create(&place, SchemaSource::new("items.pg", SCHEMA)).options(options()).await.unwrap();
    let file = folder.join("Item.parquet");
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let schema = Arc::new(Schema::new(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("cosine", DataType::FixedSizeList(Arc::clone(&item), WIDTH as i32), false),
        Field::new("l2", DataType::FixedSizeList(Arc::clone(&item), WIDTH as i32), false),
        Field::new("even", DataType::Boolean, false),
    ]));
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&file).unwrap(), Arc::clone(&schema), None).unwrap();
    for first in (0..count).step_by(BATCH_ROWS) {
        let rows = first..count.min(first + BATCH_ROWS);
        let keys = StringArray::from_iter_values(rows.clone().map(|row| format!("k{row}")));
        let values = Float32Array::from_iter_values(rows.clone().flat_map(vector));
        let vectors: ArrayRef =
            Arc::new(FixedSizeListArray::new(Arc::clone(&item), WIDTH as i32, Arc::new(values), None));
        let even: arrow::array::BooleanArray = rows.map(|row| Some(row % 2 == 0)).collect();
        let columns: Vec<ArrayRef> = vec![Arc::new(keys), Arc::clone(&vectors), vectors, Arc::new(even)];
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()).unwrap();
    }
    writer.close().unwrap();
    graph.branch("main").load(LoadMode::Append, LoadSource::path(&file).unwrap()).await.unwrap();
    graph
}

/// Returns a number between -1 and 1 without a pattern.
fn scattered(seed: usize) -> f32 {
    let bits = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Returns a vector near one of the centers.
fn vector(row: usize) -> Vec<f32> {
    let center = row.wrapping_mul(7919) % CENTERS;
    (0..WIDTH).map(|at| scattered(center * 1_000_003 + at) + 0.4 * scattered((row + 1) * 65_537 + at)).collect()
}

/// Returns the ten nearest vectors of an exact scan, and its milliseconds.
fn exhaustive(
    metric: DistanceMetric,
    flat: &[f32],
    query: &[f32],
    counts: impl Fn(usize) -> bool,
) -> (f64, Vec<usize>) {
    let nearest = VectorQuery::new(metric, query.to_vec());
    let begun = Instant::now();
    let mut all: Vec<(f64, usize)> = flat
        .chunks_exact(WIDTH)
        .enumerate()
        .filter(|(row, _)| counts(*row))
        .map(|(row, vector)| (nearest.distance(vector), row))
        .collect();
    all.select_nth_unstable_by(9, |a, b| a.0.total_cmp(&b.0));
    all.truncate(10);
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    (begun.elapsed().as_secs_f64() * 1e3, all.into_iter().map(|(_, row)| row).collect())
}

async fn asked(graph: &Omnigraph, metric: &str, filter: &str, queries: &[Vec<f32>]) -> Vec<(f64, Vec<String>)> {
    ask(graph, metric, filter, &queries[0]).await;
    let mut answers = Vec::with_capacity(queries.len());
    for query in queries {
        answers.push(ask(graph, metric, filter, query).await);
    }
    answers
}

async fn ask(graph: &Omnigraph, metric: &str, filter: &str, query: &[f32]) -> (f64, Vec<String>) {
    let source = format!(
        "query q($v: Vector({WIDTH})) {{ match {{ $i: Item{filter} }} return {{ $i.key as key }} \
         order {{ nearest($i.{metric}, $v) }} limit 10 }}"
    );
    let begun = Instant::now();
    let result = graph.branch("main").query(source).params(json!({ "v": query })).await.unwrap();
    let keys = result.rows().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
    (begun.elapsed().as_secs_f64() * 1e3, keys)
}

fn report(metric: &str, what: &str, truths: &[(f64, Vec<usize>)], ours: &[(f64, Vec<String>)]) {
    let median = |mut times: Vec<f64>| {
        times.sort_unstable_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let measured = median(truths.iter().map(|(ms, _)| *ms).collect());
    let asked = median(ours.iter().map(|(ms, _)| *ms).collect());
    let right = truths
        .iter()
        .zip(ours)
        .flat_map(|((_, rows), (_, keys))| rows.iter().map(move |row| keys.contains(&format!("k{row}"))));
    let (right, all) = right.fold((0, 0), |(right, all), hit| (right + usize::from(hit), all + 1));
    let share = f64::from(u32::try_from(right).unwrap()) / f64::from(u32::try_from(all).unwrap());
    println!("  {metric:<8} {what:<22} {measured:>9.2} {asked:>9.2} {:>7.2} {share:>7.3}", asked / measured);
}
