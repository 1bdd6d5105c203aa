//! What a caller names: files and streams.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mapping::{Assignment, LoadMapping};
use crate::error::{Error, Result};

/// Endings of files that a folder may hold, without those of compression.
const ENDINGS: &[&str] = &["jsonl", "ndjson", "json", "csv", "tsv", "parquet", "arrow", "arrows", "ipc", "feather"];

/// Where a load's rows come from: any number of files, folders and streams, each of any format. They are read in the order in
/// which they were named.
///
/// NDJSON says of each row what it is. The rows of any other file are of the type that the file is named for, up to its first
/// dot (`Sailor.csv`, `Trusts.parquet`), or that a [`LoadMapping`] gives it.
pub struct LoadSource {
    pub(super) inputs: Vec<Input>,
}

/// One file or stream.
pub(super) struct Input {
    pub(super) name: Arc<str>,
    pub(super) origin: Origin,
    pub(super) bytes: Option<u64>,
    pub(super) assignment: Option<Arc<Assignment>>,
}

pub(super) enum Origin {
    File(PathBuf),
    Stream(Box<dyn Read + Send>),
}

impl LoadSource {
    /// A file.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or is a folder.
    pub fn file(path: &Path) -> Result<Self> {
        let metadata = std::fs::File::open(path).and_then(|file| file.metadata());
        let metadata = metadata.map_err(|error| cannot_read(path, &error))?;
        if metadata.is_dir() {
            return Err(Error::request(format!("{} is a folder; name the file to load", path.display())));
        }
        // What is no ordinary file, such as a named pipe, has a length that says nothing.
        let bytes = metadata.is_file().then_some(metadata.len());
        let origin = if metadata.is_file() {
            Origin::File(path.to_owned())
        } else {
            Origin::Stream(Box::new(std::fs::File::open(path).map_err(|error| cannot_read(path, &error))?))
        };
        let name = path.display().to_string().into();
        Ok(Self { inputs: vec![Input { name, origin, bytes, assignment: None }] })
    }

    /// A file, or every file of a folder by name. Names that begin with a dot or an underscore are passed over.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or the folder holds a folder, a file of unknown ending, or nothing.
    pub fn path(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            return Self::file(path);
        }
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| cannot_read(path, &error))? {
            paths.push(entry.map_err(|error| cannot_read(path, &error))?.path());
        }
        paths.retain(|path| !file_name(path).starts_with(['.', '_']));
        paths.sort();
        if paths.is_empty() {
            return Err(Error::request(format!("the folder {} holds no file to load", path.display())));
        }
        let mut source = Self { inputs: Vec::new() };
        for path in paths {
            if path.is_dir() {
                let message = format!("{} is a folder within a folder; name it by itself", path.display());
                return Err(Error::request(message));
            }
            if !ENDINGS.contains(&ending(&file_name(&path)).as_str()) {
                let endings = ENDINGS.join(", ");
                return Err(Error::request(format!(
                    "{}: a file with this ending is not loaded from a folder; known are {endings}, each also with .gz or \
                     .zst. Name the file by itself, or move it away",
                    path.display()
                )));
            }
            source = source.and(Self::file(&path)?);
        }
        Ok(source)
    }

    /// Anything that yields bytes; `name` stands in messages.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        let input =
            Input { name: name.into().into(), origin: Origin::Stream(Box::new(reader)), bytes: None, assignment: None };
        Self { inputs: vec![input] }
    }

    /// This, and after it that.
    #[must_use]
    pub fn and(mut self, that: Self) -> Self {
        self.inputs.extend(that.inputs);
        self
    }

    /// Gives files the types and columns that `mapping` says.
    ///
    /// # Errors
    ///
    /// If an entry of the mapping fits no file, which is a misspelling.
    pub fn mapped(mut self, mapping: &LoadMapping) -> Result<Self> {
        for input in &mut self.inputs {
            let stream = matches!(input.origin, Origin::Stream(_));
            if let Some(assignment) = mapping.assignment(&input.name, stream) {
                input.assignment = Some(assignment);
            }
        }
        mapping.all_used(self.inputs.iter().filter_map(|input| input.assignment.as_ref()))?;
        Ok(self)
    }

    /// Its name, or that of the first of several.
    #[must_use]
    pub fn name(&self) -> String {
        match self.inputs.as_slice() {
            [] => "nothing".to_owned(),
            [only] => only.name.to_string(),
            [first, others @ ..] => format!("{} and {} more", first.name, others.len()),
        }
    }

    /// Its size before decompression, if known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input.bytes).sum()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The ending of a name in lower case, that of compression taken away.
pub(super) fn ending(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix(".gz").or_else(|| lower.strip_suffix(".zst")).unwrap_or(&lower);
    plain.rsplit_once('.').map(|(_, ending)| ending.to_owned()).unwrap_or_default()
}

pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::request(format!("cannot read {}: {error}", path.display()))
}
