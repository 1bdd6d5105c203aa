//! Columns of vectors, and their quantization.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type};
use omnigraph_search::QuantizedVectors;

use crate::error::{Error, Result};
use crate::table::Table;

/// Returns the number of components of the vectors of a column.
pub(crate) fn vector_width(table: &Table, column: &str) -> Result<usize> {
    match table.schema().field_with_name(column).map(|field| field.data_type()) {
        Ok(DataType::FixedSizeList(item, width)) if *item.data_type() == DataType::Float32 => {
            Ok(width.unsigned_abs() as usize)
        }
        _ => Err(Error::internal(format!("column {column} does not contain vectors"))),
    }
}

/// Returns the vector of a row; none where it is null.
pub(crate) fn vector_at(vectors: &ArrayRef, row: usize) -> Option<&[f32]> {
    let vectors = vectors.as_fixed_size_list_opt().filter(|vectors| vectors.is_valid(row))?;
    let width = vectors.value_length().unsigned_abs() as usize;
    let start = usize::try_from(vectors.value_offset(row)).ok()?;
    vectors.values().as_primitive_opt::<Float32Type>()?.values().get(start..start + width)
}

/// Appends the quantized vectors of a chunk.
pub(super) fn quantize(mut quantized: QuantizedVectors, vectors: &ArrayRef) -> QuantizedVectors {
    (0..vectors.len()).for_each(|row| quantized.push(vector_at(vectors, row)));
    quantized
}
