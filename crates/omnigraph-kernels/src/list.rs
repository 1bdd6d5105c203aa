//! Lists: built, measured, read by index, searched.

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
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::types::{PropType, Scalar};

use crate::batch::Batch;
use crate::column::Column;
use crate::failure::{Failure, Problem};
use crate::kernel::{Program, shared};
use crate::lane::Numbers;
use crate::types::{is_integer, is_number, scalar_of, scalar_type};
use crate::widen::widen;

/// From this number of items on, a constant list is searched by hash.
const HASHED: usize = 8;

/// `size(list)`
pub(crate) fn size(list: &Type) -> Option<Program> {
    is_list(list).then(|| {
        Program::strict(|batch| {
            let lists = batch.lists(0)?;
            let lengths = lists.array().offsets();
            shared(batch.each::<Int64Type>(|row| {
                let row = lists.index(row);
                Ok(Some(i64::from(lengths[row + 1] - lengths[row])))
            })?)
        })
    })
}

const fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::Value(PropType { list: true, .. }) | Type::Objects { .. })
}

/// A list of so many expressions.
pub(crate) fn build(items: &[&Type], result: &Type) -> Option<Program> {
    let Type::Value(PropType { list: true, scalar, .. }) = result else { return None };
    let fits = |ty: &&Type| {
        **ty == Type::Null
            || scalar_of(ty).is_some_and(|item| item == *scalar || (is_number(item) && is_number(*scalar)))
    };
    if !items.iter().all(fits) {
        return None;
    }
    let item = scalar_type(*scalar);
    if items.iter().any(|ty| **ty == Type::Null) {
        return Some(Program::Null);
    }
    let count = items.len();
    Some(Program::strict(move |batch| side_by_side(batch, count, &item)))
}

