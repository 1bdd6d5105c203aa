//! The cost of a bulk load in each format, compared with a plain Lance file writer over the same batches.
//!
//! `OMNIGRAPH_BENCH_NODES=1000000 cargo bench -p omnigraph --bench bulk` loads so many nodes and ten times as many edges; without
//! the variable a hundredth of it. It is the hardest order: all edges come before the nodes, and every edge has an id. Each
//! load runs in a process of its own, which prints its time and its peak memory.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Int32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use omnigraph::{Durability, LoadMode, LoadSource, Omnigraph, OpenOptions, SchemaSource, StoreOptions};
use parquet::arrow::ArrowWriter;

use crate::support::{peak_memory_mib, write_lance_file};

mod support;

const SCHEMA: &str = "\
node Person { name: String @key  age: I32? }
edge Knows: Person -> Person { since: I32? }
";
const BATCH_ROWS: usize = 8192;
const EDGES_PER_NODE: usize = 10;

/// A function that writes a table of that name to a folder.
type WriteTable = fn(&Path, &str, &mut dyn Iterator<Item = RecordBatch>);

const FORMATS: [(&str, WriteTable); 3] = [("NDJSON", ndjson), ("CSV", csv), ("Parquet", parquet)];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    let nodes = std::env::var("OMNIGRAPH_BENCH_NODES").ok().and_then(|nodes| nodes.parse().ok()).unwrap_or(10_000);
    match arguments.iter().skip(1).map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--load", from, into] => runtime.block_on(child(load(Path::new(from), into))),
        ["--plain", into] => runtime.block_on(child(plain(nodes, into))),
        _ => measure(nodes),
    }
}

fn measure(nodes: usize) {
    let rows = nodes * (1 + EDGES_PER_NODE);
    println!("bulk load of {nodes} nodes and {} edges, edges first, each with an id", nodes * EDGES_PER_NODE);
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let plain = run(&["--plain", &place("plain")]);
    report("plain Lance", rows, &plain, &plain);
    for (name, write) in FORMATS {
        let files = folder.path().join(name);
        std::fs::create_dir(&files).unwrap();
        // Folders are read by name.
        write(&files, "Knows", &mut edges(nodes));
        write(&files, "Person", &mut people(nodes));
        let ours = run(&["--load", &files.display().to_string(), &place(&format!("{name}.omni"))]);
        std::fs::remove_dir_all(&files).unwrap();
        report(name, rows, &ours, &plain);
    }
}

/// Seconds and MiB.
struct RunFigures {
    seconds: f64,
    mebibytes: u64,
}

fn run(arguments: &[&str]) -> RunFigures {
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (seconds, mebibytes) = text.trim().split_once(' ').unwrap();
    RunFigures { seconds: seconds.parse().unwrap(), mebibytes: mebibytes.parse().unwrap() }
}

fn report(name: &str, rows: usize, ours: &RunFigures, plain: &RunFigures) {
    let rate = rows as f64 / ours.seconds;
    let ratio = ours.seconds / plain.seconds;
    let RunFigures { seconds, mebibytes } = ours;
    println!("  {name:<12} {seconds:>8.2} s {rate:>10.0} rows/s {mebibytes:>6} MiB peak   ratio {ratio:>5.2}");
}

async fn child(work: impl Future<Output = ()>) {
    let begun = Instant::now();
    work.await;
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_memory_mib());
}

