//! Columnar formats: Arrow columns as draft rows. A conversion never loses information: the header checks if types can be
//! converted, and a value that does not fit is an error.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, FixedSizeListArray, Float32Array, Int64Array, ListArray,
    PrimitiveArray, RecordBatch, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::util::display::{ArrayFormatter, FormatOptions, array_value_to_string};
use omnigraph_compiler::types::{PropType, ScalarType};
use omnigraph_expr::property_type;

use super::column_builder::ColumnBuilder;
use super::csv::push_text;
use super::header::{ColumnTarget, TypedFile};
use super::row_builder::fill_defaults;
use super::typed_rows::DraftRows;
use super::{DecodeContext, MISSING_VALUE, OUT_OF_RANGE, RowDecodeError, WRONG_TYPE};
use crate::error::{Error, RowError};
use crate::write::constraints::{PropertyPlan, TypeIndex, default_column};
use crate::write::load::source::BatchPiece;

/// Milliseconds of a day.
const DAY_MILLIS: i64 = 86_400_000;

/// Some rows of a piece of a columnar file.
#[derive(Clone, Debug)]
pub(super) struct BatchView<'a> {
    file: &'a TypedFile,
    pub(super) first_row: u64,
    batch: RecordBatch,
}

impl<'a> BatchView<'a> {
    pub(super) fn new(piece: &'a BatchPiece) -> Self {
        Self { file: &piece.file, first_row: piece.first_row, batch: piece.batch.clone() }
    }

    /// Returns the rows and their type.
    pub(super) fn draft(&self, context: &DecodeContext) -> Result<(TypeIndex, DraftRows), RowDecodeError> {
        let ty = self.file.ty;
        let plan = &context.plans.types[ty];
        let rows = self.batch.num_rows();
        let mut arrays = vec![match self.column(ColumnTarget::Id) {
            Some(given) => convert_ids(given).map_err(|error| self.with_column_name(ColumnTarget::Id, error))?,
            None => new_null_array(plan.draft.field(0).data_type(), rows),
        }];
        if plan.is_edge() {
            arrays.push(self.endpoint_ids(ColumnTarget::Source, "from")?);
            arrays.push(self.endpoint_ids(ColumnTarget::Target, "to")?);
        }
        for (index, property) in plan.properties.iter().enumerate() {
            arrays.push(self.property(context, index, property)?);
        }
        let batch = RecordBatch::try_new(Arc::clone(&plan.draft), arrays);
        let batch = batch.map_err(|error| Error::internal(format!("cannot build a batch of rows: {error}")))?;
        Ok((ty, DraftRows { batch, lines: (self.first_row..).take(rows).collect() }))
    }

    fn endpoint_ids(&self, target: ColumnTarget, name: &str) -> Result<ArrayRef, RowDecodeError> {
        let missing = || RowError::new(MISSING_VALUE, format!("an edge requires field '{name}'"));
        let column = self.column(target).ok_or_else(missing)?;
        let ids = convert_ids(column).map_err(|error| self.with_column_name(target, error))?;
        if ids.null_count() > 0 { Err(missing().into()) } else { Ok(ids) }
    }

    fn property(
        &self,
        context: &DecodeContext,
        index: usize,
        property: &PropertyPlan,
    ) -> Result<ArrayRef, RowDecodeError> {
        let defaults = |rows| default_column(property, rows, &context.env, context.now_millis);
        let target = ColumnTarget::Property(index);
        let Some(column) = self.column(target) else { return Ok(defaults(self.batch.num_rows())?) };
        let column = convert(column, &property.ty).map_err(|error| self.with_column_name(target, error))?;
        if property.ty.nullable || property.default.is_none() || column.null_count() == 0 {
            return Ok(column);
        }
        // A null omits a property that is not nullable.
        let omitted: Vec<u32> = (0u32..).take(column.len()).filter(|row| column.is_null(*row as usize)).collect();
        Ok(fill_defaults(&column, &omitted, &defaults(omitted.len())?)?)
    }

    fn position(&self, target: ColumnTarget) -> Option<usize> {
        self.file.targets.iter().position(|found| *found == target)
    }

    fn column(&self, target: ColumnTarget) -> Option<&ArrayRef> {
        self.batch.columns().get(self.position(target)?)
    }

    fn with_column_name(&self, target: ColumnTarget, error: RowDecodeError) -> RowDecodeError {
        let name = self.position(target).and_then(|position| self.file.names.get(position)).map_or("", String::as_str);
        match error {
            RowDecodeError::Row(error) => RowDecodeError::Row(error.with_prefix(&format!("column '{name}': "))),
            other => other,
        }
    }

    /// Splits the rows; none if there is one row.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let rows = self.batch.num_rows();
        let first = rows / 2;
        let part = |offset, rows| Self {
            file: self.file,
            first_row: self.first_row + offset as u64,
            batch: self.batch.slice(offset, rows),
        };
        (first > 0).then(|| (part(0, first), part(first, rows - first)))
    }

    /// Returns the only row as an object of strings.
    pub(super) fn only_row(&self) -> serde_json::Value {
        let options = FormatOptions::new();
        let cells = self.file.names.iter().zip(self.batch.columns()).map(|(name, column)| {
            let text = ArrayFormatter::try_new(column.as_ref(), &options).ok();
            let text = text.filter(|_| !column.is_empty() && column.is_valid(0));
            let text = text.and_then(|text| text.value(0).try_to_string().ok());
            (name.clone(), text.map_or(serde_json::Value::Null, serde_json::Value::from))
        });
        serde_json::Value::Object(cells.collect())
    }
}

