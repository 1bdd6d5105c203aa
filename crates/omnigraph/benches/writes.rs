//! The cost of small writes: one row at a time, many concurrent writers, and the files of thousands of commits.
//!
//! `cargo bench -p omnigraph --bench writes` (or `make bench`). Every figure has a baseline of the same run: a plain
//! file of a kilobyte for one row, one writer for many, the first commits for later ones, a copy loaded at once for the remaining files.
//! Arguments select parts by their names: `one`, `many`, `processes`, `slow`, `remains`.
//! `OMNIGRAPH_BENCH_DEPTH` sets how many commits there are before the second measure of one row (10,000).

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use omnigraph::{Durability, LoadMode, LoadSource, Omnigraph, OpenOptions, SchemaSource, StoreOptions, Target};
use omnigraph_testkit::fault::{FaultInjector, FaultKind, FaultRule};

use crate::support::data_files;

mod support;

const SCHEMA: &str = "\
node Person { name: String @key  age: I32?  note: String? }
edge Knows: Person -> Person { since: Date? }
";
const INSERT: &str = "query q($n: String) { insert Person { name: $n, age: 30, note: \"a row of a benchmark\" } }";
const UPDATE: &str = "query q($n: String) { update Person set { age: age + 1 } where name = $n }";
const DELETE: &str = "query q($n: String) { delete Person where name = $n }";
const MEASURED: usize = 200;
const WRITERS: [usize; 6] = [1, 2, 4, 8, 16, 64];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, place, name] = arguments.as_slice()
        && role == "--writer"
    {
        return runtime.block_on(writer(place, name));
    }
    // All graphs remain to the end: after many files are deleted, a file system may be slow to create files for a minute.
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    // Cargo passes flags of its own.
    let named: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| *name == part);
    runtime.block_on(async {
        if wanted("one") {
            one_row(root).await;
        }
        if wanted("many") {
            many_writers(root).await;
        }
        if wanted("processes") {
            many_processes(root).await;
        }
        if wanted("slow") {
            slow_store(root).await;
        }
        if wanted("remains") {
            remains(root).await;
        }
    });
}

fn options(durability: Durability) -> OpenOptions {
    OpenOptions { store: StoreOptions { durability, ..StoreOptions::default() }, ..OpenOptions::default() }
}

async fn graph(place: &Path, options: OpenOptions) -> Omnigraph {
    Omnigraph::create(place.display().to_string(), SchemaSource::new("bench.pg", SCHEMA))
        .options(options)
        .await
        .unwrap()
}

async fn mutate(graph: &Omnigraph, source: &str, name: &str) {
    graph.branch("main").mutate(source).param("n", name).await.unwrap();
}

async fn timed(graph: &Omnigraph, source: &str, prefix: &str) -> Vec<Duration> {
    let mut times = Vec::with_capacity(MEASURED);
    for number in 0..MEASURED {
        let name = format!("{prefix}{number}");
        let begun = Instant::now();
        mutate(graph, source, &name).await;
        times.push(begun.elapsed());
    }
    times
}

async fn one_row(root: &Path) {
    let deep: usize = std::env::var("OMNIGRAPH_BENCH_DEPTH").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    println!("one row, one writer, long-lived handle, {MEASURED} each (ms)");
    println!(
        "  {:<10} {:<6} {:>7} {:>9} {:>9} {:>16} {:>22}",
        "", "sync", "depth", "p50", "p95", "to a plain file", "p50 to that of depth 0"
    );
    for (name, durability) in [("os", Durability::Os), ("full", Durability::Full)] {
        let place = root.join(format!("one-{name}"));
        let graph = graph(&place, options(durability)).await;
        let mut first: Vec<f64> = Vec::new();
        for depth in [0, deep] {
            flush_disk();
            let plain = plain_file(&root.join(format!("plain-{name}-{depth}")), durability);
            println!("  {:<10} {name:<6} {:>7} {plain:>9.3}", "plain file", "");
            if depth > 0 {
                fill(&place, depth, durability).await;
                flush_disk();
            }
            for (place, (what, source)) in
                [("insert", INSERT), ("update", UPDATE), ("delete", DELETE)].iter().enumerate()
            {
                let mut times = timed(&graph, source, &format!("d{depth}n")).await;
                times.sort_unstable();
                let (p50, p95) = (millis(times[MEASURED / 2]), millis(times[MEASURED * 95 / 100]));
                if depth == 0 {
                    first.push(p50);
                }
                let (to_plain, to_first) = (p50 / plain, p50 / first[place]);
                println!("  {what:<10} {name:<6} {depth:>7} {p50:>9.3} {p95:>9.3} {to_plain:>16.2} {to_first:>22.2}");
            }
        }
    }
    println!();
}

