//! Answers the questions of a manifest on a graph that is there, and says how long each takes.
//!
//! `cargo bench --workspace --bench questions -- --graph <folder> --questions <folder> --json`. The manifest is
//! `benchmarks/README.md`'s; without arguments nothing is asked. Warm times are medians of many runs on an open graph; cold ones
//! of a few runs, each on a graph opened anew.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use omnigraph::{
    LoadMode, LoadRequest, LoadSource, MutateRequest, Omnigraph, OpenOptions, QueryRequest, QueryResult, Snapshot,
    Target,
};
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

/// A question of the manifest.
struct Question {
    name: String,
    request: QueryRequest,
    /// Of a mutation, the parameter that is another in every run.
    unique: Option<String>,
}

fn questions(folder: &Path) -> Vec<Question> {
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let question = |entry: &Value| {
        let file = entry["file"].as_str().unwrap();
        let request = QueryRequest {
            source: std::fs::read_to_string(folder.join(file)).unwrap(),
            file: file.to_owned(),
            name: entry["query"].as_str().map(str::to_owned),
            params: Some(entry["params"].clone()),
            ..QueryRequest::default()
        };
        let unique = entry["unique"].as_str().map(str::to_owned);
        Question { name: entry["name"].as_str().unwrap().to_owned(), request, unique }
    };
    manifest["questions"].as_array().unwrap().iter().map(question).collect()
}

async fn open(graph: &Path) -> Omnigraph {
    Omnigraph::open(&graph.display().to_string(), OpenOptions::default()).await.unwrap()
}

async fn main_of(graph: &Omnigraph) -> Snapshot {
    graph.snapshot(Target::Branch("main".into())).await.unwrap()
}

async fn measure(folder: &Path, asked: &Path, commits: usize, json: bool) {
    let graph = open(folder).await;
    for number in 0..commits {
        commit_one(&graph, number).await;
    }
    for Question { name, request, unique } in questions(asked) {
        if let Some(unique) = unique {
            mutated(&graph, &name, &request, &unique, json).await;
            continue;
        }
        let answer = match main_of(&graph).await.query(request.clone()).await {
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
        let warm = warm(&graph, &request).await;
        let mut cold = Vec::new();
        for _ in 0..COLD_RUNS {
            let started = Instant::now();
            main_of(&open(folder).await).await.query(request.clone()).await.unwrap();
            cold.push(started.elapsed());
        }
        report(&name, &answer, warm, median(cold), json);
    }
}

/// Times a mutation.
async fn mutated(graph: &Omnigraph, name: &str, request: &QueryRequest, unique: &str, json: bool) {
    let mut times = Vec::new();
    for run in 0..WARM_RUNS {
        let mut params = request.params.clone().unwrap_or_else(|| json!({}));
        params[unique] = json!(format!("bench-{}-{run}", std::process::id()));
        let QueryRequest { source, file, name, .. } = request.clone();
        let mutation = MutateRequest {
            branch: "main".to_owned(),
            source,
            file,
            name,
            params: Some(params),
            ..MutateRequest::default()
        };
        let started = Instant::now();
        graph.mutate(mutation).await.unwrap();
        times.push(started.elapsed());
    }
    let millis = median(times).as_secs_f64() * 1e3;
    if json {
        println!("{}", json!({ "name": name, "median_ms": millis, "runs": WARM_RUNS, "rows": 0 }));
    } else {
        println!("{name:24} {millis:9.3} ms, durable");
    }
}

/// The median of many runs, each on the newest state.
async fn warm(graph: &Omnigraph, request: &QueryRequest) -> (Duration, usize) {
    for _ in 0..WARM_UP {
        main_of(graph).await.query(request.clone()).await.unwrap();
    }
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < WARM_RUNS && (began.elapsed() < WARM_TIME || times.len() < 10) {
        let started = Instant::now();
        main_of(graph).await.query(request.clone()).await.unwrap();
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
            answer.columns.iter().map(|column| row[column].clone()).collect()
        };
        let rows: Vec<Vec<Value>> = answer.rows.iter().map(cells).collect();
        let line = json!({
            "name": name, "median_ms": millis(warm.0), "runs": warm.1, "cold_ms": millis(cold), "rows": rows.len(),
            "answer": rows,
        });
        println!("{line}");
    } else {
        println!("{name:24} {:9.3} ms warm {:9.2} ms cold {:8} rows", millis(warm.0), millis(cold), answer.rows.len());
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
    let request = LoadRequest::new("main", LoadMode::Append, source);
    graph.load(request).await.unwrap();
}
