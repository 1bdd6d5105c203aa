//! A disk that can crash: data that was not synced before the crash is lost.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use omnigraph_storage::Disk;

/// A folder on a disk that can crash. Records the data that each sync makes durable.
#[derive(Debug)]
pub struct CrashDisk {
    root: PathBuf,
    /// True if the disk offers to sync the whole file system.
    syncs_file_system: bool,
    current: Mutex<DiskSnapshot>,
    /// The durable state before each sync, in order.
    snapshots: Mutex<Vec<DiskSnapshot>>,
    recording: AtomicBool,
}

/// The durable state of the disk at one moment.
#[derive(Clone, Debug, Default)]
pub struct DiskSnapshot {
    /// File contents by inode.
    contents: HashMap<u64, Arc<[u8]>>,
    synced: FolderEntries,
    written: FolderEntries,
}

/// The part of the written data that a crash preserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashOutcome {
    /// Synced data and names only.
    SyncedOnly,
    /// All names; contents that were not synced are torn.
    AllNames,
}

type FolderEntries = BTreeMap<PathBuf, BTreeMap<OsString, DirectoryEntry>>;

#[derive(Clone, Copy, Debug)]
enum DirectoryEntry {
    Folder,
    File(u64),
}

impl CrashDisk {
    /// Creates a disk for the folder `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: &Path, syncs_file_system: bool) -> Self {
        let (current, snapshots, recording) = Default::default();
        Self { root: root.to_owned(), syncs_file_system, current, snapshots, recording }
    }

    /// Records a snapshot before each sync from now on.
    pub fn start_recording(&self) {
        self.recording.store(true, Ordering::Relaxed);
    }

    /// Returns the number of snapshots since the last [`CrashDisk::take_snapshots`].
    pub fn snapshot_count(&self) -> usize {
        lock(&self.snapshots).len()
    }

    /// Stops recording and returns the snapshots, the current state last.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn take_snapshots(&self) -> io::Result<Vec<DiskSnapshot>> {
        self.record()?;
        self.recording.store(false, Ordering::Relaxed);
        Ok(std::mem::take(&mut *lock(&self.snapshots)))
    }

    fn record(&self) -> io::Result<()> {
        if self.recording.load(Ordering::Relaxed) {
            let mut current = lock(&self.current);
            current.written.clear();
            visit_files(&self.root, Path::new(""), &mut current.written, &mut |_, _| Ok(()))?;
            lock(&self.snapshots).push(current.clone());
        }
        Ok(())
    }
}

impl Disk for CrashDisk {
    fn sync_file(&self, file: &File, _path: &Path) -> io::Result<()> {
        self.record()?;
        let (inode, content) = (file.metadata()?.ino(), content(file)?);
        lock(&self.current).contents.insert(inode, content);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let Ok(below) = folder.strip_prefix(&self.root) else { return Ok(()) };
        self.record()?;
        let entries = entries(folder)?;
        lock(&self.current).synced.insert(below.to_owned(), entries);
        Ok(())
    }

    fn file_system(&self, _folder: &Path) -> Option<File> {
        if self.syncs_file_system { File::open(&self.root).ok() } else { None }
    }

    fn sync_file_system(&self, _file_system: &File) -> io::Result<bool> {
        self.record()?;
        let mut current = lock(&self.current);
        let DiskSnapshot { contents, synced, .. } = &mut *current;
        visit_files(&self.root, Path::new(""), synced, &mut |inode, path| {
            contents.insert(inode, content(&File::open(path)?)?);
            Ok(())
        })?;
        Ok(true)
    }
}

impl DiskSnapshot {
    /// Writes the data that a crash at this moment preserves to the folder `into`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn restore(&self, outcome: CrashOutcome, into: &Path) -> io::Result<()> {
        let names = match outcome {
            CrashOutcome::SyncedOnly => &self.synced,
            CrashOutcome::AllNames => &self.written,
        };
        self.restore_folder(names, Path::new(""), into)
    }

    fn restore_folder(&self, names: &FolderEntries, folder: &Path, into: &Path) -> io::Result<()> {
        std::fs::create_dir_all(into.join(folder))?;
        for (name, entry) in names.get(folder).into_iter().flatten() {
            let path = folder.join(name);
            match entry {
                DirectoryEntry::Folder => self.restore_folder(names, &path, into)?,
                DirectoryEntry::File(inode) => {
                    let content = self.contents.get(inode).map_or(b"torn".as_slice(), |content| content);
                    std::fs::write(into.join(path), content)?;
                }
            }
        }
        Ok(())
    }
}

/// Records the entries of a folder and all below it, and passes every file to `file`.
fn visit_files(
    root: &Path,
    folder: &Path,
    names: &mut FolderEntries,
    file: &mut impl FnMut(u64, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let path = root.join(folder);
    if !path.is_dir() {
        return Ok(());
    }
    let entries = entries(&path)?;
    for (name, entry) in &entries {
        match entry {
            DirectoryEntry::Folder => visit_files(root, &folder.join(name), names, file)?,
            DirectoryEntry::File(inode) => match file(*inode, &path.join(name)) {
                // Other writers may delete a file meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            },
        }
    }
    names.insert(folder.to_owned(), entries);
    Ok(())
}

fn entries(folder: &Path) -> io::Result<BTreeMap<OsString, DirectoryEntry>> {
    let mut entries = BTreeMap::new();
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        let Ok(described) = found.metadata() else { continue };
        let entry = if described.is_dir() { DirectoryEntry::Folder } else { DirectoryEntry::File(described.ino()) };
        entries.insert(found.file_name(), entry);
    }
    Ok(entries)
}

fn content(file: &File) -> io::Result<Arc<[u8]>> {
    let mut content = vec![0; usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?];
    file.read_exact_at(&mut content, 0)?;
    Ok(content.into())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
