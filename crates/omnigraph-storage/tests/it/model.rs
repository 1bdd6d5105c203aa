//! The store over a folder against the local store of `object_store`: the same results, and each reads the files of the other.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use omnigraph_storage::{Durability, Location, Store, StoreOptions};
use proptest::prelude::*;

/// Names without conflicts between files and folders. Some of them need escapes in other stores.
const NAMES: [&str; 8] = ["a", "b/one", "b/two", "c/d/one", "c/d/e f", "c/ü", "p%41", "UPPER/x"];
const PREFIXES: [&str; 6] = ["", "b", "c", "c/d", "nothing", "a"];

#[derive(Debug, Clone)]
enum StoreStep {
    Put(usize, Vec<u8>),
    Create(usize, Vec<u8>),
    Parts(usize, Vec<Vec<u8>>),
    Get(usize),
    Range(usize, u64, u64),
    Ranges(usize, Vec<(u64, u64)>),
    Head(usize),
    Delete(usize),
    List(usize),
    Level(usize),
    Copy(usize, usize),
    CopyNew(usize, usize),
    Rename(usize, usize),
    RenameNew(usize, usize),
}

fn step() -> impl Strategy<Value = StoreStep> {
    let name = 0..NAMES.len();
    let content = prop::collection::vec(any::<u8>(), 0..40);
    let range = (0_u64..45, 0_u64..45);
    let two = (name.clone(), name.clone());
    prop_oneof![
        3 => (name.clone(), content.clone()).prop_map(|(n, c)| StoreStep::Put(n, c)),
        4 => (name.clone(), content.clone()).prop_map(|(n, c)| StoreStep::Create(n, c)),
        1 => (name.clone(), prop::collection::vec(content, 0..4)).prop_map(|(n, c)| StoreStep::Parts(n, c)),
        2 => name.clone().prop_map(StoreStep::Get),
        2 => (name.clone(), range.clone()).prop_map(|(n, (a, b))| StoreStep::Range(n, a, b)),
        2 => (name.clone(), prop::collection::vec(range, 0..4)).prop_map(|(n, r)| StoreStep::Ranges(n, r)),
        1 => name.clone().prop_map(StoreStep::Head),
        2 => name.prop_map(StoreStep::Delete),
        1 => (0..PREFIXES.len()).prop_map(StoreStep::List),
        1 => (0..PREFIXES.len()).prop_map(StoreStep::Level),
        1 => two.clone().prop_map(|(a, b)| StoreStep::Copy(a, b)),
        1 => two.clone().prop_map(|(a, b)| StoreStep::CopyNew(a, b)),
        1 => two.clone().prop_map(|(a, b)| StoreStep::Rename(a, b)),
        1 => two.prop_map(|(a, b)| StoreStep::RenameNew(a, b)),
    ]
}

fn path(name: usize) -> Path {
    Path::parse(NAMES[name]).unwrap()
}

/// Returns the part of an error that callers can distinguish.
fn class(error: Error) -> String {
    match error {
        Error::NotFound { .. } => "not found",
        Error::AlreadyExists { .. } => "already exists",
        _ => "error",
    }
    .to_owned()
}

fn shown(metas: Vec<ObjectMeta>) -> String {
    let mut shown: Vec<String> = metas.into_iter().map(|meta| format!("{} {}", meta.location, meta.size)).collect();
    shown.sort();
    shown.join(", ")
}

async fn list(store: &dyn ObjectStore, prefix: &str) -> Result<String, Error> {
    store.list(Some(&Path::from(prefix))).try_collect().await.map(shown)
}

/// Runs a step and returns its result as text.
async fn run(store: &dyn ObjectStore, step: &StoreStep, reference: bool) -> Result<String, Error> {
    let done = |()| "done".to_owned();
    let content = |bytes: Bytes| format!("{bytes:?}");
    match step.clone() {
        StoreStep::Put(name, bytes) => store.put(&path(name), bytes.into()).await.map(|_| done(())),
        StoreStep::Create(name, bytes) => {
            store.put_opts(&path(name), bytes.into(), PutMode::Create.into()).await.map(|_| done(()))
        }
        StoreStep::Parts(name, parts) => {
            let mut upload = store.put_multipart(&path(name)).await?;
            let sent: Vec<_> = parts.into_iter().map(|part| upload.put_part(part.into())).collect();
            futures::future::try_join_all(sent).await?;
            upload.complete().await.map(|_| done(()))
        }
        StoreStep::Get(name) => store.get(&path(name)).await?.bytes().await.map(content),
        StoreStep::Range(name, from, to) => store.get_range(&path(name), from..to).await.map(content),
        StoreStep::Ranges(name, ranges) => {
            let ranges: Vec<_> = ranges.into_iter().map(|(from, to)| from.min(to)..from.max(to) + 1).collect();
            store.get_ranges(&path(name), &ranges).await.map(|found| format!("{found:?}"))
        }
        StoreStep::Head(name) => store.head(&path(name)).await.map(|meta| shown(vec![meta])),
        StoreStep::Delete(name) => store.delete(&path(name)).await.map(done),
        StoreStep::List(prefix) => list(store, PREFIXES[prefix]).await,
        StoreStep::Level(prefix) => {
            let level = store.list_with_delimiter(Some(&Path::from(PREFIXES[prefix]))).await?;
            let mut folders: Vec<String> = level.common_prefixes.iter().map(ToString::to_string).collect();
            folders.sort();
            Ok(format!("{} | {}", shown(level.objects), folders.join(", ")))
        }
        // A copy of an object to its own name is not compared.
        StoreStep::Copy(from, to)
        | StoreStep::CopyNew(from, to)
        | StoreStep::Rename(from, to)
        | StoreStep::RenameNew(from, to)
            if from == to =>
        {
            Ok(String::new())
        }
        StoreStep::Copy(from, to) => store.copy(&path(from), &path(to)).await.map(done),
        StoreStep::CopyNew(from, to) => store.copy_if_not_exists(&path(from), &path(to)).await.map(done),
        // Copies of the reference share one file, and a rename between two names of one file does nothing. Move the content.
        StoreStep::Rename(from, to) if reference => {
            let bytes = store.get(&path(from)).await?.bytes().await?;
            store.put(&path(to), bytes.into()).await?;
            store.delete(&path(from)).await.map(done)
        }
        StoreStep::Rename(from, to) => store.rename(&path(from), &path(to)).await.map(done),
        StoreStep::RenameNew(from, to) => store.rename_if_not_exists(&path(from), &path(to)).await.map(done),
    }
}

async fn compare(steps: Vec<StoreStep>) {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = StoreOptions { durability: Durability::Os, ..StoreOptions::default() };
    let store = Store::open(&Location::Folder(ours.path().to_owned()), options).unwrap().object_store();
    let reference: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(theirs.path()).unwrap());
    for (at, step) in steps.iter().enumerate() {
        let found = run(&*store, step, false).await.map_err(class);
        let expected = run(&*reference, step, true).await.map_err(class);
        assert_eq!(found, expected, "step {at}, {step:?}");
    }
    // The reference opens the folder and finds the same objects.
    let outside = LocalFileSystem::new_with_prefix(ours.path()).unwrap();
    let seen = list(&outside, "").await.unwrap();
    assert_eq!(seen, list(&*store, "").await.unwrap());
    assert_eq!(seen, list(&*reference, "").await.unwrap());
    for name in 0..NAMES.len() {
        let expected = run(&*store, &StoreStep::Get(name), false).await.map_err(class);
        assert_eq!(run(&outside, &StoreStep::Get(name), true).await.map_err(class), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_requests_gives_the_same_results(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(steps));
    }
}
