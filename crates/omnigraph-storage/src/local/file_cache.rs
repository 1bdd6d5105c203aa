//! A cache of open files for ranged reads: opening a file costs more than reading a few bytes.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum of open files: far below the default limit of a process, and more than a query reads at a time.
const MAX_OPEN_FILES: usize = 512;

/// An open file with its metadata. The metadata stays correct, because objects are never written to in place.
#[derive(Debug)]
pub(super) struct CachedFile {
    pub(super) file: File,
    pub(super) metadata: Metadata,
}

/// The open files of a store, with least-recently-used eviction.
///
/// Only ranged reads use it, and they read objects that never change. A file that another process deletes stays readable, and
/// takes disk space, until it is evicted.
#[derive(Debug, Default)]
pub(super) struct FileCache {
    files: Mutex<CachedFiles>,
}

#[derive(Debug, Default)]
struct CachedFiles {
    /// The files, with the time of their last use by `clock`.
    by_path: HashMap<PathBuf, (Arc<CachedFile>, u64)>,
    clock: u64,
    /// The number of removals. A file that was opened before a removal is not cached after it.
    removals: u64,
}

impl FileCache {
    /// Returns the cached file, or opens it and caches it.
    pub(super) fn get<E>(
        &self,
        path: &Path,
        open: impl FnOnce() -> Result<CachedFile, E>,
    ) -> Result<Arc<CachedFile>, E> {
        let removals = {
            let mut cached = self.lock();
            cached.clock += 1;
            let now = cached.clock;
            if let Some((file, used)) = cached.by_path.get_mut(path) {
                *used = now;
                return Ok(Arc::clone(file));
            }
            cached.removals
        };
        // Open without the lock: a slow disk must not block readers of other files.
        let file = Arc::new(open()?);
        let mut cached = self.lock();
        if cached.removals == removals {
            cached.insert(path, Arc::clone(&file));
        }
        Ok(file)
    }

    /// Removes the file of a name that is deleted or replaced.
    pub(super) fn remove(&self, path: &Path) {
        let mut cached = self.lock();
        cached.removals += 1;
        cached.by_path.remove(path);
    }

    fn lock(&self) -> MutexGuard<'_, CachedFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedFiles {
    fn insert(&mut self, path: &Path, file: Arc<CachedFile>) {
        if self.by_path.len() >= MAX_OPEN_FILES
            && let Some(oldest) = self.by_path.iter().min_by_key(|(_, (_, used))| *used).map(|(path, _)| path.clone())
        {
            self.by_path.remove(&oldest);
        }
        self.by_path.insert(path.to_owned(), (file, self.clock));
    }
}
