//! Changes of representation that lose nothing: what a computed value goes through before it is stored.
//!
//! Where the value decides, it is checked: an integer must be in range and a float must be able to hold it, a word must be
//! one of its enum, a list as long as its vector. A float may be cut to single precision, as a constant would be.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, LargeBinaryBuilder, PrimitiveArray, StringArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::types::{PropType, Scalar};

use crate::batch::Batch;
use crate::blob::blob;
use crate::column::Column;
use crate::failure::{Failure, Problem};
use crate::json;
use crate::kernel::{Program, shared};
use crate::lane::Numbers;
use crate::list::{range, with_values};
use crate::types::{is_integer, is_number};

/// The conversion from one type to another, if there is one.
pub(crate) fn program(from: &Type, to: &Type) -> Option<Program> {
    let (Type::Value(from), Type::Value(to)) = (from, to) else {
        return (*from == Type::Null).then_some(Program::Null);
    };
    if let (Scalar::Vector(dimension), false, true) = (to.scalar, to.list, from.list) {
        let dimension = usize::try_from(dimension).ok()?;
        return is_number(from.scalar).then(|| Program::strict(move |batch| vector(batch, dimension)));
    }
    if to.scalar == Scalar::Json && !to.list && (from.list || from.scalar != Scalar::Json) {
        let (scalar, list) = (from.scalar, from.list);
        let known = !matches!(scalar, Scalar::Blob | Scalar::Vector(_));
        return known.then(|| Program::strict(move |batch| json::make(batch, scalar, list)));
    }
    if from.list != to.list {
        return None;
    }
    let items = items(from, to)?;
    Some(if from.list {
        Program::strict(move |batch| of_lists(batch, &items))
    } else {
        Program::strict(move |batch| {
            batch
                .column(0)?
                .materialize(batch.rows())
                .and_then(|array| items.apply(&array, &|row| batch.is_valid(row).then_some(row)))
        })
    })
}

/// What happens to each value.
enum Items {
    /// Nothing.
    Same,
    /// It is looked up among these words.
    Words(Vec<String>),
    /// It becomes a number of this type.
    Number(Scalar),
    /// It is text that stands for bytes.
    Blob,
}

fn items(from: &PropType, to: &PropType) -> Option<Items> {
    match &to.enum_values {
        Some(words) if from.scalar == to.scalar && from.enum_values != to.enum_values => {
            return Some(Items::Words(words.clone()));
        }
        _ => {}
    }
    if from.scalar == to.scalar {
        return Some(Items::Same);
    }
    if (from.scalar, to.scalar) == (Scalar::String, Scalar::Blob) {
        return Some(Items::Blob);
    }
    let numbers = is_number(from.scalar) && is_number(to.scalar);
    (numbers && (is_integer(from.scalar) || !is_integer(to.scalar))).then_some(Items::Number(to.scalar))
}

/// The row that a value belongs to; `None` if nobody sees it.
type RowOf<'a> = dyn Fn(usize) -> Option<usize> + 'a;

impl Items {
    fn apply(&self, array: &ArrayRef, row_of: &RowOf<'_>) -> Result<ArrayRef, Failure> {
        match self {
            Self::Same => Ok(Arc::clone(array)),
            Self::Words(words) => {
                let values: &StringArray = array.as_string();
                for index in 0..values.len() {
                    let Some(row) = row_of(index) else { continue };
                    let word = values.value(index);
                    if words.binary_search_by(|known| known.as_str().cmp(word)).is_err() {
                        let problem = Problem::NotInEnum { word: word.to_owned(), expected: words.join(", ") };
                        return Err(Failure { row, problem });
                    }
                }
                Ok(Arc::clone(array))
            }
            Self::Blob => blobs(array.as_string(), row_of),
            Self::Number(to) => {
                let lane = Batch::new(vec![Column::Array(Arc::clone(array))], array.len()).numbers(0)?;
                match to {
                    Scalar::I32 => {
                        numbers::<Int32Type>(array, &lane, row_of, "I32", |n, at| i32::try_from(integer(n, at)?).ok())
                    }
                    Scalar::I64 => {
                        numbers::<Int64Type>(array, &lane, row_of, "I64", |n, at| i64::try_from(integer(n, at)?).ok())
                    }
                    Scalar::U32 => {
                        numbers::<UInt32Type>(array, &lane, row_of, "U32", |n, at| u32::try_from(integer(n, at)?).ok())
                    }
                    Scalar::U64 => {
                        numbers::<UInt64Type>(array, &lane, row_of, "U64", |n, at| u64::try_from(integer(n, at)?).ok())
                    }
                    Scalar::F32 => numbers::<Float32Type>(array, &lane, row_of, "F32", single),
                    _ => numbers::<Float64Type>(array, &lane, row_of, "F64", double),
                }
            }
        }
    }
}

