//! Sweeps in several processes at once, and beside writers that live or are killed.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes live in real time and are told what to do by environment"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lance::Dataset;
use omnigraph::{LoadMode, Omnigraph, OpenOptions};

use crate::heads::{assert_heads_show_main, head};
use crate::recovery::Site;
use crate::support::{export, load};

const FOLDER: &str = "OMNIGRAPH_TEST_SWEEPERS_FOLDER";
const NAME: &str = "OMNIGRAPH_TEST_SWEEPERS_NAME";
/// Pairs of sweepers.
const ROUNDS: usize = 10;
/// Loads of a writer beside which others sweep.
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
    Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the processes that the tests below start"]
async fn writer() {
    let Some(place) = place() else { return };
    let graph = Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
    for number in 0..LOADS {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"w{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    graph.settle().await.unwrap();
}

/// Two processes open one wreck at the same moment: both succeed, and it is put right once.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_sweep_at_once() {
    let site = Site::new().await;
    let above = site.root().parent().unwrap().to_owned();
    for round in 0..ROUNDS {
        let mut dataset = Dataset::open(&head(&site.root(), "Sailor").display().to_string()).await.unwrap();
        dataset.delete("id = 'ana'").await.unwrap();
        site.put_intents(3);
        let mut sweepers: Vec<_> = ["a", "b"].iter().map(|name| child("sweeper", &site.root(), name)).collect();
        while !["a", "b"].iter().all(|name| above.join(format!("ready-{name}")).exists()) {
            assert!(
                sweepers.iter_mut().all(|child| child.try_wait().unwrap().is_none()),
                "a sweeper fell before the start"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        std::fs::write(above.join("go"), "").unwrap();
        for sweeper in &mut sweepers {
            assert!(sweeper.wait().unwrap().success(), "round {round}: a sweep failed");
        }
        site.assert_settled().await;
        for name in ["go", "ready-a", "ready-b"] {
            std::fs::remove_file(above.join(name)).unwrap();
        }
    }
    println!("{ROUNDS} wrecks, each swept by two processes at once: 0 errors, heads equal to main");
}

/// This process opens for writing again and again while another one writes: nobody is disturbed, and nothing is rolled back.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_beside_a_writer_disturbs_nobody() {
    let site = Site::new().await;
    let mut writer = child("writer", &site.root(), "");
    let mut opens = 0;
    let status = loop {
        drop(site.open().await.unwrap());
        opens += 1;
        if let Some(status) = writer.try_wait().unwrap() {
            break status;
        }
    };
    assert!(status.success(), "an error reached the writer");
    let graph = site.open().await.unwrap();
    assert_eq!(export(&graph, "main").await.matches("\"handle\":\"w").count(), LOADS);
    assert_heads_show_main(&site.root(), &graph).await;
    site.assert_settled().await;
    println!("{LOADS} loads of one process, {opens} opens for writing of another meanwhile: 0 errors");
}

/// Writers that are killed while others sweep: after the next open heads show main.
#[tokio::test(flavor = "multi_thread")]
async fn killed_writers_leave_nothing_behind_beside_sweeps() {
    let site = Site::new().await;
    for round in 0..20_u64 {
        let mut writer = child("writer", &site.root(), "");
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(10 + 13 * round % 90));
            drop(site.open().await.unwrap());
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let graph = site.open().await.unwrap();
        assert_heads_show_main(&site.root(), &graph).await;
        load(
            &graph,
            "main",
            LoadMode::Overwrite,
            r#"{"type":"Sailor","data":{"handle":"ana"}}
{"type":"Sailor","data":{"handle":"ben"}}"#,
        )
        .await
        .unwrap();
        graph.settle().await.unwrap();
    }
    // What a killed writer announced may stand until others have its places.
    let graph = site.open().await.unwrap();
    for number in 0..64 {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"n{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    graph.settle().await.unwrap();
    drop(site.open().await.unwrap());
    site.assert_settled().await;
}
