//! The Arrow schema of results. Fields carry the type of the query language, and mark text that is JSON.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::types::ScalarType;
use omnigraph_expr::value_type;

use super::json::entity_json;
use crate::error::Result;

/// Metadata key of a field's type in the query language, such as `I64?` or `[Node]`.
const TYPE_KEY: &str = "omnigraph.type";
/// Metadata key and value of Arrow's canonical extension type for JSON text.
const EXTENSION_KEY: &str = "ARROW:extension:name";
const JSON_EXTENSION: &str = "arrow.json";

/// Returns the Arrow type of an expression's values. Whole nodes, edges and paths are JSON text.
pub(crate) fn arrow_type(ty: &ExprType) -> DataType {
    match ty {
        ExprType::Objects { .. } => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        ExprType::Object { .. } | ExprType::Path { .. } => DataType::Utf8,
        other => value_type(other).unwrap_or(DataType::Utf8),
    }
}

/// Reports if a result field holds JSON text, or lists of it.
pub(crate) fn is_json_field(field: &Field) -> bool {
    field.metadata().get(EXTENSION_KEY).is_some_and(|name| name == JSON_EXTENSION)
}

/// The columns of a result: names, types, and which of them are whole nodes or edges.
#[derive(Clone, Debug)]
pub(crate) struct ResultShape {
    pub(crate) schema: SchemaRef,
    /// For each column: values are entity texts, see [`super::json::EntityShape::encode`].
    has_entities: Vec<bool>,
}

impl ResultShape {
    /// Creates the shape of columns with these names and types.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, &'a ExprType)>) -> Self {
        let (fields, has_entities): (Vec<Field>, Vec<bool>) = columns
            .into_iter()
            .map(|(name, ty)| {
                let is_entity = matches!(ty, ExprType::Object { .. } | ExprType::Objects { .. });
                let is_json = match ty {
                    ExprType::Value(ty) => ty.scalar == ScalarType::Json,
                    ExprType::Path { .. } => true,
                    _ => is_entity,
                };
                let mut metadata = HashMap::from([(TYPE_KEY.to_owned(), ty.to_string())]);
                if is_json {
                    metadata.insert(EXTENSION_KEY.to_owned(), JSON_EXTENSION.to_owned());
                }
                (Field::new(name, arrow_type(ty), true).with_metadata(metadata), is_entity)
            })
            .unzip();
        Self { schema: Arc::new(Schema::new(fields)), has_entities }
    }

    /// Makes a batch of the result from the first columns of a plan's batch.
    pub(crate) fn batch(&self, columns: &[ArrayRef], rows: usize) -> Result<RecordBatch> {
        let columns = columns.iter().zip(&self.has_entities).zip(self.schema.fields());
        let columns = columns.map(|((array, is_entity), field)| {
            let array = if *is_entity { without_identity(array)? } else { Arc::clone(array) };
            // Lists may differ in the name of their items.
            Ok(if array.data_type() == field.data_type() {
                array
            } else {
                arrow::compute::cast(&array, field.data_type())?
            })
        });
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// Reduces entity texts, or lists of them, to their JSON.
fn without_identity(array: &ArrayRef) -> Result<ArrayRef> {
    if let Some(lists) = array.as_list_opt::<i32>() {
        let (item, offsets, items, nulls) = lists.clone().into_parts();
        return Ok(Arc::new(ListArray::try_new(item, offsets, without_identity(&items)?, nulls)?));
    }
    match array.as_string_opt::<i32>() {
        Some(texts) => Ok(Arc::new(texts.iter().map(|text| text.map(entity_json)).collect::<StringArray>())),
        None => Ok(Arc::clone(array)),
    }
}
