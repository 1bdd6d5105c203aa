//! Nulls, enums, `@range`, `@check`: what can be judged row by row.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{
    ArrowNumericType, DataType, Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};
use omnigraph_compiler::catalog::Number;

use super::plan::{PropertyPlan, Rule, TypePlan};
use super::violation::{CHECK, ENUM, NULL, RANGE, Violation};

/// Judges the values of rows by the rules of their properties; the first row that violates one is reported. Columns are found
/// by name; one that is not there counts as null.
pub(crate) fn check_rows(plan: &TypePlan, batch: &RecordBatch) -> Result<(), Violation> {
    let mut first: Option<Violation> = None;
    for property in &plan.properties {
        // Only rows before the first one that is known to be wrong can still make a difference.
        let rows = first.as_ref().map_or(batch.num_rows(), |violation| violation.row);
        let found = match batch.column_by_name(&property.name) {
            Some(column) => check_column(plan, property, &column.slice(0, rows)),
            None => (rows > 0 && !property.ty.nullable).then(|| null(plan, property, 0)),
        };
        first = found.or(first);
    }
    first.map_or(Ok(()), Err)
}

/// Judges only that values are there where they must be: the part of [`check_rows`] without which rows are not even rows of
/// their table.
pub(crate) fn check_nulls(plan: &TypePlan, batch: &RecordBatch) -> Result<(), Violation> {
    let nulls =
        plan.properties.iter().filter_map(|property| first_null(plan, property, batch.column_by_name(&property.name)?));
    nulls.min_by_key(|violation| violation.row).map_or(Ok(()), Err)
}

fn first_null(plan: &TypePlan, property: &PropertyPlan, column: &ArrayRef) -> Option<Violation> {
    if property.ty.nullable || column.null_count() == 0 {
        return None;
    }
    (0..column.len()).find(|row| column.is_null(*row)).map(|row| null(plan, property, row))
}

fn check_column(plan: &TypePlan, property: &PropertyPlan, column: &ArrayRef) -> Option<Violation> {
    let mut first = first_null(plan, property, column);
    let mut rows = first.as_ref().map_or(column.len(), |violation| violation.row);
    if let Some(words) = &property.ty.enum_values
        && let Some(found) = check_words(plan, property, words, &column.slice(0, rows))
    {
        rows = found.row;
        first = Some(found);
    }
    for rule in &property.rules {
        let before = column.slice(0, rows);
        let found = match rule {
            Rule::Range { min, max, message } => check_range(plan, property, (*min, *max), message.as_deref(), &before),
            Rule::Check { regex, message } => {
                let texts = before.as_string_opt::<i32>()?;
                let row = texts.iter().position(|text| text.is_some_and(|text| !regex.is_match(text)));
                row.map(|row| {
                    let words = message.as_deref();
                    let value = format!("\"{}\"", texts.value(row));
                    let message = violated("@check", plan, property, &value, regex.as_str(), words);
                    Violation::new(row, CHECK, message)
                })
            }
        };
        if let Some(found) = found {
            rows = found.row;
            first = Some(found);
        }
    }
    first
}

fn null(plan: &TypePlan, property: &PropertyPlan, row: usize) -> Violation {
    let message = format!("{}.{} is non-nullable and cannot be null", plan.name, property.name);
    Violation::new(row, NULL, message)
}

fn check_words(plan: &TypePlan, property: &PropertyPlan, words: &[String], column: &ArrayRef) -> Option<Violation> {
    // An empty text stands for no word where there may be none.
    let known = |word: &str| among(words, word) || (property.ty.nullable && word.is_empty());
    let unknown = |texts: &StringArray| texts.iter().flatten().find(|word| !known(word)).map(str::to_owned);
    let (row, word) = match column.as_list_opt::<i32>() {
        Some(lists) => lists.iter().enumerate().find_map(|(row, items)| {
            let items = items?;
            Some((row, unknown(items.as_string_opt()?)?))
        })?,
        None => {
            let texts = column.as_string_opt::<i32>()?;
            let row = texts.iter().position(|word| word.is_some_and(|word| !known(word)))?;
            (row, texts.value(row).to_owned())
        }
    };
    let (place, expected) = (place(plan, property), words.join(", "));
    Some(Violation::new(row, ENUM, format!("invalid enum value '{word}' for {place} (expected: {expected})")))
}

