//! The cost of a load and of a one-row commit, compared with a plain Lance file writer over the same rows.
//!
//! `cargo bench -p omnigraph --bench load` (or `make bench`) prints both times, the ratio, and the peak memory of a load in a
//! process of its own. Plain Lance gets the rows as Arrow batches that are in memory already, and checks nothing; the load
//! reads compressed NDJSON and checks types, keys and both ends of every edge.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatch;
use omnigraph::{
    Durability, LoadMode, LoadSource, Omnigraph, OpenOptions, SchemaSource, StoreOptions, TableSummary, Target,
};

use crate::support::{peak_memory_mib, read_lance_files, write_lance_file};

mod support;

const ROUNDS: usize = 5;
const ONE_ROW_COMMITS: u32 = 300;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--load-into") {
        runtime.block_on(load_debian(Path::new(&arguments[at + 1])));
        println!("{}", peak_memory_mib());
        return;
    }
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    bulk(folder.path()).await;
    one_row(folder.path()).await;
}

fn options() -> OpenOptions {
    OpenOptions {
        store: StoreOptions { durability: Durability::Os, ..StoreOptions::default() },
        ..OpenOptions::default()
    }
}

fn debian() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/debian")
}

async fn load_debian(place: &Path) -> Omnigraph {
    let schema = std::fs::read_to_string(debian().join("debian.pg")).unwrap();
    let place = place.display().to_string();
    let graph = Omnigraph::create(&place, SchemaSource::new("debian.pg", &schema)).options(options()).await.unwrap();
    let source = LoadSource::file(&debian().join("debian.jsonl.zst")).unwrap();
    let receipt = graph.branch("main").load(LoadMode::Overwrite, source).await.unwrap();
    assert_eq!(receipt.total(), 428_997);
    graph
}

async fn tables(graph: &Omnigraph) -> Vec<TableSummary> {
    graph.snapshot(Target::Branch("main".into())).await.unwrap().tables()
}

async fn bulk(folder: &Path) {
    let first = folder.join("first");
    let graph = load_debian(&first).await;
    let mut rows: Vec<(String, Vec<RecordBatch>)> = Vec::new();
    for table in tables(&graph).await {
        rows.push((table.name, read_lance_files(&first.join(table.path.as_str())).await));
    }
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let begun = Instant::now();
        load_debian(&folder.join(format!("ours-{round}"))).await;
        ours.push(begun.elapsed());

        let begun = Instant::now();
        for (name, batches) in &rows {
            write_lance_file(&folder.join(format!("plain-{round}/{name}.lance")), batches.iter().cloned()).await;
        }
        plain.push(begun.elapsed());
    }
    println!("load of the Debian graph (65,785 nodes, 363,212 edges; zstd NDJSON to one durable-os commit)");
    report("omnigraph load", "plain Lance, rows in memory", ours, plain);
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--load-into", &folder.join("memory").display().to_string()])
        .output()
        .unwrap();
    println!("  peak memory of a process that loads: {} MiB\n", String::from_utf8_lossy(&output.stdout).trim());
}

async fn one_row(folder: &Path) {
    let place = folder.join("first");
    let graph = Omnigraph::open(place.display().to_string()).options(options()).await.unwrap();
    let row = |number: u32| {
        format!("{{\"type\":\"Maintainer\",\"data\":{{\"email\":\"m{number}@example.org\",\"name\":\"M {number}\"}}}}")
    };
    commit(&graph, &row(0)).await;
    let mut ours = Vec::new();
    for number in 1..=ONE_ROW_COMMITS {
        let line = row(number);
        let begun = Instant::now();
        commit(&graph, &line).await;
        ours.push(begun.elapsed());
    }
    let plain = plain_one_row(folder, &place).await;
    println!("commit of one row (durable-os, long-lived handle, {ONE_ROW_COMMITS} commits in a row)");
    report("omnigraph load of one row", "plain Lance file of one row", ours, plain);
}

async fn commit(graph: &Omnigraph, line: &str) {
    let source = LoadSource::reader("row", std::io::Cursor::new(line.as_bytes().to_vec()));
    graph.branch("main").load(LoadMode::Merge, source).await.unwrap();
}

/// Writes the same rows, each to a file of its own.
async fn plain_one_row(folder: &Path, graph: &Path) -> Vec<Duration> {
    let opened = Omnigraph::open_read_only(graph.display().to_string()).await.unwrap();
    let table = tables(&opened).await.into_iter().find(|table| table.name == "Maintainer").unwrap();
    let schema = read_lance_files(&graph.join(table.path.as_str())).await[0].schema();
    let mut times = Vec::new();
    for number in 0..=ONE_ROW_COMMITS {
        let text = |value: String| Arc::new(arrow::array::StringArray::from(vec![value])) as arrow::array::ArrayRef;
        let email = format!("m{number}@example.org");
        let columns = vec![text(email.clone()), text(email), text(format!("M {number}"))];
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let begun = Instant::now();
        write_lance_file(&folder.join(format!("plain-rows/{number}.lance")), std::iter::once(batch)).await;
        times.push(begun.elapsed());
    }
    times.split_off(1)
}

fn report(ours_name: &str, plain_name: &str, ours: Vec<Duration>, plain: Vec<Duration>) {
    let (ours, plain) = (median(ours), median(plain));
    println!("  {ours_name:<28} {:>10.3} ms (median)", ours.as_secs_f64() * 1e3);
    println!("  {plain_name:<28} {:>10.3} ms (median)", plain.as_secs_f64() * 1e3);
    println!("  ratio                        {:>10.2}", ours.as_secs_f64() / plain.as_secs_f64());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
