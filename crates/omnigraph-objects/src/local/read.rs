//! Reading: one blocking call per request, at any offset, without moving anybody's cursor.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{Attributes, Error, GetOptions, GetResult, GetResultPayload, ObjectMeta, Result};

use super::failure::{absent_or, failure, refused};
use super::handles::OpenFile;
use super::store::{Root, blocking};

/// Contents up to this size are read within the call that opens the file; larger ones as they are consumed.
const EAGER: u64 = 64 << 20;

/// How much of a larger content is read at a time.
const PIECE: u64 = 8 << 20;

impl Root {
    /// Opens an object; a folder is none.
    pub(super) fn open_file(&self, path: &FsPath) -> Result<File> {
        self.open(path).map(|open| open.file)
    }

    fn open(&self, path: &FsPath) -> Result<OpenFile> {
        let file = File::open(path).map_err(|e| absent_or("open", path, e))?;
        let described = file.metadata().map_err(|e| failure("describe", path, e))?;
        if described.is_dir() {
            return Err(failure("open", path, io::ErrorKind::NotFound.into()));
        }
        Ok(OpenFile { file, described })
    }

    fn describe(&self, path: &FsPath) -> Result<Metadata> {
        let described = std::fs::metadata(path).map_err(|e| absent_or("describe", path, e))?;
        if described.is_dir() {
            return Err(failure("describe", path, io::ErrorKind::NotFound.into()));
        }
        Ok(described)
    }

    /// Fails at once where nothing has the name. Any other trouble is met again by whoever reads.
    pub(super) fn must_be_there(&self, path: &FsPath) -> Result<()> {
        match self.describe(path) {
            Err(absent @ Error::NotFound { .. }) => Err(absent),
            _ => Ok(()),
        }
    }

    pub(super) fn get(&self, location: Path, path: &FsPath, options: &GetOptions) -> Result<GetResult> {
        if options.head {
            let meta = meta(location, &self.describe(path)?);
            options.check_preconditions(&meta)?;
            let range = 0..meta.size;
            return Ok(result(meta, range, GetResultPayload::Stream(futures::stream::empty().boxed())));
        }
        let (open, meta) = match &options.range {
            Some(_) => {
                let open = self.handles.get(path, || self.open(path))?;
                let meta = meta(location, &open.described);
                (open, meta)
            }
            None => {
                let open = Arc::new(self.open(path)?);
                let meta = meta(location, &open.described);
                (open, meta)
            }
        };
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(|e| refused(path, e.to_string()))?,
            None => 0..meta.size,
        };
        let stream = if range.end - range.start > EAGER {
            pieces(open, path.to_owned(), range.clone())
        } else {
            let content = read_at(&open, path, &range)?;
            futures::stream::once(std::future::ready(Ok(content))).boxed()
        };
        Ok(result(meta, range, GetResultPayload::Stream(stream)))
    }

    pub(super) fn get_ranges(&self, path: &FsPath, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let open = self.handles.get(path, || self.open(path))?;
        ranges.iter().map(|range| read_at(&open, path, range)).collect()
    }
}

fn result(meta: ObjectMeta, range: Range<u64>, payload: GetResultPayload) -> GetResult {
    GetResult { payload, meta, range, attributes: Attributes::default(), extensions: Default::default() }
}

/// The bytes of `range` in order, each piece read when it is asked for, all of them from the same file.
fn pieces(open: Arc<OpenFile>, path: PathBuf, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    let step = move |at: u64| {
        let (open, path, end) = (Arc::clone(&open), path.clone(), range.end);
        async move {
            if at >= end {
                return Ok(None);
            }
            let next = end.min(at + PIECE);
            let content = blocking(move || read_at(&open, &path, &(at..next))).await?;
            Ok(Some((content, next)))
        }
    };
    futures::stream::try_unfold(range.start, step).boxed()
}

/// Exactly the bytes of `range`, which is checked first: a wild range must not become a wild allocation.
fn read_at(open: &OpenFile, path: &FsPath, range: &Range<u64>) -> Result<Bytes> {
    let size = open.described.len();
    if range.start > range.end || range.end > size {
        return Err(refused(path, format!("bytes {}..{} of {size} were asked for", range.start, range.end)));
    }
    let length = usize::try_from(range.end - range.start).map_err(|e| refused(path, e.to_string()))?;
    let mut content = vec![0; length];
    read_exact_at(&open.file, &mut content, range.start).map_err(|e| failure("read", path, e))?;
    Ok(content.into())
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// What a listing or an answer says about a file.
pub(super) fn meta(location: Path, described: &Metadata) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: described.modified().unwrap_or(UNIX_EPOCH).into(),
        size: described.len(),
        e_tag: Some(e_tag(described)),
        version: None,
    }
}

/// Changes whenever another file takes the name: file number, time and size.
pub(super) fn e_tag(described: &Metadata) -> String {
    let modified = described.modified().unwrap_or(UNIX_EPOCH);
    let nanos = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{:x}-{nanos:x}-{:x}", file_number(described), described.len())
}

#[cfg(unix)]
fn file_number(described: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(described)
}

#[cfg(not(unix))]
fn file_number(_described: &Metadata) -> u64 {
    0
}
