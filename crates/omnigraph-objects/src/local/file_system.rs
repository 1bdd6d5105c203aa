//! The whole file system to the disk in one call.
//!
//! Several small files that were just written share the wait for the disk, which syncing them and their folders one after
//! another does not: it waits for each. The price is that what others wrote comes along, so it is done only while that is little.

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Read;
    use std::sync::LazyLock;

    use rustix::fs::FsWord;

    use super::{File, Path, io};

    /// Most bytes that may wait to be written, on any file system: they are written in less than the time that is saved.
    const MOST_WAITING: u64 = 1 << 20;

    /// The file systems for which the call is known to wait for content, names and the disk's own cache, at the price of about one
    /// sync. Others commit more than they would for a file (btrfs), or do not pass it on (most of FUSE). From `statfs(2)`.
    const KNOWN: [FsWord; 2] = [0xEF53 /* ext2, ext3, ext4 */, 0x5846_5342 /* XFS */];

    /// Whether the call reports what could not be written, which it does since Linux 5.8: `syncfs(2)`.
    static REPORTS: LazyLock<bool> = LazyLock::new(|| {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().ok());
        let version = numbers.next().flatten().zip(numbers.next().flatten());
        version.is_some_and(|version| version >= (5, 8))
    });

    /// The file system that holds `folder`, to be opened before what is to be synced is written; `None` where files are better
    /// synced one by one.
    pub(in crate::local) fn open(folder: &Path) -> Option<File> {
        if !*REPORTS {
            return None;
        }
        let file = File::open(folder).ok()?;
        let kind = rustix::fs::fstatfs(&file).ok()?.f_type;
        KNOWN.contains(&kind).then_some(file)
    }

    /// Syncs all of a file system, unless too much waits to be written, or nobody can tell: then nothing is done.
    pub(in crate::local) fn sync(file_system: &File) -> io::Result<bool> {
        if waiting().is_none_or(|waiting| waiting > MOST_WAITING) {
            return Ok(false);
        }
        rustix::fs::syncfs(file_system)?;
        Ok(true)
    }

    /// The bytes that wait to be written on all file systems, or are being written: `proc_meminfo(5)`.
    fn waiting() -> Option<u64> {
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

#[cfg(target_os = "linux")]
pub(super) use linux::{open, sync};

#[cfg(not(target_os = "linux"))]
pub(super) fn open(_folder: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sync(_file_system: &File) -> io::Result<bool> {
    Ok(false)
}
