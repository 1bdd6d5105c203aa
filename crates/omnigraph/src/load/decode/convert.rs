//! Columns of Arrow to columns of the graph. Only what loses nothing is converted: which types go together is decided once for a
//! file, and a value that does not fit is refused.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, FixedSizeListArray, Float32Array, Int64Array, ListArray,
    PrimitiveArray, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use omnigraph_compiler::types::{PropType, Scalar};
use omnigraph_kernels::property_type;

use super::cell;
use super::column::Column;
use super::problem;

/// Milliseconds of a day.
const DAY_MILLIS: i64 = 86_400_000;

/// Why a column cannot be converted.
#[derive(Debug)]
pub(super) enum Misfit {
    /// A value does not fit: code and message.
    Value(&'static str, String),
    /// It is not the fault of a value.
    Failure(ArrowError),
}

impl From<ArrowError> for Misfit {
    fn from(error: ArrowError) -> Self {
        Self::Failure(error)
    }
}

/// What a type is called once it is unpacked from dictionaries and views.
fn plain(from: &DataType) -> DataType {
    match from {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::LargeBinary,
        DataType::LargeList(items) | DataType::FixedSizeList(items, _) => DataType::List(Arc::clone(items)),
        other => other.clone(),
    }
}

/// Whether columns of a type can hold values of a property.
pub(super) fn accepts(from: &DataType, to: &PropType) -> bool {
    let from = plain(from);
    if from == DataType::Null {
        return true;
    }
    let item = PropType { list: false, ..to.clone() };
    match (&from, to.scalar) {
        (DataType::List(items), _) if to.list => accepts(items.data_type(), &item),
        _ if to.list => false,
        (DataType::List(items), Scalar::Vector(_)) => plain(items.data_type()).is_numeric(),
        (DataType::Utf8, Scalar::String | Scalar::Json) | (DataType::Boolean, Scalar::Bool) => true,
        (DataType::LargeBinary, Scalar::Blob) | (DataType::Date32 | DataType::Date64, Scalar::Date) => true,
        (DataType::Timestamp(..) | DataType::Date32 | DataType::Date64, Scalar::DateTime) => true,
        (from, Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64) => from.is_integer(),
        (from, Scalar::F32 | Scalar::F64) => from.is_integer() || from.is_floating(),
        _ => false,
    }
}

/// Whether columns of a type can hold ids: texts, and integers, whose canonical text is their id.
pub(super) fn accepts_ids(from: &DataType) -> bool {
    let from = plain(from);
    from == DataType::Utf8 || from.is_integer() || from == DataType::Null
}

/// Ids as texts.
pub(super) fn ids(column: &ArrayRef) -> Result<ArrayRef, Misfit> {
    Ok(cast(&unpack(column)?, &DataType::Utf8)?)
}

/// A column of values of a property, whose type is [accepted](accepts).
pub(super) fn convert(column: &ArrayRef, to: &PropType) -> Result<ArrayRef, Misfit> {
    let column = unpack(column)?;
    let target = property_type(to);
    if *column.data_type() == DataType::Null {
        return Ok(new_null_array(&target, column.len()));
    }
    if to.list {
        return list(&column, to);
    }
    match to.scalar {
        Scalar::String | Scalar::Bool | Scalar::Blob if *column.data_type() == target => Ok(column),
        Scalar::Json => json(&column, to),
        Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::Date => exact(&column, &target),
        Scalar::F32 => finite::<Float32Type>(exact(&column, &target)?, |value| value.is_finite()),
        Scalar::F64 => finite::<Float64Type>(exact(&column, &target)?, |value| value.is_finite()),
        Scalar::DateTime => instants(&column),
        Scalar::Vector(length) => vector(&column, length),
        _ => Err(unfit(&column, &target)),
    }
}

fn unpack(column: &ArrayRef) -> Result<ArrayRef, Misfit> {
    let wanted = plain(column.data_type());
    if wanted == *column.data_type() { Ok(Arc::clone(column)) } else { Ok(cast(column, &wanted)?) }
}

/// The only value of a column, for a message; of several nobody asks.
fn shown(column: &ArrayRef) -> String {
    array_value_to_string(column, 0).unwrap_or_default()
}

fn unfit(column: &ArrayRef, target: &DataType) -> Misfit {
    let message = format!("expects {target}, got {} of type {}", shown(column), column.data_type());
    Misfit::Value(problem::WRONG_TYPE, message)
}

/// The same numbers in another type. There and back again must be where one was.
fn exact(column: &ArrayRef, target: &DataType) -> Result<ArrayRef, Misfit> {
    if column.data_type() == target {
        return Ok(Arc::clone(column));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let lossy = || {
        let message = format!("{} of type {} has no {target} of the same value", shown(column), column.data_type());
        Misfit::Value(problem::OUT_OF_RANGE, message)
    };
    let there = cast_with_options(column, target, &options).map_err(|_| lossy())?;
    let back = cast_with_options(&there, column.data_type(), &options).map_err(|_| lossy())?;
    if distinct(&back, column)?.true_count() > 0 { Err(lossy()) } else { Ok(there) }
}

fn finite<T: ArrowPrimitiveType>(column: ArrayRef, finite: impl Fn(T::Native) -> bool) -> Result<ArrayRef, Misfit> {
    let values = column.as_primitive_opt::<T>();
    if values.is_some_and(|values| values.iter().flatten().any(|value| !finite(value))) {
        let message = format!("{} is no number that a graph holds; leave it empty", shown(&column));
        return Err(Misfit::Value(problem::OUT_OF_RANGE, message));
    }
    Ok(column)
}

fn json(column: &ArrayRef, to: &PropType) -> Result<ArrayRef, Misfit> {
    let Some(texts) = column.as_string_opt::<i32>() else { return Err(unfit(column, &DataType::Utf8)) };
    let mut values = Column::new(to);
    for text in texts {
        match text {
            None => values.push_null(),
            Some(text) => {
                let pushed = cell::push(&mut values, to.nullable, text);
                pushed.map_err(|problem| Misfit::Value(problem.code, problem.message))?;
            }
        }
    }
    Ok(values.finish())
}

/// Instants in milliseconds; what is finer is cut off, as everywhere. Without a time zone they are in UTC.
fn instants(column: &ArrayRef) -> Result<ArrayRef, Misfit> {
    let millis = match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => millis::<TimestampSecondType>(column, |at| at.checked_mul(1000)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => millis::<TimestampMillisecondType>(column, Some),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            millis::<TimestampMicrosecondType>(column, |at| Some(at.div_euclid(1000)))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            millis::<TimestampNanosecondType>(column, |at| Some(at.div_euclid(1_000_000)))
        }
        DataType::Date32 | DataType::Date64 => {
            let days = exact(column, &DataType::Date32)?;
            let days = days.as_primitive_opt::<Date32Type>();
            days.map(|days| days.iter().map(|day| day.map(|day| i64::from(day) * DAY_MILLIS)).collect())
        }
        _ => None,
    };
    let target = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let millis = millis.filter(|millis| millis.null_count() == column.null_count());
    let millis = millis.ok_or_else(|| unfit(column, &target))?;
    Ok(Arc::new(millis.reinterpret_cast::<TimestampMillisecondType>().with_timezone("UTC")))
}

/// Null where there is no such instant.
fn millis<T: ArrowPrimitiveType<Native = i64>>(
    column: &ArrayRef,
    of: impl Fn(i64) -> Option<i64>,
) -> Option<Int64Array> {
    let instants: &PrimitiveArray<T> = column.as_primitive_opt()?;
    Some(instants.iter().map(|at| at.and_then(&of)).collect())
}

/// The rows of a list column and their items, which begin with the first row's and end with the last one's.
fn rows_and_items(column: &ArrayRef) -> Option<(OffsetBuffer<i32>, ArrayRef)> {
    let lists = column.as_list_opt::<i32>()?;
    let (first, last) = (*lists.value_offsets().first()?, *lists.value_offsets().last()?);
    let (start, length) = (usize::try_from(first).ok()?, usize::try_from(last - first).ok()?);
    let offsets = OffsetBuffer::new(lists.value_offsets().iter().map(|offset| offset - first).collect());
    Some((offsets, lists.values().slice(start, length)))
}

fn list(column: &ArrayRef, to: &PropType) -> Result<ArrayRef, Misfit> {
    let target = property_type(to);
    let (offsets, items) = rows_and_items(column).ok_or_else(|| unfit(column, &target))?;
    let items = convert(&items, &PropType { list: false, nullable: false, ..to.clone() })?;
    if items.null_count() > 0 {
        return Err(Misfit::Value(problem::MISSING, format!("{} contains a null", shown(column))));
    }
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, offsets, items, column.nulls().cloned())?))
}

