//! Recovery sweeps in several processes concurrently, and concurrent with writers that finish or are killed.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes run in real time and get their arguments by environment"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use omnigraph::{LoadMode, Omnigraph};

use crate::mirror::{assert_mirror_matches_main, mirror_dataset};
use crate::recovery::RecoverySite;
use crate::support::{export_rows, load};

const FOLDER: &str = "OMNIGRAPH_TEST_SWEEPERS_FOLDER";
const NAME: &str = "OMNIGRAPH_TEST_SWEEPERS_NAME";
/// Pairs of sweepers.
const ROUNDS: usize = 10;
/// Loads of a writer during concurrent sweeps.
const LOADS: usize = 40;

fn child(test: &str, root: &Path, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("sweepers::{test}"), "--ignored", "--test-threads=1"])
        .env(FOLDER, root)
        .env(NAME, name)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn place() -> Option<String> {
    std::env::var(FOLDER).ok()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the processes that the tests below start"]
async fn sweeper() {
    let Some(place) = place() else { return };
    let above = Path::new(&place).parent().unwrap();
    std::fs::write(above.join(format!("ready-{}", std::env::var(NAME).unwrap())), "").unwrap();
    while !above.join("go").exists() {
        std::thread::yield_now();
    }
    Omnigraph::open(&place).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the processes that the tests below start"]
async fn writer() {
    let Some(place) = place() else { return };
    let graph = Omnigraph::open(&place).await.unwrap();
    for number in 0..LOADS {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"w{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    graph.flush_mirror().await.unwrap();
}

/// Two processes open one damaged graph at the same moment: both succeed, and it is repaired once.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_sweep_at_once() {
    let site = RecoverySite::new().await;
    let above = site.root().parent().unwrap().to_owned();
    for round in 0..ROUNDS {
        mirror_dataset(&site.root(), "Sailor").delete("id = 'ana'");
        site.put_intents(3);
        let mut sweepers: Vec<_> = ["a", "b"].iter().map(|name| child("sweeper", &site.root(), name)).collect();
        while !["a", "b"].iter().all(|name| above.join(format!("ready-{name}")).exists()) {
            assert!(
                sweepers.iter_mut().all(|child| child.try_wait().unwrap().is_none()),
                "a sweeper exited before the start"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        std::fs::write(above.join("go"), "").unwrap();
        for sweeper in &mut sweepers {
            assert!(sweeper.wait().unwrap().success(), "round {round}: a sweep failed");
        }
        site.assert_recovered().await;
        for name in ["go", "ready-a", "ready-b"] {
            std::fs::remove_file(above.join(name)).unwrap();
        }
    }
}

/// This process opens for writing repeatedly while another one writes: no write fails, and no commit is rolled back.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_does_not_disturb_a_writer() {
    let site = RecoverySite::new().await;
    let mut writer = child("writer", &site.root(), "");
    let mut opens = 0;
    let status = loop {
        drop(site.open().await.unwrap());
        opens += 1;
        if let Some(status) = writer.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success(), "the writer failed");
    let graph = site.open().await.unwrap();
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.ids("Sailor").iter().filter(|id| id.starts_with('w')).count(), LOADS);
    assert_mirror_matches_main(&site.root(), &graph).await;
    site.assert_recovered().await;
    println!("{LOADS} loads of one process, {opens} concurrent opens for writing of another");
    assert!(opens > 0);
}

/// Writers are killed during sweeps: after the next open the mirror matches `main`.
#[tokio::test(flavor = "multi_thread")]
async fn killed_writers_are_cleaned_up_by_sweeps() {
    let site = RecoverySite::new().await;
    for round in 0..20_u64 {
        let mut writer = child("writer", &site.root(), "");
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(10 + 13 * round % 90));
            drop(site.open().await.unwrap());
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let graph = site.open().await.unwrap();
        assert_mirror_matches_main(&site.root(), &graph).await;
        load(
            &graph,
            "main",
            LoadMode::Overwrite,
            r#"{"type":"Sailor","data":{"handle":"ana"}}
{"type":"Sailor","data":{"handle":"ben"}}"#,
        )
        .await
        .unwrap();
        graph.flush_mirror().await.unwrap();
    }
    // Intents of a killed writer may remain until later commits take its positions.
    let graph = site.open().await.unwrap();
    for number in 0..64 {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"n{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    graph.flush_mirror().await.unwrap();
    drop(site.open().await.unwrap());
    site.assert_recovered().await;
}
