//! Types of the compiler and the Arrow arrays that carry their values.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::types::{PropType, Scalar};

/// The Arrow type of the values of an expression; `None` of nodes, edges and paths, whose form is the engine's choice.
///
/// A duration is a struct of `months: Int32`, `days: Int32` and `milliseconds: Int64`.
#[must_use]
pub fn value_type(ty: &Type) -> Option<DataType> {
    match ty {
        Type::Value(ty) => Some(property_type(ty)),
        Type::Null => Some(DataType::Null),
        Type::Duration { .. } => Some(DataType::Struct(duration_fields())),
        Type::Object { .. } | Type::Objects { .. } | Type::Path { .. } => None,
    }
}

/// The Arrow type of the values of a property.
#[must_use]
pub fn property_type(ty: &PropType) -> DataType {
    let scalar = scalar_type(ty.scalar);
    if ty.list { list_type(scalar) } else { scalar }
}

pub(crate) fn list_type(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

pub(crate) fn scalar_type(scalar: Scalar) -> DataType {
    match scalar {
        Scalar::String | Scalar::Json => DataType::Utf8,
        Scalar::Bool => DataType::Boolean,
        Scalar::I32 => DataType::Int32,
        Scalar::I64 => DataType::Int64,
        Scalar::U32 => DataType::UInt32,
        Scalar::U64 => DataType::UInt64,
        Scalar::F32 => DataType::Float32,
        Scalar::F64 => DataType::Float64,
        Scalar::Date => DataType::Date32,
        Scalar::DateTime => DataType::Timestamp(TimeUnit::Millisecond, Some(Arc::from("UTC"))),
        Scalar::Blob => DataType::LargeBinary,
        Scalar::Vector(dimension) => {
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

/// Whether arrays of both types are laid out alike; what their fields are called and whether they say that items may be
/// null does not matter.
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

/// The base type of a single value; `None` of lists and of what cannot be stored.
pub(crate) const fn scalar_of(ty: &Type) -> Option<Scalar> {
    match ty {
        Type::Value(PropType { scalar, list: false, .. }) => Some(*scalar),
        _ => None,
    }
}

pub(crate) const fn is_integer(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64)
}

pub(crate) const fn is_number(scalar: Scalar) -> bool {
    is_integer(scalar) || matches!(scalar, Scalar::F32 | Scalar::F64)
}
