//! Rows to data files.

use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use lance_core::datatypes::Schema;
use lance_file::writer::{FileWriter, FileWriterOptions};
use lance_io::traits::Writer;
use lance_table::format::{DataFile, Fragment};
use object_store::path::Path;
use omnigraph_log::TablePath;
use roaring::RoaringBitmap;

use super::manifest::FILE_VERSION;
use super::{Table, Tables, buffer::Buffer, failure::failed, object::NewObject};
use crate::error::{Error, Result};

/// What is attempted, for messages.
const WRITE: &str = "write rows of";
/// Bytes of rows that become one put; more are streamed.
const MOST_IN_MEMORY: usize = 4 << 20;

/// A data file that is complete, and that nothing refers to yet.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    file: DataFile,
    rows: u32,
    hidden: RoaringBitmap,
}

impl WrittenFile {
    /// Rows in it.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// The same file, where the rows at these offsets count as deleted.
    pub(crate) fn hiding(self, offsets: RoaringBitmap) -> Self {
        Self { hidden: offsets, ..self }
    }

    /// The offsets of rows that count as deleted.
    pub(super) fn hidden(&self) -> &RoaringBitmap {
        &self.hidden
    }

    /// The fragment that this file becomes.
    pub(super) fn into_fragment(self, id: u32) -> Fragment {
        let mut fragment = Fragment::new(u64::from(id));
        fragment.physical_rows = Some(self.rows as usize);
        fragment.files.push(self.file);
        fragment
    }
}

/// Writes one data file of a table.
pub(crate) struct DataWriter {
    table: TablePath,
    path: Path,
    schema: Arc<Schema>,
    writer: FileWriter,
    rows: u64,
}

impl Tables {
    /// Starts a data file with the columns of `table`.
    pub(crate) async fn data_writer(&self, table: &Table) -> Result<DataWriter> {
        let path = self.new_data_path(table);
        let object = self.shared.lance.create(&path).await.map_err(failed(WRITE, table.path.as_str()))?;
        DataWriter::new(table, path, object)
    }

    /// Writes a data file of rows with the columns of `table`. A small one is left to be put with its version.
    pub(crate) async fn write_rows(&self, table: &Table, rows: &RecordBatch) -> Result<(WrittenFile, Vec<NewObject>)> {
        if rows.get_array_memory_size() > MOST_IN_MEMORY {
            return Ok((self.data_writer(table).await?.all(rows).await?, Vec::new()));
        }
        let (path, buffer) = (self.new_data_path(table), Buffer::default());
        let file = DataWriter::new(table, path.clone(), Box::new(buffer.clone()))?.all(rows).await?;
        Ok((file, vec![NewObject::new(&path, buffer.take())?]))
    }

    fn new_data_path(&self, table: &Table) -> Path {
        let name = format!("{}.lance", self.shared.store.ambient().ulid().to_string().to_lowercase());
        Path::from(table.path.as_str()).join("data").join(name)
    }
}

impl DataWriter {
    fn new(table: &Table, path: Path, object: Box<dyn Writer>) -> Result<Self> {
        let schema = Arc::new(table.dataset.schema().clone());
        let options = FileWriterOptions::default();
        let writer = lance_file::versions::create_writer(FILE_VERSION, object, schema.as_ref().clone(), options)
            .map_err(failed(WRITE, table.path.as_str()))?;
        Ok(Self { table: table.path.clone(), path, schema, writer, rows: 0 })
    }

    /// A file of just these rows.
    async fn all(mut self, rows: &RecordBatch) -> Result<WrittenFile> {
        match self.write(rows).await {
            Ok(()) => self.finish().await,
            Err(error) => {
                self.abort().await;
                Err(error)
            }
        }
    }

    /// Rows written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends `batch`, whose columns must be the table's.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        debug_assert_eq!(batch.num_columns(), self.schema.fields.len());
        self.rows += batch.num_rows() as u64;
        self.writer.write_batch(batch).await.map_err(failed(WRITE, self.table.as_str()))
    }

    /// Completes the file.
    pub(crate) async fn finish(mut self) -> Result<WrittenFile> {
        let columns = self.writer.field_id_to_column_indices().to_vec();
        let summary = self.writer.finish().await.map_err(failed(WRITE, self.table.as_str()))?;
        let rows = u32::try_from(summary.num_rows)
            .map_err(|_| Error::internal(format!("{} rows in one file", summary.num_rows)))?;
        let mut file = DataFile::new_unstarted(self.path.filename().unwrap_or_default(), FILE_VERSION);
        let signed = |value: u32| i32::try_from(value).unwrap_or(-1);
        file.fields = columns.iter().map(|(field, _)| signed(*field)).collect();
        file.column_indices = columns.iter().map(|(_, column)| signed(*column)).collect();
        file.file_size_bytes = NonZeroU64::new(summary.size_bytes).into();
        Ok(WrittenFile { file, rows, hidden: RoaringBitmap::new() })
    }

    /// Gives up; nothing remains that anybody could see.
    pub(crate) async fn abort(mut self) {
        self.writer.abort().await;
    }
}