fn blobs(texts: &StringArray, row_of: &RowOf<'_>) -> Result<ArrayRef, Failure> {
    let mut bytes = LargeBinaryBuilder::new();
    for index in 0..texts.len() {
        match row_of(index) {
            Some(row) => bytes.append_value(blob(texts.value(index)).map_err(|problem| Failure { row, problem })?),
            None => bytes.append_null(),
        }
    }
    Ok(Arc::new(bytes.finish()))
}

fn integer(numbers: &Numbers, index: usize) -> Option<i128> {
    match numbers {
        Numbers::I64(lane) => Some(lane.at(index).into()),
        Numbers::U64(lane) => Some(lane.at(index).into()),
        Numbers::F64(_) => None,
    }
}

/// The float that is exactly this number.
fn double(numbers: &Numbers, index: usize) -> Option<f64> {
    let wide = numbers.float_at(index);
    match integer(numbers, index) {
        Some(integer) => (wide as i128 == integer).then_some(wide),
        None => Some(wide),
    }
}

fn single(numbers: &Numbers, index: usize) -> Option<f32> {
    let wide = double(numbers, index)?;
    let narrow = wide as f32;
    let exact = integer(numbers, index).is_none() || f64::from(narrow) == wide;
    (narrow.is_finite() && exact).then_some(narrow)
}

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    numbers: &Numbers,
    row_of: &RowOf<'_>,
    target: &'static str,
    convert: impl Fn(&Numbers, usize) -> Option<T::Native>,
) -> Result<ArrayRef, Failure> {
    let mut values = Vec::with_capacity(array.len());
    for index in 0..array.len() {
        let value = match (convert(numbers, index), row_of(index)) {
            (Some(value), _) => value,
            (None, None) => T::Native::default(),
            (None, Some(row)) => {
                let shown = match integer(numbers, index) {
                    Some(value) => value.to_string(),
                    None => numbers.float_at(index).to_string(),
                };
                let help = "use a number that it can hold exactly, or a property of another type";
                return Err(Failure { row, problem: Problem::out_of_range(shown, target, help) });
            }
        };
        values.push(value);
    }
    shared(PrimitiveArray::<T>::new(values.into(), array.logical_nulls()))
}

/// The row of each value of the lists of a batch; `None` of values that no row holds.
fn rows_of_values(batch: &Batch) -> Result<Vec<Option<usize>>, Failure> {
    let lists = batch.lists(0)?;
    let mut rows = vec![None; lists.array().values().len()];
    for row in (0..batch.rows()).filter(|row| batch.is_valid(*row)) {
        let places = rows.get_mut(range(lists.array(), lists.index(row)));
        places.ok_or_else(|| Failure::internal("a list ends beyond its values"))?.fill(Some(row));
    }
    Ok(rows)
}

fn of_lists(batch: &Batch, items: &Items) -> Result<ArrayRef, Failure> {
    let rows = rows_of_values(batch)?;
    let lists = batch.lists(0)?;
    let values = items.apply(lists.array().values(), &|index| rows.get(index).copied().flatten())?;
    with_values(lists.array(), values, batch.nulls())
}

fn vector(batch: &Batch, dimension: usize) -> Result<ArrayRef, Failure> {
    let lists = batch.lists(0)?;
    let numbers = Batch::new(vec![Column::Array(Arc::clone(lists.array().values()))], 0).numbers(0)?;
    let mut values: Vec<f32> = Vec::with_capacity(batch.rows().saturating_mul(dimension));
    for row in 0..batch.rows() {
        if !batch.is_valid(row) {
            values.resize(values.len() + dimension, 0.0);
            continue;
        }
        let places = range(lists.array(), lists.index(row));
        if places.len() != dimension {
            let problem = Problem::WrongLength { expected: dimension, found: places.len() };
            return Err(Failure { row, problem });
        }
        for index in places {
            let narrow = numbers.float_at(index) as f32;
            if !narrow.is_finite() {
                let help = "use a number that fits single precision";
                return Err(Failure { row, problem: Problem::out_of_range(numbers.float_at(index), "F32", help) });
            }
            values.push(narrow);
        }
    }
    let length = i32::try_from(dimension).map_err(|_| Failure::internal("a vector of that length cannot be stored"))?;
    let field = Arc::new(Field::new("item", DataType::Float32, true));
    shared(FixedSizeListArray::try_new(field, length, Arc::new(Float32Array::from(values)), batch.nulls())?)
}
