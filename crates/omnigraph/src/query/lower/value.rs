//! Constants.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use omnigraph_compiler::ir::{Type, Value};

use super::unsupported;
use crate::error::{Error, Result};
use crate::table::value_type;

/// A constant, of the type that stands beside it.
pub(super) fn scalar(value: &Value, ty: &Type) -> Result<ScalarValue> {
    let carrier = match ty {
        Type::Value(ty) => value_type(ty),
        Type::Null => DataType::Null,
        _ => return Err(unsupported("a constant of this type")),
    };
    convert(value, &carrier)
}

fn convert(value: &Value, carrier: &DataType) -> Result<ScalarValue> {
    if let (Value::List(items), DataType::List(field)) = (value, carrier) {
        let items = items.iter().map(|item| convert(item, field.data_type())).collect::<Result<Vec<_>>>()?;
        return Ok(ScalarValue::List(ScalarValue::new_list(&items, field.data_type(), true)));
    }
    let plain = match value {
        Value::Null => return Ok(ScalarValue::try_new_null(carrier)?),
        Value::Bool(value) => ScalarValue::Boolean(Some(*value)),
        Value::I64(value) => ScalarValue::Int64(Some(*value)),
        Value::U64(value) => ScalarValue::UInt64(Some(*value)),
        Value::F32(value) => ScalarValue::Float32(Some(*value)),
        Value::F64(value) => ScalarValue::Float64(Some(*value)),
        Value::String(value) => ScalarValue::Utf8(Some(value.clone())),
        Value::Date(days) => ScalarValue::Date32(Some(*days)),
        Value::DateTime(millis) => ScalarValue::TimestampMillisecond(Some(*millis), Some(Arc::from("UTC"))),
        Value::Vector(values) => return vector(values),
        Value::List(_) | Value::Duration(_) | Value::Json(_) | Value::Blob(_) => {
            return Err(unsupported("a constant of this type"));
        }
    };
    if plain.data_type() == *carrier {
        return Ok(plain);
    }
    plain.cast_to(carrier).map_err(|error| Error::request(format!("{plain} is no {carrier}: {error}")))
}

fn vector(values: &[f32]) -> Result<ScalarValue> {
    let length = i32::try_from(values.len()).map_err(|error| Error::internal(error.to_string()))?;
    let field = Arc::new(Field::new("item", DataType::Float32, true));
    let values = Arc::new(arrow::array::Float32Array::from(values.to_vec()));
    let list = arrow::array::FixedSizeListArray::new(field, length, values, None);
    Ok(ScalarValue::FixedSizeList(Arc::new(list)))
}
