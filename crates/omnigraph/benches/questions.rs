//! Runs the queries of a manifest on an existing graph, and prints the time of each.
//!
//! `cargo bench --workspace --bench questions -- --graph <folder> --questions <folder> --json`. The manifest is
//! `benchmarks/README.md`'s; without arguments it does nothing. Warm times are medians of many runs on an open graph; cold ones
//! of a few runs, each on a newly opened graph.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use omnigraph::{LoadMode, LoadSource, Omnigraph, QueryResult};
use serde_json::{Value, json};

const WARM_RUNS: usize = 200;
const WARM_TIME: Duration = Duration::from_secs(1);
const WARM_UP: usize = 5;
const COLD_RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).map(PathBuf::from)
    };
    let (Some(graph), Some(questions)) = (after("--graph"), after("--questions")) else {
        println!("pass --graph <folder> --questions <folder>; see benchmarks/README.md");
        return;
    };
    let commits = after("--commits").map_or(0, |count| count.display().to_string().parse().unwrap());
    let json = arguments.iter().any(|argument| argument == "--json");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(&graph, &questions, commits, json));
}

/// A query of the manifest.
struct ManifestQuery {
    name: String,
    source: String,
    file: String,
    /// The name of the query in the file.
    query: Option<String>,
    params: Value,
    /// The parameter of a mutation that differs in every run.
    unique: Option<String>,
}

fn questions(folder: &Path) -> Vec<ManifestQuery> {
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let question = |entry: &Value| {
        let file = entry["file"].as_str().unwrap();
        ManifestQuery {
            name: entry["name"].as_str().unwrap().to_owned(),
            source: std::fs::read_to_string(folder.join(file)).unwrap(),
            file: file.to_owned(),
            query: entry["query"].as_str().map(str::to_owned),
            params: entry["params"].clone(),
            unique: entry["unique"].as_str().map(str::to_owned),
        }
    };
    manifest["questions"].as_array().unwrap().iter().map(question).collect()
}

async fn open(graph: &Path) -> Omnigraph {
    Omnigraph::open(graph.display().to_string()).await.unwrap()
}

impl ManifestQuery {
    async fn run(&self, graph: &Omnigraph) -> omnigraph::Result<QueryResult> {
        let query = graph.branch("main").query(&self.source).file(&self.file).params(self.params.clone());
        match &self.query {
            Some(name) => query.name(name).await,
            None => query.await,
        }
    }
}

async fn measure(folder: &Path, asked: &Path, commits: usize, json: bool) {
    let graph = open(folder).await;
    for number in 0..commits {
        commit_one(&graph, number).await;
    }
    for query in questions(asked) {
        let name = &query.name;
        if let Some(unique) = &query.unique {
            mutated(&graph, &query, unique, json).await;
            continue;
        }
        let answer = match query.run(&graph).await {
            Ok(answer) => answer,
            Err(error) if json => {
                println!("{}", json!({"name": name, "error": error.to_string()}));
                continue;
            }
            Err(error) => {
                println!("{name:24} not answered: {error}");
                continue;
            }
        };
        let warm = warm(&graph, &query).await;
        let mut cold = Vec::new();
        for _ in 0..COLD_RUNS {
            let started = Instant::now();
            query.run(&open(folder).await).await.unwrap();
            cold.push(started.elapsed());
        }
        report(name, &answer, warm, median(cold), json);
    }
}

/// Times a mutation.
async fn mutated(graph: &Omnigraph, query: &ManifestQuery, unique: &str, json: bool) {
    let mut times = Vec::new();
    for run in 0..WARM_RUNS {
        let mutation = graph.branch("main").mutate(&query.source).file(&query.file).params(query.params.clone());
        let mutation = mutation.param(unique, format!("bench-{}-{run}", std::process::id()));
        let mutation = match &query.query {
            Some(name) => mutation.name(name),
            None => mutation,
        };
        let started = Instant::now();
        mutation.await.unwrap();
        times.push(started.elapsed());
    }
    let (name, millis) = (&query.name, median(times).as_secs_f64() * 1e3);
    if json {
        println!("{}", json!({ "name": name, "median_ms": millis, "runs": WARM_RUNS, "rows": 0 }));
    } else {
        println!("{name:24} {millis:9.3} ms, durable");
    }
}

/// Returns the median of many runs, each on the newest state.
async fn warm(graph: &Omnigraph, query: &ManifestQuery) -> (Duration, usize) {
    for _ in 0..WARM_UP {
        query.run(graph).await.unwrap();
    }
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < WARM_RUNS && (began.elapsed() < WARM_TIME || times.len() < 10) {
        let started = Instant::now();
        query.run(graph).await.unwrap();
        times.push(started.elapsed());
    }
    let runs = times.len();
    (median(times), runs)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(name: &str, answer: &QueryResult, warm: (Duration, usize), cold: Duration, json: bool) {
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    if json {
        let cells = |row: &serde_json::Map<String, Value>| -> Vec<Value> {
            answer.columns().iter().map(|column| row[column].clone()).collect()
        };
        let rows: Vec<Vec<Value>> = answer.rows().unwrap().iter().map(cells).collect();
        let line = json!({
            "name": name, "median_ms": millis(warm.0), "runs": warm.1, "cold_ms": millis(cold), "rows": rows.len(),
            "answer": rows,
        });
        println!("{line}");
    } else {
        println!("{name:24} {:9.3} ms warm {:9.2} ms cold {:8} rows", millis(warm.0), millis(cold), answer.row_count());
    }
}

/// Adds a package and an edge to it, as one commit.
async fn commit_one(graph: &Omnigraph, number: usize) {
    let lines = format!(
        "{{\"type\": \"Package\", \"data\": {{\"name\": \"bench-{number}\", \"version\": \"1\", \"section\": \"bench\", \
         \"priority\": \"extra\", \"installed_size\": 1, \"size\": 1, \"description\": \"a row of a benchmark\"}}}}\n\
         {{\"edge\": \"Suggests\", \"from\": \"bench-{number}\", \"to\": \"curl\", \"data\": {{\"alternative\": 0}}}}\n"
    );
    let source = LoadSource::reader("rows", std::io::Cursor::new(lines.into_bytes()));
    graph.branch("main").load(LoadMode::Append, source).await.unwrap();
}
