//! A crash at every sync: acknowledged commits exist, and every other commit exists as a whole or not at all.

use std::path::Path;
use std::sync::Arc;

use omnigraph::{LoadMode, Omnigraph, OpenOptions, SchemaSource};
use omnigraph_storage::StoreOptions;
use omnigraph_testkit::crash_disk::{CrashDisk, CrashOutcome};

use crate::support::{CREW, MORE, SCHEMA, branch, export, load, merge, mutate, try_export};

/// The writes, in order.
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

async fn export_main(folder: &Path) -> omnigraph::Result<String> {
    let graph = Omnigraph::open(folder.display().to_string()).await?;
    try_export(&graph, "main").await
}

async fn crash_at_every_sync(syncs_file_system: bool) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("graph");
    let disk = Arc::new(CrashDisk::new(&root, syncs_file_system));
    let store = StoreOptions { disk: Arc::clone(&disk) as _, ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let graph = Omnigraph::create(root.display().to_string(), SchemaSource::new("fleet.pg", SCHEMA))
        .options(options)
        .await
        .unwrap();
    let mut before = export(&graph, "main").await;
    let mut old_states = 0;
    for (number, name) in STEPS.iter().enumerate() {
        disk.start_recording();
        step(&graph, name, number).await;
        let acknowledged = disk.snapshot_count();
        let after = export(&graph, "main").await;
        graph.flush_mirror().await.unwrap();
        for (index, snapshot) in disk.take_snapshots().unwrap().into_iter().enumerate() {
            for outcome in [CrashOutcome::SyncedOnly, CrashOutcome::AllNames] {
                let copy = tempfile::tempdir().unwrap();
                snapshot.restore(outcome, copy.path()).unwrap();
                let found = export_main(copy.path()).await;
                let found = found.unwrap_or_else(|error| panic!("{name}, crash at {index}, {outcome:?}: {error}"));
                let old = index < acknowledged && found == before;
                old_states += usize::from(old);
                assert!(old || found == after, "{name}, crash at {index} of {acknowledged}, {outcome:?}:\n{found}");
            }
        }
        before = after;
    }
    assert!(old_states > STEPS.len(), "crashes before a commit is durable leave the old state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_survive_crashes_with_file_system_syncs() {
    crash_at_every_sync(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_survive_crashes_with_file_syncs() {
    crash_at_every_sync(false).await;
}
