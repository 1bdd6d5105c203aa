//! Constraints on single rows: nulls, enums, `@range`, `@check`.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{
    ArrowNumericType, DataType, Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};
use omnigraph_compiler::catalog::NumberLiteral;

use super::row_plan::{NumberBounds, PropertyPlan, RowPlan, ValueConstraint};
use super::violations::{CHECK, ENUM, NULL, RANGE};
use crate::error::ConstraintViolation;

/// Checks the values of rows and reports the first violating row. Columns are found by name; a missing column counts as
/// null.
pub(crate) fn check_rows(plan: &RowPlan, batch: &RecordBatch) -> Result<(), ConstraintViolation> {
    let mut first: Option<ConstraintViolation> = None;
    for property in &plan.properties {
        // Only rows before the first known violation can change the result.
        let rows = first.as_ref().map_or(batch.num_rows(), ConstraintViolation::first_row);
        let found = match batch.column_by_name(&property.name) {
            Some(column) => check_column(plan, property, &column.slice(0, rows)),
            None => (rows > 0 && !property.ty.nullable).then(|| null_violation(plan, property, 0)),
        };
        first = found.or(first);
    }
    first.map_or(Ok(()), Err)
}

/// Checks only nulls: the part of [`check_rows`] that the schema of the table requires.
pub(crate) fn check_nulls(plan: &RowPlan, batch: &RecordBatch) -> Result<(), ConstraintViolation> {
    let nulls =
        plan.properties.iter().filter_map(|property| first_null(plan, property, batch.column_by_name(&property.name)?));
    nulls.min_by_key(ConstraintViolation::first_row).map_or(Ok(()), Err)
}

fn first_null(plan: &RowPlan, property: &PropertyPlan, column: &ArrayRef) -> Option<ConstraintViolation> {
    if property.ty.nullable || column.null_count() == 0 {
        return None;
    }
    (0..column.len()).find(|row| column.is_null(*row)).map(|row| null_violation(plan, property, row))
}

fn check_column(plan: &RowPlan, property: &PropertyPlan, column: &ArrayRef) -> Option<ConstraintViolation> {
    let mut first = first_null(plan, property, column);
    let mut rows = first.as_ref().map_or(column.len(), ConstraintViolation::first_row);
    if let Some(allowed) = &property.ty.enum_values
        && let Some(found) = check_enum(plan, property, allowed, &column.slice(0, rows))
    {
        rows = found.first_row();
        first = Some(found);
    }
    for constraint in &property.constraints {
        let before = column.slice(0, rows);
        let found = match constraint {
            ValueConstraint::Range { bounds, message } => {
                check_range(plan, property, *bounds, message.as_deref(), &before)
            }
            ValueConstraint::Check { regex, message } => {
                let texts = before.as_string_opt::<i32>()?;
                let row = texts.iter().position(|text| text.is_some_and(|text| !regex.is_match(text)));
                row.map(|row| {
                    let hint = message.as_deref();
                    let value = format!("\"{}\"", texts.value(row));
                    let message = violation_message("@check", plan, property, &value, regex.as_str(), hint);
                    ConstraintViolation::new(row, CHECK, message)
                })
            }
        };
        if let Some(found) = found {
            rows = found.first_row();
            first = Some(found);
        }
    }
    first
}

fn null_violation(plan: &RowPlan, property: &PropertyPlan, row: usize) -> ConstraintViolation {
    let message = format!("{}.{} is non-nullable and cannot be null", plan.name, property.name);
    ConstraintViolation::new(row, NULL, message)
}

fn check_enum(
    plan: &RowPlan,
    property: &PropertyPlan,
    allowed: &[String],
    column: &ArrayRef,
) -> Option<ConstraintViolation> {
    // In a nullable property an empty text means null.
    let known = |word: &str| contains_word(allowed, word) || (property.ty.nullable && word.is_empty());
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
    let (name, expected) = (qualified_name(plan, property), allowed.join(", "));
    Some(ConstraintViolation::new(row, ENUM, format!("invalid enum value '{word}' for {name} (expected: {expected})")))
}

