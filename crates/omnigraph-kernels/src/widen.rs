//! Values of several types made into values of the type they have in common: numbers widen, all else stays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;

use crate::column::Column;
use crate::failure::{Failure, Problem};

/// The values as this Arrow type. An integer becomes the nearest float; a negative one has no place among `U64`.
pub(crate) fn widen(column: &Column, ty: &DataType) -> Result<Column, Failure> {
    Ok(match column {
        Column::Array(array) => Column::Array(widen_array(array, ty)?),
        Column::Constant(array) => Column::Constant(widen_array(array, ty)?),
    })
}

fn widen_array(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, Failure> {
    let found = array.data_type();
    if found == ty || !(found.is_numeric() && ty.is_numeric() || found == &DataType::Null) {
        return Ok(Arc::clone(array));
    }
    if found == &DataType::Null {
        return Ok(new_null_array(ty, array.len()));
    }
    let wide = cast_with_options(array, ty, &CastOptions { safe: true, ..CastOptions::default() })?;
    if wide.null_count() == array.null_count() {
        return Ok(wide);
    }
    let lost = (0..array.len()).find(|row| array.is_valid(*row) && wide.is_null(*row)).unwrap_or_default();
    let help = "it stands beside values of U64; convert one side with `to_float`";
    Err(Failure { row: lost, problem: Problem::out_of_range("a negative number", "U64", help) })
}