async fn load(from: &Path, into: &str) {
    let store = StoreOptions { durability: Durability::Os, ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let graph = Omnigraph::create(into, SchemaSource::new("bulk.pg", SCHEMA)).options(options).await.unwrap();
    let source = LoadSource::path(from).unwrap();
    let temporary = from.parent().unwrap();
    graph.branch("main").load(LoadMode::Append, source).temporary_folder(temporary).await.unwrap();
}

async fn plain(nodes: usize, into: &str) {
    for (name, batches) in
        [("Knows", Box::new(edges(nodes)) as Box<dyn Iterator<Item = _> + Send>), ("Person", Box::new(people(nodes)))]
    {
        write_lance_file(&Path::new(into).join(format!("{name}.lance")), batches).await;
    }
}

fn batches_of(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> + Send {
    (0..rows).step_by(BATCH_ROWS).map(move |from| from..rows.min(from + BATCH_ROWS))
}

fn name(node: usize) -> String {
    format!("person-{node:08}")
}

/// Returns a number without a pattern that an encoding could use.
fn scattered(number: usize) -> usize {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

fn people(nodes: usize) -> impl Iterator<Item = RecordBatch> + Send {
    let field = |name, ty| Field::new(name, ty, true);
    let schema = Arc::new(Schema::new(vec![
        field("id", DataType::Utf8),
        field("name", DataType::Utf8),
        field("age", DataType::Int32),
    ]));
    batches_of(nodes).map(move |rows| {
        let names = Arc::new(StringArray::from_iter_values(rows.clone().map(name)));
        let ages = Int32Array::from_iter_values(rows.map(|row| (scattered(row) % 100) as i32));
        RecordBatch::try_new(Arc::clone(&schema), vec![names.clone(), names, Arc::new(ages)]).unwrap()
    })
}

fn edges(nodes: usize) -> impl Iterator<Item = RecordBatch> + Send {
    let field = |name, ty| Field::new(name, ty, true);
    let schema = Arc::new(Schema::new(vec![
        field("id", DataType::Utf8),
        field("from", DataType::Utf8),
        field("to", DataType::Utf8),
        field("since", DataType::Int32),
    ]));
    batches_of(nodes * EDGES_PER_NODE).map(move |rows| {
        let texts = |of: &dyn Fn(usize) -> String| Arc::new(StringArray::from_iter_values(rows.clone().map(of)));
        let ids = texts(&|row| format!("knows-{row:09}"));
        let from = texts(&|row| name(scattered(row) % nodes));
        let to = texts(&|row| name(scattered(row + 7) % nodes));
        let since = Int32Array::from_iter_values(rows.clone().map(|row| 1950 + (scattered(row) % 75) as i32));
        RecordBatch::try_new(Arc::clone(&schema), vec![ids, from, to, Arc::new(since)]).unwrap()
    })
}

fn columns(batch: &RecordBatch) -> (Vec<&StringArray>, &Int32Array) {
    let texts = batch.columns().iter().filter_map(|column| column.as_any().downcast_ref()).collect();
    (texts, batch.columns().last().unwrap().as_any().downcast_ref().unwrap())
}

fn ndjson(folder: &Path, name: &str, batches: &mut dyn Iterator<Item = RecordBatch>) {
    let mut out = BufWriter::new(std::fs::File::create(folder.join(format!("{name}.jsonl"))).unwrap());
    for batch in batches {
        let (texts, numbers) = columns(&batch);
        for row in 0..batch.num_rows() {
            let (text, number) = (|column: usize| texts[column].value(row), numbers.value(row));
            if name == "Knows" {
                let (id, from, to) = (text(0), text(1), text(2));
                writeln!(
                    out,
                    "{{\"edge\":\"Knows\",\"from\":\"{from}\",\"to\":\"{to}\",\"data\":{{\"id\":\"{id}\",\"since\":{number}}}}}"
                )
                .unwrap();
            } else {
                let name = text(1);
                writeln!(out, "{{\"type\":\"Person\",\"data\":{{\"name\":\"{name}\",\"age\":{number}}}}}").unwrap();
            }
        }
    }
    out.flush().unwrap();
}

fn csv(folder: &Path, name: &str, batches: &mut dyn Iterator<Item = RecordBatch>) {
    let mut out = BufWriter::new(std::fs::File::create(folder.join(format!("{name}.csv"))).unwrap());
    let header = if name == "Knows" { "id,from,to,since" } else { "id,name,age" };
    writeln!(out, "{header}").unwrap();
    for batch in batches {
        let (texts, numbers) = columns(&batch);
        for row in 0..batch.num_rows() {
            for column in &texts {
                write!(out, "{},", column.value(row)).unwrap();
            }
            writeln!(out, "{}", numbers.value(row)).unwrap();
        }
    }
    out.flush().unwrap();
}

fn parquet(folder: &Path, name: &str, batches: &mut dyn Iterator<Item = RecordBatch>) {
    let file = std::fs::File::create(folder.join(format!("{name}.parquet"))).unwrap();
    let mut batches = batches.peekable();
    let mut writer = ArrowWriter::try_new(file, batches.peek().unwrap().schema(), None).unwrap();
    batches.for_each(|batch| writer.write(&batch).unwrap());
    writer.close().unwrap();
}
