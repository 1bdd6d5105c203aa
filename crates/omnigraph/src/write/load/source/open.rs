//! Opening of inputs. InputCompression and format are detected from the first bytes.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::batches::{BatchReader, SeekableInput};
use super::input::{InputOrigin, LoadInput, extension};
use super::text_chunks::{LineReader, RecordChunk, RecordReader};
use crate::error::{Error, Result};
use crate::write::constraints::RowPlans;
use crate::write::load::decode::{InputHeader, TypedFile, typed_file};
use crate::write::load::row_origin::{InputFile, LineUnit};
use crate::write::load::temporary_folder::TemporaryFolder;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const PARQUET: &[u8] = b"PAR1";
const ARROW_FILE: &[u8] = b"ARROW1";
/// The first bytes of every message of an Arrow stream.
const ARROW_STREAM: &[u8] = &[0xff; 4];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
/// Bytes of the longest magic number.
const MAGIC_BYTES: usize = 6;
const READ_BYTES: usize = 256 << 10;

#[derive(Clone, Copy)]
enum InputCompression {
    Gzip,
    Zstd,
}

impl InputCompression {
    fn detect(head: &[u8]) -> Option<Self> {
        if head.starts_with(GZIP) { Some(Self::Gzip) } else { head.starts_with(ZSTD).then_some(Self::Zstd) }
    }
}

/// An opened input.
pub(super) enum OpenInput {
    Lines(LineReader),
    Records(RecordReader, Arc<TypedFile>),
    Batches(BatchReader, Arc<TypedFile>),
}

/// An opener of inputs.
pub(super) struct InputOpener {
    pub(super) plans: Arc<RowPlans>,
    /// Bytes read so far, before decompression.
    pub(super) read: Arc<AtomicU64>,
    /// The folder for copies of streams that have to be read from the end.
    pub(super) folder: Option<Arc<TemporaryFolder>>,
}

impl InputOpener {
    /// Opens the input with the index `index`.
    pub(super) fn open(&self, index: u32, mut input: LoadInput) -> Result<(Arc<InputFile>, OpenInput)> {
        let name = Arc::clone(&input.name);
        if let InputOrigin::Batches(schema, batches) = &mut input.origin {
            let batches = std::mem::replace(batches, Box::new(std::iter::empty()));
            let batches = BatchReader::in_memory(Arc::clone(&name), Arc::clone(schema), batches);
            let content = self.open_batches(&input, batches)?;
            return Ok((Arc::new(InputFile { index, name, unit: LineUnit::Row }), content));
        }
        let failed = |error: io::Error| Error::request(format!("cannot read {name}: {error}"));
        let raw = self.raw_bytes(&mut input).map_err(failed)?;
        let (head, raw) = peek(raw).map_err(failed)?;
        let compression = InputCompression::detect(&head);
        let (head, text) = match compression {
            Some(compression) => decompress(raw, compression).and_then(peek).map_err(failed)?,
            None => (head, raw),
        };
        let (unit, content) = if head.starts_with(PARQUET) {
            let from = self.seekable(&input, compression, text)?;
            (LineUnit::Row, self.open_batches(&input, BatchReader::parquet(Arc::clone(&name), from)?)?)
        } else if head.starts_with(ARROW_FILE) {
            let from = self.seekable(&input, compression, text)?;
            (LineUnit::Row, self.open_batches(&input, BatchReader::arrow_file(Arc::clone(&name), from)?)?)
        } else if head.starts_with(ARROW_STREAM) {
            (LineUnit::Row, self.open_batches(&input, BatchReader::arrow_stream(Arc::clone(&name), text)?)?)
        } else {
            (LineUnit::Line, self.open_text(&input, skip_byte_order_mark(&head, text).map_err(failed)?)?)
        };
        Ok((Arc::new(InputFile { index, name, unit }), content))
    }

    fn raw_bytes(&self, input: &mut LoadInput) -> io::Result<Box<dyn Read + Send>> {
        let inner: Box<dyn Read + Send> = match &mut input.origin {
            InputOrigin::File(path) => Box::new(File::open(path)?),
            InputOrigin::Stream(stream) => std::mem::replace(stream, Box::new(io::empty())),
            InputOrigin::Batches(..) => Box::new(io::empty()),
        };
        Ok(Box::new(BufReader::with_capacity(READ_BYTES, CountingReader { inner, read: Arc::clone(&self.read) })))
    }

