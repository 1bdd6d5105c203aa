//! Columnar inputs: Parquet, Arrow files and streams, record batches in memory.

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
use crate::write::load::decode::TypedFile;
use crate::write::load::temporary_folder::TemporaryFile;

/// Rows of a piece: a few megabytes of wide rows.
const PIECE_ROWS: usize = 4096;

/// Rows of a columnar file.
#[derive(Debug)]
pub(in crate::write::load) struct BatchPiece {
    pub(in crate::write::load) file: Arc<TypedFile>,
    /// The number of the first row, from 1.
    pub(in crate::write::load) first_row: u64,
    pub(in crate::write::load) batch: RecordBatch,
}

/// Record batches of one schema.
pub(super) type BatchIterator = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// A reader of record batches.
pub(super) struct BatchReader {
    name: Arc<str>,
    schema: SchemaRef,
    batches: BatchIterator,
    /// The current batch, which is returned in slices, and the first row of the next slice.
    open: Option<(RecordBatch, usize)>,
    next_row: u64,
    progress: Option<ByteProgress>,
    /// The temporary copy that is read, if there is one.
    _copy: Option<TemporaryFile>,
}

/// The progress of a file in bytes, estimated from the share of its rows that were read.
struct ByteProgress {
    bytes: u64,
    rows: u64,
    reported: u64,
    read: Arc<AtomicU64>,
}

/// A file with random access.
pub(super) struct SeekableInput {
    pub(super) file: File,
    /// The temporary file, if this is a copy of a stream.
    pub(super) copy: Option<TemporaryFile>,
    pub(super) bytes: u64,
    pub(super) read: Arc<AtomicU64>,
}

impl BatchReader {
    /// Opens a Parquet file.
    pub(super) fn parquet(name: Arc<str>, from: SeekableInput) -> Result<Self> {
        let failed = |error: parquet::errors::ParquetError| Error::request(format!("cannot read {name}: {error}"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(from.file).map_err(failed)?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let schema = Arc::clone(builder.schema());
        let reader = builder.with_batch_size(PIECE_ROWS).build().map_err(failed)?;
        let progress = ByteProgress { bytes: from.bytes, rows, reported: 0, read: from.read };
        Ok(Self::new(name, schema, Box::new(reader), Some(progress), from.copy))
    }

    /// Opens a file in the Arrow IPC format.
    pub(super) fn arrow_file(name: Arc<str>, from: SeekableInput) -> Result<Self> {
        let failed = |error: ArrowError| Error::request(format!("cannot read {name}: {error}"));
        let reader = FileReader::try_new(BufReader::new(from.file), None).map_err(failed)?;
        let schema = reader.schema();
        // The number of rows is known at the end only.
        let progress = ByteProgress { bytes: from.bytes, rows: 0, reported: 0, read: from.read };
        Ok(Self::new(name, schema, Box::new(reader), Some(progress), from.copy))
    }

    /// Opens a stream in the Arrow IPC format.
    pub(super) fn arrow_stream(name: Arc<str>, from: Box<dyn Read + Send>) -> Result<Self> {
        let failed = |error: ArrowError| Error::request(format!("cannot read {name}: {error}"));
        let reader = StreamReader::try_new(BufReader::new(from), None).map_err(failed)?;
        let schema = reader.schema();
        Ok(Self::new(name, schema, Box::new(reader), None, None))
    }

    /// Returns a reader of batches in memory.
    pub(super) fn in_memory(name: Arc<str>, schema: SchemaRef, batches: BatchIterator) -> Self {
        Self::new(name, schema, batches, None, None)
    }

    fn new(
        name: Arc<str>,
        schema: SchemaRef,
        batches: BatchIterator,
        progress: Option<ByteProgress>,
        copy: Option<TemporaryFile>,
    ) -> Self {
        Self { name, schema, batches, open: None, next_row: 1, progress, _copy: copy }
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns the next rows and the number of the first.
    pub(super) fn next_rows(&mut self) -> Result<Option<(u64, RecordBatch)>> {
        loop {
            if let Some((batch, from)) = self.open.take() {
                let rows = PIECE_ROWS.min(batch.num_rows() - from);
                if rows > 0 {
                    let slice = batch.slice(from, rows);
                    self.open = Some((batch, from + rows));
                    let first = self.next_row;
                    self.next_row += rows as u64;
                    return Ok(Some((first, slice)));
                }
            }
            let Some(batch) = self.batches.next() else {
                self.report_progress(u64::MAX);
                return Ok(None);
            };
            let batch = batch.map_err(|error| {
                Error::request(format!("cannot read {} from row {} on: {error}", self.name, self.next_row))
            })?;
            self.report_progress(self.next_row + batch.num_rows() as u64);
            self.open = Some((batch, 0));
        }
    }

    fn report_progress(&mut self, rows: u64) {
        if let Some(progress) = &mut self.progress {
            let part =
                u128::from(progress.bytes) * u128::from(rows.min(progress.rows)) / u128::from(progress.rows.max(1));
            let bytes = if rows == u64::MAX { progress.bytes } else { u64::try_from(part).unwrap_or(progress.bytes) };
            progress.read.fetch_add(bytes.saturating_sub(progress.reported), Ordering::Relaxed);
            progress.reported = progress.reported.max(bytes);
        }
    }
}