/// Returns true if the sorted words of an enum contain `word`.
fn contains_word(allowed: &[String], word: &str) -> bool {
    allowed.binary_search_by(|known| known.as_str().cmp(word)).is_ok()
}

fn check_range(
    plan: &RowPlan,
    property: &PropertyPlan,
    bounds: NumberBounds,
    hint: Option<&str>,
    column: &ArrayRef,
) -> Option<ConstraintViolation> {
    let integers = lowest_integer(bounds.min)..=highest_integer(bounds.max);
    // NaN is outside of all bounds.
    let floats = lowest_float(bounds.min)..=highest_float(bounds.max);
    let (row, value) = match column.data_type() {
        DataType::Int32 => first_outside::<Int32Type>(column, |value| integers.contains(&i128::from(value))),
        DataType::Int64 => first_outside::<Int64Type>(column, |value| integers.contains(&i128::from(value))),
        DataType::UInt32 => first_outside::<UInt32Type>(column, |value| integers.contains(&i128::from(value))),
        DataType::UInt64 => first_outside::<UInt64Type>(column, |value| integers.contains(&i128::from(value))),
        DataType::Float32 => first_outside::<Float32Type>(column, |value| floats.contains(&f64::from(value))),
        DataType::Float64 => first_outside::<Float64Type>(column, |value| floats.contains(&value)),
        _ => None,
    }?;
    let bound = |number: Option<NumberLiteral>| number.map(|number| number.to_string()).unwrap_or_default();
    let wanted = format!("{}..{}", bound(bounds.min), bound(bounds.max));
    Some(ConstraintViolation::new(row, RANGE, violation_message("@range", plan, property, &value, &wanted, hint)))
}

/// Returns the first value outside of the bounds, and its row.
fn first_outside<T: ArrowNumericType<Native: std::fmt::Display>>(
    column: &ArrayRef,
    is_inside: impl Fn(T::Native) -> bool,
) -> Option<(usize, String)> {
    let values: &PrimitiveArray<T> = column.as_primitive_opt()?;
    let row = (0..values.len()).find(|row| values.is_valid(*row) && !is_inside(values.value(*row)))?;
    Some((row, values.value(row).to_string()))
}

#[expect(clippy::cast_possible_truncation, reason = "a float beyond the range of integers becomes the nearest integer")]
fn lowest_integer(bound: Option<NumberLiteral>) -> i128 {
    match bound {
        None => i128::MIN,
        Some(NumberLiteral::Integer(value)) => value.into(),
        Some(NumberLiteral::Float(value)) => value.ceil() as i128,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float beyond the range of integers becomes the nearest integer")]
fn highest_integer(bound: Option<NumberLiteral>) -> i128 {
    match bound {
        None => i128::MAX,
        Some(NumberLiteral::Integer(value)) => value.into(),
        Some(NumberLiteral::Float(value)) => value.floor() as i128,
    }
}

/// Returns the lowest float that is not below a bound.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the rounding error is corrected")]
fn lowest_float(bound: Option<NumberLiteral>) -> f64 {
    match bound {
        None => f64::NEG_INFINITY,
        Some(NumberLiteral::Float(value)) => value,
        Some(NumberLiteral::Integer(value)) => {
            let nearest = value as f64;
            if (nearest as i128) < i128::from(value) { nearest.next_up() } else { nearest }
        }
    }
}

/// Returns the highest float that is not above a bound.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the rounding error is corrected")]
fn highest_float(bound: Option<NumberLiteral>) -> f64 {
    match bound {
        None => f64::INFINITY,
        Some(NumberLiteral::Float(value)) => value,
        Some(NumberLiteral::Integer(value)) => {
            let nearest = value as f64;
            if (nearest as i128) > i128::from(value) { nearest.next_down() } else { nearest }
        }
    }
}

fn qualified_name(plan: &RowPlan, property: &PropertyPlan) -> String {
    format!("{}.{}", plan.name, property.name)
}

fn violation_message(
    constraint: &str,
    plan: &RowPlan,
    property: &PropertyPlan,
    value: &str,
    wanted: &str,
    hint: Option<&str>,
) -> String {
    let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
    format!("{constraint} violation on {}: {value} does not satisfy {wanted}{hint}", qualified_name(plan, property))
}
