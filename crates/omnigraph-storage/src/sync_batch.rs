//! Sync batches: several objects that share one sync with the object that refers to them.
//!
//! A commit writes several files and at last its record. Only the record leads to the files, so they need to be durable no
//! earlier than the record gets its name. One sync serves all of them, where the file system allows it.
//!
//! ```text
//! sync_batch() ─► put_deferred, put_if_absent_deferred …        complete and readable, not yet durable
//!              ─► put_if_absent_with_barrier(record)            1. sync the batch and the content of the record
//!                                                               2. link the record, sync its folder
//! ```

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::Extensions;
use object_store::path::Path;

use crate::local::LocalStore;
use crate::{Key, PutOutcome, Result, Store};

/// Objects that are synced together before a barrier put, see [`Store::sync_batch`]. Clones share them.
///
/// Without a [`Store::put_if_absent_with_barrier`] the objects exist, and become durable at no certain time.
#[derive(Clone, Debug)]
pub struct SyncBatch {
    shared: Arc<SyncBatchState>,
}

#[derive(Debug)]
struct SyncBatchState {
    /// The file system, opened before the first write: `syncfs` reports write-back errors since the open.
    file_system: Option<File>,
    objects: Mutex<Vec<Path>>,
    /// A failed sync. The operating system reports a write-back error once and drops the pages, so a second sync would succeed
    /// without the data.
    poisoned: AtomicBool,
}

/// The sync of a put. It passes through all layers as an extension of the request. Stores other than a folder ignore it.
#[derive(Clone, Debug)]
pub(crate) enum SyncMode {
    /// Sync before the put returns.
    Immediate,
    /// Sync with the barrier put of the batch.
    Deferred,
    /// Sync before the put returns, and sync the batch before the object gets its name.
    Barrier(SyncBatch),
}

impl SyncMode {
    /// Returns the mode in the extensions of a put.
    pub(crate) fn from_extensions(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or(Self::Immediate)
    }

    /// Returns true if the batch can no longer be made durable.
    pub(crate) fn is_poisoned(&self) -> bool {
        matches!(self, Self::Barrier(batch) if batch.is_poisoned())
    }

    pub(crate) fn extensions(&self) -> Extensions {
        let mut extensions = Extensions::new();
        if !matches!(self, Self::Immediate) {
            extensions.insert(self.clone());
        }
        extensions
    }
}

impl SyncBatch {
    pub(crate) fn file_system(&self) -> Option<&File> {
        self.shared.file_system.as_ref()
    }

    /// Returns the objects so far.
    pub(crate) fn objects(&self) -> Vec<Path> {
        self.shared.objects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.shared.poisoned.load(Ordering::Acquire)
    }

    pub(crate) fn poison(&self) {
        self.shared.poisoned.store(true, Ordering::Release);
    }

    fn add(&self, key: &Key) {
        self.shared.objects.lock().unwrap_or_else(PoisonError::into_inner).push(key.to_path());
    }
}

impl Store {
    /// Begins a batch of objects that the next [`Store::put_if_absent_with_barrier`] refers to. Makes no request.
    pub fn sync_batch(&self) -> SyncBatch {
        let file_system = self.local().and_then(LocalStore::file_system);
        let state = SyncBatchState { file_system, objects: Mutex::default(), poisoned: AtomicBool::new(false) };
        SyncBatch { shared: Arc::new(state) }
    }

    /// Writes the object like [`Store::put`], but leaves its sync to the barrier put of `batch`.
    ///
    /// For new names that no object refers to yet. Before the barrier, power loss may leave a part of the content.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub async fn put_deferred(&self, key: &Key, content: Bytes, batch: &SyncBatch) -> Result<()> {
        self.overwrite(key, content, &SyncMode::Deferred).await?;
        batch.add(key);
        Ok(())
    }

    /// Creates the object like [`Store::put_if_absent`], but leaves its sync to the barrier put of `batch`.
    ///
    /// # Errors
    /// As [`Store::put_if_absent`].
    pub async fn put_if_absent_deferred(&self, key: &Key, content: Bytes, batch: &SyncBatch) -> Result<PutOutcome> {
        let put = self.create(key, content, &SyncMode::Deferred).await?;
        if put.is_written() {
            batch.add(key);
        }
        Ok(put)
    }

    /// Creates the object like [`Store::put_if_absent`], and makes all of `batch` durable before the object gets its name.
    ///
    /// # Errors
    /// As [`Store::put_if_absent`]. If nothing was written, begin again with new objects.
    pub async fn put_if_absent_with_barrier(&self, key: &Key, content: Bytes, batch: &SyncBatch) -> Result<PutOutcome> {
        self.create(key, content, &SyncMode::Barrier(batch.clone())).await
    }
}
