//! Arrow cells to JSON values.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType,
    UInt32Type, UInt64Type,
};
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::temporal::{format_date, format_datetime};
use omnigraph_compiler::types::Scalar;
use serde_json::{Map, Number, Value};

use super::operator::shown;
use crate::error::{Error, Result};

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// For people and programs that read results.
    Result,
    /// The same, of text that is JSON itself.
    Json,
    /// The same, of whole nodes and edges.
    Whole,
    /// For a load: the same, and blobs with their bytes.
    Load,
}

impl Encoding {
    /// For a load: a JSON value stands as what it is, or it would come back as text.
    pub(crate) fn of_load(property: &Property) -> Self {
        if property.ty.scalar == Scalar::Json { Self::Json } else { Self::Load }
    }
}

/// The value of `array` at `row`.
pub(crate) fn cell(array: &ArrayRef, row: usize, encoding: Encoding) -> Result<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let value = match array.data_type() {
        DataType::Utf8 if encoding == Encoding::Json => nested(array.as_string::<i32>().value(row))?,
        DataType::Utf8 if encoding == Encoding::Whole => nested(shown(array.as_string::<i32>().value(row)))?,
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => single(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => format_date(array.as_primitive::<Date32Type>().value(row)).into(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            format_datetime(array.as_primitive::<TimestampMillisecondType>().value(row)).into()
        }
        DataType::List(_) => list(&array.as_list::<i32>().value(row), encoding)?,
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row), encoding)?,
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            let members = columns.map(|(field, column)| Ok((field.name().clone(), cell(column, row, encoding)?)));
            Value::Object(members.collect::<Result<Map<_, _>>>()?)
        }
        DataType::LargeBinary => {
            use base64::Engine;
            let bytes = array.as_binary::<i64>().value(row);
            format!("base64:{}", base64::engine::general_purpose::STANDARD.encode(bytes)).into()
        }
        other => return Err(Error::internal(format!("a result column of type {other}"))),
    };
    Ok(value)
}

fn list(items: &ArrayRef, encoding: Encoding) -> Result<Value> {
    (0..items.len()).map(|item| cell(items, item, encoding)).collect::<Result<Vec<_>>>().map(Value::Array)
}

fn nested(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("a stored JSON value is damaged: {error}")))
}

/// At 32-bit width: `0.1`, not `0.10000000149011612`.
fn single(value: f32) -> Value {
    match value.to_string().parse::<f64>() {
        Ok(shortest) if value.is_finite() => double(shortest),
        _ => double(f64::from(value)),
    }
}

fn double(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "NaN".into(),
        None => if value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        assert_eq!(single(0.1).to_string(), "0.1");
        assert_eq!(double(118.0).to_string(), "118.0");
        assert_eq!(double(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(single(f32::NAN), "NaN");
    }
}