/// Returns the median time in milliseconds to create one file, with `full` to sync it and its name too.
fn plain_file(folder: &Path, durability: Durability) -> f64 {
    std::fs::create_dir_all(folder).unwrap();
    let mut times = Vec::with_capacity(MEASURED);
    for number in 0..MEASURED {
        let begun = Instant::now();
        let mut file = std::fs::File::create(folder.join(number.to_string())).unwrap();
        file.write_all(&[7; 1024]).unwrap();
        if durability == Durability::Full {
            file.sync_data().unwrap();
            std::fs::File::open(folder).unwrap().sync_all().unwrap();
        }
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    millis(times[MEASURED / 2])
}

/// Flushes the disk, so that earlier parts do not slow down a writer that waits for it.
fn flush_disk() {
    let _ = Command::new("sync").status();
}

/// Makes commits from a separate handle.
async fn fill(place: &Path, commits: usize, durability: Durability) {
    let graph = Omnigraph::open(place.display().to_string()).options(options(durability)).await.unwrap();
    for number in 0..commits {
        mutate(&graph, INSERT, &format!("fill{number}")).await;
    }
}

/// Returns mutations per second of writers with `each` mutations, on keys of their own or all on one.
async fn rate(graph: &Omnigraph, writers: usize, each: usize, same: bool) -> f64 {
    let begun = Instant::now();
    let work = (0..writers).map(|writer| {
        let graph = graph.clone();
        tokio::spawn(async move {
            for number in 0..each {
                let name = if same { "one".to_owned() } else { format!("w{writers}-{writer}-{number}") };
                mutate(&graph, INSERT, &name).await;
            }
        })
    });
    for writer in work.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let total = (writers * each) as f64;
    total / begun.elapsed().as_secs_f64()
}

async fn many_writers(root: &Path) {
    println!("inserts per second on one branch, one process");
    println!("  {:<6} {:<10} {:>8} {:>10} {:>16}", "sync", "keys", "writers", "per s", "to one writer");
    for (name, durability) in [("os", Durability::Os), ("full", Durability::Full)] {
        for (keys, same) in [("disjoint", false), ("the same", true)] {
            flush_disk();
            let graph = graph(&root.join(format!("many-{name}-{keys}")), options(durability)).await;
            rate(&graph, 1, 50, same).await;
            let mut one = 0.0;
            for writers in WRITERS {
                let rate = rate(&graph, writers, (1600 / writers).max(50), same).await;
                if writers == 1 {
                    one = rate;
                }
                println!("  {name:<6} {keys:<10} {writers:>8} {rate:>10.0} {:>16.2}", rate / one);
            }
        }
    }
    println!();
}

/// Inserts of each process, which has one writer.
const OF_PROCESS: usize = 250;

/// Runs in a process that waits for its start and then inserts.
async fn writer(place: &str, name: &str) {
    let graph = Omnigraph::open(place).options(options(Durability::Os)).await.unwrap();
    mutate(&graph, INSERT, &format!("{name} warm")).await;
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    for number in 0..OF_PROCESS {
        mutate(&graph, INSERT, &format!("{name} {number}")).await;
    }
}

async fn many_processes(root: &Path) {
    println!("inserts per second on one branch, a writer in each process, sync os");
    println!("  {:>9} {:>10} {:>16}", "processes", "per s", "to one process");
    let mut one = 0.0;
    for processes in [1, 4] {
        let place = root.join(format!("processes-{processes}"));
        drop(graph(&place, options(Durability::Os)).await);
        let spawn = |number: usize| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--writer", &place.display().to_string(), &format!("p{number}")]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
        };
        let mut children: Vec<_> = (0..processes).map(spawn).collect();
        for child in &mut children {
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        }
        let begun = Instant::now();
        children.iter_mut().for_each(|child| child.stdin.take().unwrap().write_all(b"go\n").unwrap());
        children.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = (processes * OF_PROCESS) as f64 / begun.elapsed().as_secs_f64();
        if processes == 1 {
            one = rate;
        }
        println!("  {processes:>9} {rate:>10.0} {:>16.2}", rate / one);
    }
    println!();
}

