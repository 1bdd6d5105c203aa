//! The Lance mirror of `main`: external readers see the rows of `main`, and their maintenance cannot damage the graph.

use std::path::{Path, PathBuf};
use std::process::Command;

use omnigraph::{
    LoadMode, MirrorMode, Omnigraph, OpenOptions, RepairAction, SchemaSource, StoreOptions, TableClassification, Target,
};
use omnigraph_testkit::s3::MotoServer;

use crate::external_reader::{ExternalDataset, lancedb_rows};
use crate::support::{CREW, MORE, SCHEMA, export_rows, fleet, init, load, open_read_only};

/// Returns the folder of the mirror of `main` in a graph's folder.
fn mirror_folder(root: &Path) -> PathBuf {
    root.join("heads/main")
}

/// Returns the folder of the mirror dataset of a type.
pub(crate) fn mirror_path(root: &Path, name: &str) -> PathBuf {
    mirror_folder(root).join(format!("{name}.lance"))
}

/// Returns the mirror dataset of a type as external readers open it.
pub(crate) fn mirror_dataset(root: &Path, name: &str) -> ExternalDataset {
    ExternalDataset::latest(&mirror_path(root, name))
}

/// Asserts that external readers see, for every type, exactly the rows that the newest commit of `main` pins.
pub(crate) async fn assert_mirror_matches_main(root: &Path, graph: &Omnigraph) {
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    for table in snapshot.tables() {
        let shown = mirror_dataset(root, &table.name);
        let pinned = ExternalDataset::at_version(&root.join(table.path.as_str()), table.version);
        assert_eq!(shown.count_rows(None), table.rows, "{}", table.name);
        assert_eq!(shown.rows(), pinned.rows(), "{}", table.name);
    }
}

async fn open(place: &str, mirror: MirrorMode) -> Omnigraph {
    Omnigraph::open(place).options(OpenOptions { mirror, ..OpenOptions::default() }).await.unwrap()
}

fn intents(root: &Path) -> usize {
    std::fs::read_dir(root.join("__recovery")).into_iter().flatten().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_follows_main_and_no_other_branch() {
    // A name that needs escaping in URLs.
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a graph, 100% näxt");
    let place = root.display().to_string();
    let graph = init(&place).await;
    graph.flush_mirror().await.unwrap();
    assert_mirror_matches_main(&root, &graph).await;
    assert_eq!(mirror_dataset(&root, "Sailor").version(), 1, "an empty version from the start");

    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    graph.flush_mirror().await.unwrap();
    assert_mirror_matches_main(&root, &graph).await;
    let after = mirror_dataset(&root, "Sailor").version();

    graph.create_branch("side", &Target::Branch("main".into())).await.unwrap();
    load(&graph, "side", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"only here"}}"#).await.unwrap();
    graph.flush_mirror().await.unwrap();
    assert_eq!(mirror_dataset(&root, "Sailor").version(), after);
    assert_mirror_matches_main(&root, &graph).await;
    assert_eq!(intents(&root), 0);
    assert!(!root.join("__recovery").exists(), "the empty folder is deleted too");

    let state = mirror_dataset(&root, "Sailor").describe().unwrap();
    let main = graph.commit(&Target::Branch("main".into())).await.unwrap();
    assert_eq!(state.metadata["omnigraph.commit"], main.id().to_string());
}

