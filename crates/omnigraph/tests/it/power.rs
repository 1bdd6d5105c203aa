//! The power fails at every sync: what was acknowledged is there, and of what was not, all or nothing.

use std::path::Path;
use std::sync::Arc;

use omnigraph::objects::StoreOptions;
use omnigraph::{LoadMode, Omnigraph, OpenOptions};
use omnigraph_testkit::power::{Fragile, Left};

use crate::support::{CREW, MORE, SCHEMA, branch, export, load, merge, mutate, try_export};

/// What is done, one after the other.
const STEPS: &[&str] =
    &["load", "insert", "update", "delete", "several", "branch", "merge", "fold", "fold", "fold", "replace"];

async fn step(graph: &Omnigraph, name: &str, number: usize) {
    let done = match name {
        "load" => load(graph, "main", LoadMode::Merge, CREW).await.map(drop),
        "insert" => mutate(graph, "main", r#"insert Sailor { handle: "eve", rank: 1 }"#).await.map(drop),
        "update" => mutate(graph, "main", r#"update Sailor set { rank: rank + 1 } where rank > 1"#).await.map(drop),
        "delete" => mutate(graph, "main", r#"delete Sailor where handle = "eve""#).await.map(drop),
        // Two statements: the second runs on a state that is never published.
        "several" => {
            let statements = r#"insert Harbor { code: "rome" } insert Sailor { handle: "fay" }
                insert BasedAt { from: "fay", to: "rome" } update Sailor set { rank: 7 } where handle = "fay""#;
            mutate(graph, "main", statements).await.map(drop)
        }
        "branch" => {
            branch(graph, "side").await;
            load(graph, "side", LoadMode::Merge, MORE).await.map(drop)
        }
        "merge" => merge(graph, "side").await.map(drop),
        "replace" => load(graph, "main", LoadMode::Overwrite, CREW).await.map(drop),
        _ => mutate(graph, "main", &format!(r#"insert Sailor {{ handle: "s{number}" }}"#)).await.map(drop),
    };
    done.unwrap_or_else(|error| panic!("{name}: {error}"));
}

async fn main_of(folder: &Path) -> omnigraph::Result<String> {
    let graph = Omnigraph::open(&folder.display().to_string(), OpenOptions::default()).await?;
    try_export(&graph, "main").await
}

async fn cut_everywhere(together: bool) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let disk = Arc::new(Fragile::new(&root, together));
    let store = StoreOptions { disk: Arc::clone(&disk) as _, ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let graph = Omnigraph::init(&root.display().to_string(), "fleet.pg", SCHEMA, None, options).await.unwrap();
    let mut before = export(&graph, "main").await;
    let mut halves = 0;
    for (number, name) in STEPS.iter().enumerate() {
        disk.watch();
        step(&graph, name, number).await;
        let acknowledged = disk.moments();
        let after = export(&graph, "main").await;
        graph.settle().await.unwrap();
        for (index, moment) in disk.take().unwrap().into_iter().enumerate() {
            for left in [Left::Synced, Left::Names] {
                let copy = tempfile::tempdir().unwrap();
                moment.restore(left, copy.path()).unwrap();
                let found = main_of(copy.path()).await;
                let found = found.unwrap_or_else(|error| panic!("{name}, cut at {index}, {left:?} left: {error}"));
                let old = index < acknowledged && found == before;
                halves += usize::from(old);
                assert!(old || found == after, "{name}, cut at {index} of {acknowledged}, {left:?} left:\n{found}");
            }
        }
        before = after;
    }
    assert!(halves > STEPS.len(), "it is also cut before a commit is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_are_synced_together_outlive_the_power() {
    cut_everywhere(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_are_synced_one_by_one_outlive_the_power() {
    cut_everywhere(false).await;
}
