//! A file that nobody sees yet. Dropping it removes it, so whatever fails or is cancelled leaves nothing behind.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::Result;

use super::failure::failure;
use super::folders::Folders;
use crate::Ambient;

/// How the names of staged files begin. Listings leave them out.
pub(super) const STAGED_PREFIX: &str = ".tmp-";

/// How often a name that is taken, or a folder that vanishes, is met by trying again.
const MAX_TRIES: u32 = 16;

/// Names for staged files. They begin with an id drawn once: drawing one for each file, on whatever thread comes first,
/// would mix up the ids of a run that is meant to be repeatable.
#[derive(Debug)]
pub(super) struct Names {
    stem: String,
    next: AtomicU64,
}

impl Names {
    pub(super) fn new(ambient: &Ambient) -> Self {
        Self { stem: format!("{STAGED_PREFIX}{}", ambient.ulid()), next: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        format!("{}-{}", self.stem, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// A file beside the place where it is to be published.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) file: File,
    path: PathBuf,
    /// Whether the name still has to be removed.
    named: bool,
}

impl Staged {
    /// Makes an empty one in the folder of `target`, and that folder if there is none.
    pub(super) fn create(target: &Path, folders: &Folders, names: &Names) -> Result<Self> {
        let folder = target.parent().unwrap_or(target);
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..MAX_TRIES {
            let path = folder.join(names.next());
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path, named: true }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    folders.create(folder).map_err(|e| failure("create the folder", folder, e))?;
                    last = error;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(failure("create a file in", folder, error)),
            }
        }
        Err(failure("create a file in", folder, last))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the name. The content lives on under any other name it has.
    pub(super) fn unname(&mut self) {
        if std::mem::take(&mut self.named) {
            // A hidden file that cannot be removed now is debris, not an error of the operation.
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::debug!(path = %self.path.display(), %error, "a staged file was left behind");
            }
        }
    }

    /// The name is gone because a rename took it.
    pub(super) fn renamed(&mut self) {
        self.named = false;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.unname();
    }
}
