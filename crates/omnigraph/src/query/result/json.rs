//! Arrow values as JSON: the one conversion, for result rows, whole nodes and edges, exports and differences.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType,
    UInt32Type, UInt64Type,
};
use arrow::record_batch::RecordBatch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::temporal::{format_date, format_datetime};
use omnigraph_compiler::types::ScalarType;
use serde_json::{Map, Number, Value};

use super::schema::is_json_field;
use crate::error::{Error, Result};
use crate::query::tables::ShownProperty;
use crate::table::{EDGE_DST, EDGE_SRC, ID};

/// A row as a JSON object.
pub(crate) type JsonRow = Map<String, Value>;

/// Format of the text in a string column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFormat {
    Plain,
    /// JSON, which becomes a value instead of a string.
    Json,
}

impl TextFormat {
    /// Returns the format in which a table stores a property.
    pub(crate) fn from_property(property: &Property) -> Self {
        if property.ty.scalar == ScalarType::Json { Self::Json } else { Self::Plain }
    }
}

/// Converts the rows of a result. Fields of the extension type `arrow.json` become JSON values.
pub(crate) fn rows_to_json(batch: &RecordBatch, rows: &mut Vec<JsonRow>) -> Result<()> {
    let schema = batch.schema();
    let format = |json: bool| if json { TextFormat::Json } else { TextFormat::Plain };
    let formats: Vec<TextFormat> = schema.fields().iter().map(|field| format(is_json_field(field))).collect();
    rows.reserve(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut object = Map::with_capacity(batch.num_columns());
        for ((field, array), format) in schema.fields().iter().zip(batch.columns()).zip(&formats) {
            object.insert(field.name().clone(), cell_to_json(array, row, *format)?);
        }
        rows.push(object);
    }
    Ok(())
}

/// Converts the value of `array` at `row`.
pub(crate) fn cell_to_json(array: &ArrayRef, row: usize, format: TextFormat) -> Result<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let value = match array.data_type() {
        DataType::Utf8 if format == TextFormat::Json => parse_json(array.as_string::<i32>().value(row))?,
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => float32_to_json(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => float64_to_json(array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => format_date(array.as_primitive::<Date32Type>().value(row)).into(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            format_datetime(array.as_primitive::<TimestampMillisecondType>().value(row)).into()
        }
        DataType::List(_) => list_to_json(&array.as_list::<i32>().value(row), format)?,
        DataType::FixedSizeList(..) => list_to_json(&array.as_fixed_size_list().value(row), format)?,
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            let members = columns.map(|(field, column)| Ok((field.name().clone(), cell_to_json(column, row, format)?)));
            Value::Object(members.collect::<Result<Map<_, _>>>()?)
        }
        DataType::LargeBinary => format!("base64:{}", STANDARD.encode(array.as_binary::<i64>().value(row))).into(),
        other => return Err(Error::internal(format!("cannot convert a column to JSON: unexpected type {other}"))),
    };
    Ok(value)
}

fn list_to_json(items: &ArrayRef, format: TextFormat) -> Result<Value> {
    (0..items.len()).map(|item| cell_to_json(items, item, format)).collect::<Result<Vec<_>>>().map(Value::Array)
}

fn parse_json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("cannot parse stored JSON: {error}")))
}

/// Converts at 32-bit precision: `0.1`, not `0.10000000149011612`.
fn float32_to_json(value: f32) -> Value {
    match value.to_string().parse::<f64>() {
        Ok(shortest) if value.is_finite() => float64_to_json(shortest),
        _ => float64_to_json(f64::from(value)),
    }
}

fn float64_to_json(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => "NaN".into(),
        None => if value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
    }
}

/// The type of whole nodes or edges, and the properties that they include.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityShape<'a> {
    pub(crate) type_name: &'a str,
    pub(crate) is_edge: bool,
    pub(crate) properties: &'a [ShownProperty],
}

impl EntityShape<'_> {
    /// Returns the table columns that [`Self::encode`] reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let endpoints = if self.is_edge { [EDGE_SRC, EDGE_DST].as_slice() } else { &[] };
        let properties = self.properties.iter().map(|property| property.name.as_str());
        [ID].into_iter().chain(endpoints.iter().copied()).chain(properties)
    }

    /// Encodes whole nodes or edges as text: id, type and JSON, separated by U+0000. The identity in front makes texts equal and
    /// ordered as the entities are. JSON contains no U+0000. The text is null where `present` is false.
    pub(crate) fn encode<'v>(
        &self,
        present: impl Iterator<Item = bool>,
        column: &impl Fn(&str) -> Result<&'v ArrayRef>,
    ) -> Result<ArrayRef> {
        let mut members = vec![("@id", column(ID)?, TextFormat::Plain)];
        if self.is_edge {
            let endpoints = [("@src", EDGE_SRC), ("@dst", EDGE_DST)];
            for (member, name) in endpoints {
                members.push((member, column(name)?, TextFormat::Plain));
            }
        }
        let system_fields = members.len();
        for ShownProperty { name, format } in self.properties {
            members.push((name, column(name)?, *format));
        }
        let ids = column(ID)?.as_string_opt::<i32>();
        let text = |(row, present): (usize, bool)| {
            if !present {
                return Ok(None);
            }
            let mut object = Map::with_capacity(members.len() + 1);
            for (index, (member, array, format)) in members.iter().enumerate() {
                object.insert((*member).to_owned(), cell_to_json(array, row, *format)?);
                if self.is_edge && index + 1 == system_fields {
                    object.insert("@type".to_owned(), self.type_name.into());
                }
            }
            let id = ids.map_or("", |ids| ids.value(row));
            Ok(Some(format!("{id}\0{}\0{}", self.type_name, Value::Object(object))))
        };
        Ok(Arc::new(present.enumerate().map(text).collect::<Result<StringArray>>()?))
    }
}

/// Returns the JSON of a whole node or edge, without its identity.
pub(crate) fn entity_json(text: &str) -> &str {
    text.rsplit('\0').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        assert_eq!(float32_to_json(0.1).to_string(), "0.1");
        assert_eq!(float64_to_json(118.0).to_string(), "118.0");
        assert_eq!(float64_to_json(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(float32_to_json(f32::NAN), "NaN");
    }
}
