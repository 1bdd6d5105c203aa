//! Our store over a folder behaves as `object_store`'s own does, and each reads what the other wrote.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use omnigraph_objects::{Durability, Location, Store, StoreOptions};
use proptest::prelude::*;

/// Names without conflicts between files and folders, among them some that need care on the way to a path.
const NAMES: [&str; 8] = ["a", "b/one", "b/two", "c/d/one", "c/d/e f", "c/ü", "p%41", "UPPER/x"];
const PREFIXES: [&str; 6] = ["", "b", "c", "c/d", "nothing", "a"];

#[derive(Debug, Clone)]
enum Step {
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

fn step() -> impl Strategy<Value = Step> {
    let name = 0..NAMES.len();
    let content = prop::collection::vec(any::<u8>(), 0..40);
    let range = (0_u64..45, 0_u64..45);
    let two = (name.clone(), name.clone());
    prop_oneof![
        3 => (name.clone(), content.clone()).prop_map(|(n, c)| Step::Put(n, c)),
        4 => (name.clone(), content.clone()).prop_map(|(n, c)| Step::Create(n, c)),
        1 => (name.clone(), prop::collection::vec(content, 0..4)).prop_map(|(n, c)| Step::Parts(n, c)),
        2 => name.clone().prop_map(Step::Get),
        2 => (name.clone(), range.clone()).prop_map(|(n, (a, b))| Step::Range(n, a, b)),
        2 => (name.clone(), prop::collection::vec(range, 0..4)).prop_map(|(n, r)| Step::Ranges(n, r)),
        1 => name.clone().prop_map(Step::Head),
        2 => name.prop_map(Step::Delete),
        1 => (0..PREFIXES.len()).prop_map(Step::List),
        1 => (0..PREFIXES.len()).prop_map(Step::Level),
        1 => two.clone().prop_map(|(a, b)| Step::Copy(a, b)),
        1 => two.clone().prop_map(|(a, b)| Step::CopyNew(a, b)),
        1 => two.clone().prop_map(|(a, b)| Step::Rename(a, b)),
        1 => two.prop_map(|(a, b)| Step::RenameNew(a, b)),
    ]
}

fn path(name: usize) -> Path {
    Path::parse(NAMES[name]).unwrap()
}

/// What callers can tell apart.
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

/// Runs a step and shows what came of it.
async fn run(store: &dyn ObjectStore, step: &Step, reference: bool) -> Result<String, Error> {
    let done = |()| "done".to_owned();
    let content = |bytes: Bytes| format!("{bytes:?}");
    match step.clone() {
        Step::Put(name, bytes) => store.put(&path(name), bytes.into()).await.map(|_| done(())),
        Step::Create(name, bytes) => {
            store.put_opts(&path(name), bytes.into(), PutMode::Create.into()).await.map(|_| done(()))
        }
        Step::Parts(name, parts) => {
            let mut upload = store.put_multipart(&path(name)).await?;
            let sent: Vec<_> = parts.into_iter().map(|part| upload.put_part(part.into())).collect();
            futures::future::try_join_all(sent).await?;
            upload.complete().await.map(|_| done(()))
        }
        Step::Get(name) => store.get(&path(name)).await?.bytes().await.map(content),
        Step::Range(name, from, to) => store.get_range(&path(name), from..to).await.map(content),
        Step::Ranges(name, ranges) => {
            let ranges: Vec<_> = ranges.into_iter().map(|(from, to)| from.min(to)..from.max(to) + 1).collect();
            store.get_ranges(&path(name), &ranges).await.map(|found| format!("{found:?}"))
        }
        Step::Head(name) => store.head(&path(name)).await.map(|meta| shown(vec![meta])),
        Step::Delete(name) => store.delete(&path(name)).await.map(done),
        Step::List(prefix) => list(store, PREFIXES[prefix]).await,
        Step::Level(prefix) => {
            let level = store.list_with_delimiter(Some(&Path::from(PREFIXES[prefix]))).await?;
            let mut folders: Vec<String> = level.common_prefixes.iter().map(ToString::to_string).collect();
            folders.sort();
            Ok(format!("{} | {}", shown(level.objects), folders.join(", ")))
        }
        // Onto itself means nothing worth comparing.
        Step::Copy(from, to) | Step::CopyNew(from, to) | Step::Rename(from, to) | Step::RenameNew(from, to)
            if from == to =>
        {
            Ok(String::new())
        }
        Step::Copy(from, to) => store.copy(&path(from), &path(to)).await.map(done),
        Step::CopyNew(from, to) => store.copy_if_not_exists(&path(from), &path(to)).await.map(done),
        // Its copies share one file, and a rename between two names of one file does nothing: move the content.
        Step::Rename(from, to) if reference => {
            let bytes = store.get(&path(from)).await?.bytes().await?;
            store.put(&path(to), bytes.into()).await?;
            store.delete(&path(from)).await.map(done)
        }
        Step::Rename(from, to) => store.rename(&path(from), &path(to)).await.map(done),
        Step::RenameNew(from, to) => store.rename_if_not_exists(&path(from), &path(to)).await.map(done),
    }
}

async fn compare(steps: Vec<Step>) {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = StoreOptions { durability: Durability::Os, ..StoreOptions::default() };
    let store = Store::open(&Location::Folder(ours.path().to_owned()), options).unwrap().object_store();
    let reference: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(theirs.path()).unwrap());
    for (at, step) in steps.iter().enumerate() {
        let found = run(&*store, step, false).await.map_err(class);
        let expected = run(&*reference, step, true).await.map_err(class);
        assert_eq!(found, expected, "step {at}, {step:?}");
    }
    // Whoever opens the folder with the reference finds what we find, under the same names.
    let outside = LocalFileSystem::new_with_prefix(ours.path()).unwrap();
    let seen = list(&outside, "").await.unwrap();
    assert_eq!(seen, list(&*store, "").await.unwrap());
    assert_eq!(seen, list(&*reference, "").await.unwrap());
    for name in 0..NAMES.len() {
        let expected = run(&*store, &Step::Get(name), false).await.map_err(class);
        assert_eq!(run(&outside, &Step::Get(name), true).await.map_err(class), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_requests_gives_the_same_answers(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(steps));
    }
}
