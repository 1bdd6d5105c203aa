//! Parquet and Arrow, batch by batch.

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Error, Result};
use crate::load::decode::TypedFile;
use crate::load::sort::TemporaryFile;

/// Rows handed to a decoder at once: some megabytes of the widest rows that are usual.
const BATCH_ROWS: usize = 4096;

/// Rows of a file of columns.
#[derive(Debug)]
pub(in crate::load) struct BatchPiece {
    pub(in crate::load) file: Arc<TypedFile>,
    /// The number of the first, from 1.
    pub(in crate::load) first_row: u64,
    pub(in crate::load) batch: RecordBatch,
}

/// A source of batches.
pub(super) struct Batches {
    name: Arc<str>,
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
    /// The batch that is given out in slices, and the first row that is left of it.
    open: Option<(RecordBatch, usize)>,
    next_row: u64,
    share: Option<Share>,
    /// The file that is read, if it is one of ours: it goes when we do.
    _held: Option<TemporaryFile>,
}

/// How the bytes of a file are told to the progress: by the part of its rows that were read.
struct Share {
    bytes: u64,
    rows: u64,
    told: u64,
    read: Arc<AtomicU64>,
}

/// What a file of columns is read from.
pub(super) struct Seekable {
    pub(super) file: File,
    pub(super) held: Option<TemporaryFile>,
    pub(super) bytes: u64,
    pub(super) read: Arc<AtomicU64>,
}

impl Batches {
    /// A Parquet file, a row group at a time.
    pub(super) fn parquet(name: Arc<str>, from: Seekable) -> Result<Self> {
        let failed = |error: parquet::errors::ParquetError| Error::request(format!("cannot read {name}: {error}"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(from.file).map_err(failed)?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let schema = Arc::clone(builder.schema());
        let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(failed)?;
        let share = Share { bytes: from.bytes, rows, told: 0, read: from.read };
        Ok(Self::new(name, schema, Box::new(reader), Some(share), from.held))
    }

    /// A file in Arrow's format, a record batch at a time.
    pub(super) fn arrow_file(name: Arc<str>, from: Seekable) -> Result<Self> {
        let failed = |error: ArrowError| Error::request(format!("cannot read {name}: {error}"));
        let reader = FileReader::try_new(BufReader::new(from.file), None).map_err(failed)?;
        let schema = reader.schema();
        // How many rows there are is known at the end only.
        let share = Share { bytes: from.bytes, rows: 0, told: 0, read: from.read };
        Ok(Self::new(name, schema, Box::new(reader), Some(share), from.held))
    }

    /// A stream in Arrow's format.
    pub(super) fn arrow_stream(name: Arc<str>, from: Box<dyn Read + Send>) -> Result<Self> {
        let failed = |error: ArrowError| Error::request(format!("cannot read {name}: {error}"));
        let reader = StreamReader::try_new(BufReader::new(from), None).map_err(failed)?;
        let schema = reader.schema();
        Ok(Self::new(name, schema, Box::new(reader), None, None))
    }

    fn new(
        name: Arc<str>,
        schema: SchemaRef,
        batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>,
        share: Option<Share>,
        held: Option<TemporaryFile>,
    ) -> Self {
        Self { name, schema, batches, open: None, next_row: 1, share, _held: held }
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows, and the number of the first.
    pub(super) fn next_rows(&mut self) -> Result<Option<(u64, RecordBatch)>> {
        loop {
            if let Some((batch, from)) = self.open.take() {
                let rows = BATCH_ROWS.min(batch.num_rows() - from);
                if rows > 0 {
                    let slice = batch.slice(from, rows);
                    self.open = Some((batch, from + rows));
                    let first = self.next_row;
                    self.next_row += rows as u64;
                    return Ok(Some((first, slice)));
                }
            }
            let Some(batch) = self.batches.next() else {
                self.tell(u64::MAX);
                return Ok(None);
            };
            let batch = batch.map_err(|error| {
                Error::request(format!("cannot read {} from row {} on: {error}", self.name, self.next_row))
            })?;
            self.tell(self.next_row + batch.num_rows() as u64);
            self.open = Some((batch, 0));
        }
    }

    fn tell(&mut self, rows: u64) {
        if let Some(share) = &mut self.share {
            let part = u128::from(share.bytes) * u128::from(rows.min(share.rows)) / u128::from(share.rows.max(1));
            let bytes = if rows == u64::MAX { share.bytes } else { u64::try_from(part).unwrap_or(share.bytes) };
            share.read.fetch_add(bytes.saturating_sub(share.told), Ordering::Relaxed);
            share.told = share.told.max(bytes);
        }
    }
}
