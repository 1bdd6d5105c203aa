//! The cost of branches, merges and differences, and its independence of the size of the history.
//!
//! `cargo bench -p omnigraph --bench history` prints requests of branch creation and deletion for graphs of many tables, siblings and
//! commits; time and bytes of a merge and a difference of few changed rows in large tables with vectors; and a fleet of agents
//! merged by concurrent workers. `OMNIGRAPH_BENCH=small` reduces all sizes for a check.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use futures::TryStreamExt;
use omnigraph::{
    ChangeFilter, ConflictStrategy, Durability, LoadMode, LoadSource, MergeSide, Omnigraph, OpenOptions, SchemaSource,
    StoreOptions, Target,
};

/// Sizes of the measured graphs.
struct BenchSizes {
    tables: [usize; 2],
    siblings: [usize; 2],
    depths: [usize; 2],
    rows: [usize; 2],
    changes: [usize; 3],
    agents: usize,
    writes: usize,
}

const FULL: BenchSizes = BenchSizes {
    tables: [10, 500],
    siblings: [0, 1_000],
    depths: [0, 10_000],
    rows: [100_000, 1_000_000],
    changes: [1, 50, 5_000],
    agents: 100,
    writes: 20,
};

const SMALL: BenchSizes = BenchSizes {
    tables: [2, 20],
    siblings: [0, 20],
    depths: [0, 50],
    rows: [2_000, 20_000],
    changes: [1, 20, 200],
    agents: 8,
    writes: 3,
};

const WORKERS: usize = 8;

fn main() {
    let small = std::env::var_os("OMNIGRAPH_BENCH").is_some_and(|size| size == "small");
    let sizes = if small { SMALL } else { FULL };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, place, source, target] = arguments.as_slice()
        && role == "--merge"
    {
        return runtime.block_on(merge(place, source, target));
    }
    runtime.block_on(async {
        branches(&sizes).await;
        changes(&sizes).await;
        carried(&sizes).await;
        fleet(&sizes).await;
    });
}

fn options() -> OpenOptions {
    OpenOptions {
        store: StoreOptions { durability: Durability::Os, ..StoreOptions::default() },
        ..OpenOptions::default()
    }
}

async fn init(folder: &Path, schema: &str) -> Omnigraph {
    Omnigraph::create(folder.display().to_string(), SchemaSource::new("bench.pg", schema))
        .options(options())
        .await
        .unwrap()
}

async fn load(graph: &Omnigraph, branch: &str, rows: String) {
    let source = LoadSource::reader("rows.jsonl", std::io::Cursor::new(rows.into_bytes()));
    graph.branch(branch).load(LoadMode::Merge, source).await.unwrap();
}

async fn mutate(graph: &Omnigraph, branch: &str, statements: &str) {
    graph.branch(branch).mutate(format!("query m() {{ {statements} }}")).await.unwrap();
}

fn main_branch() -> Target {
    Target::Branch("main".to_owned())
}

async fn branches(sizes: &BenchSizes) {
    println!("branches: requests to create and to delete one, by a handle that was just opened");
    println!("  tables  siblings  depth | create                       | delete");
    for tables in sizes.tables {
        for siblings in sizes.siblings {
            for depth in sizes.depths {
                let folder = tempfile::tempdir().unwrap();
                let schema: String = (0..tables).map(|at| format!("node T{at} {{ key: String @key }}\n")).collect();
                let graph = init(folder.path(), &schema).await;
                for at in 0..depth {
                    mutate(&graph, "main", &format!("insert T0 {{ key: \"{}\" }}", at % 50)).await;
                }
                for at in 0..siblings {
                    graph.create_branch(&format!("sibling{at}"), &main_branch()).await.unwrap();
                }
                graph.flush_mirror().await.unwrap();
                let graph = Omnigraph::open(folder.path().display().to_string()).options(options()).await.unwrap();
                let begun = graph.requests();
                graph.create_branch("new", &main_branch()).await.unwrap();
                let created = graph.requests() - begun;
                let begun = graph.requests();
                graph.delete_branch("new").await.unwrap();
                let deleted = graph.requests() - begun;
                println!("  {tables:>6}  {siblings:>8}  {depth:>5} | {:<28} | {deleted}", created.to_string());
            }
        }
    }
}

fn item(key: usize, version: usize) -> String {
    let mut vector = String::with_capacity(256 * 6);
    for at in 0..256_usize {
        let value = (key * 31 + at * 17 + version) % 1000;
        write!(vector, "{}0.{value:03}", if at == 0 { "" } else { "," }).unwrap();
    }
    let data = format!("{{\"key\":\"k{key}\",\"text\":\"v{version}\",\"vector\":[{vector}]}}");
    format!("{{\"type\":\"Item\",\"data\":{data}}}\n")
}

/// Bytes that this process has read from and written to files so far.
fn moved() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    of("rchar:").unwrap_or_default() + of("wchar:").unwrap_or_default()
}

/// The most memory of this process since it was last asked, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024);
    // Where that is not allowed, the figure is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    peak
}

/// A branch of many new rows into a `main` that went on: they are carried over as they lie.
async fn carried(sizes: &BenchSizes) {
    let folder = tempfile::tempdir().unwrap();
    let schema = "node Item { key: String @key  text: String  vector: Vector(256) }";
    let graph = init(folder.path(), schema).await;
    let (first, second) = (0..1_000, 1_000..1_000 + sizes.rows[0]);
    load(&graph, "main", first.map(|at| item(at, 0)).collect()).await;
    graph.create_branch("side", &main_branch()).await.unwrap();
    let before = moved();
    load(&graph, "side", second.map(|at| item(at, 0)).collect()).await;
    let loaded = moved() - before;
    mutate(&graph, "main", "update Item set { text: \"new\" } where key = \"k7\"").await;
    let (begun, before) = (Instant::now(), moved());
    peak();
    let receipt = graph.branch("main").merge("side").await.unwrap();
    assert_eq!(receipt.types[0].inserted, sizes.rows[0] as u64);
    let (ms, bytes) = (begun.elapsed().as_secs_f64() * 1e3, moved() - before);
    println!(
        "\nmerge of a branch of {} new rows into a diverged main: {ms:.1} ms, {bytes} bytes moved (the load of the branch: \
         {loaded}), at most {} MiB",
        sizes.rows[0],
        peak()
    );
    graph.flush_mirror().await.unwrap();
}

