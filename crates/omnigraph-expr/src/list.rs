//! Lists: literals, `size`, items by index, and membership.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, ListArray, UInt32Array, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{interleave, take};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Field, Float32Type, Float64Type, Int32Type, Int64Type,
    TimestampMillisecondType, UInt32Type, UInt64Type,
};
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::types::{PropType, ScalarType};

use crate::columnar_value::ColumnarValue;
use crate::convert::widen;
use crate::eval_error::{EvalError, EvalErrorKind};
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::OperandBatch;
use crate::primitive_view::NumberView;
use crate::types::{as_scalar, is_integer, is_number, scalar_type};

/// Minimum items of a constant list that is searched by hash.
const MIN_HASHED_ITEMS: usize = 8;

/// Returns `size(list)`.
pub(crate) fn size(list: &ExprType) -> Option<KernelProgram> {
    is_list(list).then(|| {
        KernelProgram::strict(|batch| {
            let lists = batch.lists(0)?;
            let lengths = lists.array().offsets();
            shared(batch.map_primitive::<Int64Type>(|row| {
                let row = lists.index(row);
                Ok(Some(i64::from(lengths[row + 1] - lengths[row])))
            })?)
        })
    })
}

const fn is_list(ty: &ExprType) -> bool {
    matches!(ty, ExprType::Value(PropType { list: true, .. }) | ExprType::Objects { .. })
}

/// Returns a list literal.
pub(crate) fn literal(items: &[&ExprType], result: &ExprType) -> Option<KernelProgram> {
    let ExprType::Value(PropType { list: true, scalar, .. }) = result else { return None };
    let fits = |ty: &&ExprType| {
        **ty == ExprType::Null
            || as_scalar(ty).is_some_and(|item| item == *scalar || (is_number(item) && is_number(*scalar)))
    };
    if !items.iter().all(fits) {
        return None;
    }
    let item = scalar_type(*scalar);
    if items.iter().any(|ty| **ty == ExprType::Null) {
        return Some(KernelProgram::Null);
    }
    let count = items.len();
    Some(KernelProgram::strict(move |batch| interleave_items(batch, count, &item)))
}

fn interleave_items(batch: &OperandBatch, count: usize, item: &DataType) -> Result<ArrayRef, EvalError> {
    let columns: Vec<ColumnarValue> =
        (0..count).map(|index| widen(batch.column(index)?, item)).collect::<Result<_, EvalError>>()?;
    let field = Arc::new(Field::new("item", item.clone(), true));
    let valid = |row: usize| if batch.is_valid(row) { count } else { 0 };
    let total: usize = (0..batch.rows()).map(valid).sum();
    if i32::try_from(total).is_err() {
        return Err(EvalError { row: 0, kind: EvalErrorKind::TooLarge });
    }
    let offsets = OffsetBuffer::from_lengths((0..batch.rows()).map(valid));
    let mut sources = Vec::with_capacity(total);
    for row in (0..batch.rows()).filter(|row| batch.is_valid(*row)) {
        sources.extend(columns.iter().enumerate().map(|(at, column)| (at, if column.is_constant() { 0 } else { row })));
    }
    let arrays: Vec<&dyn Array> = columns.iter().map(|column| column.array().as_ref()).collect();
    let values = if arrays.is_empty() { new_empty_array(item) } else { interleave(&arrays, &sources)? };
    shared(ListArray::try_new(field, offsets, values, batch.nulls())?)
}

/// Returns `list[index]`: counted from 0, null out of bounds.
pub(crate) fn item(list: &ExprType, index: &ExprType) -> Option<KernelProgram> {
    if *list == ExprType::Null || *index == ExprType::Null {
        return Some(KernelProgram::Null);
    }
    (is_list(list) && is_integer(as_scalar(index)?)).then(|| KernelProgram::strict(read_item))
}

fn read_item(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (lists, indices) = (batch.lists(0)?, batch.numbers(1)?);
    let offsets = lists.array().offsets();
    let position = |row: usize| {
        let index = match &indices {
            NumberView::I64(view) => u64::try_from(view.value(row)).ok(),
            NumberView::U64(view) => Some(view.value(row)),
            NumberView::F64(_) => None,
        }?;
        let row = lists.index(row);
        let (start, end) = (offsets[row].cast_unsigned(), offsets[row + 1].cast_unsigned());
        u32::try_from(index).ok().and_then(|index| start.checked_add(index)).filter(|position| *position < end)
    };
    let positions: UInt32Array =
        (0..batch.rows()).map(|row| if batch.is_valid(row) { position(row) } else { None }).collect();
    Ok(take(lists.array().values(), &positions, None)?)
}

/// The positions of the operands, which differ between `item in list` and `any(list, item)`.
#[derive(Clone, Copy)]
pub(crate) struct MembershipOperands {
    pub(crate) item: usize,
    pub(crate) list: usize,
}

