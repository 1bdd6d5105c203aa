//! Functions over numbers.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::ExprType;
use omnigraph_compiler::types::ScalarType;

use crate::eval_error::{EvalError, EvalErrorKind};
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::OperandBatch;
use crate::primitive_view::{NumberView, PrimitiveView};
use crate::types::{as_scalar, is_integer, is_number};

/// Returns a function over numbers of these types.
pub(crate) fn program(function: FunctionId, args: &[ExprType]) -> Option<KernelProgram> {
    let scalars: Vec<ScalarType> = args.iter().map(as_scalar).collect::<Option<_>>()?;
    if !scalars.iter().all(|scalar| is_number(*scalar)) {
        return None;
    }
    let integer = is_integer(*scalars.first()?);
    Some(match function {
        FunctionId::Abs if integer => KernelProgram::strict(|batch| map_integer(batch, "abs", i128::abs)),
        FunctionId::Floor if integer => KernelProgram::strict(|batch| map_integer(batch, "floor", |value| value)),
        FunctionId::Ceil if integer => KernelProgram::strict(|batch| map_integer(batch, "ceil", |value| value)),
        FunctionId::Abs => KernelProgram::strict(|batch| map_float(batch, f64::abs)),
        FunctionId::Floor => KernelProgram::strict(|batch| map_float(batch, f64::floor)),
        FunctionId::Ceil => KernelProgram::strict(|batch| map_float(batch, f64::ceil)),
        FunctionId::Sqrt => KernelProgram::strict(square_root),
        FunctionId::Power => KernelProgram::strict(power),
        FunctionId::Round if scalars.get(1).is_some_and(|digits| !is_integer(*digits)) => return None,
        FunctionId::Round if integer => KernelProgram::strict(round_integer),
        FunctionId::Round => KernelProgram::strict(round_float),
        _ => return None,
    })
}

fn map_float(batch: &OperandBatch, convert: fn(f64) -> f64) -> Result<ArrayRef, EvalError> {
    let values = batch.zip_map(&batch.numbers(0)?.floats(), &PrimitiveView::One(0.0), |value, _| Ok(convert(value)))?;
    shared(Float64Array::new(values, batch.nulls()))
}

/// Maps integers to integers. An unsigned one may be out of range.
fn map_integer(
    batch: &OperandBatch,
    operation: &'static str,
    convert: fn(i128) -> i128,
) -> Result<ArrayRef, EvalError> {
    let values = batch.zip_map(&batch.numbers(0)?.wide(), &PrimitiveView::One(0), |value, _| {
        i64::try_from(convert(value)).map_err(|_| EvalErrorKind::Overflow { operation, target: "I64" })
    })?;
    Ok(Arc::new(Int64Array::new(values, batch.nulls())))
}

fn square_root(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let values =
        batch.zip_map(&batch.numbers(0)?.floats(), &PrimitiveView::One(0.0), |value, _| match value < 0.0 {
            true => Err(EvalErrorKind::Undefined { function: "sqrt", arguments: value.to_string() }),
            false => Ok(value.sqrt()),
        })?;
    shared(Float64Array::new(values, batch.nulls()))
}

fn power(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (base, exponent) = (batch.numbers(0)?.floats(), batch.numbers(1)?.floats());
    let values = batch.zip_map(&base, &exponent, |base, exponent| {
        let value = base.powf(exponent);
        if value.is_finite() {
            return Ok(value);
        }
        let undefined = value.is_nan() || base == 0.0;
        Err(match undefined {
            true => EvalErrorKind::Undefined { function: "power", arguments: format!("{base}, {exponent}") },
            false => EvalErrorKind::Overflow { operation: "power", target: "F64" },
        })
    })?;
    shared(Float64Array::new(values, batch.nulls()))
}

/// Returns the decimal places per row; 0 if the argument is omitted.
fn digits(batch: &OperandBatch) -> Result<PrimitiveView<i128>, EvalError> {
    if batch.has(1) { Ok(batch.numbers(1)?.wide()) } else { Ok(PrimitiveView::One(0)) }
}

fn round_integer(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let values = batch.zip_map(&batch.numbers(0)?.wide(), &digits(batch)?, |value, digits| {
        i64::try_from(rounded_integer(value, digits))
            .map_err(|_| EvalErrorKind::Overflow { operation: "round", target: "I64" })
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

fn round_float(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let places = digits(batch)?;
    let whole = matches!(places, PrimitiveView::One(0));
    let column = batch.column(0)?;
    // A single-precision value is rounded in its shortest decimal form: 2.55, not 2.5499999523 as F64.
    let narrow = (column.data_type() == &DataType::Float32).then(|| column.array().as_primitive::<Float32Type>());
    let NumberView::F64(values) = batch.numbers(0)? else { return Err(EvalError::internal("`round` expects a float")) };
    if whole {
        return map_float(batch, f64::round);
    }
    let index = |row: usize| if column.is_constant() { 0 } else { row };
    shared(batch.map_primitive::<Float64Type>(|row| {
        let written = match narrow {
            Some(narrow) => format!("{:e}", narrow.value(index(row))),
            None => format!("{:e}", values.value(row)),
        };
        let rounded = rounded_decimal(&written, places.value(row)).unwrap_or_else(|| values.value(row));
        match rounded.is_finite() {
            true => Ok(Some(rounded)),
            false => Err(EvalErrorKind::Overflow { operation: "round", target: "F64" }),
        }
    })?)
}

/// Rounds the shortest decimal form of a number (`d.ddde±x`) to decimal places, halves away from zero. `None` if it has no more
/// places.
fn rounded_decimal(written: &str, places: i128) -> Option<f64> {
    let (mantissa, exponent) = written.split_once('e')?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let exponent: i128 = exponent.parse().ok()?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // Kept digits: those before the point, and `places` after it.
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