async fn changes(sizes: &BenchSizes) {
    println!(
        "\nchanged rows on both sides of a table with a Vector(256): a difference and a three-way merge, by a warm handle and"
    );
    println!("by a process of its own, which has to learn the ids first");
    println!("      rows  changes |  diff ms      bytes |  merge ms      bytes |   cold ms  at most MiB");
    for rows in sizes.rows {
        let folder = tempfile::tempdir().unwrap();
        let schema = "node Item { key: String @key  text: String  vector: Vector(256) }";
        let graph = init(folder.path(), schema).await;
        for first in (0..rows).step_by(50_000) {
            let chunk = (first..rows.min(first + 50_000)).map(|at| item(at, 0)).collect();
            load(&graph, "main", chunk).await;
        }
        for (round, count) in sizes.changes.into_iter().enumerate() {
            let side = format!("side{round}");
            graph.create_branch(&side, &main_branch()).await.unwrap();
            let step = (rows / count / 2).max(1);
            load(&graph, &side, (0..count).map(|at| item(at * 2 * step, round + 1)).collect()).await;
            load(&graph, "main", (0..count).map(|at| item((at * 2 + 1) * step, round + 1)).collect()).await;
            graph.create_branch("twin", &main_branch()).await.unwrap();
            graph.flush_mirror().await.unwrap();
            let cold = cold(folder.path(), &side);
            graph.delete_branch("twin").await.unwrap();
            let (begun, before) = (Instant::now(), moved());
            let to = Target::Branch(side.clone());
            let base = graph.merge_base(&main_branch(), &to).await.unwrap();
            let base = Target::Commit(base.id().to_string());
            let difference = graph.diff(&base, &to, ChangeFilter::default()).await.unwrap();
            let found: usize =
                difference.changes().try_fold(0, |sum, some| async move { Ok(sum + some.len()) }).await.unwrap();
            assert_eq!(found, count);
            let (diff_ms, diff) = (begun.elapsed().as_secs_f64() * 1e3, moved() - before);
            let (begun, before) = (Instant::now(), moved());
            let receipt = graph.branch("main").merge(side).await.unwrap();
            assert_eq!(receipt.types[0].updated, count as u64);
            let (merge_ms, merge) = (begun.elapsed().as_secs_f64() * 1e3, moved() - before);
            println!("  {rows:>8} {count:>8} | {diff_ms:>8.1} {diff:>10} | {merge_ms:>9.1} {merge:>10} | {cold}");
        }
        graph.flush_mirror().await.unwrap();
    }
}

/// Runs the same merge in a process that has just opened the graph, so that its caches are empty.
fn cold(place: &Path, side: &str) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.arg("--merge").arg(place).args([side, "twin"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

async fn merge(place: &str, source: &str, target: &str) {
    let graph = Omnigraph::open(place).options(options()).await.unwrap();
    let begun = Instant::now();
    graph.branch(target).merge(source).await.unwrap();
    println!("{:>9.1} {:>12}", begun.elapsed().as_secs_f64() * 1e3, peak());
}

async fn fleet(sizes: &BenchSizes) {
    let folder = tempfile::tempdir().unwrap();
    let graph = init(folder.path(), "node Note { key: String @key  by: I64 }").await;
    let shared: String =
        (0..10).map(|at| format!("{{\"type\":\"Note\",\"data\":{{\"key\":\"s{at}\",\"by\":0}}}}\n")).collect();
    load(&graph, "main", shared).await;
    let begun = Instant::now();
    for agent in 0..sizes.agents {
        let name = format!("agent{agent}");
        graph.create_branch(&name, &main_branch()).await.unwrap();
        for write in 1..sizes.writes {
            mutate(&graph, &name, &format!("insert Note {{ key: \"a{agent}-{write}\", by: {agent} }}")).await;
        }
        mutate(&graph, &name, &format!("update Note set {{ by: {agent} }} where key = \"s{}\"", agent % 10)).await;
    }
    let written = begun.elapsed();
    let begun = Instant::now();
    let queue = Arc::new(tokio::sync::Mutex::new((0..sizes.agents).collect::<Vec<_>>()));
    let workers = (0..WORKERS).map(|_| {
        let (graph, queue) = (graph.clone(), Arc::clone(&queue));
        tokio::spawn(async move {
            while let Some(agent) = { queue.lock().await.pop() } {
                let choices = ConflictStrategy { default: Some(MergeSide::Theirs), ..ConflictStrategy::default() };
                graph.branch("main").merge(format!("agent{agent}")).resolve_with(choices).await.unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    let merged = begun.elapsed();
    let rows = graph.snapshot(main_branch()).await.unwrap().tables()[0].rows;
    assert_eq!(rows as usize, 10 + sizes.agents * (sizes.writes - 1));
    println!(
        "\nfleet: {} agents of {} writes in {:.1} s, merged by {WORKERS} workers in {:.1} s ({:.1} merges a second)",
        sizes.agents,
        sizes.writes,
        written.as_secs_f64(),
        merged.as_secs_f64(),
        sizes.agents as f64 / merged.as_secs_f64()
    );
    graph.flush_mirror().await.unwrap();
}