/// Returns `item in list`: by equality, exact across numeric widths.
pub(crate) fn membership(item: &ExprType, list: &ExprType, at: MembershipOperands) -> Option<KernelProgram> {
    if *item == ExprType::Null || *list == ExprType::Null {
        return Some(KernelProgram::Null);
    }
    let ExprType::Value(PropType { list: true, scalar, .. }) = list else { return None };
    let (item, scalar) = (as_scalar(item)?, *scalar);
    let plain =
        |scalar| matches!(scalar, ScalarType::Bool | ScalarType::Date | ScalarType::DateTime) || is_number(scalar);
    if item == ScalarType::String && scalar == ScalarType::String {
        return Some(KernelProgram::strict(move |batch| {
            let texts = batch.texts(at.item)?;
            let lists = batch.lists(at.list)?;
            let values = lists.array().values().as_string::<i32>();
            let known: Vec<&str> = (0..values.len()).map(|index| values.value(index)).collect();
            search(batch, at.list, |row| texts.value(row), &known)
        }));
    }
    if item == scalar && plain(scalar) || is_number(item) && is_number(scalar) {
        return Some(KernelProgram::strict(move |batch| {
            let column = batch.column(at.item)?;
            let items = keys(column.array())?;
            let known = keys(batch.lists(at.list)?.array().values())?;
            search(batch, at.list, |row| items[if column.is_constant() { 0 } else { row }], &known)
        }));
    }
    // The literal `[]` contains no item of any type.
    let comparable = plain(item) || item == ScalarType::String;
    (comparable && scalar == ScalarType::String).then(|| {
        KernelProgram::strict(move |batch| {
            let lists = batch.lists(at.list)?;
            batch.map_bool(|row| match range(lists.array(), lists.index(row)).is_empty() {
                true => Ok(Some(false)),
                false => Err(EvalErrorKind::Internal(
                    "the items of a list are of another type than the searched value".to_owned(),
                )),
            })
        })
    })
}

/// Returns the range of the items of a list among the values.
pub(crate) fn range(lists: &GenericListArray<i32>, index: usize) -> std::ops::Range<usize> {
    let offsets = lists.offsets();
    offsets[index] as usize..offsets[index + 1] as usize
}

/// Searches each row's item among the values of its list.
fn search<K: Eq + Hash + Copy>(
    batch: &OperandBatch,
    list: usize,
    item: impl Fn(usize) -> K,
    known: &[K],
) -> Result<ArrayRef, EvalError> {
    let lists = batch.lists(list)?;
    let items = |row: usize| known.get(range(lists.array(), lists.index(row))).unwrap_or_default();
    if batch.column(list)?.is_constant() && items(0).len() >= MIN_HASHED_ITEMS {
        let set: HashSet<K> = items(0).iter().copied().collect();
        return batch.map_bool(|row| Ok(Some(set.contains(&item(row)))));
    }
    batch.map_bool(|row| Ok(Some(items(row).contains(&item(row)))))
}

/// A key of a number: two keys are equal if and only if the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum NumberKey {
    Integer(i128),
    /// The bits of a float that is not an integer.
    Fraction(u64),
}

fn float_key(value: f64) -> NumberKey {
    // Greater floats are integers, beyond the range of 64-bit integers.
    const END: f64 = 1e38;
    if value.fract() == 0.0 && value.abs() < END {
        NumberKey::Integer(value as i128)
    } else {
        NumberKey::Fraction(value.to_bits())
    }
}

fn keys(array: &ArrayRef) -> Result<Vec<NumberKey>, EvalError> {
    fn map<T: ArrowPrimitiveType>(array: &ArrayRef, key: impl Fn(T::Native) -> NumberKey) -> Vec<NumberKey> {
        array.as_primitive::<T>().values().iter().map(|value| key(*value)).collect()
    }
    Ok(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean().values();
            values.iter().map(|value| NumberKey::Integer(i128::from(value))).collect()
        }
        DataType::Int32 => map::<Int32Type>(array, |value| NumberKey::Integer(value.into())),
        DataType::Int64 => map::<Int64Type>(array, |value| NumberKey::Integer(value.into())),
        DataType::UInt32 => map::<UInt32Type>(array, |value| NumberKey::Integer(value.into())),
        DataType::UInt64 => map::<UInt64Type>(array, |value| NumberKey::Integer(value.into())),
        DataType::Float32 => map::<Float32Type>(array, |value| float_key(value.into())),
        DataType::Float64 => map::<Float64Type>(array, float_key),
        DataType::Date32 => map::<Date32Type>(array, |value| NumberKey::Integer(value.into())),
        DataType::Timestamp(..) => map::<TimestampMillisecondType>(array, |value| NumberKey::Integer(value.into())),
        other => return Err(EvalError::internal(format!("{other} cannot be searched in a list"))),
    })
}

/// Returns the lists with other values.
pub(crate) fn with_values(
    lists: &GenericListArray<i32>,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, EvalError> {
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    shared(ListArray::try_new(field, lists.offsets().clone(), values, nulls)?)
}
