//! The places on which the tests run, each fresh for each test.

use std::sync::atomic::{AtomicU64, Ordering};

use omnigraph_objects::{Ambient, Durability, Key, Location, Store, StoreOptions};
use omnigraph_testkit::fault::Faults;

/// A kind of place: its name, and how to make one.
pub(crate) type Kind = (&'static str, fn() -> Site);

/// An empty place for a graph, gone after the test.
pub(crate) struct Site {
    pub(crate) location: Location,
    _folder: Option<tempfile::TempDir>,
}

impl Site {
    pub(crate) fn memory() -> Self {
        Self { location: Location::Memory(format!("log-{}", next())), _folder: None }
    }

    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::Folder(folder.path().join("made/on demand")), _folder: Some(folder) }
    }

    pub(crate) fn both() -> [Kind; 2] {
        [("memory", Self::memory), ("folder", Self::folder)]
    }

    /// A handle of its own, whose ids no other handle mints.
    pub(crate) fn open(&self) -> Store {
        Store::open(&self.location, options()).unwrap()
    }

    /// A handle with a fault store below it.
    pub(crate) fn open_faulty(&self) -> (Store, Faults) {
        let faults = Faults::new();
        let store = Store::open(&self.location, StoreOptions { layer: Some(faults.layer()), ..options() }).unwrap();
        (store, faults)
    }
}

/// Waits for nothing, is the same in every run, and does not wait for the disk, of which no test here pulls the plug.
pub(crate) fn options() -> StoreOptions {
    StoreOptions { ambient: Ambient::seeded(next()), durability: Durability::Os, ..StoreOptions::default() }
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}
