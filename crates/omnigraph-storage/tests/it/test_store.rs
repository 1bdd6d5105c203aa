//! Empty stores for tests: memory, a folder, S3.

use std::sync::atomic::{AtomicU64, Ordering};

use omnigraph_storage::{Env, Key, Location, Store, StoreOptions};
use omnigraph_testkit::fault::FaultInjector;
use omnigraph_testkit::s3::{MotoServer, S3Bucket};

/// An empty location for objects, deleted after the test.
pub(crate) struct TestStore {
    pub(crate) location: Location,
    bucket: Option<S3Bucket>,
    _folder: Option<tempfile::TempDir>,
}

impl TestStore {
    pub(crate) fn memory() -> Self {
        let location = Location::Memory(format!("test-{}", next()));
        Self { location, bucket: None, _folder: None }
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The parent does not exist yet, as for a new graph.
        let location = Location::Folder(folder.path().join("made/on demand"));
        Self { location, bucket: None, _folder: Some(folder) }
    }

    pub(crate) fn s3() -> Self {
        let bucket = MotoServer::fresh_bucket().unwrap_or_else(|error| panic!("{error}"));
        Self { location: bucket.location("some/graph"), bucket: Some(bucket), _folder: None }
    }

    /// Opens a handle with a seeded environment, which waits for nothing and is the same in every run.
    pub(crate) fn open(&self) -> Store {
        self.open_with(|_| ())
    }

    pub(crate) fn open_with(&self, change: impl FnOnce(&mut StoreOptions)) -> Store {
        let mut options = StoreOptions { env: Env::seeded(next()), ..StoreOptions::default() };
        if let Some(bucket) = &self.bucket {
            options.s3 = bucket.config.clone();
        }
        change(&mut options);
        Store::open(&self.location, options).unwrap()
    }

    /// Opens a handle over a fault store.
    pub(crate) fn open_faulty(&self) -> (Store, FaultInjector) {
        let faults = FaultInjector::new();
        (self.open_with(|options| options.layer = Some(faults.layer())), faults)
    }
}

/// Returns a number that no other call of this process gets.
fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// Makes one test per backend of each `async fn name(site: TestStore)`.
macro_rules! on_every_backend {
    ($($name:ident),+ $(,)?) => {
        mod memory { $(#[tokio::test] async fn $name() { super::$name(crate::test_store::TestStore::memory()).await })+ }
        mod folder { $(#[tokio::test] async fn $name() { super::$name(crate::test_store::TestStore::folder()).await })+ }
        mod s3 { $(#[tokio::test] async fn $name() { super::$name(crate::test_store::TestStore::s3()).await })+ }
    };
}
pub(crate) use on_every_backend;
