//! What we believe about Lance, on the version we ship. The first thing to run when that changes.

use std::collections::BTreeSet;
use std::path::Path;

use lance::dataset::builder::DatasetBuilder;
use omnigraph::log::record::TablePath;
use omnigraph::{LoadMode, Omnigraph, OpenOptions, Target};

use crate::support::{export, fleet, load};

async fn pinned(graph: &Omnigraph, root: &Path, name: &str, branch: &str) -> (String, u64) {
    let snapshot = graph.snapshot(Target::Branch(branch.into())).await.unwrap();
    let table = snapshot.tables().into_iter().find(|table| table.name == name).unwrap();
    (root.join(table.path.as_str()).display().to_string(), table.pin.version)
}

/// A pinned version is an ordinary Lance version to whoever knows its id: plain Lance opens it with no help from us.
#[tokio::test(flavor = "multi_thread")]
async fn plain_lance_reads_a_pinned_version() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let graph = fleet(&root.display().to_string()).await;
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"ben","rank":1}}"#).await.unwrap();
    let (table, version) = pinned(&graph, &root, "Sailor", "main").await;
    let dataset = DatasetBuilder::from_uri(&table).with_version(version).load().await.unwrap();
    assert_eq!(dataset.manifest.version, version);
    assert_eq!(dataset.count_rows(None).await.unwrap(), 2, "the replaced row is deleted");
    assert_eq!(dataset.count_rows(Some("handle = 'ben' and rank = 1".into())).await.unwrap(), 1);
    assert!(!dataset.manifest.uses_stable_row_ids());
    dataset.validate().await.unwrap();
}

/// Without an id there is nothing to open: no version of ours can be taken for the latest, and Lance's cleanup, which
/// walks from the latest, has nowhere to start.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_no_latest_version() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let graph = fleet(&root.display().to_string()).await;
    let (table, _) = pinned(&graph, &root, "Sailor", "main").await;
    assert!(DatasetBuilder::from_uri(&table).load().await.is_err());
}

/// Branches share a table's folder and never a fragment id, so sibling versions can share caches and fragments.
#[tokio::test(flavor = "multi_thread")]
async fn siblings_never_share_a_new_fragment_id() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let place = root.display().to_string();
    let graph = fleet(&place).await;
    graph.create_branch("side", &Target::Branch("main".into()), None).await.unwrap();
    let stranger = Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
    for number in 0..5 {
        let row = |who: &str| format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{who}{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &row("m")).await.unwrap();
        load(&stranger, "side", LoadMode::Append, &row("s")).await.unwrap();
    }
    let mut fragments = Vec::new();
    for branch in ["main", "side"] {
        let (table, version) = pinned(&graph, &root, "Sailor", branch).await;
        let dataset = DatasetBuilder::from_uri(&table).with_version(version).load().await.unwrap();
        fragments.push(dataset.manifest.fragments.iter().map(|fragment| fragment.id).collect::<BTreeSet<_>>());
    }
    let shared: BTreeSet<_> = fragments[0].intersection(&fragments[1]).copied().collect();
    assert_eq!(shared.len(), 1, "what was there before the fork, and nothing else");
    // One handle, one session, both branches: each sees its own rows.
    assert!(!export(&graph, "main").await.contains("s4") && !export(&graph, "side").await.contains("m4"));
}

/// A table written one row at a time keeps few fragments.
#[tokio::test(flavor = "multi_thread")]
async fn small_writes_are_folded() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let graph = fleet(&root.display().to_string()).await;
    for number in 0..100 {
        let row = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"n{number}\",\"rank\":{number}}}}}");
        load(&graph, "main", LoadMode::Merge, &row).await.unwrap();
        // Every row is replaced once more, so that deletions meet folding.
        let row = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"n{}\",\"rank\":-1}}}}", number / 2);
        load(&graph, "main", LoadMode::Merge, &row).await.unwrap();
    }
    let (table, version) = pinned(&graph, &root, "Sailor", "main").await;
    let dataset = DatasetBuilder::from_uri(&table).with_version(version).load().await.unwrap();
    let fragments = dataset.manifest.fragments.len();
    assert!(fragments <= 30, "{fragments} fragments");
    assert_eq!(dataset.count_rows(None).await.unwrap(), 102);
    assert_eq!(dataset.count_rows(Some("rank = -1".into())).await.unwrap(), 50);
    let fresh = Omnigraph::open_read_only(&root.display().to_string(), OpenOptions::default()).await.unwrap();
    assert_eq!(export(&fresh, "main").await, export(&graph, "main").await);
}

/// The path of a table is what the record says: nothing else is needed to find it.
#[test]
fn table_paths_are_plain() {
    assert!(TablePath::try_from("nodes/01J0".to_owned()).is_ok());
    for bad in ["nodes/", "nodes/../x", "edges/a/b", "other/x", "/nodes/x"] {
        assert!(TablePath::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}
