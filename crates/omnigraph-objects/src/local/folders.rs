//! Folders: made when first needed, and durable before anything in them is acknowledged.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Disk;
use crate::Durability;

/// Past this many remembered folders the memory is emptied: costs syncs, never safety.
const MAX_REMEMBERED: usize = 65_536;

/// The folders below one root.
#[derive(Debug)]
pub(super) struct Folders {
    root: PathBuf,
    durability: Durability,
    disk: Arc<dyn Disk>,
    /// Folders whose chain of names up to the root this store has synced itself. That a folder exists proves nothing:
    /// another process may have made it a moment ago and not have synced its name yet.
    durable: Mutex<HashSet<PathBuf>>,
}

impl Folders {
    pub(super) fn new(root: PathBuf, durability: Durability, disk: Arc<dyn Disk>) -> Self {
        Self { root, durability, disk, durable: Mutex::default() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.durability == Durability::Full
    }

    /// Whether the folder's own name is durable, and every name that leads to it.
    pub(super) fn is_durable(&self, folder: &Path) -> bool {
        self.remembered().contains(folder)
    }

    /// Makes the folder and all above it. They are durable once something in them is settled.
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
        let mut durable = self.remembered();
        for made in missing {
            durable.remove(made);
        }
        Ok(())
    }

    /// Syncs the entries of `folder`, where something was just published or removed, and, the first time, every folder
    /// that leads to it.
    pub(super) fn settle(&self, folder: &Path) -> io::Result<()> {
        if !self.is_full() {
            return Ok(());
        }
        self.disk.sync_folder(folder)?;
        if self.remembered().contains(folder) {
            return Ok(());
        }
        let mut at = folder;
        while at != self.root && at.starts_with(&self.root) {
            let Some(parent) = at.parent() else { break };
            self.disk.sync_folder(parent)?;
            at = parent;
        }
        self.settle_above_root()?;
        let mut durable = self.remembered();
        if durable.len() >= MAX_REMEMBERED {
            durable.clear();
        }
        durable.insert(folder.to_owned());
        Ok(())
    }

    /// Syncs the folders above the root up to the top of the file system, once. They belong to somebody else: those
    /// that may not be opened were not made by us either.
    fn settle_above_root(&self) -> io::Result<()> {
        if self.remembered().contains(&self.root) {
            return Ok(());
        }
        for above in self.root.ancestors().skip(1) {
            match self.disk.sync_folder(above) {
                Err(error) if is_foreign(&error) => {}
                other => other?,
            }
        }
        self.remembered().insert(self.root.clone());
        Ok(())
    }

    fn remembered(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some file systems also refuse to sync a folder that nobody can change.
fn is_foreign(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::PermissionDenied | K::ReadOnlyFilesystem | K::InvalidInput | K::Unsupported)
}
