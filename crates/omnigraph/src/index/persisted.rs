//! Persisted indexes: files below `__derived/` that keep indexes of large tables for later processes.
//!
//! ```text
//! __derived/<table>/<version>.<extension>   the index of one version
//! __derived/<table>/newest                  the pin of that version
//! ```
//!
//! A file that is missing, damaged or of another format is ignored, and the index is built again.
//!
//! Every file begins with a header of 64 bytes, numbers little-endian:
//!
//! | Byte | Content |
//! |---|---|
//! | 0 | magic: seven letters and a zero |
//! | 8 | u32 format, 1; u32 zero |
//! | 16 | the pin of the version: u64 version, u64 bytes of its manifest, u64 rows |
//! | 40 | two u64 counts of the content |
//! | 56 | u64 XXH3 of the first 56 bytes and of the content that the checksum covers |

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::Mmap;
use omnigraph_history::{TablePath, TablePin};
use omnigraph_storage::{Key, Store};
use tokio::task::JoinHandle;
use xxhash_rust::xxh3::Xxh3;

use super::key::KeyHash;
use crate::error::{Error, Result};
use crate::table::{Table, Tables};

/// Rows from which reading a file is faster than building the index, which takes tens of milliseconds for so many ids.
const MIN_PERSISTED_ROWS: u64 = 1 << 16;
/// A file is replaced when one of so many rows is new.
const REPLACE_SHARE: u64 = 4;

const FORMAT: u64 = 1;
/// The length of the header.
pub(super) const HEADER_BYTES: usize = 64;
/// The position of the checksum.
const CHECKSUM_OFFSET: usize = 56;
/// The length of the hash of an id.
pub(super) const HASH_BYTES: usize = size_of::<u128>();

/// Bytes in memory or of a mapped file.
pub(super) type IndexFileBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The header of a file, without the checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub(super) magic: [u8; 8],
    pub(super) pin: TablePin,
    pub(super) counts: [u64; 2],
}

impl FileHeader {
    /// Returns the header with a zero checksum, in a buffer with capacity for `capacity` bytes of content.
    pub(super) fn encode(&self, capacity: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + capacity);
        bytes.extend_from_slice(&self.magic);
        let TablePin { version, manifest_bytes, rows } = self.pin;
        let [first, second] = self.counts;
        for number in [FORMAT, version, manifest_bytes, rows, first, second, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Decodes the header; `None` for another kind of file or another format.
    pub(super) fn decode(bytes: &[u8], magic: [u8; 8]) -> Option<Self> {
        if bytes.get(..8)? != magic || read_u64(bytes, 8)? != FORMAT {
            return None;
        }
        let (version, manifest_bytes, rows) = (read_u64(bytes, 16)?, read_u64(bytes, 24)?, read_u64(bytes, 32)?);
        let pin = TablePin { version, manifest_bytes, rows };
        Some(Self { magic, pin, counts: [read_u64(bytes, 40)?, read_u64(bytes, 48)?] })
    }
}

/// Sets the checksum of `bytes`.
pub(super) fn set_checksum(bytes: &mut [u8]) {
    let sum = checksum(bytes).to_le_bytes();
    if let Some(target) = bytes.get_mut(CHECKSUM_OFFSET..HEADER_BYTES) {
        target.copy_from_slice(&sum);
    }
}

/// Reports if `bytes` have their checksum.
pub(super) fn has_valid_checksum(bytes: &[u8]) -> bool {
    read_u64(bytes, CHECKSUM_OFFSET) == Some(checksum(bytes))
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(bytes.get(..CHECKSUM_OFFSET).unwrap_or_default());
    hasher.update(bytes.get(HEADER_BYTES..).unwrap_or_default());
    hasher.digest()
}

/// Decodes consecutive hashes of ids.
pub(super) fn decode_hashes(bytes: &[u8]) -> Option<Vec<KeyHash>> {
    bytes.chunks_exact(HASH_BYTES).map(|hash| hash.try_into().ok().map(KeyHash::from_bytes)).collect()
}

fn read_u64(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(offset..offset.checked_add(8)?)?.try_into().ok()?))
}

/// Maps a file. An empty file cannot be mapped.
#[expect(
    unsafe_code,
    reason = "a file that is truncated while it is mapped kills the process; files below __derived/ are only replaced as a whole"
)]
fn map_file(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the store writes objects under another name and renames them, so a mapped file keeps its content and length
    // even after it is replaced or deleted. Other processes that write into the folder of the graph can break this.
    unsafe { Mmap::map(&file) }
}

/// The permission to write persisted indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PersistMode {
    /// Files are read and written.
    ReadWrite,
    /// Files are only read.
    ReadOnly,
}

