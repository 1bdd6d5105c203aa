//! The three places on which the same tests run, each fresh for each test.

use std::sync::atomic::{AtomicU64, Ordering};

use omnigraph_objects::{Ambient, Key, Location, Store, StoreOptions};
use omnigraph_testkit::fault::Faults;
use omnigraph_testkit::s3::{Bucket, Moto};

/// An empty place for objects, gone after the test.
pub(crate) struct Site {
    pub(crate) location: Location,
    bucket: Option<Bucket>,
    _folder: Option<tempfile::TempDir>,
}

impl Site {
    pub(crate) fn memory() -> Self {
        let location = Location::Memory(format!("test-{}", next()));
        Self { location, bucket: None, _folder: None }
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Below a folder that does not exist yet, as a new graph is.
        let location = Location::Folder(folder.path().join("made/on demand"));
        Self { location, bucket: None, _folder: Some(folder) }
    }

    pub(crate) fn s3() -> Self {
        let bucket = Moto::fresh_bucket().unwrap_or_else(|error| panic!("{error}"));
        Self { location: bucket.location("some/graph"), bucket: Some(bucket), _folder: None }
    }

    /// A handle that waits for nothing and is the same in every run.
    pub(crate) fn open(&self) -> Store {
        self.open_with(|_| ())
    }

    pub(crate) fn open_with(&self, change: impl FnOnce(&mut StoreOptions)) -> Store {
        let mut options = StoreOptions { ambient: Ambient::seeded(next()), ..StoreOptions::default() };
        if let Some(bucket) = &self.bucket {
            options.s3 = bucket.config.clone();
        }
        change(&mut options);
        Store::open(&self.location, options).unwrap()
    }

    /// A handle with a fault store below it.
    pub(crate) fn open_faulty(&self) -> (Store, Faults) {
        let faults = Faults::new();
        (self.open_with(|options| options.layer = Some(faults.layer())), faults)
    }
}

/// A number that no other call of this process gets.
fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// Makes of each `async fn name(site: Site)` one test for each backend.
macro_rules! on_every_backend {
    ($($name:ident),+ $(,)?) => {
        mod memory { $(#[tokio::test] async fn $name() { super::$name(crate::backends::Site::memory()).await })+ }
        mod folder { $(#[tokio::test] async fn $name() { super::$name(crate::backends::Site::folder()).await })+ }
        mod s3 { $(#[tokio::test] async fn $name() { super::$name(crate::backends::Site::s3()).await })+ }
    };
}
pub(crate) use on_every_backend;