/// Returns a type without dictionaries, run-end encoding and views.
fn plain_type(from: &DataType) -> DataType {
    match from {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::LargeBinary,
        DataType::LargeList(items) | DataType::FixedSizeList(items, _) => DataType::List(Arc::clone(items)),
        other => other.clone(),
    }
}

/// Returns true if columns of a type can be converted to a property.
pub(super) fn accepts(from: &DataType, to: &PropType) -> bool {
    let from = plain_type(from);
    if from == DataType::Null {
        return true;
    }
    let item = PropType { list: false, ..to.clone() };
    match (&from, to.scalar) {
        (DataType::List(items), _) if to.list => accepts(items.data_type(), &item),
        _ if to.list => false,
        (DataType::List(items), ScalarType::Vector(_)) => plain_type(items.data_type()).is_numeric(),
        (DataType::Utf8, ScalarType::String | ScalarType::Json) | (DataType::Boolean, ScalarType::Bool) => true,
        (DataType::LargeBinary, ScalarType::Blob) | (DataType::Date32 | DataType::Date64, ScalarType::Date) => true,
        (DataType::Timestamp(..) | DataType::Date32 | DataType::Date64, ScalarType::DateTime) => true,
        (from, ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64) => from.is_integer(),
        (from, ScalarType::F32 | ScalarType::F64) => from.is_integer() || from.is_floating(),
        _ => false,
    }
}

/// Returns true if columns of a type can be ids: strings, and integers by their canonical text.
pub(super) fn accepts_ids(from: &DataType) -> bool {
    let from = plain_type(from);
    from == DataType::Utf8 || from.is_integer() || from == DataType::Null
}

/// Converts ids to strings.
fn convert_ids(column: &ArrayRef) -> Result<ArrayRef, RowDecodeError> {
    Ok(cast(&decode_dictionary(column)?, &DataType::Utf8)?)
}

/// Converts a column to a property whose type [accepts] it.
fn convert(column: &ArrayRef, to: &PropType) -> Result<ArrayRef, RowDecodeError> {
    let column = decode_dictionary(column)?;
    let target = property_type(to);
    if *column.data_type() == DataType::Null {
        return Ok(new_null_array(&target, column.len()));
    }
    if to.list {
        return convert_list(&column, to);
    }
    match to.scalar {
        ScalarType::String | ScalarType::Bool | ScalarType::Blob if *column.data_type() == target => Ok(column),
        ScalarType::Json => convert_json(&column, to),
        ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64 | ScalarType::Date => {
            convert_exact(&column, &target)
        }
        ScalarType::F32 => require_finite::<Float32Type>(convert_exact(&column, &target)?, |value| value.is_finite()),
        ScalarType::F64 => require_finite::<Float64Type>(convert_exact(&column, &target)?, |value| value.is_finite()),
        ScalarType::DateTime => convert_datetimes(&column),
        ScalarType::Vector(length) => convert_vector(&column, length),
        _ => Err(type_mismatch(&column, &target)),
    }
}

fn decode_dictionary(column: &ArrayRef) -> Result<ArrayRef, RowDecodeError> {
    let wanted = plain_type(column.data_type());
    if wanted == *column.data_type() { Ok(Arc::clone(column)) } else { Ok(cast(column, &wanted)?) }
}

/// Returns the first value of a column, for messages about its only row.
fn first_value(column: &ArrayRef) -> String {
    array_value_to_string(column, 0).unwrap_or_default()
}

fn type_mismatch(column: &ArrayRef, target: &DataType) -> RowDecodeError {
    let message = format!("expects {target}, got {} of type {}", first_value(column), column.data_type());
    RowError::new(WRONG_TYPE, message).into()
}