/// A handle publishes several commits together: fewer versions than commits, and no intent remains.
#[tokio::test(flavor = "multi_thread")]
async fn commits_are_published_in_batches() {
    const LOADS: u64 = 30;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let place = root.display().to_string();
    init(&place).await.flush_mirror().await.unwrap();
    let graph = open(&place, MirrorMode::On).await;
    for number in 0..LOADS {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    graph.flush_mirror().await.unwrap();
    assert_mirror_matches_main(&root, &graph).await;
    let versions = mirror_dataset(&root, "Sailor").version() - 1;
    println!("{LOADS} commits: {versions} versions of the mirror");
    assert!(versions < LOADS, "{versions} versions for {LOADS} commits");
    assert_eq!(intents(&root), 0);
}

/// A graph without a mirror never gets one. A handle without publication leaves it to other handles.
#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_can_be_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("none");
    let place = root.display().to_string();
    let options = OpenOptions { mirror: MirrorMode::Off, ..OpenOptions::default() };
    drop(Omnigraph::create(&place, SchemaSource::new("fleet.pg", SCHEMA)).options(options).await.unwrap());
    let graph = open(&place, MirrorMode::On).await;
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.flush_mirror().await.unwrap();
    assert!(!root.join("heads").exists() && !root.join("__recovery").exists());

    let root = folder.path().join("some");
    let place = root.display().to_string();
    init(&place).await.flush_mirror().await.unwrap();
    let quiet = open(&place, MirrorMode::Off).await;
    load(&quiet, "main", LoadMode::Merge, CREW).await.unwrap();
    quiet.flush_mirror().await.unwrap();
    assert_eq!(mirror_dataset(&root, "Sailor").version(), 1, "left to other handles");
    let graph = open(&place, MirrorMode::On).await;
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Harbor","data":{"code":"rotterdam"}}"#).await.unwrap();
    graph.flush_mirror().await.unwrap();
    assert_mirror_matches_main(&root, &graph).await;
}

/// A copy is a graph of its own. Its mirror refers to the files of the original until a write or a repair.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_graph_publishes_its_own_mirror() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let graph = fleet(&first.display().to_string()).await;
    graph.flush_mirror().await.unwrap();
    for copy in ["second", "third"] {
        let copied = Command::new("cp").arg("-r").arg(&first).arg(folder.path().join(copy)).status().unwrap();
        assert!(copied.success());
    }
    let place = second.display().to_string();
    let options = OpenOptions::default();
    let report = Omnigraph::check_mirror(&place, options.clone()).await.unwrap();
    assert!(report.datasets.iter().all(|head| head.classification == TableClassification::Behind), "{report:?}");

    let copy = Omnigraph::open(&place).options(options.clone()).await.unwrap();
    load(&copy, "main", LoadMode::Merge, MORE).await.unwrap();
    copy.flush_mirror().await.unwrap();
    let third = folder.path().join("third").display().to_string();
    let healed = Omnigraph::repair_mirror(&third, options.clone()).await.unwrap();
    assert!(healed.datasets.iter().all(|head| head.action == RepairAction::Healed), "{healed:?}");
    drop(graph);
    std::fs::remove_dir_all(&first).unwrap();
    assert_mirror_matches_main(&second, &copy).await;
    let third_graph = open_read_only(&third, options).await.unwrap();
    assert_mirror_matches_main(&folder.path().join("third"), &third_graph).await;
}

/// Lance's default maintenance of the mirror does not touch a history and a branch.
#[tokio::test(flavor = "multi_thread")]
async fn mirror_maintenance_reaches_no_commit() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let (graph, commits) = graph_with_history(&root).await;
    let before = export_all(&graph, &commits).await;
    for name in ["Sailor", "Harbor", "Trusts", "BasedAt"] {
        mirror_dataset(&root, name).compact();
        mirror_dataset(&root, name).cleanup();
    }
    assert_graph_survives(&root, graph, &commits, &before).await;
}

/// pylance and LanceDB see the rows of `main`. Nothing that they do to the mirror reaches the graph.
#[tokio::test(flavor = "multi_thread")]
async fn pylance_and_lancedb_read_the_mirror_and_harm_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let (graph, commits) = graph_with_history(&root).await;
    let before = export_all(&graph, &commits).await;

    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    for table in snapshot.tables() {
        let shown = mirror_dataset(&root, &table.name).rows();
        assert_eq!(shown.len() as u64, table.rows, "{}", table.name);
        assert_eq!(lancedb_rows(&mirror_folder(&root), &table.name), shown, "{}", table.name);
    }
    let sailors = mirror_dataset(&root, "Sailor").rows();
    assert_eq!(sailors, [("ana", 30), ("ben", 26), ("cyd", 35)].map(|(handle, rank)| sailor_row(handle, rank)));

    for table in snapshot.tables() {
        mirror_dataset(&root, &table.name).compact_fully();
        mirror_dataset(&root, &table.name).cleanup();
        let state = mirror_dataset(&root, &table.name).describe().unwrap();
        assert_eq!(state.row_count, table.rows, "{}", table.name);
    }
    assert_graph_survives(&root, graph, &commits, &before).await;

    // Rows that an external tool appends never become part of the graph. The next commit removes them from the mirror.
    mirror_dataset(&root, "Sailor").append();
    let place = root.display().to_string();
    let report = Omnigraph::check_mirror(&place, OpenOptions::default()).await.unwrap();
    let sailor = report.datasets.iter().find(|head| head.table_key == "node:Sailor").unwrap();
    assert_eq!(sailor.classification, TableClassification::UnexpectedAtP1);
    assert_eq!(sailor.operations, ["Append"]);
    let graph = open(&place, MirrorMode::On).await;
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Harbor","data":{"code":"piraeus"}}"#).await.unwrap();
    graph.flush_mirror().await.unwrap();
    assert_mirror_matches_main(&root, &graph).await;
    assert_eq!(mirror_dataset(&root, "Sailor").rows(), sailors);
}

