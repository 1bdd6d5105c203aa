//! Builders of columns: JSON scalars and CSV texts become the values of one property.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, FixedSizeListArray, Float32Array, Float32Builder, Float64Builder, Int32Builder,
    Int64Builder, LargeBinaryBuilder, ListArray, PrimitiveBuilder, StringBuilder, UInt32Builder, UInt64Builder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Date32Type, TimestampMillisecondType};
use omnigraph_compiler::temporal;
use omnigraph_compiler::types::{PropType, ScalarType};

use super::{OUT_OF_RANGE, WRONG_TYPE};
use crate::error::RowError;

/// A builder of one Arrow column.
#[derive(Debug)]
pub(super) enum ColumnBuilder {
    Text(StringBuilder),
    Json(StringBuilder),
    Bool(BooleanBuilder),
    I32(Int32Builder),
    I64(Int64Builder),
    U32(UInt32Builder),
    U64(UInt64Builder),
    F32(Float32Builder),
    F64(Float64Builder),
    Date(PrimitiveBuilder<Date32Type>),
    DateTime(PrimitiveBuilder<TimestampMillisecondType>),
    Blob(LargeBinaryBuilder),
    Vector { length: usize, values: Vec<f32>, valid: Vec<bool> },
    List { items: Box<ColumnBuilder>, offsets: Vec<i32>, valid: Vec<bool> },
}

impl ColumnBuilder {
    /// Returns a builder for values of `ty`.
    pub(super) fn new(ty: &PropType) -> Self {
        if ty.list {
            let items = PropType { list: false, ..ty.clone() };
            return Self::List { items: Box::new(Self::new(&items)), offsets: vec![0], valid: Vec::new() };
        }
        match ty.scalar {
            ScalarType::String => Self::Text(StringBuilder::new()),
            ScalarType::Json => Self::Json(StringBuilder::new()),
            ScalarType::Bool => Self::Bool(BooleanBuilder::new()),
            ScalarType::I32 => Self::I32(Int32Builder::new()),
            ScalarType::I64 => Self::I64(Int64Builder::new()),
            ScalarType::U32 => Self::U32(UInt32Builder::new()),
            ScalarType::U64 => Self::U64(UInt64Builder::new()),
            ScalarType::F32 => Self::F32(Float32Builder::new()),
            ScalarType::F64 => Self::F64(Float64Builder::new()),
            ScalarType::Date => Self::Date(PrimitiveBuilder::new()),
            ScalarType::DateTime => Self::DateTime(PrimitiveBuilder::new().with_timezone("UTC")),
            ScalarType::Blob => Self::Blob(LargeBinaryBuilder::new()),
            ScalarType::Vector(length) => {
                Self::Vector { length: length as usize, values: Vec::new(), valid: Vec::new() }
            }
        }
    }

