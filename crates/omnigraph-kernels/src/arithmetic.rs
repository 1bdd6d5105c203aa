//! Arithmetic: integers in 64 bits with overflow an error, floats with anything but a finite result an error.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use omnigraph_compiler::ir::{BinaryOp, Type};
use omnigraph_compiler::types::Scalar;

use crate::batch::Batch;
use crate::failure::{Failure, Problem};
use crate::kernel::{Program, shared};
use crate::lane::{Lane, Numbers};
use crate::types::{is_integer, is_number, scalar_of};

/// How the operator is written.
pub(crate) const fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Subtract | BinaryOp::SubtractDuration => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::IntegerDivide => "div",
        BinaryOp::Remainder => "%",
        BinaryOp::Equal => "=",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::ContainsText => "contains",
        BinaryOp::StartsWith => "starts_with",
        BinaryOp::EndsWith => "ends_with",
        BinaryOp::Add | BinaryOp::Concat | BinaryOp::AddDuration => "+",
    }
}

/// The operation on two numbers, if the types are numbers.
pub(crate) fn program(op: BinaryOp, left: &Type, right: &Type, result: &Type) -> Option<Program> {
    if *left == Type::Null || *right == Type::Null {
        return Some(Program::Null);
    }
    let numbers = is_number(scalar_of(left)?) && is_number(scalar_of(right)?);
    let integers = is_integer(scalar_of(left)?) && is_integer(scalar_of(right)?);
    match (op, scalar_of(result)?) {
        (BinaryOp::Divide, Scalar::F64) if integers => Some(Program::strict(quotient)),
        (BinaryOp::IntegerDivide, Scalar::I64) if !integers => None,
        (_, Scalar::I64) if integers => Some(Program::strict(move |batch| integer(op, batch))),
        (_, Scalar::F64) if numbers && !integers => Some(Program::strict(move |batch| float(op, batch))),
        _ => None,
    }
}

/// Minus, if the type is a number.
pub(crate) fn negate(operand: &Type, result: &Type) -> Option<Program> {
    if *operand == Type::Null {
        return Some(Program::Null);
    }
    match (scalar_of(operand)?, scalar_of(result)?) {
        (operand, Scalar::I64) if is_integer(operand) => Some(Program::strict(|batch| match batch.numbers(0)? {
            Numbers::I64(lane) => integers(BinaryOp::Subtract, batch, &Lane::One(0), &lane),
            other => wide_integers(BinaryOp::Subtract, batch, &Lane::One(0), &other.wide()),
        })),
        (operand, Scalar::F64) if is_number(operand) => Some(Program::strict(|batch| {
            let lane = batch.numbers(0)?.floats().map(|value| -value);
            let values = batch.zip(&lane, &Lane::One(0.0), |value, _| Ok(value))?;
            shared(Float64Array::new(values, batch.nulls()))
        })),
        _ => None,
    }
}

fn integer(op: BinaryOp, batch: &Batch) -> Result<ArrayRef, Failure> {
    match (batch.numbers(0)?, batch.numbers(1)?) {
        (Numbers::I64(a), Numbers::I64(b)) => integers(op, batch, &a, &b),
        // An unsigned operand may lie above `i64::MAX` while the result does not.
        (a, b) => wide_integers(op, batch, &a.wide(), &b.wide()),
    }
}

fn integers(op: BinaryOp, batch: &Batch, a: &Lane<i64>, b: &Lane<i64>) -> Result<ArrayRef, Failure> {
    let overflow = || Problem::Overflow { operation: symbol(op), target: "I64" };
    let by_zero = || Problem::DivisionByZero { operation: symbol(op) };
    let values = match op {
        BinaryOp::Add => batch.zip(a, b, |a, b| a.checked_add(b).ok_or_else(overflow)),
        BinaryOp::Subtract => batch.zip(a, b, |a, b| a.checked_sub(b).ok_or_else(overflow)),
        BinaryOp::Multiply => batch.zip(a, b, |a, b| a.checked_mul(b).ok_or_else(overflow)),
        BinaryOp::IntegerDivide => batch.zip(a, b, |a, b| match b {
            0 => Err(by_zero()),
            b => a.checked_div(b).ok_or_else(overflow),
        }),
        // The one remainder that leaves the range on the way is 0.
        _ => batch.zip(a, b, |a, b| if b == 0 { Err(by_zero()) } else { Ok(a.wrapping_rem(b)) }),
    }?;
    Ok(Arc::new(Int64Array::new(values, batch.nulls())))
}

