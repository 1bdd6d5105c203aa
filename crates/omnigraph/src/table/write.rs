//! Rows to data files.

use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use lance_core::datatypes::Schema;
use lance_file::writer::{FileWriter, FileWriterOptions};
use lance_table::format::{DataFile, Fragment};
use object_store::path::Path;
use omnigraph_log::TablePath;
use roaring::RoaringBitmap;

use super::manifest::FILE_VERSION;
use super::{Table, Tables, failure::failed};
use crate::error::{Error, Result};

/// A data file that is complete and durable, and that nothing refers to yet.
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
    name: String,
    schema: Arc<Schema>,
    writer: FileWriter,
    rows: u64,
}

impl Tables {
    /// Starts a data file with the columns of `table`.
    pub(crate) async fn data_writer(&self, table: &Table) -> Result<DataWriter> {
        let name = format!("{}.lance", self.shared.store.ambient().ulid().to_string().to_lowercase());
        let path = Path::from(table.path.as_str()).join("data").join(name.as_str());
        let schema = Arc::new(table.dataset.schema().clone());
        let action = "write rows of";
        let object = self.shared.lance.create(&path).await.map_err(failed(action, table.path.as_str()))?;
        let options = FileWriterOptions::default();
        let writer = lance_file::versions::create_writer(FILE_VERSION, object, schema.as_ref().clone(), options)
            .map_err(failed(action, table.path.as_str()))?;
        Ok(DataWriter { table: table.path.clone(), name, schema, writer, rows: 0 })
    }
}

impl DataWriter {
    /// Rows written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends `batch`, whose columns must be the table's.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        debug_assert_eq!(batch.num_columns(), self.schema.fields.len());
        self.rows += batch.num_rows() as u64;
        self.writer.write_batch(batch).await.map_err(failed("write rows of", self.table.as_str()))
    }

    /// Completes the file.
    pub(crate) async fn finish(mut self) -> Result<WrittenFile> {
        let columns = self.writer.field_id_to_column_indices().to_vec();
        let summary = self.writer.finish().await.map_err(failed("write rows of", self.table.as_str()))?;
        let rows = u32::try_from(summary.num_rows)
            .map_err(|_| Error::internal(format!("{} rows in one file", summary.num_rows)))?;
        let mut file = DataFile::new_unstarted(self.name, FILE_VERSION);
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
