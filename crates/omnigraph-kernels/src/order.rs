//! The stable order of `collect`: by value, whatever order the rows came in.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type};

use crate::failure::Failure;

/// A comparison of cells by their indices in the left and the right array.
pub type CellOrder = Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>;

/// How the cells of two arrays of one type are ordered: numbers and dates ascending, false before true, text by code
/// point; a float that is no number after all others, both zeros as one. Nulls, which `collect` leaves out, are first.
///
/// # Errors
/// The arrays differ in type, or their type has no order.
pub fn collect_order(left: &ArrayRef, right: &ArrayRef) -> Result<CellOrder, Failure> {
    if left.data_type() != right.data_type() {
        let message = format!("{} and {} have no order between them", left.data_type(), right.data_type());
        return Err(Failure::internal(message));
    }
    match left.data_type() {
        DataType::Float32 => Ok(floats::<Float32Type>(left, right, f64::from)),
        DataType::Float64 => Ok(floats::<Float64Type>(left, right, |value| value)),
        other if other.is_nested() => Err(Failure::internal(format!("{other} has no order"))),
        _ => {
            let options = SortOptions { descending: false, nulls_first: true };
            Ok(make_comparator(left, right, options)?)
        }
    }
}

fn floats<T: ArrowPrimitiveType>(left: &ArrayRef, right: &ArrayRef, wide: fn(T::Native) -> f64) -> CellOrder {
    let cells = |array: &ArrayRef| array.as_primitive::<T>().clone();
    let (left, right) = (cells(left), cells(right));
    Box::new(move |a, b| match (left.is_valid(a), right.is_valid(b)) {
        // Adding zero makes the two zeros one; what is no number is last, whatever its sign.
        (true, true) => {
            let (a, b) = (wide(left.value(a)) + 0.0, wide(right.value(b)) + 0.0);
            a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        }
        (a, b) => a.cmp(&b),
    })
}
