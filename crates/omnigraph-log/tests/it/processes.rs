//! Several processes publish on one branch of one folder.

use std::path::Path;
use std::process::{Command, Stdio};

use omnigraph_log::Log;
use omnigraph_objects::{Location, Store, StoreOptions};

use crate::write::{commit, create, history, main};

const FOLDER: &str = "OMNIGRAPH_TEST_LOG_FOLDER";
const WRITER: &str = "OMNIGRAPH_TEST_LOG_WRITER";
const PROCESSES: usize = 4;
const EACH: usize = 50;

fn open(folder: &Path) -> Store {
    // The real clock, real randomness, and every write synced, as in production.
    Store::open(&Location::Folder(folder.join("graph")), StoreOptions::default()).unwrap()
}

/// One of the writers: this test binary again, told to run this test alone.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the process that started this one tells it what to do")]
#[ignore = "runs in the processes that the test below starts"]
async fn writer() {
    let (Ok(folder), Ok(writer)) = (std::env::var(FOLDER), std::env::var(WRITER)) else { return };
    let folder = Path::new(&folder);
    std::fs::write(folder.join(format!("ready-{writer}")), "").unwrap();
    while !folder.join("go").exists() {
        std::thread::yield_now();
    }
    let log = Log::open(open(folder)).await.unwrap();
    let branch = main(&log).await;
    let mut lines = String::new();
    for _ in 0..EACH {
        let record = commit(&log, &branch).await;
        lines.push_str(&format!("{} {}\n", record.sequence, record.operations[0].id));
    }
    std::fs::write(folder.join(format!("done-{writer}")), lines).unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "other processes come up in real time")]
async fn processes_share_a_branch_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    create(open(folder.path())).await.unwrap();
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
            "a writer fell before the start"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::write(folder.path().join("go"), "").unwrap();
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    let mut told = Vec::new();
    for writer in 0..PROCESSES {
        let lines = std::fs::read_to_string(folder.path().join(format!("done-{writer}"))).unwrap();
        told.extend(
            lines
                .lines()
                .map(|line| line.split_once(' ').unwrap())
                .map(|(sequence, operation)| (sequence.parse::<u64>().unwrap(), operation.to_owned())),
        );
    }
    told.sort();
    let log = Log::open(open(folder.path())).await.unwrap();
    let mut found = history(&log, &main(&log).await).await;
    found.reverse();
    let found: Vec<_> = found[1..].iter().map(|r| (r.sequence, r.operations[0].id.to_string())).collect();
    assert_eq!(found, told, "each operation exactly once, where its writer was told");
    assert!(found.iter().map(|(sequence, _)| *sequence).eq(1..=(PROCESSES * EACH) as u64));
    println!("{PROCESSES} processes x {EACH} publishes: {} commits in sequence", found.len());
}