fn vector(column: &ArrayRef, dimensions: u32) -> Result<ArrayRef, Misfit> {
    let length = dimensions as usize;
    let target = DataType::Float32;
    let (offsets, items) = rows_and_items(column).ok_or_else(|| unfit(column, &target))?;
    let items = finite::<Float32Type>(exact(&unpack(&items)?, &target)?, |value| value.is_finite())?;
    let Some(items) = items.as_primitive_opt::<Float32Type>() else { return Err(unfit(column, &target)) };
    let mut values = Vec::with_capacity(column.len() * length);
    for (row, bounds) in offsets.windows(2).enumerate() {
        if column.is_null(row) {
            values.resize(values.len() + length, 0.0);
            continue;
        }
        let [start, end] = [bounds[0], bounds[1]].map(|bound| usize::try_from(bound).unwrap_or_default());
        if end - start != length {
            let message = format!("vector property expects {dimensions} dimensions, got {}", end - start);
            return Err(Misfit::Value(problem::WRONG_TYPE, message));
        }
        let numbers = items.slice(start, length);
        if numbers.null_count() > 0 {
            return Err(Misfit::Value(problem::MISSING, format!("{} contains a null", shown(column))));
        }
        values.extend_from_slice(numbers.values());
    }
    let field = Arc::new(Field::new("item", DataType::Float32, true));
    let length = i32::try_from(dimensions).unwrap_or(i32::MAX);
    let values = Arc::new(Float32Array::from(values));
    Ok(Arc::new(FixedSizeListArray::try_new(field, length, values, column.nulls().cloned())?))
}