/// An external reader that restores an old version of the mirror changes no commit, and the next write is published.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_mirror_is_replaced_by_the_next_commit() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let (graph, commits) = graph_with_history(&root).await;
    let before = export_all(&graph, &commits).await;
    ExternalDataset::at_version(&mirror_path(&root, "Sailor"), 1).restore();
    assert_eq!(mirror_dataset(&root, "Sailor").count_rows(None), 0);
    assert_graph_survives(&root, graph, &commits, &before).await;
}

fn sailor_row(handle: &str, rank: i64) -> String {
    format!("{{\"handle\": \"{handle}\", \"id\": \"{handle}\", \"rank\": {rank}}}")
}

/// Makes two loads on `main` and a branch with one of its own, and returns every commit.
async fn graph_with_history(root: &Path) -> (Omnigraph, Vec<Target>) {
    let graph = init(&root.display().to_string()).await;
    // Version 1 of every mirror dataset is empty.
    graph.flush_mirror().await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    graph.create_branch("side", &Target::Branch("main".into())).await.unwrap();
    load(&graph, "side", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"eve","rank":40}}"#).await.unwrap();
    graph.flush_mirror().await.unwrap();
    let mut commits = Vec::new();
    let mut next = Some(graph.commit(&Target::Branch("side".into())).await.unwrap());
    while let Some(record) = next {
        commits.push(Target::Commit(record.id().to_string()));
        next = graph.parent(&record).await.unwrap();
    }
    (graph, commits)
}

async fn export_all(graph: &Omnigraph, commits: &[Target]) -> Vec<String> {
    let mut all = Vec::new();
    for commit in commits {
        let mut lines = Vec::new();
        graph.snapshot(commit.clone()).await.unwrap().export(&[], &mut lines).await.unwrap();
        all.push(String::from_utf8(lines).unwrap());
    }
    all
}

/// Asserts that every commit reads as before, by a handle without caches, and that the next write reaches the mirror.
async fn assert_graph_survives(root: &Path, graph: Omnigraph, commits: &[Target], before: &[String]) {
    drop(graph);
    let place = root.display().to_string();
    let graph = open(&place, MirrorMode::On).await;
    assert_eq!(export_all(&graph, commits).await, before);
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"cyd","rank":35}}"#).await.unwrap();
    graph.flush_mirror().await.unwrap();
    assert_mirror_matches_main(root, &graph).await;
    assert!(export_rows(&graph, "side").await.contains("Sailor", "eve"));
}

/// In a bucket the mirror refers to the table by its URL.
#[tokio::test(flavor = "multi_thread")]
async fn an_s3_mirror_is_readable() {
    let bucket = MotoServer::fresh_bucket().unwrap();
    let place = format!("s3://{}/graphs/one", bucket.name);
    let store = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let graph =
        Omnigraph::create(&place, SchemaSource::new("fleet.pg", SCHEMA)).options(options.clone()).await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.flush_mirror().await.unwrap();
    let report = Omnigraph::check_mirror(&place, options).await.unwrap();
    assert!(report.datasets.iter().all(|head| head.classification == TableClassification::NoMovement), "{report:?}");
    let settings = serde_json::json!({
        "aws_endpoint": bucket.server().endpoint(),
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "aws_region": "us-east-1",
        "allow_http": "true",
    });
    let uri = format!("{place}/heads/main/Sailor.lance");
    let seen = ExternalDataset::remote(&uri, settings).rows();
    assert_eq!(seen, [sailor_row("ana", 30), sailor_row("ben", 25)]);
}
