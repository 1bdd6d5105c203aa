//! Read-only handles never write: on a store that refuses every write, and on a folder without write permission.

use std::collections::BTreeMap;
use std::path::Path;

use omnigraph::{ErrorKind, LoadMode, Omnigraph, OpenOptions, SchemaSource, StoreOptions, Target};
use omnigraph_storage::RequestVerb;
use omnigraph_testkit::fault::FaultInjector;
use omnigraph_testkit::s3::MotoServer;

use crate::support::{CREW, SCHEMA, export_rows, fleet, load, open_read_only, query};

/// Lists every file below a folder with its size and time, and every folder.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry.unwrap();
            let (path, meta) = (entry.path(), entry.metadata().unwrap());
            let state =
                if meta.is_dir() { "folder".to_owned() } else { format!("{} {:?}", meta.len(), meta.modified()) };
            found.insert(path.display().to_string(), state);
            if meta.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// Runs every read of a handle, named by the command that uses it.
async fn run_all_reads(graph: &Omnigraph) {
    let main = || Target::Branch("main".into());
    // export
    assert!(export_rows(graph, "main").await.contains("Sailor", "ana"));
    // commit list, commit show
    let mut next = Some(graph.commit(&main()).await.unwrap());
    while let Some(record) = next {
        graph.commit(&Target::Commit(record.id().to_string())).await.unwrap();
        next = graph.parent(&record).await.unwrap();
    }
    // schema show, snapshot
    let snapshot = graph.snapshot(main()).await.unwrap();
    assert_eq!((snapshot.schema_source(), snapshot.tables().len()), (SCHEMA, 4));
    // query, explain
    let hop = "query q() { match { $a: Sailor  $a trusts $b } return { $b.handle } }";
    assert_eq!(query(graph, main(), hop).await.unwrap().row_count(), 1);
    snapshot.query(hop).explain().await.unwrap();
    snapshot.query(hop).analyze().await.unwrap();
    // branch list, audit
    assert_eq!(graph.branches().await.unwrap().len(), 2);
    assert!(graph.audit().await.unwrap().is_empty());
}

/// Asserts that the handle refuses every write before it reaches the store.
async fn assert_writes_are_refused(graph: &Omnigraph) {
    let error = load(graph, "main", LoadMode::Merge, CREW).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("OG-ACCESS-001", ErrorKind::Denied));
    let main = Target::Branch("main".into());
    assert_eq!(graph.create_branch("b", &main).await.unwrap_err().code(), "OG-ACCESS-001");
    assert_eq!(graph.delete_branch("side").await.unwrap_err().code(), "OG-ACCESS-001");
    assert_eq!(graph.sweep().await.unwrap_err().code(), "OG-ACCESS-001");
}

fn assert_no_write(faults: &FaultInjector) {
    let calls = faults.calls();
    assert!(!calls.is_empty());
    for call in calls {
        assert!(matches!(call.verb, RequestVerb::Get | RequestVerb::Head | RequestVerb::List), "{call}");
        assert!(!call.path.contains("__recovery"), "a read-only handle does not read intents: {call}");
    }
}

async fn read_all(place: &str, store: StoreOptions) {
    let faults = FaultInjector::new();
    faults.deny_writes();
    let options =
        OpenOptions { store: StoreOptions { layer: Some(faults.layer()), ..store }, ..OpenOptions::default() };
    let graph = open_read_only(place, options).await.unwrap();
    run_all_reads(&graph).await;
    assert_writes_are_refused(&graph).await;
    assert_no_write(&faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_refuses_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let place = root.display().to_string();
    let graph = fleet(&place).await;
    graph.create_branch("side", &Target::Branch("main".into())).await.unwrap();
    graph.flush_mirror().await.unwrap();
    drop(graph);
    let before = tree(&root);
    read_all(&place, StoreOptions::default()).await;
    // Also by permission. Permissions do not bind root: then at least no file may change.
    let permit = |mode: &str| std::process::Command::new("chmod").args(["-R", mode]).arg(&root).status().unwrap();
    assert!(permit("a-w").success());
    let graph = Omnigraph::open_read_only(&place).await.unwrap();
    run_all_reads(&graph).await;
    assert_eq!(tree(&root), before);
    assert!(permit("u+w").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_refuses_writes_is_read() {
    let bucket = MotoServer::fresh_bucket().unwrap();
    let place = format!("s3://{}/graph", bucket.name);
    let store = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let options = OpenOptions { store: store.clone(), ..OpenOptions::default() };
    let graph = Omnigraph::create(&place, SchemaSource::new("fleet.pg", SCHEMA)).options(options).await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.create_branch("side", &Target::Branch("main".into())).await.unwrap();
    graph.flush_mirror().await.unwrap();
    read_all(&place, store).await;
}
