//! Races of several processes for names in one folder: each name has one winner, and all processes see the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use omnigraph_storage::{Location, PutOutcome, RecordSequence, Store, StoreOptions};

use crate::test_store::key;

const FOLDER: &str = "OMNIGRAPH_TEST_RACE_FOLDER";
const RACER: &str = "OMNIGRAPH_TEST_RACER";
const PROCESSES: usize = 4;
const RECORDS: u64 = 40;

/// One of the racing processes: this test binary, with this test as its only one.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the parent process passes parameters")]
#[ignore = "runs in the processes that the test below starts"]
async fn racer() {
    let (Ok(folder), Ok(racer)) = (std::env::var(FOLDER), std::env::var(RACER)) else { return };
    let graph = Location::Folder(Path::new(&folder).join("graph"));
    let store = Store::open(&graph, StoreOptions::default()).unwrap();
    std::fs::write(Path::new(&folder).join(format!("ready-{racer}")), "").unwrap();
    while !Path::new(&folder).join("go").exists() {
        std::thread::yield_now();
    }
    let log = RecordSequence::new(store, key("log"));
    let mut won = String::new();
    for number in 0..RECORDS {
        match log.append(number, format!("{racer}:{number}").into()).await.unwrap() {
            PutOutcome::Written => won.push_str(&format!("{number} ")),
            PutOutcome::Exists(theirs) => assert!(theirs.ends_with(format!(":{number}").as_bytes()), "a whole record"),
        }
    }
    std::fs::write(Path::new(&folder).join(format!("won-{racer}")), won).unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "other processes start in real time")]
async fn each_number_has_one_winner() {
    let folder = tempfile::tempdir().unwrap();
    let mut racers: Vec<_> = (0..PROCESSES)
        .map(|racer| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "processes::racer", "--ignored", "--test-threads=1"])
                .env(FOLDER, folder.path())
                .env(RACER, racer.to_string())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    while (0..PROCESSES).any(|racer| !folder.path().join(format!("ready-{racer}")).exists()) {
        assert!(racers.iter_mut().all(|racer| racer.try_wait().unwrap().is_none()), "a racer failed before the start");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::write(folder.path().join("go"), "").unwrap();
    for racer in &mut racers {
        assert!(racer.wait().unwrap().success());
    }
    let mut winners: BTreeMap<u64, usize> = BTreeMap::new();
    for racer in 0..PROCESSES {
        let won = std::fs::read_to_string(folder.path().join(format!("won-{racer}"))).unwrap();
        for number in won.split_whitespace() {
            assert_eq!(winners.insert(number.parse().unwrap(), racer), None, "two winners of {number}");
        }
    }
    let store = Store::open(&Location::Folder(folder.path().join("graph")), StoreOptions::default()).unwrap();
    let log = RecordSequence::new(store.clone(), key("log"));
    for number in 0..RECORDS {
        let content = log.read(number).await.unwrap().unwrap();
        assert_eq!(content, format!("{}:{number}", winners[&number]));
    }
    assert_eq!(log.probe(None).await.unwrap().unwrap().number, RECORDS - 1);
    assert_eq!(std::fs::read_dir(folder.path().join("graph/log")).unwrap().count(), RECORDS as usize, "no debris");
}
