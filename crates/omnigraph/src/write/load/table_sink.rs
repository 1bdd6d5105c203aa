//! The sink of one table: decoded rows stay in memory while they are few, and go to data files when they are many.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::table::{DataWriter, Table, Tables, WrittenFile};
use crate::write::commit::StagedRows;

/// Rows up to which a load stays in memory, so that it is written as one file together with compacted fragments.
const MAX_MEMORY_ROWS: usize = 4096;
/// Bytes up to which a load stays in memory.
const MAX_MEMORY_BYTES: usize = 8 << 20;
/// Rows of a data file.
const MAX_FILE_ROWS: u64 = 1 << 20;
/// Batches that are queued for a file writer.
const BATCHES_AHEAD: usize = 2;

/// A sink for the rows of one table.
#[derive(Debug)]
pub(super) struct TableSink {
    tables: Tables,
    table: Arc<Table>,
    state: SinkState,
}

#[derive(Debug)]
enum SinkState {
    Memory { batches: Vec<RecordBatch>, rows: usize, bytes: usize },
    Files { sender: mpsc::Sender<RecordBatch>, writer: JoinHandle<Result<Vec<WrittenFile>>> },
}

impl TableSink {
    /// Returns a sink for rows of `table`.
    pub(super) fn new(tables: Tables, table: Arc<Table>) -> Self {
        Self { tables, table, state: SinkState::Memory { batches: Vec::new(), rows: 0, bytes: 0 } }
    }

    /// Adds a batch. Waits while the file writer is behind.
    pub(super) async fn push(&mut self, batch: RecordBatch) -> Result<()> {
        match &mut self.state {
            SinkState::Memory { batches, rows, bytes } => {
                *rows += batch.num_rows();
                *bytes += batch.get_array_memory_size();
                batches.push(batch);
                if *rows > MAX_MEMORY_ROWS || *bytes > MAX_MEMORY_BYTES {
                    let batches = std::mem::take(batches);
                    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
                    let writer = tokio::spawn(write_files(self.tables.clone(), Arc::clone(&self.table), receiver));
                    self.state = SinkState::Files { sender, writer };
                    for batch in batches {
                        self.send(batch).await?;
                    }
                }
                Ok(())
            }
            SinkState::Files { .. } => self.send(batch).await,
        }
    }

    async fn send(&mut self, batch: RecordBatch) -> Result<()> {
        let SinkState::Files { sender, writer } = &mut self.state else {
            return Err(Error::internal("a sink without a file writer"));
        };
        if sender.send(batch).await.is_ok() {
            return Ok(());
        }
        // The writer has ended, with an error.
        match join_writer(writer).await {
            Err(error) => Err(error),
            Ok(_) => Err(Error::internal("a file writer ended early")),
        }
    }

    /// Returns the staged rows without those that are `superseded`: their numbers from 0, in order.
    pub(super) async fn finish(self, superseded: &[u64]) -> Result<StagedRows> {
        match self.state {
            SinkState::Memory { batches, .. } => Ok(StagedRows::Memory(remove_rows(batches, superseded)?)),
            SinkState::Files { sender, mut writer } => {
                drop(sender);
                Ok(StagedRows::Files(mark_deleted(join_writer(&mut writer).await?, superseded)))
            }
        }
    }
}

fn remove_rows(batches: Vec<RecordBatch>, superseded: &[u64]) -> Result<Vec<RecordBatch>> {
    if superseded.is_empty() {
        return Ok(batches);
    }
    let mut rows = 0u64..;
    let kept = batches.into_iter().map(|batch| {
        let keep = rows.by_ref().take(batch.num_rows()).map(|row| Some(superseded.binary_search(&row).is_err()));
        filter_record_batch(&batch, &BooleanArray::from_iter(keep)).map_err(Error::from)
    });
    kept.collect()
}

/// Marks superseded rows as deleted: they stay in the files.
fn mark_deleted(files: Vec<WrittenFile>, superseded: &[u64]) -> Vec<WrittenFile> {
    let (mut first, mut remaining) = (0, superseded);
    let marked = files.into_iter().map(|file| {
        let end = first + u64::from(file.rows());
        let (here, later) = remaining.split_at(remaining.partition_point(|row| *row < end));
        let offsets = here.iter().filter_map(|row| u32::try_from(row - first).ok()).collect();
        (first, remaining) = (end, later);
        file.with_deleted(offsets)
    });
    marked.collect()
}

async fn join_writer(writer: &mut JoinHandle<Result<Vec<WrittenFile>>>) -> Result<Vec<WrittenFile>> {
    writer.await.map_err(|error| Error::internal(format!("a file writer panicked: {error}")))?
}

async fn write_files(
    tables: Tables,
    table: Arc<Table>,
    mut batches: mpsc::Receiver<RecordBatch>,
) -> Result<Vec<WrittenFile>> {
    let mut files = Vec::new();
    let mut open: Option<DataWriter> = None;
    while let Some(batch) = batches.recv().await {
        let mut writer = match open.take() {
            Some(writer) => writer,
            None => tables.data_writer(&table).await?,
        };
        if let Err(error) = writer.write(&batch).await {
            writer.abort().await;
            return Err(error);
        }
        if writer.rows() >= MAX_FILE_ROWS {
            files.push(writer.finish().await?);
        } else {
            open = Some(writer);
        }
    }
    if let Some(writer) = open {
        files.push(writer.finish().await?);
    }
    Ok(files)
}
