//! Staged files and their publication: a file becomes an object atomically, and durably on request.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::{Error, PutPayload, PutResult, Result};

use super::fsync::FolderTree;
use super::read::e_tag;
use super::store::{LocalRoot, io_failure};
use crate::Env;
use crate::sync_batch::SyncMode;

/// The prefix of the names of staged files. Listings leave them out.
pub(super) const STAGED_PREFIX: &str = ".tmp-";

/// Attempts to create a staged file: a name may exist, or the folder may be deleted concurrently.
const MAX_STAGE_ATTEMPTS: u32 = 16;

/// The condition of a put on the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PutCondition {
    /// An existing object is replaced.
    Overwrite,
    /// An existing object is an error.
    Create,
}

/// Names of staged files. All begin with one id that is drawn once: ids that concurrent threads draw would make seeded runs
/// differ.
#[derive(Debug)]
pub(super) struct StagedNames {
    stem: String,
    next: AtomicU64,
}

impl StagedNames {
    pub(super) fn new(env: &Env) -> Self {
        Self { stem: format!("{STAGED_PREFIX}{}", env.ulid()), next: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        format!("{}-{}", self.stem, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// A file that no reader sees yet, in the folder of its object. A drop removes it, so errors and cancellation leave no file.
#[derive(Debug)]
pub(super) struct StagedFile {
    pub(super) file: File,
    path: PathBuf,
    /// True while the staged name exists.
    has_name: bool,
}

impl StagedFile {
    /// Creates an empty file in the folder of `target`, and the folder on demand.
    pub(super) fn create(target: &Path, folders: &FolderTree, names: &StagedNames) -> Result<Self> {
        let folder = target.parent().unwrap_or(target);
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..MAX_STAGE_ATTEMPTS {
            let path = folder.join(names.next());
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path, has_name: true }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    folders.create(folder).map_err(|e| io_failure("create the folder", folder, e))?;
                    last = error;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(io_failure("create a file in", folder, error)),
            }
        }
        Err(io_failure("create a file in", folder, last))
    }

    /// Removes the staged name. The content stays under its other names.
    fn unlink(&mut self) {
        if std::mem::take(&mut self.has_name) {
            // A staged file that stays is removed later by `remove_abandoned`. The operation itself has succeeded.
            if let Err(error) = fs::remove_file(&self.path) {
                tracing::debug!(path = %self.path.display(), %error, "a staged file was left behind");
            }
        }
    }

    /// Records that a rename has removed the staged name.
    fn set_renamed(&mut self) {
        self.has_name = false;
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        self.unlink();
    }
}

impl LocalRoot {
    /// Writes a whole object.
    pub(super) fn put(
        &self,
        target: &Path,
        payload: &PutPayload,
        condition: PutCondition,
        sync: &SyncMode,
    ) -> Result<PutResult> {
        if condition == PutCondition::Create && target.symlink_metadata().is_ok() {
            // Spares most losers of a race the write and the sync of a file. The link still decides the race.
            return Err(io_failure("create", target, io::ErrorKind::AlreadyExists.into()));
        }
        let mut staged = StagedFile::create(target, &self.folders, &self.names)?;
        for piece in payload {
            staged.file.write_all(piece).map_err(|e| io_failure("write", target, e))?;
        }
        self.publish(staged, target, condition, sync)
    }

    /// Copies the content of an object. A shared file would pass changes of one name on to the other.
    pub(super) fn copy(&self, from: &Path, target: &Path, condition: PutCondition) -> Result<()> {
        let mut source = self.open_file(from)?;
        let mut staged = StagedFile::create(target, &self.folders, &self.names)?;
        io::copy(&mut source, &mut staged.file).map_err(|e| io_failure("write", target, e))?;
        self.publish(staged, target, condition, &SyncMode::Immediate).map(|_| ())
    }

    /// Publishes a staged file. Syncs the content, then creates the name, then syncs the folder: a durable name never leads to
    /// less than the whole content.
    pub(super) fn publish(
        &self,
        mut staged: StagedFile,
        target: &Path,
        condition: PutCondition,
        sync: &SyncMode,
    ) -> Result<PutResult> {
        match sync {
            SyncMode::Immediate => self.sync_staged(&staged, target)?,
            SyncMode::Deferred => {}
            SyncMode::Barrier(batch) => self.sync_with_batch(&staged, target, batch)?,
        }
        let metadata = staged.file.metadata().map_err(|e| io_failure("write", target, e))?;
        match condition {
            PutCondition::Overwrite => {
                fs::rename(&staged.path, target).map_err(|e| io_failure("write", target, e))?;
                staged.set_renamed();
            }
            PutCondition::Create => self.create_name(&mut staged, target)?,
        }
        self.open_files.remove(target);
        if !matches!(sync, SyncMode::Deferred) {
            self.sync_parent(target)?;
        }
        Ok(PutResult { e_tag: Some(e_tag(&metadata)), version: None, extensions: Default::default() })
    }

    /// Gives the staged file its name if that is free.
    ///
    /// Creating the final name first and filling it later works on any file system. A crash between the two would leave half a
    /// record that no writer may complete or remove. A file system without links and without an exclusive rename is therefore
    /// refused.
    fn create_name(&self, staged: &mut StagedFile, target: &Path) -> Result<()> {
        match self.disk.link(&staged.path, target) {
            Ok(()) => {
                staged.unlink();
                return Ok(());
            }
            Err(error) if !lacks_links(&error) => return Err(io_failure("create", target, error)),
            Err(_) => {}
        }
        match self.disk.rename_new(&staged.path, target) {
            Ok(()) => {
                staged.set_renamed();
                Ok(())
            }
            Err(error) if lacks_exclusive_rename(&error) => Err(Error::NotSupported {
                source: format!("{}: the file system has neither hard links nor exclusive renames", target.display())
                    .into(),
            }),
            Err(error) => Err(io_failure("create", target, error)),
        }
    }

    /// Renames an object. Syncs the folder of the target first: power loss leaves both names rather than none.
    pub(super) fn rename(&self, from: &Path, target: &Path, condition: PutCondition) -> Result<()> {
        // Rejects a folder too. It is not an object, and a rename would move everything below it.
        drop(self.open_file(from)?);
        if let Some(folder) = target.parent()
            && !folder.is_dir()
        {
            self.folders.create(folder).map_err(|e| io_failure("create the folder", folder, e))?;
        }
        match condition {
            PutCondition::Overwrite => fs::rename(from, target).map_err(|e| io_failure("rename to", target, e))?,
            PutCondition::Create => self.rename_new(from, target)?,
        }
        self.open_files.remove(from);
        self.open_files.remove(target);
        self.sync_parent(target)?;
        self.sync_parent(from)
    }

    fn rename_new(&self, from: &Path, target: &Path) -> Result<()> {
        match self.disk.link(from, target) {
            Ok(()) => fs::remove_file(from).map_err(|e| io_failure("remove", from, e)),
            Err(error) if lacks_links(&error) => {
                self.disk.rename_new(from, target).map_err(|e| io_failure("rename to", target, e))
            }
            Err(error) => Err(io_failure("rename to", target, error)),
        }
    }

    /// Deletes an object.
    pub(super) fn remove(&self, target: &Path) -> Result<()> {
        let removed = fs::remove_file(target);
        // After the deletion: a concurrent reader would cache the deleted file again.
        self.open_files.remove(target);
        removed.map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => io_failure("delete", target, io::ErrorKind::NotFound.into()),
            // Unix reports "not permitted" for a folder. As an object it does not exist.
            _ if target.is_dir() => io_failure("delete", target, io::ErrorKind::NotFound.into()),
            _ => io_failure("delete", target, error),
        })
    }
}

/// Returns true if the file system has no hard links. Linux reports that as "not permitted".
fn lacks_links(error: &io::Error) -> bool {
    const EPERM: i32 = 1;
    error.kind() == io::ErrorKind::Unsupported || (cfg!(unix) && error.raw_os_error() == Some(EPERM))
}

fn lacks_exclusive_rename(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
