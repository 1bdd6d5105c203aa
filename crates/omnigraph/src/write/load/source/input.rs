//! The inputs of a load: files, folders, streams, record batches.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::batches::BatchIterator;
use super::mapping::{FileMapping, LoadMapping};
use crate::error::{Error, Result};

/// Extensions of files that are loaded from a folder, without those of compression.
const EXTENSIONS: &[&str] = &["jsonl", "ndjson", "json", "csv", "tsv", "parquet", "arrow", "arrows", "ipc", "feather"];

/// The source of the rows of a load: files, folders, streams and record batches of any format, read in this order.
///
/// NDJSON names the type of each row. All rows of another file have the type that the file is named for, up to its first dot
/// (`Sailor.csv`, `Trusts.parquet`), or the type that a [`LoadMapping`] assigns.
pub struct LoadSource {
    pub(super) inputs: Vec<LoadInput>,
}

/// One file, stream or sequence of batches.
pub(super) struct LoadInput {
    pub(super) name: Arc<str>,
    pub(super) origin: InputOrigin,
    pub(super) bytes: Option<u64>,
    pub(super) mapping: Option<Arc<FileMapping>>,
}

pub(super) enum InputOrigin {
    File(PathBuf),
    Stream(Box<dyn Read + Send>),
    Batches(SchemaRef, BatchIterator),
}

impl LoadSource {
    /// Returns a file.
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
        // The length of a pipe or device is unknown.
        let bytes = metadata.is_file().then_some(metadata.len());
        let origin = if metadata.is_file() {
            InputOrigin::File(path.to_owned())
        } else {
            InputOrigin::Stream(Box::new(std::fs::File::open(path).map_err(|error| cannot_read(path, &error))?))
        };
        let name = path.display().to_string().into();
        Ok(Self { inputs: vec![LoadInput { name, origin, bytes, mapping: None }] })
    }

    /// Returns a file, or every file of a folder by name. Names that begin with a dot or an underscore are skipped.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or the folder has a folder, a file with an unknown extension, or no file.
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
            return Err(Error::request(format!("the folder {} has no file to load", path.display())));
        }
        let mut source = Self { inputs: Vec::new() };
        for path in paths {
            if path.is_dir() {
                let message = format!("{} is a folder in a folder; load it separately", path.display());
                return Err(Error::request(message));
            }
            if !EXTENSIONS.contains(&extension(&file_name(&path)).as_str()) {
                let extensions = EXTENSIONS.join(", ");
                return Err(Error::request(format!(
                    "{}: unknown extension for a file in a folder (known: {extensions}, each also with .gz or .zst). Load the \
                     file separately, or move it",
                    path.display()
                )));
            }
            source = source.and(Self::file(&path)?);
        }
        Ok(source)
    }

    /// Returns a reader of bytes. `name` is used in messages.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        let input = LoadInput {
            name: name.into().into(),
            origin: InputOrigin::Stream(Box::new(reader)),
            bytes: None,
            mapping: None,
        };
        Self { inputs: vec![input] }
    }

    /// Returns lines of NDJSON that are in memory.
    pub fn ndjson(text: impl Into<String>) -> Self {
        Self::reader("rows.jsonl", io::Cursor::new(text.into()))
    }

    /// Returns record batches of the node or edge type `ty`, which all have the schema of the first. Columns are named for
    /// properties; edges have the columns `from` and `to`.
    pub fn batches(ty: &str, batches: impl IntoIterator<Item = RecordBatch, IntoIter: Send + 'static>) -> Self {
        let mut batches = batches.into_iter().peekable();
        let schema = batches.peek().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let origin = InputOrigin::Batches(schema, Box::new(batches.map(Ok)));
        Self { inputs: vec![LoadInput { name: format!("{ty}.batches").into(), origin, bytes: None, mapping: None }] }
    }

    /// Returns these inputs followed by those of `that`.
    #[must_use]
    pub fn and(mut self, that: Self) -> Self {
        self.inputs.extend(that.inputs);
        self
    }

    /// Assigns types and columns to files by `mapping`.
    ///
    /// # Errors
    ///
    /// If an entry of the mapping matches no file.
    pub fn mapped(mut self, mapping: &LoadMapping) -> Result<Self> {
        for input in &mut self.inputs {
            let stream = matches!(input.origin, InputOrigin::Stream(_));
            if let Some(entry) = mapping.for_input(&input.name, stream) {
                input.mapping = Some(entry);
            }
        }
        mapping.require_all_used(self.inputs.iter().filter_map(|input| input.mapping.as_ref()))?;
        Ok(self)
    }

    /// Returns the name of the input, or that of the first of several.
    #[must_use]
    pub fn name(&self) -> String {
        match self.inputs.as_slice() {
            [] => "nothing".to_owned(),
            [only] => only.name.to_string(),
            [first, others @ ..] => format!("{} and {} more", first.name, others.len()),
        }
    }

    /// Returns the size before decompression, if it is known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input.bytes).sum()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Returns the extension of a name in lower case, without that of compression.
pub(super) fn extension(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix(".gz").or_else(|| lower.strip_suffix(".zst")).unwrap_or(&lower);
    plain.rsplit_once('.').map(|(_, extension)| extension.to_owned()).unwrap_or_default()
}

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::request(format!("cannot read {}: {error}", path.display()))
}