    /// Returns the file itself, or a temporary copy of a stream or compressed file.
    fn seekable(
        &self,
        input: &LoadInput,
        compression: Option<InputCompression>,
        mut text: Box<dyn Read + Send>,
    ) -> Result<SeekableInput> {
        let failed = |error: io::Error| Error::request(format!("cannot read {}: {error}", input.name));
        let read = Arc::clone(&self.read);
        if let (InputOrigin::File(path), None) = (&input.origin, compression) {
            let file = File::open(path).map_err(failed)?;
            let bytes = file.metadata().map_err(failed)?.len();
            return Ok(SeekableInput { file, copy: None, bytes, read });
        }
        let Some(folder) = &self.folder else {
            return Err(Error::request(format!(
                "cannot stream {}: its format is read from the end, which needs a folder for temporary files",
                input.name
            )));
        };
        let mut copy = folder.create_file()?;
        io::copy(&mut text, &mut copy).map_err(failed)?;
        copy.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(SeekableInput { file: copy.handle()?, copy: Some(copy), bytes: 0, read })
    }

    fn open_text(&self, input: &LoadInput, text: Box<dyn Read + Send>) -> Result<OpenInput> {
        let extension = extension(&input.name);
        let lines = matches!(extension.as_str(), "jsonl" | "ndjson" | "json");
        match (&input.mapping, extension.as_str()) {
            (Some(mapping), _) if lines => {
                let message = "each line of NDJSON names its type; take this entry away";
                Err(mapping.location.error(message))
            }
            (None, "csv" | "tsv") | (Some(_), _) => {
                let default = if extension == "tsv" { b'\t' } else { b',' };
                let delimiter = input.mapping.as_ref().and_then(|mapping| mapping.delimiter).unwrap_or(default);
                self.open_records(input, RecordReader::new(Arc::clone(&input.name), text, delimiter), delimiter)
            }
            (None, _) => Ok(OpenInput::Lines(LineReader::new(Arc::clone(&input.name), text))),
        }
    }

    fn open_records(&self, input: &LoadInput, mut records: RecordReader, delimiter: u8) -> Result<OpenInput> {
        let Some(RecordChunk { first_line, text, records: found }) = records.header()? else {
            return Err(Error::request(format!(
                "cannot load {}: the file is empty, and CSV needs a header",
                input.name
            )));
        };
        let record = found.first().and_then(|record| text.get(record.start as usize..record.end as usize));
        let line = first_line + found.first().map_or(0, |record| u64::from(record.line));
        let header = InputHeader::from_record(&input.name, line, record.unwrap_or_default(), delimiter)?;
        let typed = typed_file(&self.plans, &input.name, input.mapping.as_deref(), header, delimiter)?;
        Ok(OpenInput::Records(records, Arc::new(typed)))
    }

    fn open_batches(&self, input: &LoadInput, batches: BatchReader) -> Result<OpenInput> {
        let header = InputHeader::from_schema(batches.schema());
        let typed = typed_file(&self.plans, &input.name, input.mapping.as_deref(), header, b',')?;
        Ok(OpenInput::Batches(batches, Arc::new(typed)))
    }
}

/// Returns the first bytes, and a reader of all bytes.
fn peek(mut text: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::with_capacity(MAGIC_BYTES);
    text.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(text))))
}

fn decompress(raw: Box<dyn Read + Send>, compression: InputCompression) -> io::Result<Box<dyn Read + Send>> {
    let raw = BufReader::new(raw);
    Ok(match compression {
        InputCompression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(raw)),
        InputCompression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(raw)?),
    })
}

/// Skips the byte order mark.
fn skip_byte_order_mark(head: &[u8], mut text: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    if head.starts_with(BYTE_ORDER_MARK) {
        text.read_exact(&mut [0; BYTE_ORDER_MARK.len()])?;
    }
    Ok(text)
}

struct CountingReader {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.read.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}