fn wide_integers(op: BinaryOp, batch: &Batch, a: &Lane<i128>, b: &Lane<i128>) -> Result<ArrayRef, Failure> {
    let values = batch.zip(a, b, |a, b| {
        let exact = match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            _ if b == 0 => return Err(Problem::DivisionByZero { operation: symbol(op) }),
            BinaryOp::IntegerDivide => a.checked_div(b),
            _ => a.checked_rem(b),
        };
        let fits = exact.and_then(|value| i64::try_from(value).ok());
        fits.ok_or_else(|| Problem::Overflow { operation: symbol(op), target: "I64" })
    })?;
    Ok(Arc::new(Int64Array::new(values, batch.nulls())))
}

fn float(op: BinaryOp, batch: &Batch) -> Result<ArrayRef, Failure> {
    let (a, b) = (batch.numbers(0)?.floats(), batch.numbers(1)?.floats());
    let operation = symbol(op);
    let finite = |value: f64| match value.is_finite() {
        true => Ok(value),
        false => Err(Problem::Overflow { operation, target: "F64" }),
    };
    let nonzero = |value: f64| match value == 0.0 {
        true => Err(Problem::DivisionByZero { operation }),
        false => Ok(value),
    };
    let values = match op {
        BinaryOp::Add => batch.zip(&a, &b, |a, b| finite(a + b)),
        BinaryOp::Subtract => batch.zip(&a, &b, |a, b| finite(a - b)),
        BinaryOp::Multiply => batch.zip(&a, &b, |a, b| finite(a * b)),
        BinaryOp::Divide => batch.zip(&a, &b, |a, b| finite(a / nonzero(b)?)),
        _ => batch.zip(&a, &b, |a, b| finite(a % nonzero(b)?)),
    }?;
    shared(Float64Array::new(values, batch.nulls()))
}

fn quotient(batch: &Batch) -> Result<ArrayRef, Failure> {
    let by_zero = || Problem::DivisionByZero { operation: symbol(BinaryOp::Divide) };
    let values = match (batch.numbers(0)?, batch.numbers(1)?) {
        (Numbers::I64(a), Numbers::I64(b)) => {
            batch.zip(&a, &b, |a, b| exact_quotient(i128::from(a), i128::from(b)).ok_or_else(by_zero))
        }
        (a, b) => batch.zip(&a.wide(), &b.wide(), |a, b| exact_quotient(a, b).ok_or_else(by_zero)),
    }?;
    shared(Float64Array::new(values, batch.nulls()))
}

/// The float nearest to the quotient of two integers of at most 64 bits; `None` if the divisor is zero. Dividing the two
/// nearest floats instead would round three times.
pub(crate) fn exact_quotient(a: i128, b: i128) -> Option<f64> {
    const EXACT: u128 = 1 << 53;
    let (top, bottom) = (a.unsigned_abs(), b.unsigned_abs());
    if bottom == 0 {
        return None;
    }
    if top <= EXACT && bottom <= EXACT {
        return Some(a as f64 / b as f64);
    }
    if top == 0 {
        return Some(0.0);
    }
    // At least 63 bits of quotient; the lowest one, far below the 53 that a float keeps, stands for all that follow.
    let shift = top.leading_zeros();
    let shifted = top << shift;
    let digits = (shifted / bottom) | u128::from(!shifted.is_multiple_of(bottom));
    let value = digits as f64 / 2f64.powi(i32::try_from(shift).ok()?);
    Some(if (a < 0) == (b < 0) { value } else { -value })
}
