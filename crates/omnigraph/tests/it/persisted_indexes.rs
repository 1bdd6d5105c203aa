//! Persisted indexes below `__derived/` save work and change no result.

use std::fs;
use std::path::{Path, PathBuf};

use omnigraph::{LoadMode, Omnigraph, SchemaSource, Snapshot, Target};
use omnigraph_storage::RequestCounts;

use crate::support::load;

const SCHEMA: &str = "\
node Stop { name: String @key }
node Line { name: String @key }
node Rider { name: String @key  age: I32 }
edge Leads: Stop -> Stop
edge ServedBy: Stop -> Line
edge Rides: Rider -> Line
";

/// Stops and edges of each: enough that the indexes of both edge types are persisted.
const STOPS: usize = 1500;
const DEGREE: usize = 45;
/// Riders: enough that their ordinals are persisted.
const RIDERS: usize = 66_000;

const QUERIES: [&str; 7] = [
    "query q() { match { $a: Stop { name: \"s7\" } $a leads $b } return { $b.name } order { $b.name } }",
    "query q() { match { $a: Stop { name: \"s8\" } $a leads{2} $b } return { count(*) as n } }",
    "query q() { match { $a servedBy $l } return { $l.name, count($a) as n } order { n desc, $l.name } limit 5 }",
    "query q() { match { $a: Rider { name: \"r7\" } $a rides $l } return { $a.age, $l.name } }",
    "query q() { match { $a rides $l } return { $l.name, count($a) as n, sum($a.age) as s } order { n desc, $l.name } limit 5 }",
    "query q() { match { $a: Rider not { $a rides $_ } } return { $a.name } order { $a.name } }",
    "query q() { match { $a: Stop not { $a leads $_ } } return { $a.name } order { $a.name } }",
];

fn main_branch() -> Target {
    Target::Branch("main".into())
}

