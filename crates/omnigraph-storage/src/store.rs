//! The handle of a store: reads, listings, deletions.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::backend::StoreStack;
use crate::error::ErrorClass;
use crate::local::LocalStore;
use crate::metrics::RequestCounters;
use crate::retry::RetryState;
use crate::{Env, Error, Key, Location, RequestCounts, Result, RetryPolicy, StoreOptions};

/// A handle to the objects below one root. Clones are cheap and share counts and caches.
#[derive(Clone)]
pub struct Store {
    inner: Arc<StoreInner>,
}

struct StoreInner {
    location: Location,
    objects: Arc<dyn ObjectStore>,
    local: Option<LocalStore>,
    counters: Arc<RequestCounters>,
    env: Env,
    retry: RetryPolicy,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// The name, relative to the root.
    pub key: Key,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last write by the clock of the store, in microseconds since the Unix epoch.
    pub modified: i64,
}

/// One level of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShallowListing {
    /// The objects of this level by name.
    pub objects: Vec<ObjectEntry>,
    /// The prefixes of deeper levels by name. On a folder they may be empty.
    pub folders: Vec<Key>,
}

impl Store {
    /// Opens the objects at `location`. Makes no request and creates nothing.
    ///
    /// # Errors
    /// [`Error::InvalidOptions`] if the options are not sufficient for the location.
    pub fn open(location: &Location, options: StoreOptions) -> Result<Self> {
        let StoreStack { store, counters, local } = StoreStack::open(location, &options)?;
        let StoreOptions { env, retry, .. } = options;
        let inner = StoreInner { location: location.clone(), objects: store, local, counters, env, retry };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads the content of the object, `None` if it does not exist. Makes one request without retries. A bucket or root folder
    /// that does not exist contains no objects.
    ///
    /// # Errors
    /// [`Error::Denied`], or [`Error::Unavailable`] if every attempt failed.
    pub async fn read(&self, key: &Key) -> Result<Option<Bytes>> {
        self.require_object_key(key)?;
        let (objects, path) = (self.backend(), &key.to_path());
        let request = || async move {
            let read = async { objects.get(path).await?.bytes().await };
            match read.await {
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                content => content.map(Some),
            }
        };
        self.with_retries("read", key, request).await
    }

    /// Lists every object below `prefix` by name. Names that are not valid keys are left out.
    ///
    /// # Errors
    /// [`Error::Denied`], or [`Error::Unavailable`] if every attempt failed.
    pub async fn list(&self, prefix: &Key) -> Result<Vec<ObjectEntry>> {
        let (objects, path) = (self.backend(), &prefix.to_path());
        let request = || async move {
            match objects.list(Some(path)).try_collect::<Vec<_>>().await {
                // Some backends report a folder that does not exist. An empty prefix is never an error.
                Err(error) if ErrorClass::new(&error) == ErrorClass::NotFound => Ok(Vec::new()),
                found => found,
            }
        };
        self.with_retries("list", prefix, request).await.map(sorted_entries)
    }

    /// Lists the objects and the deeper prefixes directly below `prefix` by name.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn list_shallow(&self, prefix: &Key) -> Result<ShallowListing> {
        let (objects, path) = (self.backend(), &prefix.to_path());
        let request = || async move {
            match objects.list_with_delimiter(Some(path)).await {
                Err(error) if ErrorClass::new(&error) == ErrorClass::NotFound => Ok(None),
                found => found.map(Some),
            }
        };
        let Some(found) = self.with_retries("list", prefix, request).await? else {
            return Ok(ShallowListing::default());
        };
        let mut folders: Vec<Key> = found.common_prefixes.iter().filter_map(|path| Key::from_path(path).ok()).collect();
        folders.sort_unstable();
        Ok(ShallowListing { objects: sorted_entries(found.objects), folders })
    }

