//! Empty locations for tests: memory and a folder.

use std::sync::atomic::{AtomicU64, Ordering};

use omnigraph_storage::{Durability, Env, Key, Location, Store, StoreOptions};
use omnigraph_testkit::fault::FaultInjector;

/// A kind of location: its name and its constructor.
pub(crate) type LocationKind = (&'static str, fn() -> TestLocation);

/// An empty location for a graph, deleted after the test.
pub(crate) struct TestLocation {
    pub(crate) location: Location,
    _folder: Option<tempfile::TempDir>,
}

impl TestLocation {
    pub(crate) fn memory() -> Self {
        Self { location: Location::Memory(format!("log-{}", next())), _folder: None }
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::Folder(folder.path().join("made/on demand")), _folder: Some(folder) }
    }

    pub(crate) fn both_stores() -> [LocationKind; 2] {
        [("memory", Self::memory), ("folder", Self::folder)]
    }

    /// Opens a handle with its own seed, whose ids no other handle generates.
    pub(crate) fn open(&self) -> Store {
        Store::open(&self.location, options()).unwrap()
    }

    /// Opens a handle over a fault store.
    pub(crate) fn open_faulty(&self) -> (Store, FaultInjector) {
        let faults = FaultInjector::new();
        let store = Store::open(&self.location, StoreOptions { layer: Some(faults.layer()), ..options() }).unwrap();
        (store, faults)
    }
}

/// Returns options of a seeded environment without syncs: no test here simulates power loss.
pub(crate) fn options() -> StoreOptions {
    StoreOptions { env: Env::seeded(next()), durability: Durability::Os, ..StoreOptions::default() }
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}