fn side_by_side(batch: &Batch, count: usize, item: &DataType) -> Result<ArrayRef, Failure> {
    let columns: Vec<Column> =
        (0..count).map(|index| widen(batch.column(index)?, item)).collect::<Result<_, Failure>>()?;
    let field = Arc::new(Field::new("item", item.clone(), true));
    let valid = |row: usize| if batch.is_valid(row) { count } else { 0 };
    let total: usize = (0..batch.rows()).map(valid).sum();
    if i32::try_from(total).is_err() {
        return Err(Failure { row: 0, problem: Problem::TooLarge });
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

/// `list[index]`: counted from 0, null outside of the list.
pub(crate) fn item(list: &Type, index: &Type) -> Option<Program> {
    if *list == Type::Null || *index == Type::Null {
        return Some(Program::Null);
    }
    (is_list(list) && is_integer(scalar_of(index)?)).then(|| Program::strict(read))
}

fn read(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (lists, indices) = (batch.lists(0)?, batch.numbers(1)?);
    let offsets = lists.array().offsets();
    let at = |row: usize| {
        let index = match &indices {
            Numbers::I64(lane) => u64::try_from(lane.at(row)).ok(),
            Numbers::U64(lane) => Some(lane.at(row)),
            Numbers::F64(_) => None,
        }?;
        let row = lists.index(row);
        let (start, end) = (offsets[row].cast_unsigned(), offsets[row + 1].cast_unsigned());
        u32::try_from(index).ok().and_then(|index| start.checked_add(index)).filter(|place| *place < end)
    };
    let places: UInt32Array = (0..batch.rows()).map(|row| if batch.is_valid(row) { at(row) } else { None }).collect();
    Ok(take(lists.array().values(), &places, None)?)
}

/// Which operand is which: `item in list` and `any(list, item)` differ in that.
#[derive(Clone, Copy)]
pub(crate) struct Operands {
    pub(crate) item: usize,
    pub(crate) list: usize,
}

/// `item in list`, by equality; exact across numeric widths.
pub(crate) fn membership(item: &Type, list: &Type, at: Operands) -> Option<Program> {
    if *item == Type::Null || *list == Type::Null {
        return Some(Program::Null);
    }
    let Type::Value(PropType { list: true, scalar, .. }) = list else { return None };
    let (item, scalar) = (scalar_of(item)?, *scalar);
    let plain = |scalar| matches!(scalar, Scalar::Bool | Scalar::Date | Scalar::DateTime) || is_number(scalar);
    if item == Scalar::String && scalar == Scalar::String {
        return Some(Program::strict(move |batch| {
            let texts = batch.texts(at.item)?;
            let lists = batch.lists(at.list)?;
            let values = lists.array().values().as_string::<i32>();
            let known: Vec<&str> = (0..values.len()).map(|index| values.value(index)).collect();
            search(batch, at.list, |row| texts.at(row), &known)
        }));
    }
    if item == scalar && plain(scalar) || is_number(item) && is_number(scalar) {
        return Some(Program::strict(move |batch| {
            let column = batch.column(at.item)?;
            let items = keys(column.array())?;
            let known = keys(batch.lists(at.list)?.array().values())?;
            search(batch, at.list, |row| items[if column.is_constant() { 0 } else { row }], &known)
        }));
    }
    // The literal `[]` holds nothing of any type.
    let comparable = plain(item) || item == Scalar::String;
    (comparable && scalar == Scalar::String).then(|| {
        Program::strict(move |batch| {
            let lists = batch.lists(at.list)?;
            batch.each_bool(|row| match range(lists.array(), lists.index(row)).is_empty() {
                true => Ok(Some(false)),
                false => Err(Problem::Internal("a list holds items of another type than is looked for".to_owned())),
            })
        })
    })
}

/// Where the items of a list stand among the values.
pub(crate) fn range(lists: &GenericListArray<i32>, index: usize) -> std::ops::Range<usize> {
    let offsets = lists.offsets();
    offsets[index] as usize..offsets[index + 1] as usize
}

/// Looks for each row's item among the values that its list covers.
fn search<K: Eq + Hash + Copy>(
    batch: &Batch,
    list: usize,
    item: impl Fn(usize) -> K,
    known: &[K],
) -> Result<ArrayRef, Failure> {
    let lists = batch.lists(list)?;
    let of_list = |row: usize| known.get(range(lists.array(), lists.index(row))).unwrap_or_default();
    if batch.column(list)?.is_constant() && of_list(0).len() >= HASHED {
        let set: HashSet<K> = of_list(0).iter().copied().collect();
        return batch.each_bool(|row| Ok(Some(set.contains(&item(row)))));
    }
    batch.each_bool(|row| Ok(Some(of_list(row).contains(&item(row)))))
}

/// A value that equals another if and only if the numbers they stand for are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Integer(i128),
    /// The bits of a float that is no integer.
    Fraction(u64),
}

fn float_key(value: f64) -> Key {
    // Beyond this every float is whole, and no integer of 64 bits is that large.
    const END: f64 = 1e38;
    if value.fract() == 0.0 && value.abs() < END { Key::Integer(value as i128) } else { Key::Fraction(value.to_bits()) }
}

fn keys(array: &ArrayRef) -> Result<Vec<Key>, Failure> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef, key: impl Fn(T::Native) -> Key) -> Vec<Key> {
        array.as_primitive::<T>().values().iter().map(|value| key(*value)).collect()
    }
    Ok(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean().values();
            values.iter().map(|value| Key::Integer(i128::from(value))).collect()
        }
        DataType::Int32 => of::<Int32Type>(array, |value| Key::Integer(value.into())),
        DataType::Int64 => of::<Int64Type>(array, |value| Key::Integer(value.into())),
        DataType::UInt32 => of::<UInt32Type>(array, |value| Key::Integer(value.into())),
        DataType::UInt64 => of::<UInt64Type>(array, |value| Key::Integer(value.into())),
        DataType::Float32 => of::<Float32Type>(array, |value| float_key(value.into())),
        DataType::Float64 => of::<Float64Type>(array, float_key),
        DataType::Date32 => of::<Date32Type>(array, |value| Key::Integer(value.into())),
        DataType::Timestamp(..) => of::<TimestampMillisecondType>(array, |value| Key::Integer(value.into())),
        other => return Err(Failure::internal(format!("{other} cannot be looked for in a list"))),
    })
}

/// Lists with other values in the places of their own.
pub(crate) fn with_values(
    lists: &GenericListArray<i32>,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, Failure> {
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    shared(ListArray::try_new(field, lists.offsets().clone(), values, nulls)?)
}
