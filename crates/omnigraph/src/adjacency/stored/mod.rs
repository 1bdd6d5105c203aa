//! What is derived outlives the process: below `__derived/`, one file a table, of the version that was last worth one.
//!
//! Beside the file of a table lies `newest`, which names it by its pin. Nothing here is ever believed: what is not there, not
//! whole or not understood is derived anew.
//!
//! - `header` what all files begin with
//! - `nodes`  the numbers of nodes, and where they are used
//! - `edges`  adjacency over such numbers
//! - `mapped` files in memory

mod edges;
mod header;
mod mapped;
mod nodes;

pub(super) use edges::StoredEdges;
pub(super) use nodes::StoredNodes;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use omnigraph_log::{TablePath, TablePin};
use omnigraph_objects::{Key, Store};
use tokio::task::JoinHandle;

use self::mapped::map;
use crate::error::{Error, Result};
use crate::table::{Table, Tables};

/// Rows from which on it takes longer to derive from them than to read what was derived: to number so many ids takes tens of
/// milliseconds.
const WORTH_STORING: u64 = 1 << 16;
/// What is stored is replaced when one part in so many of the rows has come since.
const NEW_SHARE: u64 = 4;

/// Bytes in memory or of a mapped file.
type Shared = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Whether what is derived may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storing {
    /// What is worth it is stored.
    Allowed,
    /// What is stored is used, and nothing is written.
    Forbidden,
}

/// One kind of what is derived, as far as it is stored. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// What the names of its files end with.
    kind: &'static str,
    store: Store,
    tables: Tables,
    storing: Storing,
    /// The versions that are stored, as far as this process knows.
    noted: Arc<Mutex<HashMap<TablePath, Arc<Table>>>>,
    /// Whoever writes a file holds this.
    turn: Arc<tokio::sync::Mutex<()>>,
    writing: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Stored {
    pub(super) fn new(kind: &'static str, store: &Store, tables: &Tables, storing: Storing) -> Self {
        Self {
            kind,
            store: store.clone(),
            tables: tables.clone(),
            storing,
            noted: Arc::default(),
            turn: Arc::default(),
            writing: Arc::default(),
        }
    }

    /// What `decode` makes of the file of a table, and the version it is of; nothing for a table that is not worth one.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        table: &Table,
        decode: impl FnOnce(&Shared, TablePin) -> Option<T> + Send + 'static,
    ) -> Option<(Arc<Table>, T)> {
        if table.rows() < WORTH_STORING {
            return None;
        }
        let pin = self.newest(table.path()).await?;
        let key = self.file(table.path(), pin.version).ok()?;
        let bytes: Shared = match self.store.local_root() {
            Some(root) => {
                let path: PathBuf = key.segments().fold(root.to_owned(), |path, segment| path.join(segment));
                let mapped = tokio::task::spawn_blocking(move || map(&path)).await.ok()?;
                Arc::new(mapped.ok()?)
            }
            None => Arc::new(self.store.read(&key).await.ok()??),
        };
        let decoded = tokio::task::spawn_blocking(move || decode(&bytes, pin)).await.ok()??;
        let version = self.tables.open(table.path(), pin).await.ok()?;
        Some((version, decoded))
    }

    fn file(&self, table: &TablePath, version: u64) -> Result<Key> {
        Ok(folder(table)?.join(&format!("{version}.{}", self.kind))?)
    }

    /// Whether something is stored of a table that need not be brought from afar.
    pub(super) async fn is_near(&self, table: &TablePath) -> bool {
        self.store.local_root().is_some() && self.newest(table).await.is_some()
    }

    /// The version that is stored, if the note is right.
    async fn newest(&self, table: &TablePath) -> Option<TablePin> {
        let bytes = self.store.read(&note(table).ok()?).await.ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    /// Stores what `encode` gives for a version in the background, if that is allowed and worth it.
    pub(super) fn keep(&self, table: &Arc<Table>, encode: impl FnOnce(TablePin) -> Vec<u8> + Send + 'static) {
        if self.storing == Storing::Forbidden || !self.is_worth_storing(table) {
            return;
        }
        let (this, table) = (self.clone(), Arc::clone(table));
        let task = tokio::spawn(async move {
            let _turn = this.turn.lock().await;
            match this.write(&table, encode).await {
                Ok(()) => this.note(&table),
                Err(error) => tracing::debug!(%error, table = table.path().as_str(), "what is derived was not stored"),
            }
        });
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        writing.retain(|task| !task.is_finished());
        writing.push(task);
    }

    /// Stores a version of a table in place of the one before.
    async fn write(&self, table: &Table, encode: impl FnOnce(TablePin) -> Vec<u8> + Send + 'static) -> Result<()> {
        let (path, pin) = (table.path(), table.pin());
        let before = self.newest(path).await;
        let bytes = tokio::task::spawn_blocking(move || encode(pin)).await;
        let bytes = bytes.map_err(|failed| Error::internal(failed.to_string()))?;
        self.store.put(&self.file(path, pin.version)?, bytes.into()).await?;
        let newest = serde_json::to_vec(&pin).map_err(|error| Error::internal(error.to_string()))?;
        self.store.put(&note(path)?, newest.into()).await?;
        // Whoever has mapped it keeps it; whoever reads it just now derives.
        if let Some(before) = before.filter(|before| before.version != pin.version) {
            self.store.delete(&self.file(path, before.version)?).await?;
        }
        Ok(())
    }

    /// Whether a version is worth being stored, and is not as good as stored already.
    pub(super) async fn wants(&self, table: &Table) -> bool {
        let known = self.noted.lock().unwrap_or_else(PoisonError::into_inner).contains_key(table.path());
        if !known
            && table.rows() >= WORTH_STORING
            && let Some(pin) = self.newest(table.path()).await
            && let Ok(stored) = self.tables.open(table.path(), pin).await
        {
            self.note(&stored);
        }
        self.is_worth_storing(table)
    }

    fn is_worth_storing(&self, table: &Table) -> bool {
        let stored = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let known = stored.get(table.path()).map_or(0, |stored| stored.shared_rows(table));
        let new = table.rows().saturating_sub(known);
        table.rows() >= WORTH_STORING && new.saturating_mul(NEW_SHARE) >= table.rows()
    }

    /// Takes note of the version that is stored.
    pub(super) fn note(&self, table: &Arc<Table>) {
        let mut stored = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        stored.insert(table.path().clone(), Arc::clone(table));
    }

    /// Waits for what is being stored.
    pub(super) async fn settle(&self) {
        let writing = std::mem::take(&mut *self.writing.lock().unwrap_or_else(PoisonError::into_inner));
        for task in writing {
            // A task that failed has said so.
            let _ = task.await;
        }
    }
}

fn folder(table: &TablePath) -> Result<Key> {
    Ok(Key::parse("__derived")?.join(table.as_str())?)
}

fn note(table: &TablePath) -> Result<Key> {
    Ok(folder(table)?.join("newest")?)
}
