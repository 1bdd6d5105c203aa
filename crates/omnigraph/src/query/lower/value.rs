//! Constants.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int32Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Float32Type};
use datafusion::common::ScalarValue;
use omnigraph_compiler::ir::{Duration, Type, Value};
use omnigraph_kernels::value_type;

use crate::error::{Error, Result};

/// A constant of the type that stands beside it, as an array of one.
pub(super) fn array(value: &Value, ty: &Type) -> Result<ArrayRef> {
    let carrier = value_type(ty).ok_or_else(|| Error::internal(format!("a constant of type {ty}")))?;
    if let Value::Duration(duration) = value {
        return duration_array(*duration, &carrier);
    }
    Ok(convert(value, &carrier)?.to_array()?)
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
        Value::Json(value) => ScalarValue::Utf8(Some(value.to_string())),
        Value::Date(days) => ScalarValue::Date32(Some(*days)),
        Value::DateTime(millis) => ScalarValue::TimestampMillisecond(Some(*millis), Some(Arc::from("UTC"))),
        Value::Vector(values) => return vector(values),
        Value::List(_) | Value::Duration(_) | Value::Blob(_) => {
            return Err(Error::internal(format!("a constant of type {carrier}")));
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
    let values = Arc::new(Float32Array::from(values.to_vec()));
    Ok(ScalarValue::FixedSizeList(Arc::new(FixedSizeListArray::new(field, length, values, None))))
}

fn duration_array(duration: Duration, carrier: &DataType) -> Result<ArrayRef> {
    let DataType::Struct(fields) = carrier else { return Err(Error::internal("a duration of no duration type")) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![duration.months])),
        Arc::new(Int32Array::from(vec![duration.days])),
        Arc::new(Int64Array::from(vec![duration.milliseconds])),
    ];
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, None)?))
}

/// The numbers of a vector or list of numbers that is an array of one; `None` if it is null.
pub(super) fn floats(array: &ArrayRef) -> Option<Vec<f32>> {
    let items = match array.data_type() {
        _ if arrow::array::Array::is_null(array.as_ref(), 0) => return None,
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(0),
        DataType::List(_) => array.as_list::<i32>().value(0),
        _ => return None,
    };
    let items = arrow::compute::cast(&items, &DataType::Float32).ok()?;
    Some(items.as_primitive::<Float32Type>().values().to_vec())
}
