//! kill -9 at random moments: the graph opens, has whole commits only, and has every acknowledged one.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes run in real time and get their arguments by environment"
)]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use omnigraph::{LoadMode, Mutation, Omnigraph, OpenOptions, TableClassification, Target};

use crate::mirror::mirror_dataset;
use crate::support::{export_rows, init, load};

const FOLDER: &str = "OMNIGRAPH_TEST_KILL_FOLDER";
const ROUND: &str = "OMNIGRAPH_TEST_KILL_ROUND";
const ROUNDS: u64 = 200;

/// Returns the lines of one commit: two sailors and an edge, so that a partial commit is visible.
fn pair(name: &str) -> String {
    format!(
        "{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{name}-a\"}}}}\n\
         {{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{name}-b\"}}}}\n\
         {{\"edge\":\"Trusts\",\"from\":\"{name}-a\",\"to\":\"{name}-b\"}}\n"
    )
}

/// Returns the same commit as a mutation.
fn insert_pair(graph: &Omnigraph, name: &str) -> Mutation {
    let source = "query pair($a: String, $b: String) {
        $x: insert Sailor { handle: $a }
        $y: insert Sailor { handle: $b }
        insert Trusts { from: $x.@id, to: $y.@id }
    }";
    graph.branch("main").mutate(source).param("a", format!("{name}-a")).param("b", format!("{name}-b"))
}

/// Runs in the process that is killed: this binary with this test alone. It creates the graph if it does not exist, makes
/// branches and pairs (loaded and inserted in turn) until it dies, and records acknowledged writes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs in the processes that the test below starts"]
async fn victim() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let place = Path::new(&folder).join("graph").display().to_string();
    let graph = match Omnigraph::open(&place).await {
        Ok(graph) => graph,
        Err(error) if error.code() == "OG-GRAPH-001" => init(&place).await,
        Err(error) => panic!("the graph does not open: {error}"),
    };
    let acknowledged = Path::new(&folder).join("acknowledged");
    let mut acknowledged = std::fs::File::options().create(true).append(true).open(acknowledged).unwrap();
    let main = Target::Branch("main".into());
    for number in 0.. {
        let name = format!("r{round}n{number}");
        graph.create_branch(&name, &main).await.unwrap();
        // One system call per record, so that a kill leaves no partial record.
        acknowledged.write_all(format!("branch {name}\n").as_bytes()).unwrap();
        if number % 2 == 0 {
            load(&graph, "main", LoadMode::Append, &pair(&name)).await.unwrap();
        } else {
            insert_pair(&graph, &name).await.unwrap();
        }
        acknowledged.write_all(format!("pair {name}\n").as_bytes()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_commits_survive_two_hundred_kills() {
    let mut folder = tempfile::tempdir().unwrap();
    let (mut opened, mut absent, mut commits, mut acknowledged_total) = (0, 0, 0, 0);
    let mut mirrors = 0;
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
        assert!(victim.try_wait().unwrap().is_none(), "round {round}: the victim exited by itself");
        victim.kill().unwrap();
        victim.wait().unwrap();

        let place = folder.path().join("graph").display().to_string();
        let notes = std::fs::read_to_string(folder.path().join("acknowledged")).unwrap_or_default();
        match Omnigraph::open(&place).await {
            Ok(graph) => {
                opened += 1;
                commits += check(&graph, &notes).await;
                mirrors += check_mirror(&place, &graph).await;
                load(&graph, "main", LoadMode::Append, &pair(&format!("after{round}"))).await.unwrap();
                graph.flush_mirror().await.unwrap();
            }
            Err(error) => {
                assert_eq!(error.code(), "OG-GRAPH-001", "round {round}: {error}");
                assert!(notes.is_empty(), "round {round}: an acknowledged graph is missing");
                absent += 1;
            }
        }
        acknowledged_total += notes.lines().count();
        // A new folder every ten rounds, so that kills hit `init` as well.
        if round % 10 == 9 {
            folder = tempfile::tempdir().unwrap();
        }
    }
    println!(
        "{ROUNDS} kills: {opened} graphs opened, {absent} not yet created, {commits} whole pairs, \
         {acknowledged_total} acknowledgements kept, {mirrors} mirror datasets equal to main"
    );
    assert!(opened > ROUNDS / 2 && absent > 0, "the kills come at all moments: {opened} opened, {absent} absent");
}

/// Asserts that every pair is whole and every acknowledged one exists. Returns their number.
async fn check(graph: &Omnigraph, notes: &str) -> usize {
    let rows = export_rows(graph, "main").await;
    let handles = rows.ids("Sailor");
    let firsts: Vec<&str> = handles.iter().filter_map(|handle| handle.strip_suffix("-a")).collect();
    let seconds: Vec<&str> = handles.iter().filter_map(|handle| handle.strip_suffix("-b")).collect();
    assert_eq!(firsts, seconds, "half a pair");
    let edges: BTreeSet<(&str, &str)> =
        rows.rows("Trusts").iter().map(|edge| (edge["from"].as_str().unwrap(), edge["to"].as_str().unwrap())).collect();
    let joins = |name: &&&str| edges.contains(&(format!("{name}-a").as_str(), format!("{name}-b").as_str()));
    assert_eq!(
        (edges.len(), firsts.iter().filter(joins).count()),
        (firsts.len(), firsts.len()),
        "a pair without its edge"
    );
    let branches: Vec<String> = graph.branches().await.unwrap().iter().map(|branch| branch.name().to_owned()).collect();
    for note in notes.lines() {
        match note.split_once(' ').unwrap() {
            ("pair", name) => assert!(firsts.contains(&name), "acknowledged and lost: {name}"),
            (_, name) => assert!(branches.iter().any(|branch| branch == name), "acknowledged and lost: branch {name}"),
        }
    }
    firsts.len()
}

/// Asserts that the mirror matches `main` after an open, by our report and by the rows of an external reader. Returns the number
/// of datasets.
async fn check_mirror(place: &str, graph: &Omnigraph) -> usize {
    let report = Omnigraph::check_mirror(place, OpenOptions::default()).await.unwrap();
    for head in &report.datasets {
        assert_eq!(head.classification, TableClassification::NoMovement, "{head:?}");
    }
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    for table in snapshot.tables() {
        let dataset = mirror_dataset(Path::new(place), &table.name);
        assert_eq!(dataset.count_rows(None), table.rows, "{}", table.name);
    }
    report.datasets.len()
}
