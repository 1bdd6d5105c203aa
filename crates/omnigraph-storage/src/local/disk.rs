//! The system calls behind durability and atomicity, as a trait: tests observe them and inject failures.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::Path;

/// The system calls that make an object durable and visible. The default methods call the operating system; a test overrides
/// them.
pub trait Disk: Debug + Send + Sync {
    /// Syncs the content of an open file with `fdatasync`.
    ///
    /// # Errors
    /// The error of the operating system.
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        let _ = path;
        file.sync_data()
    }

    /// Syncs the entries of a folder with `fsync`.
    ///
    /// # Errors
    /// The error of the operating system.
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Other systems cannot open a folder as a file, and journal its entries with the files.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    /// Opens the file system of `folder` for [`Disk::sync_file_system`], before any write that it is to sync. `None` if it is
    /// better to sync the files one by one.
    fn file_system(&self, folder: &Path) -> Option<File> {
        syncfs::open(folder)
    }

    /// Syncs all content and all names of a file system with `syncfs`. Returns false without a sync if too many bytes are dirty.
    ///
    /// # Errors
    /// The error of the operating system.
    fn sync_file_system(&self, file_system: &File) -> io::Result<bool> {
        syncfs::sync(file_system)
    }

    /// Links a file to a second name if that name is free.
    ///
    /// # Errors
    /// `AlreadyExists` if the name exists, or another error of the operating system.
    fn link(&self, existing: &Path, name: &Path) -> io::Result<()> {
        std::fs::hard_link(existing, name)
    }

    /// Renames a file if the new name is free. For file systems without hard links.
    ///
    /// # Errors
    /// `AlreadyExists` if the name exists, or another error of the operating system.
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

/// One sync for a whole file system.
///
/// Several small files share one wait for the disk; with `fsync` each file and each folder waits for itself. The call also writes
/// the dirty pages of other programs, so it is used only while they are few.
#[cfg(target_os = "linux")]
mod syncfs {
    use std::io::Read;
    use std::sync::LazyLock;

    use rustix::fs::FsWord;

    use super::{File, Path, io};

    /// Maximum of dirty bytes on all file systems: writing them takes less time than the single sync saves.
    const MAX_DIRTY_BYTES: u64 = 1 << 20;

    /// File systems on which `syncfs` waits for content, names and the disk's own cache, at the cost of about one `fsync`. Others
    /// commit more than a file needs (btrfs), or do not pass the call on (most FUSE file systems). Magic numbers of `statfs(2)`.
    const SYNCFS_FILE_SYSTEMS: [FsWord; 2] = [0xEF53 /* ext2, ext3, ext4 */, 0x5846_5342 /* XFS */];

    /// Support for reports of write-back errors by `syncfs(2)`: Linux 5.8 or later.
    static REPORTS_ERRORS: LazyLock<bool> = LazyLock::new(|| {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().ok());
        let version = numbers.next().flatten().zip(numbers.next().flatten());
        version.is_some_and(|version| version >= (5, 8))
    });

    /// Opens the file system of `folder`; `None` if it is better to sync files one by one.
    pub(super) fn open(folder: &Path) -> Option<File> {
        if !*REPORTS_ERRORS {
            return None;
        }
        let file = File::open(folder).ok()?;
        let kind = rustix::fs::fstatfs(&file).ok()?.f_type;
        SYNCFS_FILE_SYSTEMS.contains(&kind).then_some(file)
    }

    /// Syncs a file system. Returns false without a sync if too many bytes are dirty, or their number is unknown.
    pub(super) fn sync(file_system: &File) -> io::Result<bool> {
        if dirty_bytes().is_none_or(|dirty| dirty > MAX_DIRTY_BYTES) {
            return Ok(false);
        }
        rustix::fs::syncfs(file_system)?;
        Ok(true)
    }

    /// Returns the bytes of dirty pages and of pages in write-back, on all file systems: `proc_meminfo(5)`.
    fn dirty_bytes() -> Option<u64> {
        let mut text = [0; 2048];
        let read = File::open("/proc/meminfo").ok()?.read(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text[..read]);
        let kib = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_end_matches("kB").trim().parse::<u64>().ok()
        };
        Some((kib("Dirty:")? + kib("Writeback:")?) << 10)
    }
}

#[cfg(not(target_os = "linux"))]
mod syncfs {
    use super::{File, Path, io};

    pub(super) fn open(_folder: &Path) -> Option<File> {
        None
    }

    pub(super) fn sync(_file_system: &File) -> io::Result<bool> {
        Ok(false)
    }
}
