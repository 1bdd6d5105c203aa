//! A cache of values that are computed per table version and updated incrementally from one version to another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_history::TablePath;

use super::Table;

/// Cached versions per table: those of a few branches.
const MAX_VERSIONS: usize = 8;

/// A cache of values for a few versions of every table. Cheap to clone; clones share.
#[derive(Debug)]
pub(crate) struct VersionCache<T> {
    versions: Arc<Mutex<HashMap<TablePath, Vec<CachedVersion<T>>>>>,
}

/// A version and its value.
#[derive(Clone, Debug)]
pub(crate) struct CachedVersion<T> {
    /// The version.
    pub(crate) table: Arc<Table>,
    /// The value computed from it.
    pub(crate) value: T,
}

impl<T> Default for VersionCache<T> {
    fn default() -> Self {
        Self { versions: Arc::default() }
    }
}

impl<T> Clone for VersionCache<T> {
    fn clone(&self) -> Self {
        Self { versions: Arc::clone(&self.versions) }
    }
}

impl<T: Clone> VersionCache<T> {
    /// Returns the value of exactly this version.
    pub(crate) fn get(&self, table: &Table) -> Option<T> {
        self.with_versions(table, |versions| {
            versions.iter().find(|known| known.table.pin() == table.pin()).map(|known| known.value.clone())
        })
    }

    /// Returns the cached version that shares the most rows with `table`.
    pub(crate) fn closest(&self, table: &Table) -> Option<CachedVersion<T>> {
        self.with_versions(table, |versions| {
            versions.iter().max_by_key(|known| known.table.shared_rows(table)).cloned()
        })
    }

    /// Caches a value.
    pub(crate) fn insert(&self, table: &Arc<Table>, value: T) {
        self.with_versions(table, |versions| {
            versions.retain(|known| known.table.pin() != table.pin());
            if versions.len() >= MAX_VERSIONS {
                versions.remove(0);
            }
            versions.push(CachedVersion { table: Arc::clone(table), value });
        });
    }

    fn with_versions<R>(&self, table: &Table, work: impl FnOnce(&mut Vec<CachedVersion<T>>) -> R) -> R {
        let mut known = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(table.path()) {
            Some(versions) => work(versions),
            None => work(known.entry(table.path().clone()).or_default()),
        }
    }
}
