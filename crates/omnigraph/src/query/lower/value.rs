//! Constants.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray};
use arrow::datatypes::{DataType, Float32Type};
use omnigraph_compiler::ir::{Type, Value};
use omnigraph_kernels::Column;

use crate::error::{Error, Result};

/// A constant of the type that stands beside it, as an array of one.
pub(super) fn array(value: &Value, ty: &Type) -> Result<ArrayRef> {
    if let Value::Blob(text) = value {
        let bytes = omnigraph_kernels::blob(text).map_err(|problem| Error::request(problem.to_string()))?;
        return Ok(Arc::new(LargeBinaryArray::from_vec(vec![&bytes])));
    }
    let constant = Column::constant(value, ty);
    Ok(constant.map_err(|failure| Error::internal(failure.problem.to_string()))?.array().clone())
}

/// The numbers of a vector or list of numbers that is an array of one; `None` if it is null.
pub(super) fn floats(array: &ArrayRef) -> Option<Vec<f32>> {
    let items = match array.data_type() {
        _ if array.is_null(0) => return None,
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(0),
        DataType::List(_) => array.as_list::<i32>().value(0),
        _ => return None,
    };
    let items = arrow::compute::cast(&items, &DataType::Float32).ok()?;
    Some(items.as_primitive::<Float32Type>().values().to_vec())
}
