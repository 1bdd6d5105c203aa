//! kill -9 at random moments: the graph opens, holds whole commits only, has lost none that was acknowledged.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes live in real time and are told what to do by environment"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lance::Dataset;
use omnigraph::{Classification, LoadMode, MutateRequest, Omnigraph, OpenOptions, Target};

use crate::heads::head;
use crate::support::{export, init, load};

const FOLDER: &str = "OMNIGRAPH_TEST_KILL_FOLDER";
const ROUND: &str = "OMNIGRAPH_TEST_KILL_ROUND";
const ROUNDS: u64 = 200;

/// One commit: two sailors who trust each other. Half of it can be told from all of it.
fn pair(name: &str) -> String {
    format!(
        "{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{name}-a\"}}}}\n\
         {{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{name}-b\"}}}}\n\
         {{\"edge\":\"Trusts\",\"from\":\"{name}-a\",\"to\":\"{name}-b\"}}\n"
    )
}

/// The same commit as a mutation.
fn insert_pair(name: &str) -> MutateRequest {
    let source = "query pair($a: String, $b: String) {
        $x: insert Sailor { handle: $a }
        $y: insert Sailor { handle: $b }
        insert Trusts { from: $x.@id, to: $y.@id }
    }";
    MutateRequest {
        branch: "main".to_owned(),
        source: source.to_owned(),
        params: Some(serde_json::json!({ "a": format!("{name}-a"), "b": format!("{name}-b") })),
        ..MutateRequest::default()
    }
}

/// The process that is killed: this binary again, told to run this test alone. It creates the graph if there is none, makes
/// branches and pairs (loaded and inserted by turns) until it dies, and notes what was acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the processes that the test below starts"]
async fn victim() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let place = Path::new(&folder).join("graph").display().to_string();
    let graph = match Omnigraph::open(&place, OpenOptions::default()).await {
        Ok(graph) => graph,
        Err(error) if error.code() == "OG-LOG-001" => init(&place).await,
        Err(error) => panic!("the graph does not open: {error}"),
    };
    let acknowledged = Path::new(&folder).join("acknowledged");
    let mut acknowledged = std::fs::File::options().create(true).append(true).open(acknowledged).unwrap();
    let main = Target::Branch("main".into());
    for number in 0.. {
        let name = format!("r{round}n{number}");
        graph.create_branch(&name, &main, None).await.unwrap();
        // One write each, so that a kill leaves no part of a note.
        acknowledged.write_all(format!("branch {name}\n").as_bytes()).unwrap();
        if number % 2 == 0 {
            load(&graph, "main", LoadMode::Append, &pair(&name)).await.unwrap();
        } else {
            graph.mutate(insert_pair(&name)).await.unwrap();
        }
        acknowledged.write_all(format!("pair {name}\n").as_bytes()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_commits_survive_two_hundred_kills() {
    let mut folder = tempfile::tempdir().unwrap();
    let (mut opened, mut absent, mut commits, mut acknowledged_total) = (0, 0, 0, 0);
    let mut heads = 0;
    let mut delay = 1_u64;
    for round in 0..ROUNDS {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::victim", "--ignored", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Anything from before the first request to the middle of some commit.
        delay = delay.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(5 + (delay >> 33) % 120));
        assert!(victim.try_wait().unwrap().is_none(), "round {round}: the victim fell by itself");
        victim.kill().unwrap();
        victim.wait().unwrap();

        let place = folder.path().join("graph").display().to_string();
        let notes = std::fs::read_to_string(folder.path().join("acknowledged")).unwrap_or_default();
        match Omnigraph::open(&place, OpenOptions::default()).await {
            Ok(graph) => {
                opened += 1;
                commits += check(&graph, &notes).await;
                heads += check_heads(&place, &graph).await;
                load(&graph, "main", LoadMode::Append, &pair(&format!("after{round}"))).await.unwrap();
                graph.settle().await.unwrap();
            }
            Err(error) => {
                assert_eq!(error.code(), "OG-LOG-001", "round {round}: {error}");
                assert!(notes.is_empty(), "round {round}: a graph that was acknowledged is gone");
                absent += 1;
            }
        }
        acknowledged_total += notes.lines().count();
        // A fresh start now and then, so that `init` is struck as well.
        if round % 10 == 9 {
            folder = tempfile::tempdir().unwrap();
        }
    }
    println!(
        "{ROUNDS} kills: {opened} graphs opened, {absent} not yet created, {commits} pairs found whole, \
         {acknowledged_total} acknowledgements kept, 0 halves, 0 refused writes, {heads} heads equal to main"
    );
    assert!(opened > ROUNDS / 2 && absent > 0, "the kills come at all moments: {opened} opened, {absent} absent");
}

/// Every pair is whole and every acknowledged one is there. Returns how many there are.
async fn check(graph: &Omnigraph, notes: &str) -> usize {
    let lines = export(graph, "main").await;
    let handles: Vec<&str> = lines.split("\"handle\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let firsts: Vec<&str> = handles.iter().filter_map(|handle| handle.strip_suffix("-a")).collect();
    let seconds: Vec<&str> = handles.iter().filter_map(|handle| handle.strip_suffix("-b")).collect();
    assert_eq!(firsts, seconds, "half a pair");
    assert_eq!(lines.matches("\"edge\":\"Trusts\"").count(), firsts.len(), "a pair without its edge");
    let branches: Vec<String> =
        graph.branches().await.unwrap().iter().map(|branch| branch.record.name.clone()).collect();
    for note in notes.lines() {
        match note.split_once(' ').unwrap() {
            ("pair", name) => assert!(firsts.contains(&name), "acknowledged and lost: {name}"),
            (_, name) => assert!(branches.iter().any(|branch| branch == name), "acknowledged and lost: branch {name}"),
        }
    }
    firsts.len()
}

/// Opening was enough: every head shows main, as we say and as plain Lance counts. Returns how many there are.
async fn check_heads(place: &str, graph: &Omnigraph) -> usize {
    let report = Omnigraph::inspect_heads(place, OpenOptions::default()).await.unwrap();
    for head in &report.heads {
        assert_eq!(head.classification, Classification::NoMovement, "{head:?}");
    }
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    for table in snapshot.tables() {
        let dataset = Dataset::open(&head(Path::new(place), &table.name).display().to_string()).await.unwrap();
        assert_eq!(dataset.count_rows(None).await.unwrap() as u64, table.pin.rows, "{}", table.name);
    }
    report.heads.len()
}