/// The persisted indexes of one kind. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(super) struct PersistedIndexes {
    extension: &'static str,
    store: Store,
    tables: Tables,
    mode: PersistMode,
    /// The persisted versions, as far as this process knows.
    versions: Arc<Mutex<HashMap<TablePath, Arc<Table>>>>,
    /// Serializes writes within a process.
    write_lock: Arc<tokio::sync::Mutex<()>>,
    writes: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl PersistedIndexes {
    pub(super) fn new(extension: &'static str, store: &Store, tables: &Tables, mode: PersistMode) -> Self {
        Self {
            extension,
            store: store.clone(),
            tables: tables.clone(),
            mode,
            versions: Arc::default(),
            write_lock: Arc::default(),
            writes: Arc::default(),
        }
    }

    /// Reads and decodes the file of a table, and opens the version that it belongs to. Returns none for a small table and for an
    /// unusable file.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        table: &Table,
        decode: impl FnOnce(&IndexFileBytes, TablePin) -> Option<T> + Send + 'static,
    ) -> Option<(Arc<Table>, T)> {
        if table.rows() < MIN_PERSISTED_ROWS {
            return None;
        }
        let pin = self.persisted_pin(table.path()).await?;
        let key = self.file_key(table.path(), pin.version).ok()?;
        let bytes: IndexFileBytes = match self.store.local_root() {
            Some(root) => {
                let path: PathBuf = key.segments().fold(root.to_owned(), |path, segment| path.join(segment));
                Arc::new(tokio::task::spawn_blocking(move || map_file(&path)).await.ok()?.ok()?)
            }
            None => Arc::new(self.store.read(&key).await.ok()??),
        };
        let decoded = tokio::task::spawn_blocking(move || decode(&bytes, pin)).await.ok()??;
        let version = self.tables.open(table.path(), pin).await.ok()?;
        Some((version, decoded))
    }

    fn file_key(&self, table: &TablePath, version: u64) -> Result<Key> {
        Ok(folder_key(table)?.join(&format!("{version}.{}", self.extension))?)
    }

    /// Reports if a local file of a table exists.
    pub(super) async fn is_local(&self, table: &TablePath) -> bool {
        self.store.local_root().is_some() && self.persisted_pin(table).await.is_some()
    }

    async fn persisted_pin(&self, table: &TablePath) -> Option<TablePin> {
        let bytes = self.store.read(&pin_key(table).ok()?).await.ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes the file of a version in the background, if it is worth it and the mode allows it.
    pub(super) fn write_in_background(
        &self,
        table: &Arc<Table>,
        encode: impl FnOnce(TablePin) -> Vec<u8> + Send + 'static,
    ) {
        if self.mode == PersistMode::ReadOnly || !self.is_worth_writing(table) {
            return;
        }
        let (this, table) = (self.clone(), Arc::clone(table));
        let task = tokio::spawn(async move {
            let _lock = this.write_lock.lock().await;
            match this.write(&table, encode).await {
                Ok(()) => this.note_persisted(&table),
                Err(error) => tracing::debug!(%error, table = table.path().as_str(), "cannot persist an index"),
            }
        });
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        writes.retain(|task| !task.is_finished());
        writes.push(task);
    }

    /// Writes the file of a version and deletes that of the previous one.
    async fn write(&self, table: &Table, encode: impl FnOnce(TablePin) -> Vec<u8> + Send + 'static) -> Result<()> {
        let (path, pin) = (table.path(), table.pin());
        let previous = self.persisted_pin(path).await;
        let bytes = tokio::task::spawn_blocking(move || encode(pin)).await;
        let bytes = bytes.map_err(|failed| Error::internal(failed.to_string()))?;
        self.store.put(&self.file_key(path, pin.version)?, bytes.into()).await?;
        let content = serde_json::to_vec(&pin).map_err(|error| Error::internal(error.to_string()))?;
        self.store.put(&pin_key(path)?, content.into()).await?;
        // A process that has mapped the file keeps it. A process that reads it at this moment builds the index.
        if let Some(previous) = previous.filter(|previous| previous.version != pin.version) {
            self.store.delete(&self.file_key(path, previous.version)?).await?;
        }
        Ok(())
    }

    /// Reports if the file of a version should be written: the table is large, and the existing file is missing or old.
    pub(super) async fn needs_write(&self, table: &Table) -> bool {
        let is_known = self.versions.lock().unwrap_or_else(PoisonError::into_inner).contains_key(table.path());
        if !is_known
            && table.rows() >= MIN_PERSISTED_ROWS
            && let Some(pin) = self.persisted_pin(table.path()).await
            && let Ok(persisted) = self.tables.open(table.path(), pin).await
        {
            self.note_persisted(&persisted);
        }
        self.is_worth_writing(table)
    }

    fn is_worth_writing(&self, table: &Table) -> bool {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let shared_rows = versions.get(table.path()).map_or(0, |persisted| persisted.shared_rows(table));
        let new_rows = table.rows().saturating_sub(shared_rows);
        table.rows() >= MIN_PERSISTED_ROWS && new_rows.saturating_mul(REPLACE_SHARE) >= table.rows()
    }

    /// Notes the persisted version of a table.
    pub(super) fn note_persisted(&self, table: &Arc<Table>) {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.insert(table.path().clone(), Arc::clone(table));
    }

    /// Waits until background writes are finished.
    pub(super) async fn flush(&self) {
        let writes = std::mem::take(&mut *self.writes.lock().unwrap_or_else(PoisonError::into_inner));
        for task in writes {
            // A failure was logged by the task.
            let _ = task.await;
        }
    }
}

fn folder_key(table: &TablePath) -> Result<Key> {
    Ok(Key::parse("__derived")?.join(table.as_str())?)
}

fn pin_key(table: &TablePath) -> Result<Key> {
    Ok(folder_key(table)?.join("newest")?)
}
