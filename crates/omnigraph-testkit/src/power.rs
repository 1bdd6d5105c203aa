//! A disk whose power may fail: what was not synced by then is lost.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use omnigraph_objects::Disk;

/// A folder on such a disk. Notes what every sync makes durable.
#[derive(Debug)]
pub struct Fragile {
    root: PathBuf,
    /// Whether it offers to sync the whole file system.
    together: bool,
    now: Mutex<Moment>,
    /// What would have been left before each sync, in order.
    moments: Mutex<Vec<Moment>>,
    watched: AtomicBool,
}

/// What is durable at some moment.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// By inode.
    contents: HashMap<u64, Arc<[u8]>>,
    synced: Names,
    written: Names,
}

/// What a failure of the power leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// What was synced, and nothing else.
    Synced,
    /// All names; what was not synced of the contents is torn.
    Names,
}

type Names = BTreeMap<PathBuf, BTreeMap<OsString, Entry>>;

#[derive(Clone, Copy, Debug)]
enum Entry {
    Folder,
    File(u64),
}

impl Fragile {
    /// The folder `root`, which need not be there yet.
    #[must_use]
    pub fn new(root: &Path, together: bool) -> Self {
        let (now, moments, watched) = Default::default();
        Self { root: root.to_owned(), together, now, moments, watched }
    }

    /// Keeps every moment from now on.
    pub fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// How many moments were kept since they were last taken.
    pub fn moments(&self) -> usize {
        lock(&self.moments).len()
    }

    /// The moments kept, and the one that is now.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn take(&self) -> io::Result<Vec<Moment>> {
        self.keep()?;
        self.watched.store(false, Ordering::Relaxed);
        Ok(std::mem::take(&mut *lock(&self.moments)))
    }

    fn keep(&self) -> io::Result<()> {
        if self.watched.load(Ordering::Relaxed) {
            let mut now = lock(&self.now);
            now.written.clear();
            walk(&self.root, Path::new(""), &mut now.written, &mut |_, _| Ok(()))?;
            lock(&self.moments).push(now.clone());
        }
        Ok(())
    }
}

impl Disk for Fragile {
    fn sync_file(&self, file: &File, _path: &Path) -> io::Result<()> {
        self.keep()?;
        let (inode, content) = (file.metadata()?.ino(), content(file)?);
        lock(&self.now).contents.insert(inode, content);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let Ok(below) = folder.strip_prefix(&self.root) else { return Ok(()) };
        self.keep()?;
        let entries = entries(folder)?;
        lock(&self.now).synced.insert(below.to_owned(), entries);
        Ok(())
    }

    fn file_system(&self, _folder: &Path) -> Option<File> {
        if self.together { File::open(&self.root).ok() } else { None }
    }

    fn sync_file_system(&self, _file_system: &File) -> io::Result<bool> {
        self.keep()?;
        let mut now = lock(&self.now);
        let Moment { contents, synced, .. } = &mut *now;
        walk(&self.root, Path::new(""), synced, &mut |inode, path| {
            contents.insert(inode, content(&File::open(path)?)?);
            Ok(())
        })?;
        Ok(true)
    }
}

impl Moment {
    /// Writes what is left to the folder `into`.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn restore(&self, left: Left, into: &Path) -> io::Result<()> {
        let names = match left {
            Left::Synced => &self.synced,
            Left::Names => &self.written,
        };
        self.restore_folder(names, Path::new(""), into)
    }

    fn restore_folder(&self, names: &Names, folder: &Path, into: &Path) -> io::Result<()> {
        std::fs::create_dir_all(into.join(folder))?;
        for (name, entry) in names.get(folder).into_iter().flatten() {
            let path = folder.join(name);
            match entry {
                Entry::Folder => self.restore_folder(names, &path, into)?,
                Entry::File(inode) => {
                    let content = self.contents.get(inode).map_or(b"torn".as_slice(), |content| content);
                    std::fs::write(into.join(path), content)?;
                }
            }
        }
        Ok(())
    }
}

/// Notes the entries of a folder and all below it, and shows every file.
fn walk(
    root: &Path,
    folder: &Path,
    names: &mut Names,
    file: &mut impl FnMut(u64, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let path = root.join(folder);
    if !path.is_dir() {
        return Ok(());
    }
    let entries = entries(&path)?;
    for (name, entry) in &entries {
        match entry {
            Entry::Folder => walk(root, &folder.join(name), names, file)?,
            Entry::File(inode) => match file(*inode, &path.join(name)) {
                // Others write beside this.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                shown => shown?,
            },
        }
    }
    names.insert(folder.to_owned(), entries);
    Ok(())
}

fn entries(folder: &Path) -> io::Result<BTreeMap<OsString, Entry>> {
    let mut entries = BTreeMap::new();
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        let Ok(described) = found.metadata() else { continue };
        let entry = if described.is_dir() { Entry::Folder } else { Entry::File(described.ino()) };
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
