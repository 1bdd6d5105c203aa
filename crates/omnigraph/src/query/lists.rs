//! Collected lists: in a stable order, and empty rather than null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int64Type};
use arrow::error::ArrowError;
use omnigraph_kernels::collect_order;

/// Counts, 0 of nothing.
pub(super) fn counted(array: &ArrayRef) -> ArrayRef {
    match array.as_primitive_opt::<Int64Type>() {
        Some(counts) if counts.null_count() > 0 => {
            Arc::new(counts.iter().map(|count| Some(count.unwrap_or_default())).collect::<Int64Array>())
        }
        _ => Arc::clone(array),
    }
}

/// Lists, empty where they are null.
pub(super) fn present(array: &ArrayRef) -> ArrayRef {
    let Some(lists) = array.as_list_opt::<i32>() else { return Arc::clone(array) };
    if lists.null_count() == 0 {
        return Arc::clone(array);
    }
    let lengths = (0..lists.len())
        .map(|row| if lists.is_null(row) { 0 } else { lists.value_length(row).unsigned_abs() as usize });
    let offsets = OffsetBuffer::from_lengths(lengths);
    let places = (0..lists.len()).filter(|row| lists.is_valid(*row)).flat_map(|row| {
        let start = lists.value_offsets()[row];
        start..start + lists.value_length(row)
    });
    let places: UInt32Array = places.map(|place| Some(place.unsigned_abs())).collect();
    let DataType::List(item) = lists.data_type() else { return Arc::clone(array) };
    match take(lists.values(), &places, None) {
        Ok(values) => Arc::new(ListArray::new(Arc::clone(item), offsets, values, None)),
        Err(_) => Arc::clone(array),
    }
}

/// Lists with their items in order.
pub(super) fn sorted(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let array = present(array);
    let Some(lists) = array.as_list_opt::<i32>() else { return Ok(array) };
    let mut pieces: Vec<ArrayRef> = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        let items = lists.value(row);
        let order = by_value(&items)?;
        pieces.push(take(&items, &order, None)?);
    }
    let item = Arc::new(Field::new("item", lists.value_type(), true));
    let offsets = OffsetBuffer::from_lengths(pieces.iter().map(|piece| piece.len()));
    let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
    let values = if pieces.is_empty() {
        arrow::array::new_empty_array(&lists.value_type())
    } else {
        arrow::compute::concat(&pieces)?
    };
    Ok(Arc::new(ListArray::try_new(item, offsets, values, None)?))
}

fn by_value(items: &ArrayRef) -> Result<UInt32Array, ArrowError> {
    let compare = collect_order(items, items).map_err(|failure| ArrowError::ComputeError(failure.to_string()))?;
    let mut order: Vec<u32> = (0..u32::try_from(items.len()).unwrap_or(u32::MAX)).collect();
    order.sort_by(|a, b| compare(*a as usize, *b as usize));
    Ok(UInt32Array::from(order))
}
