//! What tools see that read Lance datasets by path, and what they can do to a graph.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use lance::Dataset;
use lance::dataset::builder::DatasetBuilder;
use lance::dataset::optimize::{CompactionOptions, compact_files};
use omnigraph::{
    Classification, HeadPublication, LoadMode, Omnigraph, OpenOptions, RepairAction, StoreOptions, Target,
};
use omnigraph_testkit::s3::Moto;

use crate::support::{CREW, MORE, SCHEMA, export, fleet, init, load};

/// Names the Python in whose environment the outside readers are installed; `make test` sets it.
const PYTHON: &str = "OMNIGRAPH_TEST_OUTSIDE_PYTHON";

/// Where the head of a type is, in a folder.
pub(crate) fn head(root: &Path, name: &str) -> PathBuf {
    root.join("heads/main").join(format!("{name}.lance"))
}

/// The rows of a batch as text.
fn texts(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let cells: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap()).collect();
    (0..batch.num_rows())
        .map(|row| cells.iter().map(|cell| cell.value(row).to_string()).collect::<Vec<_>>().join("|"))
        .collect()
}

async fn rows(dataset: &Dataset) -> BTreeSet<String> {
    let batches: Vec<RecordBatch> = dataset.scan().try_into_stream().await.unwrap().try_collect().await.unwrap();
    batches.iter().flat_map(texts).collect()
}

/// Every head of a folder shows, to plain Lance, exactly the rows that the newest commit of `main` pins.
pub(crate) async fn assert_heads_show_main(root: &Path, graph: &Omnigraph) {
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    for table in snapshot.tables() {
        let shown = Dataset::open(&head(root, &table.name).display().to_string()).await.unwrap();
        let pinned = root.join(table.path.as_str()).display().to_string();
        let pinned = DatasetBuilder::from_uri(&pinned).with_version(table.pin.version).load().await.unwrap();
        assert_eq!(shown.count_rows(None).await.unwrap() as u64, table.pin.rows, "{}", table.name);
        assert_eq!(rows(&shown).await, rows(&pinned).await, "{}", table.name);
    }
}

async fn open(place: &str, heads: HeadPublication) -> Omnigraph {
    Omnigraph::open(place, OpenOptions { heads, ..OpenOptions::default() }).await.unwrap()
}

async fn version_of(root: &Path, name: &str) -> u64 {
    Dataset::open(&head(root, name).display().to_string()).await.unwrap().manifest.version
}

fn intents(root: &Path) -> usize {
    std::fs::read_dir(root.join("__recovery")).into_iter().flatten().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_follow_main_and_no_other_branch() {
    // A name that Lance has to take apart and put together again.
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a graph, 100% näxt");
    let place = root.display().to_string();
    let graph = init(&place).await;
    graph.settle().await.unwrap();
    assert_heads_show_main(&root, &graph).await;
    assert_eq!(version_of(&root, "Sailor").await, 1, "empty from the beginning");

    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    graph.settle().await.unwrap();
    assert_heads_show_main(&root, &graph).await;
    let after = version_of(&root, "Sailor").await;

    graph.create_branch("side", &Target::Branch("main".into()), None).await.unwrap();
    load(&graph, "side", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"only here"}}"#).await.unwrap();
    graph.settle().await.unwrap();
    assert_eq!(version_of(&root, "Sailor").await, after);
    assert_heads_show_main(&root, &graph).await;
    assert_eq!(intents(&root), 0);
    assert!(!root.join("__recovery").exists(), "nothing is left to see when there is nothing");

    let dataset = Dataset::open(&head(&root, "Sailor").display().to_string()).await.unwrap();
    let main = graph.commit_of(&Target::Branch("main".into())).await.unwrap();
    assert_eq!(dataset.manifest.table_metadata.get("omnigraph.commit"), Some(&main.commit.to_string()));
}

/// A handle lets commits gather: fewer versions than commits, and nothing is announced in the end.
#[tokio::test(flavor = "multi_thread")]
async fn commits_that_gather_are_published_together() {
    const LOADS: u64 = 30;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let place = root.display().to_string();
    init(&place).await.settle().await.unwrap();
    let graph = open(&place, HeadPublication::On).await;
    for number in 0..LOADS {
        let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &line).await.unwrap();
    }
    graph.settle().await.unwrap();
    assert_heads_show_main(&root, &graph).await;
    let versions = version_of(&root, "Sailor").await - 1;
    println!("{LOADS} commits: {versions} versions of the head");
    assert!(versions < LOADS, "{versions} versions for {LOADS} commits");
    assert_eq!(intents(&root), 0);
}

