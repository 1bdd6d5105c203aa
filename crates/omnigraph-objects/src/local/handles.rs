//! Open files kept for ranged reads: opening costs more than reading a few bytes.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many files are kept open. Far below the usual limit of a process, and more than a query touches at a time.
const CAPACITY: usize = 512;

/// A file, and what was known of it when it was opened. Objects are never written to in place, so it stays true.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) described: Metadata,
}

/// The most recently used open files of a store.
///
/// Only ranged reads go through here, and those are for objects that never change. A file that another process removes
/// stays readable, and its room taken, until it falls out.
#[derive(Debug, Default)]
pub(super) struct Handles {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<PathBuf, (Arc<OpenFile>, u64)>,
    clock: u64,
    /// Counts what was forgotten, so that a file opened before is not kept after.
    epoch: u64,
}

impl Handles {
    /// The kept file, or what `open` opens, which is kept from now on.
    pub(super) fn get<E>(&self, path: &Path, open: impl FnOnce() -> Result<OpenFile, E>) -> Result<Arc<OpenFile>, E> {
        let epoch = {
            let mut kept = self.kept();
            kept.clock += 1;
            let now = kept.clock;
            if let Some((file, used)) = kept.files.get_mut(path) {
                *used = now;
                return Ok(Arc::clone(file));
            }
            kept.epoch
        };
        // Opened without the lock: a slow disk must not hold up readers of other files.
        let file = Arc::new(open()?);
        let mut kept = self.kept();
        if kept.epoch == epoch {
            kept.insert(path, Arc::clone(&file));
        }
        Ok(file)
    }

    /// Drops the file of a name that is deleted or taken by another object.
    pub(super) fn forget(&self, path: &Path) {
        let mut kept = self.kept();
        kept.epoch += 1;
        kept.files.remove(path);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, path: &Path, file: Arc<OpenFile>) {
        if self.files.len() >= CAPACITY
            && let Some(oldest) = self.files.iter().min_by_key(|(_, (_, used))| *used).map(|(path, _)| path.clone())
        {
            self.files.remove(&oldest);
        }
        self.files.insert(path.to_owned(), (file, self.clock));
    }
}