    /// Appends null.
    pub(super) fn push_null(&mut self) {
        match self {
            Self::Text(column) | Self::Json(column) => column.append_null(),
            Self::Bool(column) => column.append_null(),
            Self::I32(column) => column.append_null(),
            Self::I64(column) => column.append_null(),
            Self::U32(column) => column.append_null(),
            Self::U64(column) => column.append_null(),
            Self::F32(column) => column.append_null(),
            Self::F64(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
            Self::DateTime(column) => column.append_null(),
            Self::Blob(column) => column.append_null(),
            Self::Vector { length, values, valid } => {
                values.extend(std::iter::repeat_n(0.0, *length));
                valid.push(false);
            }
            Self::List { offsets, valid, .. } => {
                offsets.push(offsets.last().copied().unwrap_or(0));
                valid.push(false);
            }
        }
    }

    /// Appends a text.
    pub(super) fn push_text(&mut self, value: &str) -> Result<(), Box<RowError>> {
        match self {
            Self::Text(column) => column.append_value(value),
            Self::Json(column) => column.append_value(serde_json::Value::from(value).to_string()),
            Self::Date(column) => {
                column.append_value(temporal::parse_date(value).ok_or_else(|| invalid_literal("Date", value))?)
            }
            Self::DateTime(column) => {
                column.append_value(temporal::parse_datetime(value).ok_or_else(|| invalid_literal("DateTime", value))?);
            }
            Self::Blob(column) => column.append_value(decode_blob(value)?),
            other => return Err(other.type_error(&format!("the text \"{value}\""))),
        }
        Ok(())
    }

    /// Appends a Boolean.
    pub(super) fn push_bool(&mut self, value: bool) -> Result<(), Box<RowError>> {
        match self {
            Self::Bool(column) => column.append_value(value),
            Self::Json(column) => column.append_value(if value { "true" } else { "false" }),
            other => return Err(other.type_error(if value { "true" } else { "false" })),
        }
        Ok(())
    }

    /// Appends an integer.
    pub(super) fn push_integer(&mut self, value: i128) -> Result<(), Box<RowError>> {
        let exceeds = |name: &str| RowError::new(OUT_OF_RANGE, format!("{value} exceeds {name} range"));
        match self {
            Self::I32(column) => column.append_value(i32::try_from(value).map_err(|_| exceeds("Int32"))?),
            Self::I64(column) => column.append_value(i64::try_from(value).map_err(|_| exceeds("Int64"))?),
            Self::U32(column) => column.append_value(u32::try_from(value).map_err(|_| exceeds("UInt32"))?),
            Self::U64(column) => column.append_value(u64::try_from(value).map_err(|_| exceeds("UInt64"))?),
            Self::Date(column) => column.append_value(i32::try_from(value).map_err(|_| exceeds("Date"))?),
            Self::DateTime(column) => column.append_value(i64::try_from(value).map_err(|_| exceeds("DateTime"))?),
            Self::Json(column) => column.append_value(value.to_string()),
            // Files commonly write `3` for 3.0.
            #[expect(clippy::cast_precision_loss, reason = "the nearest float is intended")]
            Self::F32(_) | Self::F64(_) => return self.push_float(value as f64),
            other => return Err(other.type_error(&format!("the number {value}"))),
        }
        Ok(())
    }

    /// Appends a number with a fraction or an exponent.
    pub(super) fn push_float(&mut self, value: f64) -> Result<(), Box<RowError>> {
        match self {
            Self::F64(column) => column.append_value(value),
            Self::F32(column) => column.append_value(to_single(value)?),
            Self::Json(column) => column.append_value(serde_json::Value::from(value).to_string()),
            other => return Err(other.type_error(&format!("the number {value:?}"))),
        }
        Ok(())
    }

    /// Returns the type of values that the column accepts, for messages.
    pub(super) fn expected_type(&self) -> String {
        let expected = match self {
            Self::Text(_) => "String",
            Self::Json(_) => "Json",
            Self::Bool(_) => "Bool",
            Self::I32(_) => "Int32",
            Self::I64(_) => "Int64",
            Self::U32(_) => "UInt32",
            Self::U64(_) => "UInt64",
            Self::F32(_) => "Float32",
            Self::F64(_) => "Float64",
            Self::Date(_) => "Date, as \"YYYY-MM-DD\" or days",
            Self::DateTime(_) => "DateTime, as RFC 3339 text or milliseconds",
            Self::Blob(_) => "Blob, as \"base64:…\"",
            Self::Vector { length, .. } => return format!("an array of {length} numbers"),
            Self::List { .. } => "array",
        };
        expected.to_owned()
    }

    /// Returns the error for a value of another type.
    pub(super) fn type_error(&self, got: &str) -> Box<RowError> {
        RowError::new(WRONG_TYPE, format!("expects {}, got {got}", self.expected_type()))
    }

    /// Returns the Arrow array.
    pub(super) fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) | Self::Json(mut column) => Arc::new(column.finish()),
            Self::Bool(mut column) => Arc::new(column.finish()),
            Self::I32(mut column) => Arc::new(column.finish()),
            Self::I64(mut column) => Arc::new(column.finish()),
            Self::U32(mut column) => Arc::new(column.finish()),
            Self::U64(mut column) => Arc::new(column.finish()),
            Self::F32(mut column) => Arc::new(column.finish()),
            Self::F64(mut column) => Arc::new(column.finish()),
            Self::Date(mut column) => Arc::new(column.finish()),
            Self::DateTime(mut column) => Arc::new(column.finish()),
            Self::Blob(mut column) => Arc::new(column.finish()),
            Self::Vector { length, values, valid } => {
                let field = Arc::new(arrow::datatypes::Field::new("item", DataType::Float32, true));
                let length = i32::try_from(length).unwrap_or(i32::MAX);
                let values = Arc::new(Float32Array::from(values));
                Arc::new(FixedSizeListArray::new(field, length, values, Some(NullBuffer::from(valid))))
            }
            Self::List { items, offsets, valid } => {
                let items = items.finish();
                let field = Arc::new(arrow::datatypes::Field::new("item", items.data_type().clone(), true));
                let offsets = OffsetBuffer::new(offsets.into());
                Arc::new(ListArray::new(field, offsets, items, Some(NullBuffer::from(valid))))
            }
        }
    }
}

/// Rounds a number to single precision.
pub(super) fn to_single(value: f64) -> Result<f32, Box<RowError>> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is intended")]
    let rounded = value as f32;
    let exceeds = || RowError::new(OUT_OF_RANGE, format!("{value:?} exceeds Float32 range"));
    if rounded.is_finite() { Ok(rounded) } else { Err(exceeds()) }
}

fn invalid_literal(kind: &str, value: &str) -> Box<RowError> {
    RowError::new(WRONG_TYPE, format!("invalid {kind} literal \"{value}\""))
}

fn decode_blob(value: &str) -> Result<Vec<u8>, Box<RowError>> {
    omnigraph_expr::decode_blob(value).map_err(|problem| RowError::new(WRONG_TYPE, problem.to_string()))
}
