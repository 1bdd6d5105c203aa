//! JSON values, which columns hold as text: reading into them and making them.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMillisecondType,
    UInt32Type, UInt64Type,
};
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::temporal::{format_date, format_datetime};
use omnigraph_compiler::types::Scalar;
use serde_json::value::RawValue;

use crate::batch::Batch;
use crate::failure::{Failure, Problem};
use crate::kernel::Program;
use crate::lane::Numbers;
use crate::types::{is_integer, scalar_of};

/// What a JSON value is, as far as conversions tell kinds apart.
pub(crate) enum Kind<'a> {
    /// A number, as it is written.
    Number(&'a str),
    Text(String),
    Bool(bool),
    /// Null, an array or an object.
    Other,
}

/// The kind of a JSON value that stands in a column.
pub(crate) fn kind(json: &str) -> Result<Kind<'_>, Problem> {
    let json = json.trim();
    Ok(match json.as_bytes().first() {
        Some(b'"') => Kind::Text(serde_json::from_str(json).map_err(|error| broken(&error))?),
        Some(b't') => Kind::Bool(true),
        Some(b'f') => Kind::Bool(false),
        Some(b'-' | b'0'..=b'9') => Kind::Number(json),
        _ => Kind::Other,
    })
}

fn broken(error: &serde_json::Error) -> Problem {
    Problem::Internal(format!("a stored JSON value cannot be read: {error}"))
}

/// `json[key]`: the member of an object or item of an array; null where there is none.
pub(crate) fn item_program(json: &Type, key: &Type) -> Option<Program> {
    if *json == Type::Null || *key == Type::Null {
        return Some(Program::Null);
    }
    match (scalar_of(json)?, scalar_of(key)?) {
        (Scalar::Json, Scalar::String) => Some(Program::strict(member)),
        (Scalar::Json, key) if is_integer(key) => Some(Program::strict(item)),
        _ => None,
    }
}

fn member(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (values, keys) = (batch.texts(0)?, batch.texts(1)?);
    batch.each_text(|row| {
        let json = values.at(row);
        if !json.trim_start().starts_with('{') {
            return Ok(None);
        }
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).map_err(|error| broken(&error))?;
        Ok(members.get(keys.at(row)).map(|value| value.get()))
    })
}

fn item(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (values, keys) = (batch.texts(0)?, batch.numbers(1)?);
    batch.each_text(|row| {
        let json = values.at(row);
        let index = match &keys {
            Numbers::I64(lane) => usize::try_from(lane.at(row)).ok(),
            Numbers::U64(lane) => usize::try_from(lane.at(row)).ok(),
            Numbers::F64(_) => None,
        };
        if !json.trim_start().starts_with('[') {
            return Ok(None);
        }
        let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| broken(&error))?;
        Ok(index.and_then(|index| items.get(index)).map(|value| value.get()))
    })
}

/// Text that is written for the cell at an index.
pub(crate) type Writer<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), Problem> + 'a>;

/// How cells of these values are written as JSON; `None` of what has no JSON form.
pub(crate) fn writer(array: &ArrayRef, scalar: Scalar) -> Option<Writer<'_>> {
    Some(match (scalar, array.data_type()) {
        (Scalar::Json, DataType::Utf8) => {
            let values: &StringArray = array.as_string();
            Box::new(move |index, out| {
                out.push_str(values.value(index));
                Ok(())
            })
        }
        (Scalar::String, DataType::Utf8) => {
            let values: &StringArray = array.as_string();
            Box::new(move |index, out| quoted(values.value(index), out))
        }
        (Scalar::Date, DataType::Date32) => {
            let values = array.as_primitive::<Date32Type>();
            Box::new(move |index, out| quoted(&format_date(values.value(index)), out))
        }
        (Scalar::DateTime, DataType::Timestamp(..)) => {
            let values = array.as_primitive::<TimestampMillisecondType>();
            Box::new(move |index, out| quoted(&format_datetime(values.value(index)), out))
        }
        _ => plain(array)?,
    })
}

fn quoted(text: &str, out: &mut String) -> Result<(), Problem> {
    out.push_str(&serde_json::to_string(text).map_err(|error| broken(&error))?);
    Ok(())
}

/// Canonical text of numbers, Bools, dates and instants; of text the text itself. `None` of anything else.
pub(crate) fn text_writer(array: &ArrayRef) -> Option<Writer<'_>> {
    Some(match array.data_type() {
        DataType::Utf8 => {
            let values: &StringArray = array.as_string();
            Box::new(move |index, out| {
                out.push_str(values.value(index));
                Ok(())
            })
        }
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>();
            Box::new(move |index, out| {
                out.push_str(&format_date(values.value(index)));
                Ok(())
            })
        }
        DataType::Timestamp(..) => {
            let values = array.as_primitive::<TimestampMillisecondType>();
            Box::new(move |index, out| {
                out.push_str(&format_datetime(values.value(index)));
                Ok(())
            })
        }
        _ => plain(array)?,
    })
}

/// Numbers and Bools, which read the same as text and as JSON.
fn plain(array: &ArrayRef) -> Option<Writer<'_>> {
    Some(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |index, out| {
                out.push_str(if values.value(index) { "true" } else { "false" });
                Ok(())
            })
        }
        DataType::Int32 => number::<Int32Type>(array, |value| value.to_string()),
        DataType::Int64 => number::<Int64Type>(array, |value| value.to_string()),
        DataType::UInt32 => number::<UInt32Type>(array, |value| value.to_string()),
        DataType::UInt64 => number::<UInt64Type>(array, |value| value.to_string()),
        // Both zeros are written alike.
        DataType::Float32 => number::<Float32Type>(array, |value| (value + 0.0).to_string()),
        DataType::Float64 => number::<Float64Type>(array, |value| (value + 0.0).to_string()),
        _ => return None,
    })
}

fn number<T: ArrowPrimitiveType>(array: &ArrayRef, write: fn(T::Native) -> String) -> Writer<'_> {
    let values = array.as_primitive::<T>();
    Box::new(move |index, out| {
        out.push_str(&write(values.value(index)));
        Ok(())
    })
}

/// Makes JSON of values, or of lists of values.
pub(crate) fn make(batch: &Batch, scalar: Scalar, list: bool) -> Result<ArrayRef, Failure> {
    let column = batch.column(0)?;
    let none = || Failure::internal(format!("{} has no JSON form", column.data_type()));
    let mut out = String::new();
    if !list {
        let write = writer(column.array(), scalar).ok_or_else(none)?;
        return batch.each_text(|row| {
            out.clear();
            write(if column.is_constant() { 0 } else { row }, &mut out)?;
            Ok(Some(out.clone()))
        });
    }
    let lists = batch.lists(0)?;
    let write = writer(lists.array().values(), scalar).ok_or_else(none)?;
    let offsets = lists.array().offsets();
    batch.each_text(|row| {
        out.clear();
        out.push('[');
        let row = lists.index(row);
        for index in offsets[row] as usize..offsets[row + 1] as usize {
            if out.len() > 1 {
                out.push(',');
            }
            write(index, &mut out)?;
        }
        out.push(']');
        Ok(Some(out.clone()))
    })
}
