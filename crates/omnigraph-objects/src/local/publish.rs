//! Making a staged file an object: atomically, and durably when asked.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use object_store::{Error, PutPayload, PutResult, Result};

use super::failure::failure;
use super::read::e_tag;
use super::staged::Staged;
use super::store::Root;
use crate::unsettled::Settling;

/// Whether an object of the same name may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// It may, and is replaced.
    Any,
    /// It may not; then nothing happens but an error.
    Free,
}

impl Root {
    /// Writes a whole object.
    pub(super) fn put(
        &self,
        target: &Path,
        payload: &PutPayload,
        mode: Target,
        settling: &Settling,
    ) -> Result<PutResult> {
        if mode == Target::Free && target.symlink_metadata().is_ok() {
            // Losers are told before they write and sync a file in vain; who wins is still decided by the link.
            return Err(failure("create", target, io::ErrorKind::AlreadyExists.into()));
        }
        let mut staged = Staged::create(target, &self.folders, &self.names)?;
        for piece in payload {
            staged.file.write_all(piece).map_err(|e| failure("write", target, e))?;
        }
        self.publish(staged, target, mode, settling)
    }

    /// Copies the content, rather than sharing the file, so that nothing done to one name reaches the other.
    pub(super) fn copy(&self, from: &Path, target: &Path, mode: Target) -> Result<()> {
        let mut source = self.open_file(from)?;
        let mut staged = Staged::create(target, &self.folders, &self.names)?;
        io::copy(&mut source, &mut staged.file).map_err(|e| failure("write", target, e))?;
        self.publish(staged, target, mode, &Settling::Now).map(|_| ())
    }

    /// Content to the disk, then the name, then the folder: in this order, so that a name never leads to less than the
    /// whole content.
    pub(super) fn publish(
        &self,
        mut staged: Staged,
        target: &Path,
        mode: Target,
        settling: &Settling,
    ) -> Result<PutResult> {
        match settling {
            Settling::Now => self.sync_content(&staged, target)?,
            Settling::Later => {}
            Settling::After(others) => self.settle_with(&staged, target, others)?,
        }
        let described = staged.file.metadata().map_err(|e| failure("write", target, e))?;
        match mode {
            Target::Any => {
                fs::rename(staged.path(), target).map_err(|e| failure("write", target, e))?;
                staged.renamed();
            }
            Target::Free => self.name_new(&mut staged, target)?,
        }
        self.handles.forget(target);
        if !matches!(settling, Settling::Later) {
            self.settle_parent(target)?;
        }
        Ok(PutResult { e_tag: Some(e_tag(&described)), version: None, extensions: Default::default() })
    }

    /// Gives the staged file its name if that is free. Creating the final name first and filling it afterwards would
    /// work on any file system, but a crash in between would leave half a record that nobody may complete or remove;
    /// where neither a link nor an exclusive rename exists the store refuses.
    fn name_new(&self, staged: &mut Staged, target: &Path) -> Result<()> {
        match self.disk.link(staged.path(), target) {
            Ok(()) => {
                staged.unname();
                return Ok(());
            }
            Err(error) if !no_links(&error) => return Err(failure("create", target, error)),
            Err(_) => {}
        }
        match self.disk.rename_new(staged.path(), target) {
            Ok(()) => {
                staged.renamed();
                Ok(())
            }
            Err(error) if no_exclusive_rename(&error) => Err(Error::NotSupported {
                source: format!(
                    "{}: the file system has neither hard links nor a rename that refuses to replace",
                    target.display()
                )
                .into(),
            }),
            Err(error) => Err(failure("create", target, error)),
        }
    }

    /// Moves an object. The target's folder is settled before the source's, so a power failure in between leaves both
    /// names rather than none.
    pub(super) fn rename(&self, from: &Path, target: &Path, mode: Target) -> Result<()> {
        // Also refuses folders, which are no objects and would take everything below them along.
        drop(self.open_file(from)?);
        if let Some(folder) = target.parent()
            && !folder.is_dir()
        {
            self.folders.create(folder).map_err(|e| failure("create the folder", folder, e))?;
        }
        match mode {
            Target::Any => fs::rename(from, target).map_err(|e| failure("rename to", target, e))?,
            Target::Free => self.rename_free(from, target)?,
        }
        self.handles.forget(from);
        self.handles.forget(target);
        self.settle_parent(target)?;
        self.settle_parent(from)
    }

    fn rename_free(&self, from: &Path, target: &Path) -> Result<()> {
        match self.disk.link(from, target) {
            Ok(()) => fs::remove_file(from).map_err(|e| failure("remove", from, e)),
            Err(error) if no_links(&error) => {
                self.disk.rename_new(from, target).map_err(|e| failure("rename to", target, e))
            }
            Err(error) => Err(failure("rename to", target, error)),
        }
    }

    pub(super) fn remove(&self, target: &Path) -> Result<()> {
        let removed = fs::remove_file(target);
        // Afterwards: a reader that came before would otherwise have the removed file kept again.
        self.handles.forget(target);
        removed.map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => failure("delete", target, io::ErrorKind::NotFound.into()),
            // Unix calls a folder's removal as a file "not permitted"; as an object it is just not there.
            _ if target.is_dir() => failure("delete", target, io::ErrorKind::NotFound.into()),
            _ => failure("delete", target, error),
        })
    }
}

/// Whether an error of `link` means that this file system has no hard links. "Not permitted" is how Linux says it.
fn no_links(error: &io::Error) -> bool {
    const EPERM: i32 = 1;
    error.kind() == io::ErrorKind::Unsupported || (cfg!(unix) && error.raw_os_error() == Some(EPERM))
}

fn no_exclusive_rename(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
