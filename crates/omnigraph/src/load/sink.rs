//! Where decoded rows of one table go: into memory while they are few, into data files when they are many.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::table::{DataWriter, Table, Tables, WrittenFile};
use crate::write::StagedRows;

/// Up to this many rows are kept, so that a small write becomes one file with what it folds.
const FEW_ROWS: usize = 4096;
/// Up to this many bytes are kept.
const FEW_BYTES: usize = 8 << 20;
/// Rows of one data file.
const ROWS_PER_FILE: u64 = 1 << 20;
/// Batches on their way to a writer.
const BATCHES_AHEAD: usize = 2;

/// A sink of rows.
#[derive(Debug)]
pub(super) struct Sink {
    tables: Tables,
    table: Arc<Table>,
    state: State,
}

#[derive(Debug)]
enum State {
    Few { batches: Vec<RecordBatch>, rows: usize, bytes: usize },
    Many { sender: mpsc::Sender<RecordBatch>, files: JoinHandle<Result<Vec<WrittenFile>>> },
}

impl Sink {
    /// A sink for rows of `table`.
    pub(super) fn new(tables: Tables, table: Arc<Table>) -> Self {
        Self { tables, table, state: State::Few { batches: Vec::new(), rows: 0, bytes: 0 } }
    }

    /// Takes a batch; waits while the writer is behind.
    pub(super) async fn push(&mut self, batch: RecordBatch) -> Result<()> {
        match &mut self.state {
            State::Few { batches, rows, bytes } => {
                *rows += batch.num_rows();
                *bytes += batch.get_array_memory_size();
                batches.push(batch);
                if *rows > FEW_ROWS || *bytes > FEW_BYTES {
                    let batches = std::mem::take(batches);
                    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
                    let files = tokio::spawn(write(self.tables.clone(), Arc::clone(&self.table), receiver));
                    self.state = State::Many { sender, files };
                    for batch in batches {
                        self.send(batch).await?;
                    }
                }
                Ok(())
            }
            State::Many { .. } => self.send(batch).await,
        }
    }

    async fn send(&mut self, batch: RecordBatch) -> Result<()> {
        let State::Many { sender, files } = &mut self.state else {
            return Err(Error::internal("a sink without a writer"));
        };
        if sender.send(batch).await.is_ok() {
            return Ok(());
        }
        // The writer is gone, so it has an error to tell.
        match join(files).await {
            Err(error) => Err(error),
            Ok(_) => Err(Error::internal("a writer of rows ended early")),
        }
    }

    /// The rows, staged, but for those that are `superseded`: their numbers, counted from 0, in order.
    pub(super) async fn finish(self, superseded: &[u64]) -> Result<StagedRows> {
        match self.state {
            State::Few { batches, .. } => Ok(StagedRows::Memory(without(batches, superseded)?)),
            State::Many { sender, mut files } => {
                drop(sender);
                Ok(StagedRows::Files(hide(join(&mut files).await?, superseded)))
            }
        }
    }
}

fn without(batches: Vec<RecordBatch>, superseded: &[u64]) -> Result<Vec<RecordBatch>> {
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

/// A row that is in a file stays there, and is marked as deleted when the file joins its table.
fn hide(files: Vec<WrittenFile>, superseded: &[u64]) -> Vec<WrittenFile> {
    let (mut first, mut left) = (0, superseded);
    let hidden = files.into_iter().map(|file| {
        let end = first + u64::from(file.rows());
        let (here, later) = left.split_at(left.partition_point(|row| *row < end));
        let offsets = here.iter().filter_map(|row| u32::try_from(row - first).ok()).collect();
        (first, left) = (end, later);
        file.hiding(offsets)
    });
    hidden.collect()
}

async fn join(files: &mut JoinHandle<Result<Vec<WrittenFile>>>) -> Result<Vec<WrittenFile>> {
    files.await.map_err(|error| Error::internal(format!("a writer of rows died: {error}")))?
}

async fn write(
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
        if writer.rows() >= ROWS_PER_FILE {
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
