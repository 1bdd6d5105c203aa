//! Conversions: lossless to the type of a property, widening to a common type, and blobs from text.
//!
//! A computed value is converted before it is stored. Where the result depends on the value, the value is checked: an integer
//! must be in range and a float must represent it exactly, a word must be a value of its enum, and a list must have the length
//! of its vector. A float may be rounded to single precision, as a literal is.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, GenericListArray, LargeBinaryBuilder, PrimitiveArray,
    StringArray, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::types::{PropType, ScalarType};

use crate::columnar_value::ColumnarValue;
use crate::eval_error::{EvalError, EvalErrorKind};
use crate::json;
use crate::kernel::{KernelProgram, shared};
use crate::list::{range, with_values};
use crate::operand_batch::OperandBatch;
use crate::primitive_view::NumberView;
use crate::types::{is_integer, is_number};

/// Returns the conversion from one type to another, if it exists.
pub(crate) fn program(from: &ExprType, to: &ExprType) -> Option<KernelProgram> {
    let (ExprType::Value(from), ExprType::Value(to)) = (from, to) else {
        return (*from == ExprType::Null).then_some(KernelProgram::Null);
    };
    if let (ScalarType::Vector(dimension), false, true) = (to.scalar, to.list, from.list) {
        let dimension = usize::try_from(dimension).ok()?;
        return is_number(from.scalar).then(|| KernelProgram::strict(move |batch| vector(batch, dimension)));
    }
    if to.scalar == ScalarType::Json && !to.list && (from.list || from.scalar != ScalarType::Json) {
        let (scalar, list) = (from.scalar, from.list);
        let known = !matches!(scalar, ScalarType::Blob | ScalarType::Vector(_));
        return known.then(|| KernelProgram::strict(move |batch| json::to_json(batch, scalar, list)));
    }
    if from.list != to.list {
        return None;
    }
    let items = item_conversion(from, to)?;
    Some(if from.list {
        KernelProgram::strict(move |batch| convert_lists(batch, &items))
    } else {
        KernelProgram::strict(move |batch| {
            batch
                .column(0)?
                .materialize(batch.rows())
                .and_then(|array| items.apply(&array, &|row| batch.is_valid(row).then_some(row)))
        })
    })
}

/// The conversion of each value.
enum ItemConversion {
    /// No change.
    Same,
    /// A check against the values of an enum.
    Words(Vec<String>),
    /// A number of this type.
    Number(ScalarType),
    /// The bytes that a text encodes.
    Blob,
}

fn item_conversion(from: &PropType, to: &PropType) -> Option<ItemConversion> {
    match &to.enum_values {
        Some(words) if from.scalar == to.scalar && from.enum_values != to.enum_values => {
            return Some(ItemConversion::Words(words.clone()));
        }
        _ => {}
    }
    if from.scalar == to.scalar {
        return Some(ItemConversion::Same);
    }
    if (from.scalar, to.scalar) == (ScalarType::String, ScalarType::Blob) {
        return Some(ItemConversion::Blob);
    }
    let numbers = is_number(from.scalar) && is_number(to.scalar);
    (numbers && (is_integer(from.scalar) || !is_integer(to.scalar))).then_some(ItemConversion::Number(to.scalar))
}

/// A map from the index of a value to its row; `None` for a value that no row contains.
type RowOf<'a> = dyn Fn(usize) -> Option<usize> + 'a;