    /// Deletes the object, if it exists.
    ///
    /// # Errors
    /// [`Error::Denied`], or [`Error::Unavailable`] if every attempt failed.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        self.require_object_key(key)?;
        let (objects, path) = (self.backend(), &key.to_path());
        let request = || async move {
            match objects.delete(path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                deleted => deleted,
            }
        };
        self.with_retries("delete", key, request).await
    }

    /// Removes the empty folder of `prefix` on a file system: best effort, and not a request.
    ///
    /// For prefixes whose objects are temporary. A writer that creates the folder again may consider its name durable too early.
    /// Do not use it for objects that must survive power loss.
    pub async fn remove_folder_if_empty(&self, prefix: &Key) {
        if let (Some(local), false) = (&self.inner.local, prefix.is_root()) {
            local.remove_folder_if_empty(&prefix.to_path()).await;
        }
    }

    /// Removes staged files of processes that ended during a write, and returns their number.
    ///
    /// A file is removed if it was last written more than `idle` ago. Choose a time longer than any pause of an upload, such as a
    /// day. Other stores have no such files; a lifecycle rule of the bucket removes incomplete uploads.
    ///
    /// # Errors
    /// [`Error::Denied`], or another error of the folder.
    pub async fn remove_abandoned(&self, idle: Duration) -> Result<u64> {
        let Some(local) = &self.inner.local else { return Ok(0) };
        let idle = i64::try_from(idle.as_micros()).unwrap_or(i64::MAX);
        let cutoff = self.env().now_micros().saturating_sub(idle);
        local.remove_abandoned(cutoff).await.map_err(|error| Error::from_store("clean", self.root_display(), error))
    }

    /// Returns the backend with all layers. A [`Key`] and a path of the same text name the same object. It does not retry
    /// requests.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner.objects)
    }

    /// Returns the location of the root.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Returns the location of the root as text.
    pub fn root_display(&self) -> String {
        self.inner.location.to_string()
    }

    /// Returns the folder of the root, if it is one.
    pub fn local_root(&self) -> Option<&Path> {
        match &self.inner.location {
            Location::Folder(root) => Some(root),
            _ => None,
        }
    }

    /// Returns the counts of all requests so far, by all clones and through [`Store::object_store`].
    pub fn counts(&self) -> RequestCounts {
        self.inner.counters.counts()
    }

    /// Returns the clock, randomness and ids.
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    pub(crate) fn local(&self) -> Option<&LocalStore> {
        self.inner.local.as_ref()
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        self.inner.retry
    }

    pub(crate) fn backend(&self) -> &dyn ObjectStore {
        &*self.inner.objects
    }

    /// Returns a key with its root, for messages.
    pub(crate) fn display_key(&self, key: &Key) -> String {
        if key.is_root() { self.root_display() } else { format!("{}/{key}", self.inner.location) }
    }

    pub(crate) fn require_object_key(&self, key: &Key) -> Result<()> {
        if key.is_root() {
            return Err(Error::InvalidKey { given: String::new(), reason: "the root holds no object".into() });
        }
        Ok(())
    }

    /// Runs a request again while it fails with a transient error and attempts are left.
    pub(crate) async fn with_retries<T, F>(&self, action: &'static str, key: &Key, request: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let mut state = RetryState::new(self.retry(), self.env());
        loop {
            let error = match request().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if !state.retry_after(&error).await {
                return Err(Error::from_attempts(action, self.display_key(key), state.attempts(), error));
            }
        }
    }

    /// Syncs an object that was found by a read. Its writer may not have synced it yet.
    pub(crate) async fn ensure_durable(&self, key: &Key) -> Result<()> {
        match self.local() {
            Some(local) => {
                let synced = local.sync_object(&key.to_path()).await;
                synced.map_err(|error| Error::Unknown { object: self.display_key(key), source: Box::new(error) })
            }
            None => Ok(()),
        }
    }
}

fn sorted_entries(found: Vec<ObjectMeta>) -> Vec<ObjectEntry> {
    let mut entries: Vec<ObjectEntry> = found
        .into_iter()
        .filter_map(|meta| {
            let key = Key::from_path(&meta.location).ok()?;
            Some(ObjectEntry { key, size: meta.size, modified: meta.last_modified.timestamp_micros() })
        })
        .collect();
    entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    entries
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.root_display()).finish()
    }
}
