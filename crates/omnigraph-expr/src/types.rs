//! The Arrow types that represent the types of the query language.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::types::{PropType, ScalarType};

/// Returns the Arrow type of the values of an expression; `None` for nodes, edges and paths, whose representation the engine
/// chooses.
///
/// A duration is a struct of `months: Int32`, `days: Int32` and `milliseconds: Int64`.
#[must_use]
pub fn value_type(ty: &ExprType) -> Option<DataType> {
    match ty {
        ExprType::Value(ty) => Some(property_type(ty)),
        ExprType::Null => Some(DataType::Null),
        ExprType::Duration { .. } => Some(DataType::Struct(duration_fields())),
        ExprType::Object { .. } | ExprType::Objects { .. } | ExprType::Path { .. } => None,
    }
}

/// Returns the Arrow type of the values of a property.
#[must_use]
pub fn property_type(ty: &PropType) -> DataType {
    let scalar = scalar_type(ty.scalar);
    if ty.list { list_type(scalar) } else { scalar }
}

pub(crate) fn list_type(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

pub(crate) fn scalar_type(scalar: ScalarType) -> DataType {
    match scalar {
        ScalarType::String | ScalarType::Json => DataType::Utf8,
        ScalarType::Bool => DataType::Boolean,
        ScalarType::I32 => DataType::Int32,
        ScalarType::I64 => DataType::Int64,
        ScalarType::U32 => DataType::UInt32,
        ScalarType::U64 => DataType::UInt64,
        ScalarType::F32 => DataType::Float32,
        ScalarType::F64 => DataType::Float64,
        ScalarType::Date => DataType::Date32,
        ScalarType::DateTime => DataType::Timestamp(TimeUnit::Millisecond, Some(Arc::from("UTC"))),
        ScalarType::Blob => DataType::LargeBinary,
        ScalarType::Vector(dimension) => {
            let length = i32::try_from(dimension).unwrap_or(i32::MAX);
            DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, true)), length)
        }
    }
}

pub(crate) fn duration_fields() -> Fields {
    let field = |name, ty| Field::new(name, ty, false);
    Fields::from(vec![
        field("months", DataType::Int32),
        field("days", DataType::Int32),
        field("milliseconds", DataType::Int64),
    ])
}

/// Returns true if arrays of both types have the same layout. Names and nullability of nested fields are ignored.
pub(crate) fn same_layout(a: &DataType, b: &DataType) -> bool {
    match (a, b) {
        (DataType::List(a), DataType::List(b)) => same_layout(a.data_type(), b.data_type()),
        (DataType::FixedSizeList(a, m), DataType::FixedSizeList(b, n)) => {
            m == n && same_layout(a.data_type(), b.data_type())
        }
        (DataType::Struct(a), DataType::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_layout(a.data_type(), b.data_type()))
        }
        (a, b) => a == b,
    }
}

/// Returns the scalar type of a type; `None` for lists and for types that properties cannot have.
pub(crate) const fn as_scalar(ty: &ExprType) -> Option<ScalarType> {
    match ty {
        ExprType::Value(PropType { scalar, list: false, .. }) => Some(*scalar),
        _ => None,
    }
}

pub(crate) const fn is_integer(scalar: ScalarType) -> bool {
    matches!(scalar, ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64)
}

pub(crate) const fn is_number(scalar: ScalarType) -> bool {
    is_integer(scalar) || matches!(scalar, ScalarType::F32 | ScalarType::F64)
}