impl ItemConversion {
    fn apply(&self, array: &ArrayRef, row_of: &RowOf<'_>) -> Result<ArrayRef, EvalError> {
        match self {
            Self::Same => Ok(Arc::clone(array)),
            Self::Words(words) => {
                let values: &StringArray = array.as_string();
                for index in 0..values.len() {
                    let Some(row) = row_of(index) else { continue };
                    let word = values.value(index);
                    if words.binary_search_by(|known| known.as_str().cmp(word)).is_err() {
                        let kind = EvalErrorKind::NotInEnum { word: word.to_owned(), expected: words.join(", ") };
                        return Err(EvalError { row, kind });
                    }
                }
                Ok(Arc::clone(array))
            }
            Self::Blob => blobs(array.as_string(), row_of),
            Self::Number(to) => {
                let view = OperandBatch::new(vec![ColumnarValue::Array(Arc::clone(array))], array.len()).numbers(0)?;
                match to {
                    ScalarType::I32 => {
                        numbers::<Int32Type>(array, &view, row_of, "I32", |n, at| i32::try_from(integer(n, at)?).ok())
                    }
                    ScalarType::I64 => {
                        numbers::<Int64Type>(array, &view, row_of, "I64", |n, at| i64::try_from(integer(n, at)?).ok())
                    }
                    ScalarType::U32 => {
                        numbers::<UInt32Type>(array, &view, row_of, "U32", |n, at| u32::try_from(integer(n, at)?).ok())
                    }
                    ScalarType::U64 => {
                        numbers::<UInt64Type>(array, &view, row_of, "U64", |n, at| u64::try_from(integer(n, at)?).ok())
                    }
                    ScalarType::F32 => numbers::<Float32Type>(array, &view, row_of, "F32", single),
                    _ => numbers::<Float64Type>(array, &view, row_of, "F64", double),
                }
            }
        }
    }
}

fn blobs(texts: &StringArray, row_of: &RowOf<'_>) -> Result<ArrayRef, EvalError> {
    let mut bytes = LargeBinaryBuilder::new();
    for index in 0..texts.len() {
        match row_of(index) {
            Some(row) => bytes.append_value(decode_blob(texts.value(index)).map_err(|kind| EvalError { row, kind })?),
            None => bytes.append_null(),
        }
    }
    Ok(Arc::new(bytes.finish()))
}

fn integer(numbers: &NumberView, index: usize) -> Option<i128> {
    match numbers {
        NumberView::I64(view) => Some(view.value(index).into()),
        NumberView::U64(view) => Some(view.value(index).into()),
        NumberView::F64(_) => None,
    }
}

/// Returns the float that equals this number.
fn double(numbers: &NumberView, index: usize) -> Option<f64> {
    let wide = numbers.float_value(index);
    match integer(numbers, index) {
        Some(integer) => (wide as i128 == integer).then_some(wide),
        None => Some(wide),
    }
}

fn single(numbers: &NumberView, index: usize) -> Option<f32> {
    let wide = double(numbers, index)?;
    let narrow = wide as f32;
    let exact = integer(numbers, index).is_none() || f64::from(narrow) == wide;
    (narrow.is_finite() && exact).then_some(narrow)
}

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    numbers: &NumberView,
    row_of: &RowOf<'_>,
    target: &'static str,
    convert: impl Fn(&NumberView, usize) -> Option<T::Native>,
) -> Result<ArrayRef, EvalError> {
    let mut values = Vec::with_capacity(array.len());
    for index in 0..array.len() {
        let value = match (convert(numbers, index), row_of(index)) {
            (Some(value), _) => value,
            (None, None) => T::Native::default(),
            (None, Some(row)) => {
                let shown = match integer(numbers, index) {
                    Some(value) => value.to_string(),
                    None => numbers.float_value(index).to_string(),
                };
                let help = "use a number that it can hold exactly, or a property of another type";
                return Err(EvalError { row, kind: EvalErrorKind::out_of_range(shown, target, help) });
            }
        };
        values.push(value);
    }
    shared(PrimitiveArray::<T>::new(values.into(), array.logical_nulls()))
}

/// Returns the row of each value of the lists of a batch; `None` for values that no row contains.
fn rows_of_values(batch: &OperandBatch) -> Result<Vec<Option<usize>>, EvalError> {
    let lists = batch.lists(0)?;
    let mut rows = vec![None; lists.array().values().len()];
    for row in (0..batch.rows()).filter(|row| batch.is_valid(*row)) {
        let slots = rows.get_mut(range(lists.array(), lists.index(row)));
        slots.ok_or_else(|| EvalError::internal("a list ends beyond its values"))?.fill(Some(row));
    }
    Ok(rows)
}

fn convert_lists(batch: &OperandBatch, items: &ItemConversion) -> Result<ArrayRef, EvalError> {
    let rows = rows_of_values(batch)?;
    let lists = batch.lists(0)?;
    let values = items.apply(lists.array().values(), &|index| rows.get(index).copied().flatten())?;
    with_values(lists.array(), values, batch.nulls())
}

