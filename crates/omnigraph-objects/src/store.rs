//! The store handle: read, list, delete, and what it knows of itself.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::backend::Backend;
use crate::count::Tally;
use crate::error::Class;
use crate::local::LocalStore;
use crate::retry::Attempts;
use crate::{Ambient, Counts, Error, Key, Location, Result, RetryPolicy, StoreOptions};

/// A handle on the objects below one root. Clones are cheap and share counts and caches.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    objects: Arc<dyn ObjectStore>,
    local: Option<LocalStore>,
    tally: Arc<Tally>,
    ambient: Ambient,
    retry: RetryPolicy,
}

/// One object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, relative to the root.
    pub key: Key,
    /// Its size in bytes.
    pub size: u64,
    /// When the store last saw it written, in microseconds since the Unix epoch, by the store's clock.
    pub modified: i64,
}

/// One level of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The objects on this level, by name.
    pub objects: Vec<Entry>,
    /// The prefixes that go deeper, by name. On a folder these may be empty.
    pub folders: Vec<Key>,
}

impl Store {
    /// Opens the objects at `location`. Makes no request and creates nothing.
    ///
    /// # Errors
    /// [`Error::InvalidOptions`] when the options do not suffice for the location.
    pub fn open(location: &Location, options: StoreOptions) -> Result<Self> {
        let Backend { store, tally, local } = Backend::open(location, &options)?;
        let StoreOptions { ambient, retry, .. } = options;
        let inner = Inner { location: location.clone(), objects: store, local, tally, ambient, retry };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The content of the object, `None` if there is none. One request if all goes well. A bucket or root folder that
    /// does not exist reads as one without objects.
    ///
    /// # Errors
    /// [`Error::Denied`], or [`Error::Unavailable`] when the store kept failing.
    pub async fn read(&self, key: &Key) -> Result<Option<Bytes>> {
        self.check_object(key)?;
        let mut attempts = Attempts::new(self.retry(), self.ambient());
        loop {
            let error = match self.read_once(key).await {
                Ok(content) => return Ok(Some(content)),
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                Err(error) => error,
            };
            if !attempts.again_after(&error).await {
                return Err(Error::after_attempts("read", self.at(key), attempts.made(), error));
            }
        }
    }

    async fn read_once(&self, key: &Key) -> object_store::Result<Bytes> {
        self.raw().get(&key.to_path()).await?.bytes().await
    }

    /// Every object whose name lies below `prefix`, by name. Foreign objects whose names are no keys are left out.
    ///
    /// # Errors
    /// [`Error::Denied`], or [`Error::Unavailable`] when the store kept failing.
    pub async fn list(&self, prefix: &Key) -> Result<Vec<Entry>> {
        let mut attempts = Attempts::new(self.retry(), self.ambient());
        loop {
            let error = match self.raw().list(Some(&prefix.to_path())).try_collect::<Vec<_>>().await {
                Ok(found) => return Ok(entries(found)),
                // Some backends report a folder that does not exist; an empty prefix is no error anywhere.
                Err(error) if Class::of(&error) == Class::NotFound => return Ok(Vec::new()),
                Err(error) => error,
            };
            if !attempts.again_after(&error).await {
                return Err(Error::after_attempts("list", self.at(prefix), attempts.made(), error));
            }
        }
    }

    /// The objects and the deeper prefixes directly below `prefix`, by name.
    ///
    /// # Errors
    /// As [`Store::list`].
    pub async fn list_shallow(&self, prefix: &Key) -> Result<Listing> {
        let mut attempts = Attempts::new(self.retry(), self.ambient());
        loop {
            let error = match self.raw().list_with_delimiter(Some(&prefix.to_path())).await {
                Ok(found) => {
                    let mut folders: Vec<Key> =
                        found.common_prefixes.iter().filter_map(|path| Key::from_path(path).ok()).collect();
                    folders.sort_unstable();
                    return Ok(Listing { objects: entries(found.objects), folders });
                }
                Err(error) if Class::of(&error) == Class::NotFound => return Ok(Listing::default()),
                Err(error) => error,
            };
            if !attempts.again_after(&error).await {
                return Err(Error::after_attempts("list", self.at(prefix), attempts.made(), error));
            }
        }
    }

    /// Deletes the object; that it is missing is fine.
    ///
    /// # Errors
    /// [`Error::Denied`], or [`Error::Unavailable`] when the store kept failing.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        self.check_object(key)?;
        let mut attempts = Attempts::new(self.retry(), self.ambient());
        loop {
            let error = match self.raw().delete(&key.to_path()).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => return Ok(()),
                Err(error) => error,
            };
            if !attempts.again_after(&error).await {
                return Err(Error::after_attempts("delete", self.at(key), attempts.made(), error));
            }
        }
    }

    /// Removes the folder of `prefix` if nothing is in it, where folders exist at all: for prefixes whose objects come and go, so
    /// that nothing is left to see when there is nothing. Best effort, and no request. Whoever makes the folder again may take
    /// its name for durable a moment too early: keep what must survive a power failure elsewhere.
    pub async fn remove_folder_if_empty(&self, prefix: &Key) {
        if let (Some(local), false) = (&self.inner.local, prefix.is_root()) {
            local.remove_folder_if_empty(&prefix.to_path()).await;
        }
    }

    /// Removes what processes left behind that ended in the middle of a write: hidden files of a folder that were not
    /// written to for `idle`. Returns how many. Choose `idle` longer than any upload pauses, such as a day. Other stores
    /// keep no such debris in sight; unfinished uploads of a bucket are its lifecycle rule's to remove.
    ///
    /// # Errors
    /// [`Error::Denied`] and whatever else the folder reports.
    pub async fn remove_abandoned(&self, idle: Duration) -> Result<u64> {
        let Some(local) = &self.inner.local else { return Ok(0) };
        let idle = i64::try_from(idle.as_micros()).unwrap_or(i64::MAX);
        let cutoff = self.ambient().now_micros().saturating_sub(idle);
        local.remove_abandoned(cutoff).await.map_err(|error| Error::from_store("clean", self.root_display(), error))
    }

    /// The store underneath with all its layers. Its paths are relative to the root, so a [`Key`] and a path of the
    /// same text name the same object. It does not repeat failed requests as the methods here do.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner.objects)
    }

    /// Where the root is.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// The root as people write it.
    pub fn root_display(&self) -> String {
        self.inner.location.to_string()
    }

    /// The folder, if the root is one.
    pub fn local_root(&self) -> Option<&Path> {
        match &self.inner.location {
            Location::Folder(root) => Some(root),
            _ => None,
        }
    }

    /// The requests made through this store so far, by all clones and through [`Store::object_store`].
    pub fn counts(&self) -> Counts {
        self.inner.tally.counts()
    }

    /// Clock, randomness and ids.
    pub fn ambient(&self) -> &Ambient {
        &self.inner.ambient
    }

    pub(crate) fn local(&self) -> Option<&LocalStore> {
        self.inner.local.as_ref()
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        self.inner.retry
    }

    pub(crate) fn raw(&self) -> &dyn ObjectStore {
        &*self.inner.objects
    }

    /// A key for people: the root and the name below it.
    pub(crate) fn at(&self, key: &Key) -> String {
        if key.is_root() { self.root_display() } else { format!("{}/{key}", self.inner.location) }
    }

    pub(crate) fn check_object(&self, key: &Key) -> Result<()> {
        if key.is_root() {
            return Err(Error::InvalidKey {
                given: String::new(),
                reason: "the root holds no object; name one".into(),
            });
        }
        Ok(())
    }

    /// Makes sure that an object that was found, and not written with a positive answer, is durable.
    pub(crate) async fn confirm(&self, key: &Key) -> Result<()> {
        match self.local() {
            Some(local) => {
                let settled = local.settle(&key.to_path()).await;
                settled.map_err(|error| Error::Unknown { at: self.at(key), source: Box::new(error) })
            }
            None => Ok(()),
        }
    }
}

fn entries(found: Vec<ObjectMeta>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = found
        .into_iter()
        .filter_map(|meta| {
            let key = Key::from_path(&meta.location).ok()?;
            Some(Entry { key, size: meta.size, modified: meta.last_modified.timestamp_micros() })
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