fn rows() -> String {
    let stops = (0..STOPS).map(|stop| format!(r#"{{"type":"Stop","data":{{"name":"s{stop}"}}}}"#));
    let lines = (0..STOPS).map(|line| format!(r#"{{"type":"Line","data":{{"name":"l{line}"}}}}"#));
    let edges = (1..STOPS).flat_map(|stop| {
        (0..DEGREE).flat_map(move |step| {
            let (to, line) = ((stop * 31 + step * step) % STOPS, (stop + step * 7) % STOPS);
            [
                format!(r#"{{"edge":"Leads","from":"s{stop}","to":"s{to}"}}"#),
                format!(r#"{{"edge":"ServedBy","from":"s{stop}","to":"l{line}"}}"#),
            ]
        })
    });
    let riders = (0..RIDERS).flat_map(|rider| {
        [
            format!(r#"{{"type":"Rider","data":{{"name":"r{rider}","age":{}}}}}"#, rider % 90),
            format!(r#"{{"edge":"Rides","from":"r{rider}","to":"l{}"}}"#, rider * 7 % STOPS),
        ]
    });
    stops.chain(lines).chain(edges).chain(riders).collect::<Vec<_>>().join("\n")
}

async fn read_only(place: &str) -> (Omnigraph, Snapshot) {
    let graph = Omnigraph::open_read_only(place).await.unwrap();
    let snapshot = graph.snapshot(main_branch()).await.unwrap();
    (graph, snapshot)
}

/// Returns all results of a handle with empty caches, and its requests to the store.
async fn run_queries(place: &str) -> (Vec<String>, RequestCounts) {
    let (graph, snapshot) = read_only(place).await;
    let mut answers = Vec::new();
    for source in QUERIES {
        answers.push(format!("{:?}", snapshot.query(source).await.unwrap().rows().unwrap()));
    }
    (answers, graph.requests())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

fn stored(derived: &Path) -> Vec<PathBuf> {
    files(derived).into_iter().filter(|file| file.extension().is_some()).collect()
}

fn kinds(derived: &Path) -> Vec<String> {
    let stored = stored(derived);
    let kinds = stored.iter().filter_map(|file| Some(file.extension()?.to_string_lossy().into_owned()));
    let mut kinds: Vec<String> = kinds.collect();
    kinds.sort();
    kinds
}

/// Creates a graph with a persisted adjacency index. Returns its location and the folder of indexes too.
async fn network() -> (tempfile::TempDir, Omnigraph, String, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("g");
    let place = root.display().to_string();
    let graph = Omnigraph::create(&place, SchemaSource::new("stops.pg", SCHEMA)).await.unwrap();
    load(&graph, "main", LoadMode::Append, &rows()).await.unwrap();
    graph.build_indexes(&main_branch()).await.unwrap();
    (folder, graph, place, root.join("__derived"))
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_persisted_indexes_changes_no_result() {
    let (_folder, graph, place, derived) = network().await;
    assert_eq!(kinds(&derived), ["adjacency", "adjacency", "adjacency", "nodes"], "{:?}", files(&derived));
    let (with, cheap) = run_queries(&place).await;
    fs::remove_dir_all(&derived).unwrap();
    let (without, dear) = run_queries(&place).await;
    assert_eq!(with, without);
    assert!(cheap.bytes_read() < dear.bytes_read(), "{} and {} bytes", cheap.bytes_read(), dear.bytes_read());
    assert!(files(&derived).is_empty(), "a read-only handle does not write");
    drop(graph);
    // A handle with write access persists an index after it has built it.
    let graph = Omnigraph::open(&place).await.unwrap();
    for source in [QUERIES[1], QUERIES[4]] {
        graph.branch("main").query(source).await.unwrap();
    }
    graph.flush_indexes().await;
    assert_eq!(kinds(&derived), ["adjacency", "adjacency", "nodes"], "{:?}", files(&derived));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_or_foreign_index_files_change_no_result() {
    let (_folder, _graph, place, derived) = network().await;
    let (expected, _) = run_queries(&place).await;
    let whole: Vec<(PathBuf, Vec<u8>)> =
        files(&derived).into_iter().map(|file| (file.clone(), fs::read(&file).unwrap())).collect();
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damages: [(&str, Damage); 5] = [
        ("cut off", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("emptied", |_| Vec::new()),
        ("changed in the middle", |bytes| {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            bytes
        }),
        ("of something else", |_| b"something else entirely".repeat(100)),
        ("longer", |bytes| [bytes, &[0; 8]].concat()),
    ];
    for (damage, damaged) in damages {
        for (file, bytes) in &whole {
            fs::write(file, damaged(bytes)).unwrap();
            assert_eq!(run_queries(&place).await.0, expected, "{} {damage}", file.display());
            fs::write(file, bytes).unwrap();
        }
    }
    // Each file replaces the other: whole, but of another table.
    let stored = stored(&derived);
    let contents: Vec<Vec<u8>> = stored.iter().map(|file| fs::read(file).unwrap()).collect();
    for (place, file) in stored.iter().enumerate() {
        fs::write(file, &contents[(place + 1) % contents.len()]).unwrap();
    }
    assert_eq!(run_queries(&place).await.0, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_persisted_index_is_updated_incrementally() {
    let (_folder, graph, place, derived) = network().await;
    let before = stored(&derived);
    let more = r#"{"type":"Stop","data":{"name":"a"}}
{"type":"Rider","data":{"name":"new","age":3}}
{"type":"Rider","data":{"name":"r7","age":1000}}
{"edge":"Rides","from":"new","to":"l3"}
{"edge":"Leads","from":"a","to":"s7"}
{"edge":"Leads","from":"s7","to":"a"}
{"edge":"ServedBy","from":"a","to":"l3"}"#;
    load(&graph, "main", LoadMode::Merge, more).await.unwrap();
    graph.build_indexes(&main_branch()).await.unwrap();
    assert_eq!(stored(&derived), before, "a small change is not persisted");
    let (with, cheap) = run_queries(&place).await;
    assert!(with[0].contains("\"a\""), "{}", with[0]);
    assert!(with[3].contains("1000"), "{}", with[3]);
    fs::remove_dir_all(&derived).unwrap();
    let (without, dear) = run_queries(&place).await;
    assert_eq!(with, without);
    assert!(cheap.bytes_read() < dear.bytes_read(), "{} and {} bytes", cheap.bytes_read(), dear.bytes_read());
}