fn vector(batch: &OperandBatch, dimension: usize) -> Result<ArrayRef, EvalError> {
    let lists = batch.lists(0)?;
    let numbers = OperandBatch::new(vec![ColumnarValue::Array(Arc::clone(lists.array().values()))], 0).numbers(0)?;
    let mut values: Vec<f32> = Vec::with_capacity(batch.rows().saturating_mul(dimension));
    for row in 0..batch.rows() {
        if !batch.is_valid(row) {
            values.resize(values.len() + dimension, 0.0);
            continue;
        }
        let items = range(lists.array(), lists.index(row));
        if items.len() != dimension {
            let kind = EvalErrorKind::WrongLength { expected: dimension, found: items.len() };
            return Err(EvalError { row, kind });
        }
        for index in items {
            let narrow = numbers.float_value(index) as f32;
            if !narrow.is_finite() {
                let help = "use a number that fits single precision";
                return Err(EvalError {
                    row,
                    kind: EvalErrorKind::out_of_range(numbers.float_value(index), "F32", help),
                });
            }
            values.push(narrow);
        }
    }
    let length =
        i32::try_from(dimension).map_err(|_| EvalError::internal("a vector of that length cannot be stored"))?;
    let field = Arc::new(Field::new("item", DataType::Float32, true));
    shared(FixedSizeListArray::try_new(field, length, Arc::new(Float32Array::from(values)), batch.nulls())?)
}

/// Widens the values to a common Arrow type: numbers and lists of numbers; other values are unchanged.
///
/// An integer becomes the nearest float. A negative integer cannot become a `U64`.
pub(crate) fn widen(column: &ColumnarValue, ty: &DataType) -> Result<ColumnarValue, EvalError> {
    Ok(match column {
        ColumnarValue::Array(array) => ColumnarValue::Array(widen_array(array, ty)?),
        ColumnarValue::Constant(array) => ColumnarValue::Constant(widen_array(array, ty)?),
    })
}

fn widen_array(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, EvalError> {
    let found = array.data_type();
    match (found, ty) {
        _ if found == ty => Ok(Arc::clone(array)),
        (DataType::Null, _) => Ok(new_null_array(ty, array.len())),
        (DataType::List(_), DataType::List(item)) if item.data_type().is_numeric() => {
            widen_items(array.as_list(), item.data_type())
        }
        _ if found.is_numeric() && ty.is_numeric() => {
            let wide = cast_nearest(array, ty)?;
            match (0..array.len()).find(|row| array.is_valid(*row) && wide.is_null(*row)) {
                Some(row) => Err(negative_error(row)),
                None => Ok(wide),
            }
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn widen_items(lists: &GenericListArray<i32>, ty: &DataType) -> Result<ArrayRef, EvalError> {
    let values = lists.values();
    let wide = cast_nearest(values, ty)?;
    // Values outside all list slots, and below null lists, are ignored.
    let lost = |row: usize| range(lists, row).any(|index| values.is_valid(index) && wide.is_null(index));
    match (0..lists.len()).find(|row| lists.is_valid(*row) && lost(*row)) {
        Some(row) => Err(negative_error(row)),
        None => with_values(lists, wide, lists.nulls().cloned()),
    }
}

/// Casts to the nearest numbers of another type; null where none exists.
fn cast_nearest(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, EvalError> {
    Ok(cast_with_options(array, ty, &CastOptions { safe: true, ..CastOptions::default() })?)
}

fn negative_error(row: usize) -> EvalError {
    let help = "the other values are of type U64; convert one side with `to_float`";
    EvalError { row, kind: EvalErrorKind::out_of_range("a negative number", "U64", help) }
}

/// Decodes the bytes of a text `base64:…`.
///
/// # Errors
///
/// Fails with [`EvalErrorKind::InvalidBlob`] for any other text: external blobs are not fetched.
pub fn decode_blob(text: &str) -> Result<Vec<u8>, EvalErrorKind> {
    let invalid = |reason: String| EvalErrorKind::InvalidBlob { reason };
    let encoded = text.strip_prefix("base64:");
    let encoded = encoded.ok_or_else(|| invalid("references to external blobs are not allowed here".to_owned()))?;
    STANDARD.decode(encoded).map_err(|error| {
        let detail = error.to_string();
        invalid(format!("invalid base64 blob data: {}", detail.trim_end_matches('.')))
    })
}
