//! Compression and format, told by content.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::batches::{Batches, Seekable};
use super::input::{Input, Origin, ending};
use super::lines::Lines;
use super::records::{Chunk, Records};
use crate::error::{Error, Result};
use crate::load::decode::{Header, TypedFile, typed_file};
use crate::load::place::{InputFile, Unit};
use crate::load::sort::TemporaryFolder;
use crate::validate::RowPlans;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const PARQUET: &[u8] = b"PAR1";
const ARROW_FILE: &[u8] = b"ARROW1";
/// What every message of an Arrow stream begins with.
const ARROW_STREAM: &[u8] = &[0xff; 4];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// The longest of them.
const MAGIC_BYTES: usize = 6;
const READ_BYTES: usize = 256 << 10;

#[derive(Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(GZIP) { Some(Self::Gzip) } else { head.starts_with(ZSTD).then_some(Self::Zstd) }
    }
}

/// The rows of a file.
pub(super) enum Content {
    Lines(Lines),
    Records(Records, Arc<TypedFile>),
    Batches(Batches, Arc<TypedFile>),
}

/// Opens inputs.
pub(super) struct Opener {
    pub(super) plan: Arc<RowPlans>,
    /// Bytes read so far, before decompression.
    pub(super) read: Arc<AtomicU64>,
    /// Where a stream is kept that has to be read from its end.
    pub(super) folder: Option<Arc<TemporaryFolder>>,
}

impl Opener {
    /// Opens the input at place `index`.
    pub(super) fn open(&self, index: u32, mut input: Input) -> Result<(Arc<InputFile>, Content)> {
        let name = Arc::clone(&input.name);
        let failed = |error: io::Error| Error::request(format!("cannot read {name}: {error}"));
        let raw = self.bytes_of(&mut input).map_err(failed)?;
        let (head, raw) = peek(raw).map_err(failed)?;
        let packing = Packing::of(&head);
        let (head, text) = match packing {
            Some(packing) => unpack(raw, packing).and_then(peek).map_err(failed)?,
            None => (head, raw),
        };
        let (unit, content) = if head.starts_with(PARQUET) {
            let from = self.seekable(&input, packing, text)?;
            (Unit::Row, self.batches(&input, Batches::parquet(Arc::clone(&name), from)?)?)
        } else if head.starts_with(ARROW_FILE) {
            let from = self.seekable(&input, packing, text)?;
            (Unit::Row, self.batches(&input, Batches::arrow_file(Arc::clone(&name), from)?)?)
        } else if head.starts_with(ARROW_STREAM) {
            (Unit::Row, self.batches(&input, Batches::arrow_stream(Arc::clone(&name), text)?)?)
        } else {
            (Unit::Line, self.text(&input, without_mark(&head, text).map_err(failed)?)?)
        };
        Ok((Arc::new(InputFile { index, name, unit }), content))
    }

    fn bytes_of(&self, input: &mut Input) -> io::Result<Box<dyn Read + Send>> {
        let inner: Box<dyn Read + Send> = match &mut input.origin {
            Origin::File(path) => Box::new(File::open(path)?),
            Origin::Stream(stream) => std::mem::replace(stream, Box::new(io::empty())),
        };
        Ok(Box::new(BufReader::with_capacity(READ_BYTES, Counted { inner, read: Arc::clone(&self.read) })))
    }

    /// The file itself, or a copy of what has none or is compressed.
    fn seekable(&self, input: &Input, packing: Option<Packing>, mut text: Box<dyn Read + Send>) -> Result<Seekable> {
        let failed = |error: io::Error| Error::request(format!("cannot read {}: {error}", input.name));
        let read = Arc::clone(&self.read);
        if let (Origin::File(path), None) = (&input.origin, packing) {
            let file = File::open(path).map_err(failed)?;
            let bytes = file.metadata().map_err(failed)?.len();
            return Ok(Seekable { file, held: None, bytes, read });
        }
        let Some(folder) = &self.folder else {
            return Err(Error::request(format!(
                "{}: this format is read from its end, so a stream of it needs a folder for temporary files",
                input.name
            )));
        };
        let mut held = folder.file()?;
        io::copy(&mut text, &mut held).map_err(failed)?;
        held.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Seekable { file: held.handle()?, held: Some(held), bytes: 0, read })
    }

    fn text(&self, input: &Input, text: Box<dyn Read + Send>) -> Result<Content> {
        let ending = ending(&input.name);
        let lines = matches!(ending.as_str(), "jsonl" | "ndjson" | "json");
        match (&input.assignment, ending.as_str()) {
            (Some(assignment), _) if lines => {
                let message = "lines of NDJSON say themselves of which type they are; take this entry away";
                Err(assignment.place.error(message))
            }
            (None, "csv" | "tsv") | (Some(_), _) => {
                let usual = if ending == "tsv" { b'\t' } else { b',' };
                let delimiter = input.assignment.as_ref().and_then(|assignment| assignment.delimiter).unwrap_or(usual);
                self.records(input, Records::new(Arc::clone(&input.name), text, delimiter), delimiter)
            }
            (None, _) => Ok(Content::Lines(Lines::new(Arc::clone(&input.name), text))),
        }
    }

    fn records(&self, input: &Input, mut records: Records, delimiter: u8) -> Result<Content> {
        let Some(Chunk { first_line, text, records: found }) = records.header()? else {
            return Err(Error::request(format!("{}: is empty; the first line of CSV names the columns", input.name)));
        };
        let record = found.first().and_then(|record| text.get(record.start as usize..record.end as usize));
        let line = first_line + found.first().map_or(0, |record| u64::from(record.line));
        let header = Header::of_record(&input.name, line, record.unwrap_or_default(), delimiter)?;
        let typed = typed_file(&self.plan, &input.name, input.assignment.as_deref(), header, delimiter)?;
        Ok(Content::Records(records, Arc::new(typed)))
    }

    fn batches(&self, input: &Input, batches: Batches) -> Result<Content> {
        let header = Header::of_schema(batches.schema());
        let typed = typed_file(&self.plan, &input.name, input.assignment.as_deref(), header, b',')?;
        Ok(Content::Batches(batches, Arc::new(typed)))
    }
}

/// The first bytes, and all of them.
fn peek(mut text: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::with_capacity(MAGIC_BYTES);
    text.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(text))))
}

fn unpack(packed: Box<dyn Read + Send>, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    let packed = BufReader::new(packed);
    Ok(match packing {
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
    })
}

/// Text without the mark that some programs write before it.
fn without_mark(head: &[u8], mut text: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    if head.starts_with(BYTE_ORDER_MARK) {
        text.read_exact(&mut [0; BYTE_ORDER_MARK.len()])?;
    }
    Ok(text)
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
