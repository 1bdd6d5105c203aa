//! Listings of a folder, without staged files, and removal of abandoned staged files.

use std::fs::{self, DirEntry};
use std::io;
use std::path::PathBuf;

use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

use super::publish::STAGED_PREFIX;
use super::read::object_meta;
use super::store::{LocalRoot, io_failure};

/// One entry of a folder.
enum FolderEntry {
    File(ObjectMeta),
    Folder(Path),
}

impl LocalRoot {
    /// Lists every object below `prefix` by name. Does not follow symbolic links to folders, which can form cycles.
    pub(super) fn walk(&self, prefix: &Path) -> Result<Vec<ObjectMeta>> {
        let mut objects = Vec::new();
        let mut pending = vec![prefix.clone()];
        while let Some(folder) = pending.pop() {
            self.visit(&folder, |found| match found {
                FolderEntry::File(meta) => objects.push(meta),
                FolderEntry::Folder(path) => pending.push(path),
            })?;
        }
        objects.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(objects)
    }

    /// Lists the objects and folders directly below `prefix` by name.
    pub(super) fn level(&self, prefix: &Path) -> Result<ListResult> {
        let (mut objects, mut common_prefixes) = (Vec::new(), Vec::new());
        self.visit(prefix, |found| match found {
            FolderEntry::File(meta) => objects.push(meta),
            FolderEntry::Folder(path) => common_prefixes.push(path),
        })?;
        objects.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        common_prefixes.sort_unstable();
        Ok(ListResult { common_prefixes, objects, extensions: Default::default() })
    }

    /// Removes staged files that were last written before `cutoff`, in microseconds since the Unix epoch. Returns their number.
    pub(super) fn remove_abandoned(&self, cutoff: i64) -> Result<u64> {
        let mut removed = 0;
        let mut pending = vec![self.folder_path(&Path::default())?];
        while let Some(folder) = pending.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if is_missing(&error) => continue,
                Err(error) => return Err(io_failure("list", &folder, error)),
            };
            for entry in entries {
                match entry.and_then(|entry| remove_if_abandoned(&entry, cutoff, &mut pending)) {
                    Ok(count) => removed += count,
                    Err(error) if is_missing(&error) => {}
                    Err(error) => return Err(io_failure("clean", &folder, error)),
                }
            }
        }
        Ok(removed)
    }

    /// Visits the entries of a folder. A folder that does not exist, or is deleted concurrently, is empty.
    fn visit(&self, prefix: &Path, mut each: impl FnMut(FolderEntry)) -> Result<()> {
        let folder = self.folder_path(prefix)?;
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if is_missing(&error) => return Ok(()),
            Err(error) => return Err(io_failure("list", &folder, error)),
        };
        for entry in entries {
            match entry.and_then(|entry| read_entry(prefix, &entry)) {
                Ok(Some(found)) => each(found),
                Ok(None) => {}
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(io_failure("list", &folder, error)),
            }
        }
        Ok(())
    }
}

/// Returns the object or folder of an entry; `None` for names that are not paths of objects.
fn read_entry(prefix: &Path, entry: &DirEntry) -> io::Result<Option<FolderEntry>> {
    let name = entry.file_name();
    let Some(name) = name.to_str().filter(|name| !name.starts_with(STAGED_PREFIX)) else { return Ok(None) };
    let text = if prefix.as_ref().is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
    let Ok(location) = Path::parse(&text) else { return Ok(None) };
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return Ok(Some(FolderEntry::Folder(location)));
    }
    let metadata = if kind.is_symlink() { fs::metadata(entry.path())? } else { entry.metadata()? };
    Ok(metadata.is_file().then(|| FolderEntry::File(object_meta(location, &metadata))))
}

fn remove_if_abandoned(entry: &DirEntry, cutoff: i64, pending: &mut Vec<PathBuf>) -> io::Result<u64> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        pending.push(entry.path());
    }
    let staged = entry.file_name().to_str().is_some_and(|name| name.starts_with(STAGED_PREFIX));
    if !kind.is_file() || !staged {
        return Ok(0);
    }
    let modified = object_meta(Path::default(), &entry.metadata()?).last_modified.timestamp_micros();
    if modified >= cutoff {
        return Ok(0);
    }
    fs::remove_file(entry.path()).map(|()| 1)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
