//! Several processes write to one branch of one folder concurrently.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes live in real time and are told what to do by environment"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use omnigraph::{LoadMode, Omnigraph, OpenOptions, SchemaSource, StoreOptions, Target};
use omnigraph_testkit::s3::MotoServer;

use crate::support::{SCHEMA, export_rows, init, load};

const FOLDER: &str = "OMNIGRAPH_TEST_WRITERS_FOLDER";
const WRITER: &str = "OMNIGRAPH_TEST_WRITER";
const PROCESSES: usize = 4;
const LOADS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the processes that the test below starts"]
async fn writer() {
    let (Ok(folder), Ok(writer)) = (std::env::var(FOLDER), std::env::var(WRITER)) else { return };
    let folder = Path::new(&folder);
    let graph = Omnigraph::open(folder.join("graph").display().to_string()).await.unwrap();
    std::fs::write(folder.join(format!("ready-{writer}")), "").unwrap();
    while !folder.join("go").exists() {
        std::thread::yield_now();
    }
    let mut retries = 0;
    for number in 0..LOADS {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"w{writer}n{number}\"}}}}");
        retries += load(&graph, "main", LoadMode::Append, &line).await.unwrap().retries;
    }
    std::fs::write(folder.join(format!("retries-{writer}")), retries.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_of_fifty_loads_each() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let graph = init(&place).await;
    let mut writers: Vec<_> = (0..PROCESSES)
        .map(|writer| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "processes::writer", "--ignored", "--test-threads=1"])
                .env(FOLDER, folder.path())
                .env(WRITER, writer.to_string())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    while (0..PROCESSES).any(|writer| !folder.path().join(format!("ready-{writer}")).exists()) {
        assert!(
            writers.iter_mut().all(|writer| writer.try_wait().unwrap().is_none()),
            "a writer exited before the start"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::write(folder.path().join("go"), "").unwrap();
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success(), "an error reached a writer");
    }
    let rows = export_rows(&graph, "main").await;
    let handles = rows.ids("Sailor");
    let distinct: BTreeSet<&str> = handles.iter().copied().collect();
    assert_eq!((handles.len(), distinct.len()), (PROCESSES * LOADS, PROCESSES * LOADS), "every row exactly once");
    let head = graph.commit(&Target::Branch("main".into())).await.unwrap();
    assert_eq!(head.generation(), 1 + (PROCESSES * LOADS) as u64, "one commit each");
    let retries: usize = (0..PROCESSES)
        .map(|writer| std::fs::read_to_string(folder.path().join(format!("retries-{writer}"))).unwrap())
        .map(|text| text.parse::<usize>().unwrap())
        .sum();
    println!("{PROCESSES} processes x {LOADS} loads: {} commits, {retries} lost races", PROCESSES * LOADS);
}

/// Repeats this on an S3 server with four handles, each with caches of its own.
#[tokio::test(flavor = "multi_thread")]
async fn four_handles_on_s3() {
    const EACH: usize = 10;
    let bucket = MotoServer::fresh_bucket().unwrap();
    let place = format!("s3://{}/graph", bucket.name);
    let store = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let graph =
        Omnigraph::create(&place, SchemaSource::new("fleet.pg", SCHEMA)).options(options.clone()).await.unwrap();
    let writers = (0..PROCESSES).map(|writer| {
        let (place, options) = (place.clone(), options.clone());
        tokio::spawn(async move {
            let graph = Omnigraph::open(&place).options(options).await.unwrap();
            for number in 0..EACH {
                let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{writer}n{number}\"}}}}");
                load(&graph, "main", LoadMode::Append, &line).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let rows = export_rows(&graph, "main").await;
    let handles: BTreeSet<&str> = rows.ids("Sailor").into_iter().collect();
    assert_eq!(
        (rows.rows("Sailor").len(), handles.len()),
        (PROCESSES * EACH, PROCESSES * EACH),
        "every row exactly once"
    );
    let head = graph.commit(&Target::Branch("main".into())).await.unwrap();
    assert_eq!(head.generation(), 1 + (PROCESSES * EACH) as u64, "one commit each");
}
