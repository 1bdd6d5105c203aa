//! Temporary files.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// A folder of one load, created with the first file.
#[derive(Debug)]
pub(in crate::load) struct TemporaryFolder {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// So many files were made.
    Open(u64),
    Deleted,
}

/// Deletes a temporary folder, with what is in it, when it goes: also when somebody who still reads a source holds on to the
/// folder.
#[derive(Debug)]
pub(in crate::load) struct DeleteAtEnd(pub(in crate::load) Option<Arc<TemporaryFolder>>);

impl Drop for DeleteAtEnd {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            folder.delete();
        }
    }
}

impl TemporaryFolder {
    /// The folder `name` in `place`, which must exist when the first file is made.
    pub(in crate::load) fn new(place: &Path, name: &str) -> Self {
        Self { path: place.join(name), state: Mutex::new(State::Open(0)) }
    }

    /// Creates a file that can be written and read.
    pub(in crate::load) fn file(&self) -> Result<TemporaryFile> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Open(files) = *state else { return Err(Error::Cancelled) };
        if files == 0 {
            std::fs::create_dir(&self.path).map_err(|error| failed("create", &self.path, &error))?;
        }
        let path = self.path.join(files.to_string());
        *state = State::Open(files + 1);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|error| failed("create", &path, &error))?;
        Ok(TemporaryFile { file, path })
    }

    fn delete(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(1..) = *state {
            // What cannot be deleted lies where temporary files are deleted in time.
            let _ = std::fs::remove_dir_all(&self.path);
        }
        *state = State::Deleted;
    }
}

/// A file in a temporary folder.
#[derive(Debug)]
pub(in crate::load) struct TemporaryFile {
    file: File,
    path: PathBuf,
}

impl TemporaryFile {
    /// What failed with it.
    pub(in crate::load) fn failed(&self, action: &str, error: &io::Error) -> Error {
        failed(action, &self.path, error)
    }

    /// A second handle of the same file.
    pub(in crate::load) fn handle(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| self.failed("read", &error))
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

fn failed(action: &str, path: &Path, error: &io::Error) -> Error {
    Error::request(format!(
        "cannot {action} the temporary file {}, which a load of this size needs: {error}",
        path.display()
    ))
}
