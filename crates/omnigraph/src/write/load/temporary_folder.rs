//! Temporary files of a load.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// The temporary folder of a load. It is created with the first file.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    path: PathBuf,
    state: Mutex<FolderState>,
}

#[derive(Clone, Copy, Debug)]
enum FolderState {
    /// The folder can get files; it has this many.
    Open(u64),
    Deleted,
}

/// Deletes a temporary folder when it is dropped, even while a reader still holds the folder.
#[derive(Debug)]
pub(super) struct FolderGuard(pub(super) Option<Arc<TemporaryFolder>>);

impl Drop for FolderGuard {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            folder.delete();
        }
    }
}

impl TemporaryFolder {
    /// Returns the folder `name` in `parent`, which must exist when the first file is created.
    pub(super) fn new(parent: &Path, name: &str) -> Self {
        Self { path: parent.join(name), state: Mutex::new(FolderState::Open(0)) }
    }

    /// Creates a file that can be written and read.
    pub(super) fn create_file(&self) -> Result<TemporaryFile> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let FolderState::Open(files) = *state else { return Err(Error::Cancelled) };
        if files == 0 {
            std::fs::create_dir(&self.path).map_err(|error| io_error("create", &self.path, &error))?;
        }
        let path = self.path.join(files.to_string());
        *state = FolderState::Open(files + 1);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|error| io_error("create", &path, &error))?;
        Ok(TemporaryFile { file, path })
    }

    fn delete(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let FolderState::Open(1..) = *state {
            // A failure leaves files in a place where the system deletes temporary files.
            let _ = std::fs::remove_dir_all(&self.path);
        }
        *state = FolderState::Deleted;
    }
}

/// A file in a temporary folder.
#[derive(Debug)]
pub(super) struct TemporaryFile {
    file: File,
    path: PathBuf,
}

impl TemporaryFile {
    /// Returns the error of an action on the file.
    pub(super) fn error(&self, action: &str, error: &io::Error) -> Error {
        io_error(action, &self.path, error)
    }

    /// Returns a second handle of the file.
    pub(super) fn handle(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| self.error("read", &error))
    }
}

impl Read for TemporaryFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for TemporaryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn io_error(action: &str, path: &Path, error: &io::Error) -> Error {
    Error::request(format!(
        "cannot {action} the temporary file {}: {error}. A load of this size needs temporary files",
        path.display()
    ))
}
