//! Files, compression, lines.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Text handed to a decoder at once, cut at a line end.
const CHUNK_BYTES: usize = 512 << 10;
/// The longest line that is read.
const MOST_LINE_BYTES: usize = 32 << 20;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Where a load's rows come from: NDJSON, plain or compressed.
pub struct LoadSource {
    name: String,
    reader: Box<dyn Read + Send>,
    bytes: Option<u64>,
}

impl LoadSource {
    /// A file.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub fn file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |error: io::Error| Error::request(format!("cannot read {name}: {error}"));
        let file = std::fs::File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::request(format!("{name} is a folder; name the file to load")));
        }
        Ok(Self { reader: Box::new(file), bytes: Some(metadata.len()), name })
    }

    /// Anything that yields bytes; `name` stands in messages.
    pub fn reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self { name: name.into(), reader: Box::new(reader), bytes: None }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size before decompression, if known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Its lines. Compression is told by the first bytes, not by the name, so it works on a pipe as well.
    pub(super) fn lines(self) -> Result<(Lines, Arc<AtomicU64>)> {
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: self.reader, read: Arc::clone(&read) };
        let mut raw = BufReader::with_capacity(256 << 10, counted);
        let failed = |error: io::Error| Error::request(format!("cannot read {}: {error}", self.name));
        let head = raw.fill_buf().map_err(failed)?;
        let text: Box<dyn Read + Send> = if head.starts_with(GZIP_MAGIC) {
            Box::new(flate2::bufread::MultiGzDecoder::new(raw))
        } else if head.starts_with(ZSTD_MAGIC) {
            Box::new(zstd::stream::read::Decoder::with_buffer(raw).map_err(failed)?)
        } else {
            Box::new(raw)
        };
        Ok((Lines { name: self.name, text, carry: Vec::new(), next_line: 1, ended: false }, read))
    }
}

/// Whole lines of text, and the number of the first.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) first_line: u64,
    pub(super) text: Vec<u8>,
}

/// A source cut into chunks.
pub(super) struct Lines {
    name: String,
    text: Box<dyn Read + Send>,
    carry: Vec<u8>,
    next_line: u64,
    ended: bool,
}

impl Lines {
    /// The next chunk; blocks on the source.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        let mut text = std::mem::take(&mut self.carry);
        while !self.ended {
            if text.len() >= CHUNK_BYTES
                && let Some(end) = text.iter().rposition(|byte| *byte == b'\n')
            {
                self.carry = text.split_off(end + 1);
                break;
            }
            if text.len() > MOST_LINE_BYTES {
                let line = self.next_line;
                return Err(Error::request(format!("{}: line {line} is longer than 32 MiB", self.name)));
            }
            let wanted = CHUNK_BYTES.saturating_sub(text.len()).max(64 << 10) as u64;
            let got = self.text.by_ref().take(wanted).read_to_end(&mut text);
            let got = got.map_err(|error| Error::request(format!("cannot read {}: {error}", self.name)))?;
            self.ended = got == 0;
        }
        if text.is_empty() {
            return Ok(None);
        }
        let first_line = self.next_line;
        self.next_line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(Some(Chunk { first_line, text }))
    }
}

struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.read.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}
