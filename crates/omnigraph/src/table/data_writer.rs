//! Writing of data files.

use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use lance_core::datatypes::Schema;
use lance_file::writer::{FileWriter, FileWriterOptions};
use lance_io::traits::Writer;
use lance_table::format::{DataFile, Fragment};
use object_store::path::Path;
use omnigraph_history::TablePath;
use roaring::RoaringBitmap;

use super::lance_store::{MemoryFile, failed};
use super::manifest::FILE_VERSION;
use super::pending_object::PendingObject;
use super::{Table, Tables};
use crate::error::{Error, Result};

/// The action of error messages.
const WRITE: &str = "write rows of";
/// Bytes of rows that become one put; more are streamed.
const MAX_BUFFERED_BYTES: usize = 4 << 20;

/// A complete data file that nothing refers to yet.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    file: DataFile,
    rows: u32,
    deleted: RoaringBitmap,
}

impl WrittenFile {
    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns the same file with the rows at `offsets` marked as deleted.
    pub(crate) fn with_deleted(self, offsets: RoaringBitmap) -> Self {
        Self { deleted: offsets, ..self }
    }

    /// Returns the offsets of rows that are marked as deleted.
    pub(super) fn deleted_offsets(&self) -> &RoaringBitmap {
        &self.deleted
    }

    /// Returns the fragment that this file becomes.
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
        let object = self.inner.lance.create(&path).await.map_err(failed(WRITE, table.path.as_str()))?;
        DataWriter::new(table, path, object)
    }

    /// Writes a data file of rows with the columns of `table`. A small one is returned as an object to put with its version.
    pub(crate) async fn write_rows(
        &self,
        table: &Table,
        rows: &RecordBatch,
    ) -> Result<(WrittenFile, Vec<PendingObject>)> {
        if rows.get_array_memory_size() > MAX_BUFFERED_BYTES {
            return Ok((self.data_writer(table).await?.write_all(rows).await?, Vec::new()));
        }
        let (path, buffer) = (self.new_data_path(table), MemoryFile::default());
        let file = DataWriter::new(table, path.clone(), Box::new(buffer.clone()))?.write_all(rows).await?;
        Ok((file, vec![PendingObject::new(&path, buffer.take())?]))
    }

    fn new_data_path(&self, table: &Table) -> Path {
        let name = format!("{}.lance", self.inner.store.env().ulid().to_string().to_lowercase());
        Path::from(table.path.as_str()).join("data").join(name)
    }
}

impl DataWriter {
    fn new(table: &Table, path: Path, object: Box<dyn Writer>) -> Result<Self> {
        let schema = Arc::new(table.manifest.schema.clone());
        let options = FileWriterOptions::default();
        let writer = lance_file::versions::create_writer(FILE_VERSION, object, schema.as_ref().clone(), options)
            .map_err(failed(WRITE, table.path.as_str()))?;
        Ok(Self { table: table.path.clone(), path, schema, writer, rows: 0 })
    }

    /// Writes a file of just these rows.
    async fn write_all(mut self, rows: &RecordBatch) -> Result<WrittenFile> {
        match self.write(rows).await {
            Ok(()) => self.finish().await,
            Err(error) => {
                self.abort().await;
                Err(error)
            }
        }
    }

    /// Returns the number of rows written so far.
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
        Ok(WrittenFile { file, rows, deleted: RoaringBitmap::new() })
    }

    /// Discards the file.
    pub(crate) async fn abort(mut self) {
        self.writer.abort().await;
    }
}
