//! Listings: files below a folder, staged ones left out.

use std::fs::{self, DirEntry};
use std::io;
use std::path::PathBuf;

use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

use super::failure::failure;
use super::read::meta;
use super::staged::STAGED_PREFIX;
use super::store::Root;

/// One name in a folder.
enum Found {
    File(ObjectMeta),
    Folder(Path),
}

impl Root {
    /// Every object below `prefix`, by name. Folders behind symbolic links are not entered: they can lead anywhere,
    /// also in circles.
    pub(super) fn walk(&self, prefix: &Path) -> Result<Vec<ObjectMeta>> {
        let mut objects = Vec::new();
        let mut open = vec![prefix.clone()];
        while let Some(folder) = open.pop() {
            self.visit(&folder, |found| match found {
                Found::File(meta) => objects.push(meta),
                Found::Folder(path) => open.push(path),
            })?;
        }
        objects.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(objects)
    }

    /// The objects and folders directly below `prefix`, by name.
    pub(super) fn level(&self, prefix: &Path) -> Result<ListResult> {
        let (mut objects, mut common_prefixes) = (Vec::new(), Vec::new());
        self.visit(prefix, |found| match found {
            Found::File(meta) => objects.push(meta),
            Found::Folder(path) => common_prefixes.push(path),
        })?;
        objects.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        common_prefixes.sort_unstable();
        Ok(ListResult { common_prefixes, objects, extensions: Default::default() })
    }

    /// Removes staged files last written to before `cutoff`, in microseconds since the Unix epoch: what is left of
    /// processes that ended in the middle of a write. Returns how many.
    pub(super) fn remove_abandoned(&self, cutoff: i64) -> Result<u64> {
        let mut removed = 0;
        let mut open = vec![self.folder_path(&Path::default())?];
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if is_gone(&error) => continue,
                Err(error) => return Err(failure("list", &folder, error)),
            };
            for entry in entries {
                match entry.and_then(|entry| remove_if_abandoned(&entry, cutoff, &mut open)) {
                    Ok(count) => removed += count,
                    Err(error) if is_gone(&error) => {}
                    Err(error) => return Err(failure("clean", &folder, error)),
                }
            }
        }
        Ok(removed)
    }

    /// A folder that is not there has nothing in it, and neither has one that vanishes while we look.
    fn visit(&self, prefix: &Path, mut each: impl FnMut(Found)) -> Result<()> {
        let folder = self.folder_path(prefix)?;
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(failure("list", &folder, error)),
        };
        for entry in entries {
            match entry.and_then(|entry| look(prefix, &entry)) {
                Ok(Some(found)) => each(found),
                Ok(None) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(failure("list", &folder, error)),
            }
        }
        Ok(())
    }
}

/// Names that are no paths of objects are somebody else's, and left alone.
fn look(prefix: &Path, entry: &DirEntry) -> io::Result<Option<Found>> {
    let name = entry.file_name();
    let Some(name) = name.to_str().filter(|name| !name.starts_with(STAGED_PREFIX)) else { return Ok(None) };
    let text = if prefix.as_ref().is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
    let Ok(location) = Path::parse(&text) else { return Ok(None) };
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return Ok(Some(Found::Folder(location)));
    }
    let described = if kind.is_symlink() { fs::metadata(entry.path())? } else { entry.metadata()? };
    Ok(described.is_file().then(|| Found::File(meta(location, &described))))
}

fn remove_if_abandoned(entry: &DirEntry, cutoff: i64, open: &mut Vec<PathBuf>) -> io::Result<u64> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        open.push(entry.path());
    }
    let staged = entry.file_name().to_str().is_some_and(|name| name.starts_with(STAGED_PREFIX));
    if !kind.is_file() || !staged {
        return Ok(0);
    }
    let modified = meta(Path::default(), &entry.metadata()?).last_modified.timestamp_micros();
    if modified >= cutoff {
        return Ok(0);
    }
    fs::remove_file(entry.path()).map(|()| 1)
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
