//! Values that rows do not state: canonical ids of keys, and defaults.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, StringBuilder, TimestampMillisecondArray, new_null_array};
use omnigraph_compiler::catalog::DefaultValue;
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::params::{NumberMode, decode_value};
use omnigraph_expr::{ColumnarValue, property_type};
use omnigraph_storage::Env;

use super::violations::KEY;
use super::{KeyPart, PropertyPlan, RowPlan};
use crate::error::{ConstraintViolation, Error, Result};
use crate::index::key::{CanonicalTextError, CanonicalTexts};
use crate::table::{EDGE_DST, EDGE_SRC};

/// Returns the canonical ids of rows; none for a type without a key. The batch needs the columns of the key only.
pub(crate) fn canonical_ids(plan: &RowPlan, batch: &RecordBatch) -> Result<Option<StringArray>, ConstraintViolation> {
    let Some(key) = &plan.key else { return Ok(None) };
    let columns: Option<Vec<&ArrayRef>> = key.iter().map(|part| batch.column_by_name(plan.key_column(*part))).collect();
    let texts = columns.as_deref().and_then(CanonicalTexts::new);
    let missing = || ConstraintViolation::new(0, KEY, format!("{} has rows without a key", plan.label()));
    let texts = texts.ok_or_else(missing)?;
    let mut ids = StringBuilder::with_capacity(batch.num_rows(), 0);
    let mut id = String::new();
    for row in 0..batch.num_rows() {
        texts.write(row, &mut id).map_err(|reason| key_violation(plan, key, row, reason))?;
        ids.append_value(&id);
    }
    Ok(Some(ids.finish()))
}

fn key_violation(plan: &RowPlan, key: &[KeyPart], row: usize, reason: CanonicalTextError) -> ConstraintViolation {
    let (part, problem) = match reason {
        CanonicalTextError::Null(part) => (part, "cannot be null"),
        CanonicalTextError::NotFinite(part) => (part, "must be a finite number"),
    };
    let name = key.get(part).map_or("", |part| plan.key_column(*part));
    ConstraintViolation::new(row, KEY, format!("key property '{name}' of {} {problem}", plan.label()))
}

/// Returns the default values of a property for `rows` rows; nulls without a default. `now_millis` is the time of the
/// request.
pub(crate) fn default_column(property: &PropertyPlan, rows: usize, env: &Env, now_millis: i64) -> Result<ArrayRef> {
    Ok(match &property.default {
        None => new_null_array(&property_type(&property.ty), rows),
        Some(DefaultValue::Now) => {
            Arc::new(TimestampMillisecondArray::from_value(now_millis, rows).with_timezone("UTC"))
        }
        Some(DefaultValue::Uuid) => Arc::new(StringArray::from_iter_values((0..rows).map(|_| env.ulid().to_string()))),
        Some(DefaultValue::Literal(literal)) => {
            let invalid = |problem: String| Error::internal(format!("@default of '{}': {problem}", property.name));
            let value = decode_value(&property.ty, literal, NumberMode::Native).map_err(invalid)?;
            let constant = ColumnarValue::constant(&value, &ExprType::Value(property.ty.clone()));
            let column = constant.and_then(|constant| constant.materialize(rows));
            column.map_err(|failure| invalid(failure.kind.to_string()))?
        }
    })
}

impl RowPlan {
    /// Returns the column of a part of the key.
    pub(crate) fn key_column(&self, part: KeyPart) -> &str {
        match part {
            KeyPart::Source => EDGE_SRC,
            KeyPart::Target => EDGE_DST,
            KeyPart::Property(index) => self.properties.get(index).map_or("", |property| &property.name),
        }
    }

    /// Returns checked rows with their ids, with the schema of the table. The columns of `draft` are those of the table, in
    /// its order.
    pub(crate) fn with_ids(&self, draft: &RecordBatch, ids: StringArray) -> Result<RecordBatch> {
        let ids: ArrayRef = Arc::new(ids);
        let columns = std::iter::once(ids).chain(draft.columns().iter().skip(1).cloned()).collect();
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        rows.map_err(|error| Error::internal(format!("rows of {}: {error}", self.label())))
    }
}
