//! The values of rows that leave a property out.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, TimestampMillisecondArray, new_null_array};
use omnigraph_compiler::catalog::DefaultValue;
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::params::{NumberMode, decode_value};
use omnigraph_kernels::{Column, property_type};
use omnigraph_objects::Ambient;

use super::PropertyPlan;
use crate::error::{Error, Result};

/// What `@default` gives `rows` rows, nulls where there is none. `now_millis` is the time of the request.
pub(crate) fn default_column(
    property: &PropertyPlan,
    rows: usize,
    ambient: &Ambient,
    now_millis: i64,
) -> Result<ArrayRef> {
    Ok(match &property.default {
        None => new_null_array(&property_type(&property.ty), rows),
        Some(DefaultValue::Now) => {
            Arc::new(TimestampMillisecondArray::from_value(now_millis, rows).with_timezone("UTC"))
        }
        Some(DefaultValue::Uuid) => {
            Arc::new(StringArray::from_iter_values((0..rows).map(|_| ambient.ulid().to_string())))
        }
        Some(DefaultValue::Literal(literal)) => {
            let wrong = |problem: String| Error::internal(format!("@default of '{}': {problem}", property.name));
            let value = decode_value(&property.ty, literal, NumberMode::Native).map_err(wrong)?;
            let constant = Column::constant(&value, &Type::Value(property.ty.clone()));
            let column = constant.and_then(|constant| constant.materialize(rows));
            column.map_err(|failure| wrong(failure.problem.to_string()))?
        }
    })
}