/// Whether a word is among words in order.
fn among(words: &[String], word: &str) -> bool {
    words.binary_search_by(|known| known.as_str().cmp(word)).is_ok()
}

type Bounds = (Option<Number>, Option<Number>);

fn check_range(
    plan: &TypePlan,
    property: &PropertyPlan,
    bounds: Bounds,
    words: Option<&str>,
    column: &ArrayRef,
) -> Option<Violation> {
    let integers = (lowest_integer(bounds.0), highest_integer(bounds.1));
    let floats = (lowest_float(bounds.0), highest_float(bounds.1));
    let within_integers = |value: i128| value >= integers.0 && value <= integers.1;
    // NaN is within no bounds.
    let within_floats = |value: f64| value >= floats.0 && value <= floats.1;
    let (row, value) = match column.data_type() {
        DataType::Int32 => outside::<Int32Type>(column, |value| within_integers(value.into())),
        DataType::Int64 => outside::<Int64Type>(column, |value| within_integers(value.into())),
        DataType::UInt32 => outside::<UInt32Type>(column, |value| within_integers(value.into())),
        DataType::UInt64 => outside::<UInt64Type>(column, |value| within_integers(value.into())),
        DataType::Float32 => outside::<Float32Type>(column, |value| within_floats(value.into())),
        DataType::Float64 => outside::<Float64Type>(column, within_floats),
        _ => None,
    }?;
    let bound = |number: Option<Number>| number.map(|number| number.to_string()).unwrap_or_default();
    let wanted = format!("{}..{}", bound(bounds.0), bound(bounds.1));
    Some(Violation::new(row, RANGE, violated("@range", plan, property, &value, &wanted, words)))
}

/// The first value that is not within, and its row.
fn outside<T: ArrowNumericType<Native: std::fmt::Display>>(
    column: &ArrayRef,
    within: impl Fn(T::Native) -> bool,
) -> Option<(usize, String)> {
    let values: &PrimitiveArray<T> = column.as_primitive_opt()?;
    let row = (0..values.len()).find(|row| values.is_valid(*row) && !within(values.value(*row)))?;
    Some((row, values.value(row).to_string()))
}

#[expect(clippy::cast_possible_truncation, reason = "a float beyond the range of integers becomes the nearest integer")]
fn lowest_integer(bound: Option<Number>) -> i128 {
    match bound {
        None => i128::MIN,
        Some(Number::Integer(value)) => value.into(),
        Some(Number::Float(value)) => value.ceil() as i128,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float beyond the range of integers becomes the nearest integer")]
fn highest_integer(bound: Option<Number>) -> i128 {
    match bound {
        None => i128::MAX,
        Some(Number::Integer(value)) => value.into(),
        Some(Number::Float(value)) => value.floor() as i128,
    }
}

/// The lowest float that is not below a bound.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "what rounding lost is put right")]
fn lowest_float(bound: Option<Number>) -> f64 {
    match bound {
        None => f64::NEG_INFINITY,
        Some(Number::Float(value)) => value,
        Some(Number::Integer(value)) => {
            let nearest = value as f64;
            if (nearest as i128) < i128::from(value) { nearest.next_up() } else { nearest }
        }
    }
}

/// The highest float that is not above a bound.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "what rounding lost is put right")]
fn highest_float(bound: Option<Number>) -> f64 {
    match bound {
        None => f64::INFINITY,
        Some(Number::Float(value)) => value,
        Some(Number::Integer(value)) => {
            let nearest = value as f64;
            if (nearest as i128) > i128::from(value) { nearest.next_down() } else { nearest }
        }
    }
}

fn place(plan: &TypePlan, property: &PropertyPlan) -> String {
    format!("{}.{}", plan.name, property.name)
}

fn violated(
    rule: &str,
    plan: &TypePlan,
    property: &PropertyPlan,
    value: &str,
    wanted: &str,
    words: Option<&str>,
) -> String {
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    format!("{rule} violation on {}: {value} does not satisfy {wanted}{words}", place(plan, property))
}
