//! Reads: one blocking call per request, with positioned reads at any offset.

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

use super::file_cache::CachedFile;
use super::store::{LocalRoot, invalid_request, io_failure, lookup_failure, run_blocking};

/// Maximum of a content that is read by the call that opens the file. Larger contents are read as the caller consumes them.
const MAX_EAGER_READ_BYTES: u64 = 64 << 20;
/// Size of one read of a larger content.
const READ_CHUNK_BYTES: u64 = 8 << 20;

impl LocalRoot {
    /// Opens an object. A folder counts as not found.
    pub(super) fn open_file(&self, path: &FsPath) -> Result<File> {
        self.open(path).map(|open| open.file)
    }

    fn open(&self, path: &FsPath) -> Result<CachedFile> {
        let file = File::open(path).map_err(|e| lookup_failure("open", path, e))?;
        let metadata = file.metadata().map_err(|e| io_failure("describe", path, e))?;
        if metadata.is_dir() {
            return Err(io_failure("open", path, io::ErrorKind::NotFound.into()));
        }
        Ok(CachedFile { file, metadata })
    }

    fn describe(&self, path: &FsPath) -> Result<Metadata> {
        let metadata = std::fs::metadata(path).map_err(|e| lookup_failure("describe", path, e))?;
        if metadata.is_dir() {
            return Err(io_failure("describe", path, io::ErrorKind::NotFound.into()));
        }
        Ok(metadata)
    }

    /// Fails if the object does not exist. The read itself reports any other error.
    pub(super) fn require_existing(&self, path: &FsPath) -> Result<()> {
        match self.describe(path) {
            Err(absent @ Error::NotFound { .. }) => Err(absent),
            _ => Ok(()),
        }
    }

    pub(super) fn get(&self, location: Path, path: &FsPath, options: &GetOptions) -> Result<GetResult> {
        if options.head {
            let meta = object_meta(location, &self.describe(path)?);
            options.check_preconditions(&meta)?;
            let range = 0..meta.size;
            return Ok(result(meta, range, GetResultPayload::Stream(futures::stream::empty().boxed())));
        }
        let open = match &options.range {
            Some(_) => self.open_files.get(path, || self.open(path))?,
            None => Arc::new(self.open(path)?),
        };
        let meta = object_meta(location, &open.metadata);
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(|e| invalid_request(path, e.to_string()))?,
            None => 0..meta.size,
        };
        let stream = if range.end - range.start > MAX_EAGER_READ_BYTES {
            chunks(open, path.to_owned(), range.clone())
        } else {
            let content = read_at(&open, path, &range)?;
            futures::stream::once(std::future::ready(Ok(content))).boxed()
        };
        Ok(result(meta, range, GetResultPayload::Stream(stream)))
    }

    pub(super) fn get_ranges(&self, path: &FsPath, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let open = self.open_files.get(path, || self.open(path))?;
        ranges.iter().map(|range| read_at(&open, path, range)).collect()
    }
}

fn result(meta: ObjectMeta, range: Range<u64>, payload: GetResultPayload) -> GetResult {
    GetResult { payload, meta, range, attributes: Attributes::default(), extensions: Default::default() }
}

/// Streams the bytes of `range` in chunks, all from the same file.
fn chunks(open: Arc<CachedFile>, path: PathBuf, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    let step = move |offset: u64| {
        let (open, path, end) = (Arc::clone(&open), path.clone(), range.end);
        async move {
            if offset >= end {
                return Ok(None);
            }
            let next = end.min(offset + READ_CHUNK_BYTES);
            let content = run_blocking(move || read_at(&open, &path, &(offset..next))).await?;
            Ok(Some((content, next)))
        }
    };
    futures::stream::try_unfold(range.start, step).boxed()
}

/// Reads exactly the bytes of `range`. Checks the range first: it sizes the allocation.
fn read_at(open: &CachedFile, path: &FsPath, range: &Range<u64>) -> Result<Bytes> {
    let size = open.metadata.len();
    if range.start > range.end || range.end > size {
        return Err(invalid_request(
            path,
            format!("invalid range {}..{}: the object has {size} bytes", range.start, range.end),
        ));
    }
    let length = usize::try_from(range.end - range.start).map_err(|e| invalid_request(path, e.to_string()))?;
    let mut content = vec![0; length];
    read_exact_at(&open.file, &mut content, range.start).map_err(|e| io_failure("read", path, e))?;
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

/// Returns the metadata of an object.
pub(super) fn object_meta(location: Path, metadata: &Metadata) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: metadata.modified().unwrap_or(UNIX_EPOCH).into(),
        size: metadata.len(),
        e_tag: Some(e_tag(metadata)),
        version: None,
    }
}

/// Returns the entity tag of a file, from its inode, time and size. It differs for each file that gets the name.
pub(super) fn e_tag(metadata: &Metadata) -> String {
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    let nanos = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{:x}-{nanos:x}-{:x}", inode(metadata), metadata.len())
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_described: &Metadata) -> u64 {
    0
}
