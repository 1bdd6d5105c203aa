//! Several processes that publish on one branch in one folder.

use std::path::Path;
use std::process::{Command, Stdio};

use omnigraph_history::GraphLog;
use omnigraph_storage::{Location, Store, StoreOptions};

use crate::fixtures::{commit, create, history, main};

const FOLDER: &str = "OMNIGRAPH_TEST_LOG_FOLDER";
const WRITER: &str = "OMNIGRAPH_TEST_LOG_WRITER";
const PROCESSES: usize = 4;
const EACH: usize = 50;

fn open(folder: &Path) -> Store {
    // The system clock, randomness of the system, and every write synced, as in production.
    Store::open(&Location::Folder(folder.join("graph")), StoreOptions::default()).unwrap()
}

/// One of the writers: this test binary, with this test as its only one.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent process passes parameters")]
#[ignore = "runs in the processes that the test below starts"]
async fn writer() {
    let (Ok(folder), Ok(writer)) = (std::env::var(FOLDER), std::env::var(WRITER)) else { return };
    let folder = Path::new(&folder);
    std::fs::write(folder.join(format!("ready-{writer}")), "").unwrap();
    while !folder.join("go").exists() {
        std::thread::yield_now();
    }
    let log = GraphLog::open(open(folder)).await.unwrap();
    let branch = main(&log).await;
    let mut lines = String::new();
    for _ in 0..EACH {
        let record = commit(&log, &branch).await;
        lines.push_str(&format!("{} {}\n", record.sequence, record.operations[0].id));
    }
    std::fs::write(folder.join(format!("done-{writer}")), lines).unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "other processes start in real time")]
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
            "a writer failed before the start"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::write(folder.path().join("go"), "").unwrap();
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    let mut acknowledged = Vec::new();
    for writer in 0..PROCESSES {
        let lines = std::fs::read_to_string(folder.path().join(format!("done-{writer}"))).unwrap();
        acknowledged.extend(
            lines
                .lines()
                .map(|line| line.split_once(' ').unwrap())
                .map(|(sequence, operation)| (sequence.parse::<u64>().unwrap(), operation.to_owned())),
        );
    }
    acknowledged.sort();
    let log = GraphLog::open(open(folder.path())).await.unwrap();
    let mut found = history(&log, &main(&log).await).await;
    found.reverse();
    let found: Vec<_> = found[1..].iter().map(|r| (r.sequence, r.operations[0].id.to_string())).collect();
    assert_eq!(found, acknowledged, "each operation exactly once, at its acknowledged sequence");
    assert!(found.iter().map(|(sequence, _)| *sequence).eq(1..=(PROCESSES * EACH) as u64));
    println!("{PROCESSES} processes x {EACH} publishes: {} commits in sequence", found.len());
}
