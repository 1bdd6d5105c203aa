//! The values of an expression over the rows of a batch.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::DataType;

use crate::failure::Failure;

/// One value per row, or one value for all rows.
#[derive(Clone, Debug)]
pub enum Column {
    /// A value per row.
    Array(ArrayRef),
    /// The same value in every row: an array of length 1.
    Constant(ArrayRef),
}

impl Column {
    /// Null in every row.
    #[must_use]
    pub fn null(ty: &DataType) -> Self {
        Self::Constant(new_null_array(ty, 1))
    }

    /// The array behind it: of one value per row, or of one value.
    #[must_use]
    pub const fn array(&self) -> &ArrayRef {
        match self {
            Self::Array(array) | Self::Constant(array) => array,
        }
    }

    /// The Arrow type of its values.
    #[must_use]
    pub fn data_type(&self) -> &DataType {
        self.array().data_type()
    }

    /// Whether it is one value for all rows.
    #[must_use]
    pub const fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// Whether it is null in every row because its one value is.
    #[must_use]
    pub fn is_null_constant(&self) -> bool {
        match self {
            Self::Constant(array) => array.is_empty() || array.data_type() == &DataType::Null || array.is_null(0),
            Self::Array(_) => false,
        }
    }

    /// A value per row.
    ///
    /// # Errors
    /// More than 2 GiB of text.
    pub fn materialize(&self, rows: usize) -> Result<ArrayRef, Failure> {
        match self {
            Self::Array(array) => Ok(Arc::clone(array)),
            Self::Constant(array) if rows == 1 => Ok(Arc::clone(array)),
            Self::Constant(array) => Ok(take(array, &UInt32Array::from(vec![0; rows]), None)?),
        }
    }

    /// The values at these rows, in this order.
    ///
    /// # Errors
    /// More than 2 GiB of text.
    pub fn take(&self, rows: &UInt32Array) -> Result<Self, Failure> {
        match self {
            Self::Array(array) => Ok(Self::Array(take(array, rows, None)?)),
            Self::Constant(array) => Ok(Self::Constant(Arc::clone(array))),
        }
    }
}
