//! Values of several types made into values of the type they have in common: numbers and lists of
//! numbers widen, all else stays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;

use crate::column::Column;
use crate::failure::{Failure, Problem};
use crate::list::{range, with_values};

/// The values as this Arrow type. An integer becomes the nearest float; a negative one has no place among `U64`.
pub(crate) fn widen(column: &Column, ty: &DataType) -> Result<Column, Failure> {
    Ok(match column {
        Column::Array(array) => Column::Array(widen_array(array, ty)?),
        Column::Constant(array) => Column::Constant(widen_array(array, ty)?),
    })
}

fn widen_array(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, Failure> {
    let found = array.data_type();
    match (found, ty) {
        _ if found == ty => Ok(Arc::clone(array)),
        (DataType::Null, _) => Ok(new_null_array(ty, array.len())),
        (DataType::List(_), DataType::List(item)) if item.data_type().is_numeric() => {
            widen_items(array.as_list(), item.data_type())
        }
        _ if found.is_numeric() && ty.is_numeric() => {
            let wide = nearest(array, ty)?;
            match (0..array.len()).find(|row| array.is_valid(*row) && wide.is_null(*row)) {
                Some(row) => Err(negative(row)),
                None => Ok(wide),
            }
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn widen_items(lists: &GenericListArray<i32>, ty: &DataType) -> Result<ArrayRef, Failure> {
    let values = lists.values();
    let wide = nearest(values, ty)?;
    // A list that is a slice, or null, stands over values that nobody sees.
    let lost = |row: usize| range(lists, row).any(|index| values.is_valid(index) && wide.is_null(index));
    match (0..lists.len()).find(|row| lists.is_valid(*row) && lost(*row)) {
        Some(row) => Err(negative(row)),
        None => with_values(lists, wide, lists.nulls().cloned()),
    }
}

/// The nearest numbers of another type; null where there is none.
fn nearest(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, Failure> {
    Ok(cast_with_options(array, ty, &CastOptions { safe: true, ..CastOptions::default() })?)
}

fn negative(row: usize) -> Failure {
    let help = "it stands beside values of U64; convert one side with `to_float`";
    Failure { row, problem: Problem::out_of_range("a negative number", "U64", help) }
}
