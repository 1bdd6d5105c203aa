//! What is derived from versions of tables, kept, and brought forward from one version to another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_log::TablePath;

use super::Table;

/// Versions of one table whose value is kept: those of a few branches.
const MOST_VERSIONS: usize = 8;

/// A value for each of a few versions of every table. Cheap to clone; clones share.
#[derive(Debug)]
pub(crate) struct Derived<T> {
    known: Arc<Mutex<HashMap<TablePath, Vec<Known<T>>>>>,
}

/// A version and its value.
#[derive(Clone, Debug)]
pub(crate) struct Known<T> {
    /// The version.
    pub(crate) table: Arc<Table>,
    /// What is derived from it.
    pub(crate) value: T,
}

impl<T> Default for Derived<T> {
    fn default() -> Self {
        Self { known: Arc::default() }
    }
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        Self { known: Arc::clone(&self.known) }
    }
}

impl<T: Clone> Derived<T> {
    /// The value of exactly this version.
    pub(crate) fn exact(&self, table: &Table) -> Option<T> {
        self.with(table, |versions| {
            versions.iter().find(|known| known.table.pin() == table.pin()).map(|known| known.value.clone())
        })
    }

    /// The version that shares the most rows with `table`.
    pub(crate) fn nearest(&self, table: &Table) -> Option<Known<T>> {
        self.with(table, |versions| versions.iter().max_by_key(|known| known.table.shared_rows(table)).cloned())
    }

    /// Remembers a value.
    pub(crate) fn keep(&self, table: &Arc<Table>, value: T) {
        self.with(table, |versions| {
            versions.retain(|known| known.table.pin() != table.pin());
            if versions.len() >= MOST_VERSIONS {
                versions.remove(0);
            }
            versions.push(Known { table: Arc::clone(table), value });
        });
    }

    fn with<R>(&self, table: &Table, work: impl FnOnce(&mut Vec<Known<T>>) -> R) -> R {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(table.path()) {
            Some(versions) => work(versions),
            None => work(known.entry(table.path().clone()).or_default()),
        }
    }
}
