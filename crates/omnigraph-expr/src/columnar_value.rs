//! Columnar values: the value of an expression over the rows of a batch, and constants of the compiler as such values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, FixedSizeListArray, Float32Array, ListArray, PrimitiveArray,
    StringArray, UInt32Array, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMillisecondType, UInt32Type,
    UInt64Type,
};
use omnigraph_compiler::ir::{ExprType, Value};
use omnigraph_compiler::types::{PropType, ScalarType};

use crate::eval_error::EvalError;
use crate::temporal;
use crate::types::{property_type, value_type};

/// The value of an expression over the rows of a batch: one value per row, or one for all rows.
#[derive(Clone, Debug)]
pub enum ColumnarValue {
    /// One value per row.
    Array(ArrayRef),
    /// The same value in every row: an array of length 1.
    Constant(ArrayRef),
}

impl ColumnarValue {
    /// Returns null for every row.
    #[must_use]
    pub fn null(ty: &DataType) -> Self {
        Self::Constant(new_null_array(ty, 1))
    }

    /// Returns the array: one value per row, or the one value of a constant.
    #[must_use]
    pub const fn array(&self) -> &ArrayRef {
        match self {
            Self::Array(array) | Self::Constant(array) => array,
        }
    }

    /// Returns the Arrow type of the values.
    #[must_use]
    pub fn data_type(&self) -> &DataType {
        self.array().data_type()
    }

    /// Returns true if there is one value for all rows.
    #[must_use]
    pub const fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// Returns true if this is a constant null.
    #[must_use]
    pub fn is_null_constant(&self) -> bool {
        match self {
            Self::Constant(array) => array.is_empty() || array.data_type() == &DataType::Null || array.is_null(0),
            Self::Array(_) => false,
        }
    }

    /// Returns an array of one value per row.
    ///
    /// # Errors
    ///
    /// Fails if the result has more than 2 GiB of text.
    pub fn materialize(&self, rows: usize) -> Result<ArrayRef, EvalError> {
        match self {
            Self::Array(array) => Ok(Arc::clone(array)),
            Self::Constant(array) if rows == 1 => Ok(Arc::clone(array)),
            Self::Constant(array) => Ok(take(array, &UInt32Array::from(vec![0; rows]), None)?),
        }
    }

    /// Returns the values at these rows, in this order.
    ///
    /// # Errors
    ///
    /// Fails if the result has more than 2 GiB of text.
    pub fn take(&self, rows: &UInt32Array) -> Result<Self, EvalError> {
        match self {
            Self::Array(array) => Ok(Self::Array(take(array, rows, None)?)),
            Self::Constant(array) => Ok(Self::Constant(Arc::clone(array))),
        }
    }
}

impl ColumnarValue {
    /// Creates a constant from a literal or parameter.
    ///
    /// # Errors
    ///
    /// Fails with an internal error if the value is not of the type, or is a blob, whose bytes only the storage can fetch.
    pub fn constant(value: &Value, ty: &ExprType) -> Result<Self, EvalError> {
        let wrong = || EvalError::internal(format!("a constant is not of type `{ty}`"));
        let array = match (value, ty) {
            (Value::Null, _) => new_null_array(&value_type(ty).unwrap_or(DataType::Null), 1),
            (Value::Duration(value), ExprType::Duration { .. }) => temporal::durations(&[*value], None),
            (Value::List(items), ExprType::Value(ty @ PropType { list: true, .. })) => {
                let items: Vec<&Value> = items.iter().collect();
                let values = scalar_array(&items, ty.scalar).ok_or_else(wrong)?;
                let field = Arc::new(Field::new("item", values.data_type().clone(), true));
                Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths([items.len()]), values, None)?)
            }
            (Value::Vector(numbers), ExprType::Value(ty)) => match property_type(ty) {
                DataType::FixedSizeList(field, length) => {
                    let values = Arc::new(Float32Array::from(numbers.clone()));
                    Arc::new(FixedSizeListArray::try_new(field, length, values, None)?) as ArrayRef
                }
                _ => return Err(wrong()),
            },
            (value, ExprType::Value(ty @ PropType { list: false, .. })) => {
                scalar_array(&[value], ty.scalar).ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        match array.len() {
            1 => Ok(Self::Constant(array)),
            _ => Err(wrong()),
        }
    }
}

/// Returns the values as an array of a scalar type; `None` if a value is of another type.
fn scalar_array(values: &[&Value], scalar: ScalarType) -> Option<ArrayRef> {
    Some(match scalar {
        ScalarType::String => text(values, |value| match value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        })?,
        ScalarType::Json => text(values, |value| match value {
            Value::Json(json) => Some(json.to_string()),
            _ => None,
        })?,
        ScalarType::Bool => {
            let cells: Option<Vec<bool>> = values.iter().map(|value| boolean(value)).collect();
            Arc::new(BooleanArray::from(cells?))
        }
        ScalarType::I32 => numbers::<Int32Type>(values, |value| i32::try_from(integer(value)?).ok())?,
        ScalarType::I64 => numbers::<Int64Type>(values, |value| i64::try_from(integer(value)?).ok())?,
        ScalarType::U32 => numbers::<UInt32Type>(values, |value| u32::try_from(integer(value)?).ok())?,
        ScalarType::U64 => numbers::<UInt64Type>(values, |value| u64::try_from(integer(value)?).ok())?,
        ScalarType::F32 => numbers::<Float32Type>(values, |value| match value {
            Value::F32(value) => Some(*value),
            _ => None,
        })?,
        ScalarType::F64 => numbers::<Float64Type>(values, |value| match value {
            Value::F64(value) => Some(*value),
            _ => None,
        })?,
        ScalarType::Date => numbers::<Date32Type>(values, |value| match value {
            Value::Date(days) => Some(*days),
            _ => None,
        })?,
        ScalarType::DateTime => Arc::new(
            primitive::<TimestampMillisecondType>(values, |value| match value {
                Value::DateTime(milliseconds) => Some(*milliseconds),
                _ => None,
            })?
            .with_timezone("UTC"),
        ),
        ScalarType::Blob | ScalarType::Vector(_) => return None,
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
