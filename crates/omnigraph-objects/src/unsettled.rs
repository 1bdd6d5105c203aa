//! Objects that are complete and may still be lost with the power, and the write that settles them.
//!
//! What needs several objects would wait for the disk once for each. Nothing leads to them but the object that names them, so it
//! is enough that they are durable before that one has its name: one wait for all.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::Extensions;
use object_store::path::Path;

use crate::local::LocalStore;
use crate::{Key, Put, Result, Store};

/// The objects of one write to come, see [`Store::unsettled`]. Clones share them.
///
/// Dropped without a [`Store::put_if_absent_after`], they stay as they are: there, and durable at no certain time.
#[derive(Clone, Debug)]
pub struct Unsettled {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Opened before anything was written, so that no error of writing it back goes unreported.
    file_system: Option<File>,
    objects: Mutex<Vec<Path>>,
    /// Whether syncing failed. The operating system says so once and forgets what it could not write: a second try would succeed
    /// and mean nothing.
    spoilt: AtomicBool,
}

/// How a put of ours settles. Travels with the request, through whatever layers there are; stores that are durable by themselves do
/// not look at it.
#[derive(Clone, Debug)]
pub(crate) enum Settling {
    /// Before the put returns.
    Now,
    /// With the put that comes after.
    Later,
    /// Before the put returns, and these before the object has its name.
    After(Unsettled),
}

impl Settling {
    /// How the put with these extensions settles.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or(Self::Now)
    }

    /// Whether what comes before can no longer be made durable.
    pub(crate) fn is_spoilt(&self) -> bool {
        matches!(self, Self::After(unsettled) if unsettled.is_spoilt())
    }

    pub(crate) fn extensions(&self) -> Extensions {
        let mut extensions = Extensions::new();
        if !matches!(self, Self::Now) {
            extensions.insert(self.clone());
        }
        extensions
    }
}

impl Unsettled {
    pub(crate) fn file_system(&self) -> Option<&File> {
        self.inner.file_system.as_ref()
    }

    /// What was put so far.
    pub(crate) fn objects(&self) -> Vec<Path> {
        self.inner.objects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_spoilt(&self) -> bool {
        self.inner.spoilt.load(Ordering::Acquire)
    }

    pub(crate) fn spoil(&self) {
        self.inner.spoilt.store(true, Ordering::Release);
    }

    fn note(&self, key: &Key) {
        self.inner.objects.lock().unwrap_or_else(PoisonError::into_inner).push(key.to_path());
    }
}

impl Store {
    /// Begins a write of several objects: those that are put with what is returned, and at last the one that names them, with
    /// [`Store::put_if_absent_after`]. Makes no request.
    pub fn unsettled(&self) -> Unsettled {
        let file_system = self.local().and_then(LocalStore::file_system);
        Unsettled { inner: Arc::new(Inner { file_system, objects: Mutex::default(), spoilt: AtomicBool::new(false) }) }
    }

    /// As [`Store::put`], but the object may be lost with the power until `unsettled` is settled. For names that are new and
    /// that nothing leads to yet: until then a failure of the power may also leave part of the content.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub async fn put_unsettled(&self, key: &Key, content: Bytes, unsettled: &Unsettled) -> Result<()> {
        self.write(key, content, &Settling::Later).await?;
        unsettled.note(key);
        Ok(())
    }

    /// As [`Store::put_if_absent`], but what is written may be lost with the power, see [`Store::put_unsettled`].
    ///
    /// # Errors
    /// As [`Store::put_if_absent`].
    pub async fn put_if_absent_unsettled(&self, key: &Key, content: Bytes, unsettled: &Unsettled) -> Result<Put> {
        let put = self.create(key, content, &Settling::Later).await?;
        if put.is_written() {
            unsettled.note(key);
        }
        Ok(put)
    }

    /// As [`Store::put_if_absent`], and before the object has its name, all that was put into `unsettled` is durable.
    ///
    /// # Errors
    /// As [`Store::put_if_absent`]; after one that says that nothing was written, begin again with new objects.
    pub async fn put_if_absent_after(&self, key: &Key, content: Bytes, unsettled: &Unsettled) -> Result<Put> {
        self.create(key, content, &Settling::After(unsettled.clone())).await
    }
}
