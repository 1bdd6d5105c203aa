//! Making durable what is there: one object, or several together.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use object_store::Result;

use super::failure::failure;
use super::staged::Staged;
use super::store::Root;
use crate::unsettled::Unsettled;

impl Root {
    /// Makes an object durable that is already there.
    pub(super) fn settle_object(&self, target: &Path) -> Result<()> {
        self.sync_object(target)?;
        self.settle_parent(target)
    }

    pub(super) fn settle_parent(&self, target: &Path) -> Result<()> {
        self.settle_folder(target.parent().unwrap_or(target))
    }

    fn settle_folder(&self, folder: &Path) -> Result<()> {
        self.folders.settle(folder).map_err(|e| failure("sync the folder", folder, e))
    }

    fn sync_object(&self, target: &Path) -> Result<()> {
        if self.folders.is_full() { self.sync_file(&self.open_file(target)?, target) } else { Ok(()) }
    }

    /// The content of a file that has no name yet.
    pub(super) fn sync_content(&self, staged: &Staged, target: &Path) -> Result<()> {
        if self.folders.is_full() { self.sync_file(&staged.file, target) } else { Ok(()) }
    }

    fn sync_file(&self, file: &File, path: &Path) -> Result<()> {
        self.disk.sync_file(file, path).map_err(|e| failure("sync", path, e))
    }

    /// The content of a file that has no name yet, and objects that are there: in one wait for the disk where that can be.
    pub(super) fn settle_with(&self, staged: &Staged, target: &Path, others: &Unsettled) -> Result<()> {
        if !self.folders.is_full() {
            return Ok(());
        }
        if others.is_spoilt() {
            let lost = std::io::Error::other("what it rests on could not be synced");
            return Err(failure("sync", target, lost));
        }
        let settled = self.settle_objects(staged, target, others);
        if settled.is_err() {
            others.spoil();
        }
        settled
    }

    fn settle_objects(&self, staged: &Staged, target: &Path, others: &Unsettled) -> Result<()> {
        let objects = others.objects().iter().map(|object| self.file_path(object)).collect::<Result<Vec<_>>>()?;
        if !objects.is_empty()
            && let Some(file_system) = others.file_system()
            && self.holds_all(file_system, objects.iter().map(PathBuf::as_path).chain([target]))
            && self.disk.sync_file_system(file_system).map_err(|e| failure("sync", target, e))?
        {
            return Ok(());
        }
        objects.iter().try_for_each(|object| self.sync_object(object))?;
        self.sync_content(staged, target)?;
        self.settle_folders(objects.iter())
    }

    /// Whether files lie on a file system, in folders whose own names are durable.
    fn holds_all<'a>(&self, file_system: &File, files: impl Iterator<Item = &'a Path>) -> bool {
        let device = |folder: &Path| std::fs::metadata(folder).ok().and_then(|described| device_of(&described));
        let Some(expected) = file_system.metadata().ok().and_then(|described| device_of(&described)) else {
            return false;
        };
        folders_of(files).into_iter().all(|folder| self.folders.is_durable(folder) && device(folder) == Some(expected))
    }

    /// The folders that hold these files, each once.
    pub(super) fn settle_folders<'a>(&self, files: impl Iterator<Item = &'a PathBuf>) -> Result<()> {
        folders_of(files.map(PathBuf::as_path)).into_iter().try_for_each(|folder| self.settle_folder(folder))
    }
}

/// The folders that files are in. Sorted paths of one folder need not be neighbours, folders in a set are unique.
fn folders_of<'a>(files: impl Iterator<Item = &'a Path>) -> BTreeSet<&'a Path> {
    files.filter_map(Path::parent).collect()
}

/// The device that a file is on.
#[cfg(unix)]
fn device_of(described: &std::fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(described))
}

#[cfg(not(unix))]
fn device_of(_described: &std::fs::Metadata) -> Option<u64> {
    None
}
