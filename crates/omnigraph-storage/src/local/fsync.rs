//! Durability on a folder: `fsync` of files and folders, and batches that share one sync.
//!
//! A name is durable when the content, the entry in its folder and every folder up to the root of the file system are synced. The
//! store syncs the folders above an object once and remembers them.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use object_store::Result;

use super::Disk;
use super::publish::StagedFile;
use super::store::{LocalRoot, io_failure};
use crate::Durability;
use crate::sync_batch::SyncBatch;

/// Maximum of remembered folders. A full memory is cleared: that costs syncs, never durability.
const MAX_DURABLE_FOLDERS: usize = 65_536;

/// The folders below one root, created on demand.
#[derive(Debug)]
pub(super) struct FolderTree {
    root: PathBuf,
    durability: Durability,
    disk: Arc<dyn Disk>,
    /// Folders whose path up to the root this store has synced. An existing folder proves nothing: another process may have
    /// created it without a sync yet.
    durable: Mutex<HashSet<PathBuf>>,
}

impl FolderTree {
    pub(super) fn new(root: PathBuf, durability: Durability, disk: Arc<dyn Disk>) -> Self {
        Self { root, durability, disk, durable: Mutex::default() }
    }

    /// Returns true if acknowledged writes are synced.
    pub(super) fn is_synced(&self) -> bool {
        self.durability == Durability::Full
    }

    /// Returns true if the name of the folder and all names on its path are durable.
    fn is_durable(&self, folder: &Path) -> bool {
        self.durable_folders().contains(folder)
    }

    /// Creates the folder and its parents. They become durable with the first sync of an object in them.
    pub(super) fn create(&self, folder: &Path) -> io::Result<()> {
        let mut missing: Vec<&Path> = Vec::new();
        let mut above = folder;
        while !above.is_dir() {
            missing.push(above);
            match above.parent() {
                Some(parent) => above = parent,
                None => break,
            }
        }
        std::fs::create_dir_all(folder)?;
        let mut durable = self.durable_folders();
        for created in missing {
            durable.remove(created);
        }
        Ok(())
    }

    /// Syncs the entries of `folder` after a publication or a deletion in it. The first time it also syncs every folder on its
    /// path.
    fn sync(&self, folder: &Path) -> io::Result<()> {
        if !self.is_synced() {
            return Ok(());
        }
        self.disk.sync_folder(folder)?;
        if self.is_durable(folder) {
            return Ok(());
        }
        let mut current = folder;
        while current != self.root && current.starts_with(&self.root) {
            let Some(parent) = current.parent() else { break };
            self.disk.sync_folder(parent)?;
            current = parent;
        }
        self.sync_above_root()?;
        let mut durable = self.durable_folders();
        if durable.len() >= MAX_DURABLE_FOLDERS {
            durable.clear();
        }
        durable.insert(folder.to_owned());
        Ok(())
    }

    /// Syncs the folders above the root once. A folder that this process may not open was not created by it.
    fn sync_above_root(&self) -> io::Result<()> {
        if self.is_durable(&self.root) {
            return Ok(());
        }
        for above in self.root.ancestors().skip(1) {
            match self.disk.sync_folder(above) {
                Err(error) if is_foreign(&error) => {}
                other => other?,
            }
        }
        self.durable_folders().insert(self.root.clone());
        Ok(())
    }

    fn durable_folders(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true for the errors of folders that belong to another user or cannot change.
fn is_foreign(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::PermissionDenied | K::ReadOnlyFilesystem | K::InvalidInput | K::Unsupported)
}

impl LocalRoot {
    /// Makes an existing object durable: content, then name.
    pub(super) fn sync_object(&self, target: &Path) -> Result<()> {
        self.sync_object_content(target)?;
        self.sync_parent(target)
    }

    /// Syncs the folder of a file.
    pub(super) fn sync_parent(&self, target: &Path) -> Result<()> {
        self.sync_folder(target.parent().unwrap_or(target))
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        self.folders.sync(folder).map_err(|e| io_failure("sync the folder", folder, e))
    }

    fn sync_object_content(&self, target: &Path) -> Result<()> {
        if self.folders.is_synced() { self.sync_file(&self.open_file(target)?, target) } else { Ok(()) }
    }

    /// Syncs the content of a file that has no name yet.
    pub(super) fn sync_staged(&self, staged: &StagedFile, target: &Path) -> Result<()> {
        if self.folders.is_synced() { self.sync_file(&staged.file, target) } else { Ok(()) }
    }

    fn sync_file(&self, file: &File, path: &Path) -> Result<()> {
        self.disk.sync_file(file, path).map_err(|e| io_failure("sync", path, e))
    }

    /// Syncs the content of a staged file and all objects of a batch. A failure poisons the batch.
    pub(super) fn sync_with_batch(&self, staged: &StagedFile, target: &Path, batch: &SyncBatch) -> Result<()> {
        if !self.folders.is_synced() {
            return Ok(());
        }
        if batch.is_poisoned() {
            let lost = io::Error::other("an earlier sync of its batch failed");
            return Err(io_failure("sync", target, lost));
        }
        let synced = self.sync_batch(staged, target, batch);
        if synced.is_err() {
            batch.poison();
        }
        synced
    }

    /// Syncs a batch: with one sync of the file system if possible, else file by file and folder by folder.
    fn sync_batch(&self, staged: &StagedFile, target: &Path, batch: &SyncBatch) -> Result<()> {
        let objects = batch.objects().iter().map(|object| self.file_path(object)).collect::<Result<Vec<_>>>()?;
        if !objects.is_empty()
            && let Some(file_system) = batch.file_system()
            && self.contains_durable_folders(file_system, objects.iter().map(PathBuf::as_path).chain([target]))
            && self.disk.sync_file_system(file_system).map_err(|e| io_failure("sync", target, e))?
        {
            return Ok(());
        }
        objects.iter().try_for_each(|object| self.sync_object_content(object))?;
        self.sync_staged(staged, target)?;
        self.sync_parents(objects.iter())
    }

    /// Returns true if all files are on one file system, in folders whose names are durable.
    fn contains_durable_folders<'a>(&self, file_system: &File, files: impl Iterator<Item = &'a Path>) -> bool {
        let device = |folder: &Path| std::fs::metadata(folder).ok().and_then(|metadata| device_id(&metadata));
        let Some(expected) = file_system.metadata().ok().and_then(|metadata| device_id(&metadata)) else {
            return false;
        };
        parent_folders(files)
            .into_iter()
            .all(|folder| self.folders.is_durable(folder) && device(folder) == Some(expected))
    }

    /// Syncs the folders of files, each once.
    pub(super) fn sync_parents<'a>(&self, files: impl Iterator<Item = &'a PathBuf>) -> Result<()> {
        parent_folders(files.map(PathBuf::as_path)).into_iter().try_for_each(|folder| self.sync_folder(folder))
    }
}

/// Returns the folders of files, each once.
fn parent_folders<'a>(files: impl Iterator<Item = &'a Path>) -> BTreeSet<&'a Path> {
    files.filter_map(Path::parent).collect()
}

#[cfg(unix)]
fn device_id(metadata: &std::fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(metadata))
}

#[cfg(not(unix))]
fn device_id(_metadata: &std::fs::Metadata) -> Option<u64> {
    None
}
