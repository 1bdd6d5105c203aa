//! Results of `count` and `collect`: zero and the empty list instead of null, and items in a stable order.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int64Type};
use arrow::error::ArrowError;
use omnigraph_expr::collect_order;

/// Replaces null counts by 0.
pub(super) fn null_counts_to_zero(array: &ArrayRef) -> ArrayRef {
    match array.as_primitive_opt::<Int64Type>() {
        Some(counts) if counts.null_count() > 0 => {
            Arc::new(counts.iter().map(|count| Some(count.unwrap_or_default())).collect::<Int64Array>())
        }
        _ => Arc::clone(array),
    }
}

/// Replaces null lists by empty lists.
pub(super) fn null_lists_to_empty(array: &ArrayRef) -> ArrayRef {
    let Some(lists) = array.as_list_opt::<i32>() else { return Arc::clone(array) };
    if lists.null_count() == 0 {
        return Arc::clone(array);
    }
    let lengths = (0..lists.len())
        .map(|row| if lists.is_null(row) { 0 } else { lists.value_length(row).unsigned_abs() as usize });
    let offsets = OffsetBuffer::from_lengths(lengths);
    let positions = (0..lists.len()).filter(|row| lists.is_valid(*row)).flat_map(|row| {
        let start = lists.value_offsets()[row];
        start..start + lists.value_length(row)
    });
    let positions: UInt32Array = positions.map(|position| Some(position.unsigned_abs())).collect();
    let DataType::List(item) = lists.data_type() else { return Arc::clone(array) };
    match take(lists.values(), &positions, None) {
        Ok(values) => Arc::new(ListArray::new(Arc::clone(item), offsets, values, None)),
        Err(_) => Arc::clone(array),
    }
}

/// Sorts the items of each list.
pub(super) fn sort_items(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let array = null_lists_to_empty(array);
    let Some(lists) = array.as_list_opt::<i32>() else { return Ok(array) };
    let mut sorted: Vec<ArrayRef> = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        let items = lists.value(row);
        sorted.push(take(&items, &item_order(&items)?, None)?);
    }
    let item = Arc::new(Field::new("item", lists.value_type(), true));
    let offsets = OffsetBuffer::from_lengths(sorted.iter().map(|items| items.len()));
    let sorted: Vec<&dyn Array> = sorted.iter().map(AsRef::as_ref).collect();
    let values = if sorted.is_empty() {
        arrow::array::new_empty_array(&lists.value_type())
    } else {
        arrow::compute::concat(&sorted)?
    };
    Ok(Arc::new(ListArray::try_new(item, offsets, values, None)?))
}

fn item_order(items: &ArrayRef) -> Result<UInt32Array, ArrowError> {
    let compare = collect_order(items, items).map_err(|failure| ArrowError::ComputeError(failure.kind.to_string()))?;
    let mut order: Vec<u32> = (0..u32::try_from(items.len()).unwrap_or(u32::MAX)).collect();
    order.sort_by(|a, b| compare(*a as usize, *b as usize));
    Ok(UInt32Array::from(order))
}
