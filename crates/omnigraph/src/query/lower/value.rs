//! Constants.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray};
use arrow::datatypes::{DataType, Float32Type};
use base64::Engine;
use omnigraph_compiler::ir::{Type, Value};
use omnigraph_kernels::Column;

use crate::error::{Error, Result};

/// A constant of the type that stands beside it, as an array of one.
pub(super) fn array(value: &Value, ty: &Type) -> Result<ArrayRef> {
    if let Value::Blob(text) = value {
        return blob(text);
    }
    let constant = Column::constant(value, ty);
    Ok(constant.map_err(|failure| Error::internal(failure.problem.to_string()))?.array().clone())
}

/// The bytes of a blob, as an array of one.
fn blob(text: &str) -> Result<ArrayRef> {
    let refused = |problem: String| Error::request(format!("{problem}; give a blob as \"base64:…\""));
    let encoded = text
        .strip_prefix("base64:")
        .ok_or_else(|| refused("references to blobs elsewhere are not allowed here".to_owned()))?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
    let bytes = bytes.map_err(|error| refused(format!("invalid base64 blob data: {error}")))?;
    Ok(Arc::new(LargeBinaryArray::from_vec(vec![&bytes])))
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