/// Converts numbers to another type. The conversion back must return the same numbers.
fn convert_exact(column: &ArrayRef, target: &DataType) -> Result<ArrayRef, RowDecodeError> {
    if column.data_type() == target {
        return Ok(Arc::clone(column));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let lossy = || {
        let message =
            format!("{} of type {} has no {target} of the same value", first_value(column), column.data_type());
        RowError::new(OUT_OF_RANGE, message).into()
    };
    let converted = cast_with_options(column, target, &options).map_err(|_| lossy())?;
    let back = cast_with_options(&converted, column.data_type(), &options).map_err(|_| lossy())?;
    if distinct(&back, column)?.true_count() > 0 { Err(lossy()) } else { Ok(converted) }
}

fn require_finite<T: ArrowPrimitiveType>(
    column: ArrayRef,
    finite: impl Fn(T::Native) -> bool,
) -> Result<ArrayRef, RowDecodeError> {
    let values = column.as_primitive_opt::<T>();
    if values.is_some_and(|values| values.iter().flatten().any(|value| !finite(value))) {
        let message = format!("{} is not a finite number. Leave the value empty", first_value(&column));
        return Err(RowError::new(OUT_OF_RANGE, message).into());
    }
    Ok(column)
}

fn convert_json(column: &ArrayRef, to: &PropType) -> Result<ArrayRef, RowDecodeError> {
    let Some(texts) = column.as_string_opt::<i32>() else { return Err(type_mismatch(column, &DataType::Utf8)) };
    let mut values = ColumnBuilder::new(to);
    for text in texts {
        match text {
            None => values.push_null(),
            Some(text) => {
                push_text(&mut values, to.nullable, text)?;
            }
        }
    }
    Ok(values.finish())
}

/// Converts timestamps to milliseconds, truncating finer units. Timestamps without a time zone are in UTC.
fn convert_datetimes(column: &ArrayRef) -> Result<ArrayRef, RowDecodeError> {
    let millis = match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => to_millis::<TimestampSecondType>(column, |at| at.checked_mul(1000)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => to_millis::<TimestampMillisecondType>(column, Some),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            to_millis::<TimestampMicrosecondType>(column, |at| Some(at.div_euclid(1000)))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            to_millis::<TimestampNanosecondType>(column, |at| Some(at.div_euclid(1_000_000)))
        }
        DataType::Date32 | DataType::Date64 => {
            let days = convert_exact(column, &DataType::Date32)?;
            let days = days.as_primitive_opt::<Date32Type>();
            days.map(|days| days.iter().map(|day| day.map(|day| i64::from(day) * DAY_MILLIS)).collect())
        }
        _ => None,
    };
    let target = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let millis = millis.filter(|millis| millis.null_count() == column.null_count());
    let millis = millis.ok_or_else(|| type_mismatch(column, &target))?;
    Ok(Arc::new(millis.reinterpret_cast::<TimestampMillisecondType>().with_timezone("UTC")))
}

/// Converts timestamps. A result out of range is null.
fn to_millis<T: ArrowPrimitiveType<Native = i64>>(
    column: &ArrayRef,
    convert: impl Fn(i64) -> Option<i64>,
) -> Option<Int64Array> {
    let instants: &PrimitiveArray<T> = column.as_primitive_opt()?;
    Some(instants.iter().map(|at| at.and_then(&convert)).collect())
}

/// Returns the offsets of a list column and its items, from those of the first row to those of the last.
fn rows_and_items(column: &ArrayRef) -> Option<(OffsetBuffer<i32>, ArrayRef)> {
    let lists = column.as_list_opt::<i32>()?;
    let (first, last) = (*lists.value_offsets().first()?, *lists.value_offsets().last()?);
    let (start, length) = (usize::try_from(first).ok()?, usize::try_from(last - first).ok()?);
    let offsets = OffsetBuffer::new(lists.value_offsets().iter().map(|offset| offset - first).collect());
    Some((offsets, lists.values().slice(start, length)))
}

fn convert_list(column: &ArrayRef, to: &PropType) -> Result<ArrayRef, RowDecodeError> {
    let target = property_type(to);
    let (offsets, items) = rows_and_items(column).ok_or_else(|| type_mismatch(column, &target))?;
    let items = convert(&items, &PropType { list: false, nullable: false, ..to.clone() })?;
    if items.null_count() > 0 {
        return Err(RowError::new(MISSING_VALUE, format!("{} contains a null", first_value(column))).into());
    }
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(field, offsets, items, column.nulls().cloned())?))
}

fn convert_vector(column: &ArrayRef, dimensions: u32) -> Result<ArrayRef, RowDecodeError> {
    let length = dimensions as usize;
    let target = DataType::Float32;
    let (offsets, items) = rows_and_items(column).ok_or_else(|| type_mismatch(column, &target))?;
    let items =
        require_finite::<Float32Type>(convert_exact(&decode_dictionary(&items)?, &target)?, |value| value.is_finite())?;
    let Some(items) = items.as_primitive_opt::<Float32Type>() else { return Err(type_mismatch(column, &target)) };
    let mut values = Vec::with_capacity(column.len() * length);
    for (row, bounds) in offsets.windows(2).enumerate() {
        if column.is_null(row) {
            values.resize(values.len() + length, 0.0);
            continue;
        }
        let [start, end] = [bounds[0], bounds[1]].map(|bound| usize::try_from(bound).unwrap_or_default());
        if end - start != length {
            let message = format!("vector property expects {dimensions} dimensions, got {}", end - start);
            return Err(RowError::new(WRONG_TYPE, message).into());
        }
        let numbers = items.slice(start, length);
        if numbers.null_count() > 0 {
            return Err(RowError::new(MISSING_VALUE, format!("{} contains a null", first_value(column))).into());
        }
        values.extend_from_slice(numbers.values());
    }
    let field = Arc::new(Field::new("item", DataType::Float32, true));
    let length = i32::try_from(dimensions).unwrap_or(i32::MAX);
    let values = Arc::new(Float32Array::from(values));
    Ok(Arc::new(FixedSizeListArray::try_new(field, length, values, column.nulls().cloned())?))
}