async fn slow_store(root: &Path) {
    let faults = FaultInjector::new();
    let store = StoreOptions { layer: Some(faults.layer()), durability: Durability::Os, ..StoreOptions::default() };
    let graph = graph(&root.join("slow"), OpenOptions { store, ..OpenOptions::default() }).await;
    faults.add(FaultRule::new(FaultKind::Delay(Duration::from_millis(30))));
    println!("inserts per second where every request to the store takes 30 ms longer");
    println!("  {:>8} {:>10} {:>16}", "writers", "per s", "to one writer");
    let mut one = 0.0;
    for writers in [1, 4, 16, 64] {
        let rate = rate(&graph, writers, 20, false).await;
        if writers == 1 {
            one = rate;
        }
        println!("  {writers:>8} {rate:>10.1} {:>16.2}", rate / one);
    }
    println!();
}

/// Compares 5,000 commits of one row, without maintenance, with a graph that loaded the same rows at once.
async fn remains(root: &Path) {
    const COMMITS: usize = 5_000;
    let (many, once) = (root.join("remains-many"), root.join("remains-once"));
    let graph_many = graph(&many, options(Durability::Os)).await;
    for number in 0..COMMITS {
        mutate(&graph_many, INSERT, &format!("p{number}")).await;
    }
    let graph_once = graph(&once, options(Durability::Os)).await;
    let mut lines = Vec::new();
    let target = || Target::Branch("main".into());
    graph_many.snapshot(target()).await.unwrap().export(&[], &mut lines).await.unwrap();
    let source = LoadSource::reader("rows", std::io::Cursor::new(lines));
    graph_once.branch("main").load(LoadMode::Merge, source).await.unwrap();

    println!("{COMMITS} commits of one row, without maintenance, compared with the same rows loaded at once");
    let (live_many, live_once) = (live_files(&graph_many, &many).await, live_files(&graph_once, &once).await);
    #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
    let ratio = live_many.1 as f64 / live_once.1 as f64;
    println!(
        "  data files of the newest state: {} and {}; their bytes: {} and {}, ratio {ratio:.2}",
        live_many.0, live_once.0, live_many.1, live_once.1
    );
    graph_many.flush_mirror().await.unwrap();
    let all = files(&many);
    println!("  files of all 5,001 states, each of which can still be read: {}, {} bytes", all.0, all.1);
    for (what, source) in [
        ("look_up", "query q() { match { $p: Person { name: \"p4321\" } } return { $p.age as age } }"),
        ("scan", "query q() { match { $p: Person  $p.age > 29 } return { count($p) as n } }"),
    ] {
        let [a, b] = read([&graph_many, &graph_once], source).await;
        println!(
            "  {what:<8} {:>8.3} ms and {:>8.3} ms, ratio {:.2}",
            millis(a),
            millis(b),
            a.as_secs_f64() / b.as_secs_f64()
        );
    }
}

/// Returns the medians of a query on two graphs in turn; the first hundred runs warm up.
async fn read(graphs: [&Omnigraph; 2], source: &str) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..1_000 {
        for (graph, times) in graphs.iter().zip(&mut times) {
            let begun = Instant::now();
            graph.branch("main").query(source).await.unwrap();
            if turn >= 100 {
                times.push(begun.elapsed());
            }
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

/// Counts the data files of the newest state and their bytes.
async fn live_files(graph: &Omnigraph, root: &Path) -> (usize, u64) {
    let mut found = (0, 0);
    for table in graph.snapshot(Target::Branch("main".into())).await.unwrap().tables() {
        for file in data_files(&root.join(table.path.as_str()), table.version).await {
            found.0 += 1;
            found.1 += std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        }
    }
    found
}

fn files(folder: &Path) -> (usize, u64) {
    let mut found = (0, 0);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
        let below = if entry.path().is_dir() { files(&entry.path()) } else { (1, bytes) };
        found = (found.0 + below.0, found.1 + below.1);
    }
    found
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