/// A graph without heads has none, whoever opens it; a handle without heads leaves them to the others.
#[tokio::test(flavor = "multi_thread")]
async fn heads_can_be_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("none");
    let place = root.display().to_string();
    let options = OpenOptions { heads: HeadPublication::Off, ..OpenOptions::default() };
    drop(Omnigraph::init(&place, "fleet.pg", SCHEMA, None, options).await.unwrap());
    let graph = open(&place, HeadPublication::On).await;
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.settle().await.unwrap();
    assert!(!root.join("heads").exists() && !root.join("__recovery").exists());

    let root = folder.path().join("some");
    let place = root.display().to_string();
    init(&place).await.settle().await.unwrap();
    let quiet = open(&place, HeadPublication::Off).await;
    load(&quiet, "main", LoadMode::Merge, CREW).await.unwrap();
    quiet.settle().await.unwrap();
    assert_eq!(version_of(&root, "Sailor").await, 1, "left to others");
    let graph = open(&place, HeadPublication::On).await;
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Harbor","data":{"code":"rotterdam"}}"#).await.unwrap();
    graph.settle().await.unwrap();
    assert_heads_show_main(&root, &graph).await;
}

/// A copy is a graph of its own. Its heads lead to the files of the original until something is written, or on demand.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_graph_publishes_heads_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let graph = fleet(&first.display().to_string()).await;
    graph.settle().await.unwrap();
    for copy in ["second", "third"] {
        let copied = Command::new("cp").arg("-r").arg(&first).arg(folder.path().join(copy)).status().unwrap();
        assert!(copied.success());
    }
    let place = second.display().to_string();
    let options = OpenOptions::default();
    let report = Omnigraph::inspect_heads(&place, options.clone()).await.unwrap();
    assert!(report.heads.iter().all(|head| head.classification == Classification::Behind), "{report:?}");

    let copy = Omnigraph::open(&place, options.clone()).await.unwrap();
    load(&copy, "main", LoadMode::Merge, MORE).await.unwrap();
    copy.settle().await.unwrap();
    let third = folder.path().join("third").display().to_string();
    let healed = Omnigraph::repair_heads(&third, options.clone()).await.unwrap();
    assert!(healed.heads.iter().all(|head| head.action == RepairAction::Healed), "{healed:?}");
    drop(graph);
    std::fs::remove_dir_all(&first).unwrap();
    assert_heads_show_main(&second, &copy).await;
    let third_graph = Omnigraph::open_read_only(&third, options).await.unwrap();
    assert_heads_show_main(&folder.path().join("third"), &third_graph).await;
}

/// Plain Lance's own maintenance on heads, to the end, beside a history and a branch that must not notice.
#[tokio::test(flavor = "multi_thread")]
async fn maintenance_of_a_head_reaches_no_commit() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let (graph, commits) = with_history(&root).await;
    let before = everything(&graph, &commits).await;
    for name in ["Sailor", "Harbor", "Trusts", "BasedAt"] {
        let mut dataset = Dataset::open(&head(&root, name).display().to_string()).await.unwrap();
        compact_files(&mut dataset, CompactionOptions::default(), None).await.unwrap();
        let dataset = Dataset::open(&head(&root, name).display().to_string()).await.unwrap();
        dataset.cleanup_old_versions(Default::default(), Some(true), None).await.unwrap();
    }
    after_maintenance(&root, graph, &commits, &before).await;
}

