//! The few system calls on which durability and atomicity rest, so that tests can watch them and make them fail.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::Path;

/// The system calls that make an object durable and visible. The methods do what a real disk does; override them to
/// observe or to fail.
pub trait Disk: Debug + Send + Sync {
    /// Puts the content of an open file on the disk.
    ///
    /// # Errors
    /// What the operating system reports.
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        let _ = path;
        file.sync_data()
    }

    /// Puts the entries of a folder on the disk.
    ///
    /// # Errors
    /// What the operating system reports.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere a folder cannot be opened as a file, and its entries are journalled with their files.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    /// The file system that holds `folder`, for [`Disk::sync_file_system`]: to be opened before anything is written that is to
    /// be synced so. `None` where files are better synced one by one.
    fn file_system(&self, folder: &Path) -> Option<File> {
        super::file_system::open(folder)
    }

    /// Puts all content and all names of a file system on the disk, whoever wrote them. False if nothing was done, because too
    /// much waits to be written.
    ///
    /// # Errors
    /// What the operating system reports.
    fn sync_file_system(&self, file_system: &File) -> io::Result<bool> {
        super::file_system::sync(file_system)
    }

    /// Gives a file a second name if that name is free.
    ///
    /// # Errors
    /// `AlreadyExists` if it is taken, otherwise what the operating system reports.
    fn link(&self, existing: &Path, name: &Path) -> io::Result<()> {
        std::fs::hard_link(existing, name)
    }

    /// Renames a file if the new name is free; the second choice, where there are no hard links.
    ///
    /// # Errors
    /// `AlreadyExists` if it is taken, otherwise what the operating system reports.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        rename_new(from, to)
    }
}

#[cfg(unix)]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(unix))]
fn rename_new(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {}
