//! Constants of the compiler as columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, FixedSizeListArray, Float32Array, ListArray, PrimitiveArray,
    StringArray, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMillisecondType, UInt32Type,
    UInt64Type,
};
use omnigraph_compiler::ir::{Type, Value};
use omnigraph_compiler::types::{PropType, Scalar};

use crate::column::Column;
use crate::failure::Failure;
use crate::temporal;
use crate::types::{property_type, value_type};

impl Column {
    /// A literal or parameter of this type.
    ///
    /// # Errors
    /// The value is not of the type, or is a blob, whose bytes only its store can fetch: an internal failure.
    pub fn constant(value: &Value, ty: &Type) -> Result<Self, Failure> {
        let wrong = || Failure::internal(format!("a constant is no `{ty}`"));
        let array = match (value, ty) {
            (Value::Null, _) => new_null_array(&value_type(ty).unwrap_or(DataType::Null), 1),
            (Value::Duration(value), Type::Duration { .. }) => temporal::durations(&[*value], None),
            (Value::List(items), Type::Value(ty @ PropType { list: true, .. })) => {
                let items: Vec<&Value> = items.iter().collect();
                let values = array(&items, ty.scalar).ok_or_else(wrong)?;
                let field = Arc::new(Field::new("item", values.data_type().clone(), true));
                Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths([items.len()]), values, None)?)
            }
            (Value::Vector(numbers), Type::Value(ty)) => match property_type(ty) {
                DataType::FixedSizeList(field, length) => {
                    let values = Arc::new(Float32Array::from(numbers.clone()));
                    Arc::new(FixedSizeListArray::try_new(field, length, values, None)?) as ArrayRef
                }
                _ => return Err(wrong()),
            },
            (value, Type::Value(ty @ PropType { list: false, .. })) => array(&[value], ty.scalar).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
        match array.len() {
            1 => Ok(Self::Constant(array)),
            _ => Err(wrong()),
        }
    }
}

/// The values as an array of one base type; `None` if one is of another.
fn array(values: &[&Value], scalar: Scalar) -> Option<ArrayRef> {
    Some(match scalar {
        Scalar::String => text(values, |value| match value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        })?,
        Scalar::Json => text(values, |value| match value {
            Value::Json(json) => Some(json.to_string()),
            _ => None,
        })?,
        Scalar::Bool => {
            let cells: Option<Vec<bool>> = values.iter().map(|value| boolean(value)).collect();
            Arc::new(BooleanArray::from(cells?))
        }
        Scalar::I32 => numbers::<Int32Type>(values, |value| i32::try_from(integer(value)?).ok())?,
        Scalar::I64 => numbers::<Int64Type>(values, |value| i64::try_from(integer(value)?).ok())?,
        Scalar::U32 => numbers::<UInt32Type>(values, |value| u32::try_from(integer(value)?).ok())?,
        Scalar::U64 => numbers::<UInt64Type>(values, |value| u64::try_from(integer(value)?).ok())?,
        Scalar::F32 => numbers::<Float32Type>(values, |value| match value {
            Value::F32(value) => Some(*value),
            _ => None,
        })?,
        Scalar::F64 => numbers::<Float64Type>(values, |value| match value {
            Value::F64(value) => Some(*value),
            _ => None,
        })?,
        Scalar::Date => numbers::<Date32Type>(values, |value| match value {
            Value::Date(days) => Some(*days),
            _ => None,
        })?,
        Scalar::DateTime => Arc::new(
            primitive::<TimestampMillisecondType>(values, |value| match value {
                Value::DateTime(milliseconds) => Some(*milliseconds),
                _ => None,
            })?
            .with_timezone("UTC"),
        ),
        Scalar::Blob | Scalar::Vector(_) => return None,
    })
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::I64(value) => Some((*value).into()),
        Value::U64(value) => Some((*value).into()),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

fn text(values: &[&Value], read: fn(&Value) -> Option<String>) -> Option<ArrayRef> {
    let cells: Option<Vec<String>> = values.iter().map(|value| read(value)).collect();
    Some(Arc::new(StringArray::from(cells?)))
}

fn primitive<T: ArrowPrimitiveType>(
    values: &[&Value],
    read: fn(&Value) -> Option<T::Native>,
) -> Option<PrimitiveArray<T>> {
    let cells: Option<Vec<T::Native>> = values.iter().map(|value| read(value)).collect();
    Some(PrimitiveArray::new(cells?.into(), None))
}

fn numbers<T: ArrowPrimitiveType>(values: &[&Value], read: fn(&Value) -> Option<T::Native>) -> Option<ArrayRef> {
    Some(Arc::new(primitive::<T>(values, read)?))
}
