//! Functions over numbers.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::Type;
use omnigraph_compiler::types::Scalar;

use crate::batch::Batch;
use crate::failure::{Failure, Problem};
use crate::kernel::{Program, shared};
use crate::lane::{Lane, Numbers};
use crate::types::{is_integer, is_number, scalar_of};

/// The function over numbers of these types.
pub(crate) fn program(function: FunctionId, args: &[Type]) -> Option<Program> {
    let scalars: Vec<Scalar> = args.iter().map(scalar_of).collect::<Option<_>>()?;
    if !scalars.iter().all(|scalar| is_number(*scalar)) {
        return None;
    }
    let integer = is_integer(*scalars.first()?);
    Some(match function {
        FunctionId::Abs if integer => Program::strict(|batch| same_integer(batch, "abs", i128::abs)),
        FunctionId::Floor if integer => Program::strict(|batch| same_integer(batch, "floor", |value| value)),
        FunctionId::Ceil if integer => Program::strict(|batch| same_integer(batch, "ceil", |value| value)),
        FunctionId::Abs => Program::strict(|batch| map(batch, f64::abs)),
        FunctionId::Floor => Program::strict(|batch| map(batch, f64::floor)),
        FunctionId::Ceil => Program::strict(|batch| map(batch, f64::ceil)),
        FunctionId::Sqrt => Program::strict(square_root),
        FunctionId::Power => Program::strict(power),
        FunctionId::Round if scalars.get(1).is_some_and(|digits| !is_integer(*digits)) => return None,
        FunctionId::Round if integer => Program::strict(round_integer),
        FunctionId::Round => Program::strict(round_float),
        _ => return None,
    })
}

fn map(batch: &Batch, convert: fn(f64) -> f64) -> Result<ArrayRef, Failure> {
    let values = batch.zip(&batch.numbers(0)?.floats(), &Lane::One(0.0), |value, _| Ok(convert(value)))?;
    shared(Float64Array::new(values, batch.nulls()))
}

/// An integer made of an integer; an unsigned one may not fit the result.
fn same_integer(batch: &Batch, operation: &'static str, convert: fn(i128) -> i128) -> Result<ArrayRef, Failure> {
    let values = batch.zip(&batch.numbers(0)?.wide(), &Lane::One(0), |value, _| {
        i64::try_from(convert(value)).map_err(|_| Problem::Overflow { operation, target: "I64" })
    })?;
    Ok(Arc::new(Int64Array::new(values, batch.nulls())))
}

fn square_root(batch: &Batch) -> Result<ArrayRef, Failure> {
    let values = batch.zip(&batch.numbers(0)?.floats(), &Lane::One(0.0), |value, _| match value < 0.0 {
        true => Err(Problem::Undefined { function: "sqrt", arguments: value.to_string() }),
        false => Ok(value.sqrt()),
    })?;
    shared(Float64Array::new(values, batch.nulls()))
}

fn power(batch: &Batch) -> Result<ArrayRef, Failure> {
    let (base, exponent) = (batch.numbers(0)?.floats(), batch.numbers(1)?.floats());
    let values = batch.zip(&base, &exponent, |base, exponent| {
        let value = base.powf(exponent);
        if value.is_finite() {
            return Ok(value);
        }
        let undefined = value.is_nan() || base == 0.0;
        Err(match undefined {
            true => Problem::Undefined { function: "power", arguments: format!("{base}, {exponent}") },
            false => Problem::Overflow { operation: "power", target: "F64" },
        })
    })?;
    shared(Float64Array::new(values, batch.nulls()))
}

/// The number of decimal places of a row; 0 if left out.
fn digits(batch: &Batch) -> Result<Lane<i128>, Failure> {
    if batch.has(1) { Ok(batch.numbers(1)?.wide()) } else { Ok(Lane::One(0)) }
}

fn round_integer(batch: &Batch) -> Result<ArrayRef, Failure> {
    let values = batch.zip(&batch.numbers(0)?.wide(), &digits(batch)?, |value, digits| {
        i64::try_from(rounded_integer(value, digits))
            .map_err(|_| Problem::Overflow { operation: "round", target: "I64" })
    })?;
    shared(Int64Array::new(values, batch.nulls()))
}

fn rounded_integer(value: i128, digits: i128) -> i128 {
    // A 64-bit integer has at most 20 digits: half of 10^21 is more than any.
    let Ok(zeros @ 0..=21) = u32::try_from(digits.saturating_neg().max(0)) else { return 0 };
    let unit = 10_i128.pow(zeros);
    let magnitude = (value.abs() + unit / 2) / unit * unit;
    if value < 0 { -magnitude } else { magnitude }
}

fn round_float(batch: &Batch) -> Result<ArrayRef, Failure> {
    let places = digits(batch)?;
    let whole = matches!(places, Lane::One(0));
    let column = batch.column(0)?;
    // A single-precision value is rounded as it is written: 2.55 is 2.55, not the 2.5499999523 it becomes as F64.
    let narrow = (column.data_type() == &DataType::Float32).then(|| column.array().as_primitive::<Float32Type>());
    let Numbers::F64(values) = batch.numbers(0)? else { return Err(Failure::internal("`round` of no float")) };
    if whole {
        return map(batch, f64::round);
    }
    let at = |row: usize| if column.is_constant() { 0 } else { row };
    shared(batch.each::<Float64Type>(|row| {
        let written = match narrow {
            Some(narrow) => format!("{:e}", narrow.value(at(row))),
            None => format!("{:e}", values.at(row)),
        };
        let rounded = rounded_decimal(&written, places.at(row)).unwrap_or_else(|| values.at(row));
        match rounded.is_finite() {
            true => Ok(Some(rounded)),
            false => Err(Problem::Overflow { operation: "round", target: "F64" }),
        }
    })?)
}

/// Rounds the shortest decimal form of a number (`d.ddde±x`) to so many places after the point, halves away from zero.
/// `None` if it has no more places than that.
fn rounded_decimal(written: &str, places: i128) -> Option<f64> {
    let (mantissa, exponent) = written.split_once('e')?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let exponent: i128 = exponent.parse().ok()?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // How many of the digits stay: those before the point, and `places` behind it.
    let kept = places.saturating_add(exponent).saturating_add(1);
    if kept >= i128::try_from(digits.len()).ok()? {
        return None;
    }
    if kept < 0 {
        return format!("{sign}0").parse().ok();
    }
    let kept = usize::try_from(kept).ok()?;
    let up = digits.as_bytes().get(kept).is_some_and(|digit| *digit >= b'5');
    // At most 17 digits.
    let whole: u64 = if kept == 0 { 0 } else { digits.get(..kept)?.parse().ok()? };
    format!("{sign}{}e{}", whole + u64::from(up), places.saturating_neg()).parse().ok()
}
