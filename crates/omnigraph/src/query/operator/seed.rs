//! Rows from around a nested block: the leaf of the block's plan.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use futures::StreamExt;

use super::{Operator, Stream};
use crate::error::{Error, Result};

/// The column that numbers the rows of a batch of outer rows, before the depth of the block.
pub(in crate::query) const ROW: &str = "row";

/// Where a nested block takes its outer rows from: whoever runs the block fills it for each batch.
#[derive(Clone, Debug, Default)]
pub(in crate::query) struct Seed {
    batch: Arc<Mutex<Option<RecordBatch>>>,
}

impl Seed {
    /// Gives the next batch.
    pub(in crate::query) fn fill(&self, batch: RecordBatch) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
    }
}

/// The schema of outer rows within a block: theirs, numbered.
pub(in crate::query) fn seeded(outer: &Schema, row: &str) -> SchemaRef {
    let mut fields: Vec<_> = outer.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(row, DataType::UInt32, false)));
    Arc::new(Schema::new(fields))
}

/// Outer rows with their numbers.
pub(super) fn numbered(outer: &RecordBatch, schema: SchemaRef) -> Result<RecordBatch> {
    let rows = u32::try_from(outer.num_rows()).map_err(|error| Error::internal(error.to_string()))?;
    let numbers: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..rows));
    let columns = outer.columns().iter().cloned().chain([numbers]).collect();
    Ok(RecordBatch::try_new(schema, columns)?)
}

impl Operator for Seed {
    fn name(&self) -> &'static str {
        "OuterRows"
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn run(self: Arc<Self>, _: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(futures::stream::iter(batch.map(Ok)).boxed())
    }
}
