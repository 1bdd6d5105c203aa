//! What only reads never writes: on a store that refuses every write, and on a folder that nobody may write to.

use std::collections::BTreeMap;
use std::path::Path;

use omnigraph::objects::Verb;
use omnigraph::{ErrorKind, LoadMode, Omnigraph, OpenOptions, QueryRequest, StoreOptions, Target};
use omnigraph_testkit::fault::Faults;
use omnigraph_testkit::s3::Moto;

use crate::support::{CREW, SCHEMA, export, fleet, load, query};

/// Every file below a folder with its size and time, and every folder.
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

/// Everything that a handle can be asked without writing, by the name of the command that asks it.
async fn ask_everything(graph: &Omnigraph) {
    let main = || Target::Branch("main".into());
    // export
    assert!(export(graph, "main").await.contains("ana"));
    // commit list, commit show
    let mut next = Some(graph.commit_of(&main()).await.unwrap());
    while let Some(record) = next {
        graph.commit_of(&Target::Commit(record.commit.to_string())).await.unwrap();
        next = graph.parent_of(&record).await.unwrap();
    }
    // schema show, snapshot
    let snapshot = graph.snapshot(main()).await.unwrap();
    assert_eq!((snapshot.schema_source(), snapshot.tables().len()), (SCHEMA, 4));
    // query, explain
    let hop = "query q() { match { $a: Sailor  $a trusts $b } return { $b.handle } }";
    assert_eq!(query(graph, main(), hop).await.unwrap().rows.len(), 1);
    let request = || QueryRequest { source: hop.to_owned(), file: "q.gq".to_owned(), ..QueryRequest::default() };
    snapshot.explain(request(), false).await.unwrap();
    snapshot.explain(request(), true).await.unwrap();
    // branch list, audit
    assert_eq!(graph.branches().await.unwrap().len(), 2);
    assert!(graph.audit().await.unwrap().is_empty());
}

/// What would write is refused by the handle, before the store is asked.
async fn refuses_to_write(graph: &Omnigraph) {
    let error = load(graph, "main", LoadMode::Merge, CREW).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("OG-ENG-005", ErrorKind::Denied));
    let main = Target::Branch("main".into());
    assert_eq!(graph.create_branch("b", &main, None).await.unwrap_err().code(), "OG-ENG-005");
    assert_eq!(graph.delete_branch("side", None).await.unwrap_err().code(), "OG-ENG-005");
    assert_eq!(graph.sweep().await.unwrap_err().code(), "OG-ENG-005");
}

fn assert_nothing_was_written(faults: &Faults) {
    let calls = faults.calls();
    assert!(!calls.is_empty());
    for call in calls {
        assert!(matches!(call.verb, Verb::Get | Verb::Head | Verb::List), "{call}");
        assert!(!call.path.contains("__recovery"), "intents are not even read: {call}");
    }
}

async fn read_all(place: &str, store: StoreOptions) {
    let faults = Faults::new();
    faults.deny_writes();
    let options =
        OpenOptions { store: StoreOptions { layer: Some(faults.layer()), ..store }, ..OpenOptions::default() };
    let graph = Omnigraph::open_read_only(place, options).await.unwrap();
    ask_everything(&graph).await;
    refuses_to_write(&graph).await;
    assert_nothing_was_written(&faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_refuses_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let place = root.display().to_string();
    let graph = fleet(&place).await;
    graph.create_branch("side", &Target::Branch("main".into()), None).await.unwrap();
    graph.settle().await.unwrap();
    drop(graph);
    let before = tree(&root);
    read_all(&place, StoreOptions::default()).await;
    // Also by permission, which root does not feel: then at least nothing may change.
    let permit = |mode: &str| std::process::Command::new("chmod").args(["-R", mode]).arg(&root).status().unwrap();
    assert!(permit("a-w").success());
    let graph = Omnigraph::open_read_only(&place, OpenOptions::default()).await.unwrap();
    ask_everything(&graph).await;
    assert_eq!(tree(&root), before);
    assert!(permit("u+w").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_refuses_writes_is_read() {
    let bucket = Moto::fresh_bucket().unwrap();
    let place = format!("s3://{}/graph", bucket.name);
    let store = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let options = OpenOptions { store: store.clone(), ..OpenOptions::default() };
    let graph = Omnigraph::init(&place, "fleet.pg", SCHEMA, None, options).await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.create_branch("side", &Target::Branch("main".into()), None).await.unwrap();
    graph.settle().await.unwrap();
    read_all(&place, store).await;
}
