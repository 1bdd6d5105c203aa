//! Assumptions about Lance in the version that we ship. Run these tests first after an upgrade.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use omnigraph::{LoadMode, Omnigraph, Target};
use omnigraph_history::record::TablePath;

use crate::external_reader::ExternalDataset;
use crate::support::{export, export_rows, fleet, load};

/// Returns the folder of a table and the version that the newest commit of a branch pins.
async fn pinned(graph: &Omnigraph, root: &Path, name: &str, branch: &str) -> (PathBuf, u64) {
    let snapshot = graph.snapshot(Target::Branch(branch.into())).await.unwrap();
    let table = snapshot.tables().into_iter().find(|table| table.name == name).unwrap();
    (root.join(table.path.as_str()), table.version)
}

/// A pinned version is an ordinary Lance version: an external reader opens it by its id.
#[tokio::test(flavor = "multi_thread")]
async fn an_external_reader_opens_a_pinned_version() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let graph = fleet(&root.display().to_string()).await;
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"ben","rank":1}}"#).await.unwrap();
    let (table, version) = pinned(&graph, &root, "Sailor", "main").await;
    let dataset = ExternalDataset::at_version(&table, version);
    let state = dataset.describe().unwrap();
    assert_eq!(state.version, version);
    assert_eq!(state.row_count, 2, "the replaced row is deleted");
    assert_eq!(dataset.count_rows(Some("handle = 'ben' and rank = 1")), 1);
    assert!(!state.has_stable_row_ids);
}

/// A table has no latest version. External readers and Lance's cleanup, which starts at the latest version, find nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_no_latest_version() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let graph = fleet(&root.display().to_string()).await;
    let (table, version) = pinned(&graph, &root, "Sailor", "main").await;
    assert_eq!(ExternalDataset::at_version(&table, version).count_rows(None), 2);
    let error = ExternalDataset::latest(&table).describe().unwrap_err();
    assert!(error.contains("not found"), "{error}");
}

/// Branches share a table's folder and never a fragment id, so sibling versions can share caches and fragments.
#[tokio::test(flavor = "multi_thread")]
async fn siblings_never_share_a_new_fragment_id() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let place = root.display().to_string();
    let graph = fleet(&place).await;
    graph.create_branch("side", &Target::Branch("main".into())).await.unwrap();
    let other = Omnigraph::open(&place).await.unwrap();
    for number in 0..5 {
        let row = |who: &str| format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{who}{number}\"}}}}");
        load(&graph, "main", LoadMode::Append, &row("m")).await.unwrap();
        load(&other, "side", LoadMode::Append, &row("s")).await.unwrap();
    }
    let mut fragments = Vec::new();
    for branch in ["main", "side"] {
        let (table, version) = pinned(&graph, &root, "Sailor", branch).await;
        let state = ExternalDataset::at_version(&table, version).describe().unwrap();
        fragments.push(state.fragments.into_iter().collect::<BTreeSet<_>>());
    }
    let shared: BTreeSet<_> = fragments[0].intersection(&fragments[1]).copied().collect();
    assert_eq!(shared.len(), 1, "only the fragment from before the fork");
    // One handle reads both branches: each has its own rows.
    assert!(!export_rows(&graph, "main").await.contains("Sailor", "s4"));
    assert!(!export_rows(&graph, "side").await.contains("Sailor", "m4"));
}

/// A table written one row at a time keeps few fragments.
#[tokio::test(flavor = "multi_thread")]
async fn small_writes_are_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let graph = fleet(&root.display().to_string()).await;
    for number in 0..100 {
        let row = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"n{number}\",\"rank\":{number}}}}}");
        load(&graph, "main", LoadMode::Merge, &row).await.unwrap();
        // Every row is replaced once more, so that compaction meets deletions.
        let row = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"n{}\",\"rank\":-1}}}}", number / 2);
        load(&graph, "main", LoadMode::Merge, &row).await.unwrap();
    }
    let (table, version) = pinned(&graph, &root, "Sailor", "main").await;
    let dataset = ExternalDataset::at_version(&table, version);
    let fragments = dataset.describe().unwrap().fragments.len();
    assert!(fragments <= 30, "{fragments} fragments");
    assert_eq!(dataset.count_rows(None), 102);
    assert_eq!(dataset.count_rows(Some("rank = -1")), 50);
    let fresh = Omnigraph::open_read_only(root.display().to_string()).await.unwrap();
    assert_eq!(export(&fresh, "main").await, export(&graph, "main").await);
}

/// The commit record has the path of a table.
#[test]
fn table_paths_are_plain() {
    assert!(TablePath::try_from("nodes/01J0".to_owned()).is_ok());
    for bad in ["nodes/", "nodes/../x", "edges/a/b", "other/x", "/nodes/x"] {
        assert!(TablePath::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}
