//! JSON values, which columns hold as text: member access and construction.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMillisecondType,
    UInt32Type, UInt64Type,
};
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::temporal::{format_date, format_datetime};
use omnigraph_compiler::types::ScalarType;
use serde_json::value::RawValue;

use crate::eval_error::{EvalError, EvalErrorKind};
use crate::kernel::KernelProgram;
use crate::operand_batch::OperandBatch;
use crate::primitive_view::NumberView;
use crate::types::{as_scalar, is_integer};

/// The kind of a JSON value, as far as casts distinguish it.
pub(crate) enum JsonKind<'a> {
    /// A number, in its written form.
    Number(&'a str),
    Text(String),
    Bool(bool),
    /// Null, an array or an object.
    Other,
}

/// Returns the kind of a stored JSON value.
pub(crate) fn json_kind(json: &str) -> Result<JsonKind<'_>, EvalErrorKind> {
    let json = json.trim();
    Ok(match json.as_bytes().first() {
        Some(b'"') => JsonKind::Text(serde_json::from_str(json).map_err(|error| parse_error(&error))?),
        Some(b't') => JsonKind::Bool(true),
        Some(b'f') => JsonKind::Bool(false),
        Some(b'-' | b'0'..=b'9') => JsonKind::Number(json),
        _ => JsonKind::Other,
    })
}

fn parse_error(error: &serde_json::Error) -> EvalErrorKind {
    EvalErrorKind::Internal(format!("cannot read a stored JSON value: {error}"))
}

/// Returns `json[key]`: the member of an object or the item of an array; null if it does not exist.
pub(crate) fn item_program(json: &ExprType, key: &ExprType) -> Option<KernelProgram> {
    if *json == ExprType::Null || *key == ExprType::Null {
        return Some(KernelProgram::Null);
    }
    match (as_scalar(json)?, as_scalar(key)?) {
        (ScalarType::Json, ScalarType::String) => Some(KernelProgram::strict(member)),
        (ScalarType::Json, key) if is_integer(key) => Some(KernelProgram::strict(item)),
        _ => None,
    }
}

fn member(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (values, keys) = (batch.texts(0)?, batch.texts(1)?);
    batch.map_text(|row| {
        let json = values.value(row);
        if !json.trim_start().starts_with('{') {
            return Ok(None);
        }
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).map_err(|error| parse_error(&error))?;
        Ok(members.get(keys.value(row)).map(|value| value.get()))
    })
}

fn item(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (values, keys) = (batch.texts(0)?, batch.numbers(1)?);
    batch.map_text(|row| {
        let json = values.value(row);
        let index = match &keys {
            NumberView::I64(view) => usize::try_from(view.value(row)).ok(),
            NumberView::U64(view) => usize::try_from(view.value(row)).ok(),
            NumberView::F64(_) => None,
        };
        if !json.trim_start().starts_with('[') {
            return Ok(None);
        }
        let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| parse_error(&error))?;
        Ok(index.and_then(|index| items.get(index)).map(|value| value.get()))
    })
}

/// A function that appends the text of the cell at an index.
pub(crate) type CellWriter<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), EvalErrorKind> + 'a>;

/// Returns the JSON writer of these values; `None` for types without a JSON form.
pub(crate) fn json_writer(array: &ArrayRef, scalar: ScalarType) -> Option<CellWriter<'_>> {
    Some(match (scalar, array.data_type()) {
        (ScalarType::Json, DataType::Utf8) => {
            let values: &StringArray = array.as_string();
            Box::new(move |index, out| {
                out.push_str(values.value(index));
                Ok(())
            })
        }
        (ScalarType::String, DataType::Utf8) => {
            let values: &StringArray = array.as_string();
            Box::new(move |index, out| quoted(values.value(index), out))
        }
        (ScalarType::Date, DataType::Date32) => {
            let values = array.as_primitive::<Date32Type>();
            Box::new(move |index, out| quoted(&format_date(values.value(index)), out))
        }
        (ScalarType::DateTime, DataType::Timestamp(..)) => {
            let values = array.as_primitive::<TimestampMillisecondType>();
            Box::new(move |index, out| quoted(&format_datetime(values.value(index)), out))
        }
        _ => plain_writer(array)?,
    })
}

fn quoted(text: &str, out: &mut String) -> Result<(), EvalErrorKind> {
    out.push_str(&serde_json::to_string(text).map_err(|error| parse_error(&error))?);
    Ok(())
}

/// Returns the writer of canonical text: of numbers, Bools, dates, instants and text. `None` for other types.
pub(crate) fn text_writer(array: &ArrayRef) -> Option<CellWriter<'_>> {
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
        _ => plain_writer(array)?,
    })
}

/// Returns the writer of numbers and Bools, whose text and JSON forms are equal.
fn plain_writer(array: &ArrayRef) -> Option<CellWriter<'_>> {
    Some(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |index, out| {
                out.push_str(if values.value(index) { "true" } else { "false" });
                Ok(())
            })
        }
        DataType::Int32 => number_writer::<Int32Type>(array, |value| value.to_string()),
        DataType::Int64 => number_writer::<Int64Type>(array, |value| value.to_string()),
        DataType::UInt32 => number_writer::<UInt32Type>(array, |value| value.to_string()),
        DataType::UInt64 => number_writer::<UInt64Type>(array, |value| value.to_string()),
        // Adding zero writes both zeros as `0`.
        DataType::Float32 => number_writer::<Float32Type>(array, |value| (value + 0.0).to_string()),
        DataType::Float64 => number_writer::<Float64Type>(array, |value| (value + 0.0).to_string()),
        _ => return None,
    })
}

fn number_writer<T: ArrowPrimitiveType>(array: &ArrayRef, write: fn(T::Native) -> String) -> CellWriter<'_> {
    let values = array.as_primitive::<T>();
    Box::new(move |index, out| {
        out.push_str(&write(values.value(index)));
        Ok(())
    })
}

/// Converts values, or lists of values, to JSON.
pub(crate) fn to_json(batch: &OperandBatch, scalar: ScalarType, list: bool) -> Result<ArrayRef, EvalError> {
    let column = batch.column(0)?;
    let none = || EvalError::internal(format!("{} has no JSON form", column.data_type()));
    let mut out = String::new();
    if !list {
        let write = json_writer(column.array(), scalar).ok_or_else(none)?;
        return batch.map_text(|row| {
            out.clear();
            write(if column.is_constant() { 0 } else { row }, &mut out)?;
            Ok(Some(out.clone()))
        });
    }
    let lists = batch.lists(0)?;
    let write = json_writer(lists.array().values(), scalar).ok_or_else(none)?;
    let offsets = lists.array().offsets();
    batch.map_text(|row| {
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