/// The same by pylance and LanceDB, which also see what main holds.
#[tokio::test(flavor = "multi_thread")]
async fn pylance_and_lancedb_read_heads_and_harm_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let (graph, commits) = with_history(&root).await;
    let before = everything(&graph, &commits).await;
    let heads = root.join("heads/main");

    let seen = outside("show", &heads);
    let snapshot = graph.snapshot(Target::Branch("main".into())).await.unwrap();
    for table in snapshot.tables() {
        let shown = seen[&table.name].as_array().unwrap();
        assert_eq!(shown.len() as u64, table.pin.rows, "{}", table.name);
    }
    let sailors = seen["Sailor"].as_array().unwrap().iter();
    let sailors: BTreeSet<&str> = sailors.map(|row| row.as_str().unwrap()).collect();
    let expected = [("ana", 30), ("ben", 26), ("cyd", 35)];
    for (handle, rank) in expected {
        let row = format!("{{\"handle\": \"{handle}\", \"id\": \"{handle}\", \"rank\": {rank}}}");
        assert!(sailors.contains(row.as_str()), "{row} is not among {sailors:?}");
    }

    outside("maintain", &heads);
    after_maintenance(&root, graph, &commits, &before).await;

    // Rows that an outside tool adds are never part of the graph, and gone from the head with the next commit.
    outside("append", &heads);
    let place = root.display().to_string();
    let report = Omnigraph::inspect_heads(&place, OpenOptions::default()).await.unwrap();
    let sailor = report.heads.iter().find(|head| head.table_key == "node:Sailor").unwrap();
    assert_eq!(sailor.classification, Classification::UnexpectedAtP1);
    assert_eq!(sailor.operations, ["Append"]);
    let graph = open(&place, HeadPublication::On).await;
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Harbor","data":{"code":"piraeus"}}"#).await.unwrap();
    graph.settle().await.unwrap();
    assert_heads_show_main(&root, &graph).await;
    assert_eq!(outside("show", &heads)["Sailor"], seen["Sailor"]);
}

/// Two loads on main, a branch with one of its own, and every commit.
async fn with_history(root: &Path) -> (Omnigraph, Vec<Target>) {
    let graph = fleet(&root.display().to_string()).await;
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    graph.create_branch("side", &Target::Branch("main".into()), None).await.unwrap();
    load(&graph, "side", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"eve","rank":40}}"#).await.unwrap();
    graph.settle().await.unwrap();
    let mut commits = Vec::new();
    let mut next = Some(graph.commit_of(&Target::Branch("side".into())).await.unwrap());
    while let Some(record) = next {
        commits.push(Target::Commit(record.commit.to_string()));
        next = graph.parent_of(&record).await.unwrap();
    }
    (graph, commits)
}

async fn everything(graph: &Omnigraph, commits: &[Target]) -> Vec<String> {
    let mut all = Vec::new();
    for commit in commits {
        let mut lines = Vec::new();
        graph.snapshot(commit.clone()).await.unwrap().export(&[], &mut lines).await.unwrap();
        all.push(String::from_utf8(lines).unwrap());
    }
    all
}

/// Whatever was done to the heads: every commit reads as before, by a handle without caches, and the next write is shown.
async fn after_maintenance(root: &Path, graph: Omnigraph, commits: &[Target], before: &[String]) {
    drop(graph);
    let place = root.display().to_string();
    let graph = open(&place, HeadPublication::On).await;
    assert_eq!(everything(&graph, commits).await, before);
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"cyd","rank":35}}"#).await.unwrap();
    graph.settle().await.unwrap();
    assert_heads_show_main(root, &graph).await;
    assert!(export(&graph, "side").await.contains("eve"));
}

fn outside(work: &str, heads: &Path) -> BTreeMap<String, serde_json::Value> {
    outside_with(&[work, &heads.display().to_string()])
}

#[allow(clippy::disallowed_methods, reason = "the tests have no main of their own that could read the environment")]
fn outside_with(arguments: &[&str]) -> BTreeMap<String, serde_json::Value> {
    let python = std::env::var_os(PYTHON).unwrap_or_else(|| {
        panic!("the tests read heads with pylance and LanceDB, and do not skip without: `make test` installs them; else set \
                {PYTHON} to what scripts/outside-venv.sh prints")
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/outside.py");
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// On a bucket the head leads to the table by its URL.
#[tokio::test(flavor = "multi_thread")]
async fn heads_on_s3_lead_to_the_bucket() {
    let bucket = Moto::fresh_bucket().unwrap();
    let place = format!("s3://{}/graphs/one", bucket.name);
    let store = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let graph = Omnigraph::init(&place, "fleet.pg", SCHEMA, None, options.clone()).await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.settle().await.unwrap();
    let report = Omnigraph::inspect_heads(&place, options).await.unwrap();
    assert!(report.heads.iter().all(|head| head.classification == Classification::NoMovement), "{report:?}");
    let settings = serde_json::json!({
        "aws_endpoint": bucket.server().endpoint(),
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "aws_region": "us-east-1",
        "allow_http": "true",
    });
    let uri = format!("{place}/heads/main/Sailor.lance");
    let seen = outside_with(&["remote", &uri, &settings.to_string()]);
    let expected = [r#"{"handle": "ana", "id": "ana", "rank": 30}"#, r#"{"handle": "ben", "id": "ben", "rank": 25}"#];
    assert_eq!(seen["rows"], serde_json::json!(expected));
}
