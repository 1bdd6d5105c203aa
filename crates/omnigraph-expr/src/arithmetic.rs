//! Arithmetic: 64-bit integers, where overflow is an error, and floats, where a result that is not finite is an error.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use omnigraph_compiler::ir::{BinaryOp, ExprType};
use omnigraph_compiler::types::ScalarType;

use crate::eval_error::{EvalError, EvalErrorKind};
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::OperandBatch;
use crate::primitive_view::{NumberView, PrimitiveView};
use crate::types::{as_scalar, is_integer, is_number};

/// Returns the symbol of the operator.
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

/// Returns the operation on two numbers, if the types are numeric.
pub(crate) fn program(op: BinaryOp, left: &ExprType, right: &ExprType, result: &ExprType) -> Option<KernelProgram> {
    if *left == ExprType::Null || *right == ExprType::Null {
        return Some(KernelProgram::Null);
    }
    let numbers = is_number(as_scalar(left)?) && is_number(as_scalar(right)?);
    let integers = is_integer(as_scalar(left)?) && is_integer(as_scalar(right)?);
    match (op, as_scalar(result)?) {
        (BinaryOp::Divide, ScalarType::F64) if integers => Some(KernelProgram::strict(quotient)),
        (BinaryOp::IntegerDivide, ScalarType::I64) if !integers => None,
        (_, ScalarType::I64) if integers => Some(KernelProgram::strict(move |batch| integer(op, batch))),
        (_, ScalarType::F64) if numbers && !integers => Some(KernelProgram::strict(move |batch| float(op, batch))),
        _ => None,
    }
}

/// Returns the negation, if the type is numeric.
pub(crate) fn negate(operand: &ExprType, result: &ExprType) -> Option<KernelProgram> {
    if *operand == ExprType::Null {
        return Some(KernelProgram::Null);
    }
    match (as_scalar(operand)?, as_scalar(result)?) {
        (operand, ScalarType::I64) if is_integer(operand) => {
            Some(KernelProgram::strict(|batch| match batch.numbers(0)? {
                NumberView::I64(view) => integers(BinaryOp::Subtract, batch, &PrimitiveView::One(0), &view),
                other => wide_integers(BinaryOp::Subtract, batch, &PrimitiveView::One(0), &other.wide()),
            }))
        }
        (operand, ScalarType::F64) if is_number(operand) => Some(KernelProgram::strict(|batch| {
            let view = batch.numbers(0)?.floats().map(|value| -value);
            let values = batch.zip_map(&view, &PrimitiveView::One(0.0), |value, _| Ok(value))?;
            shared(Float64Array::new(values, batch.nulls()))
        })),
        _ => None,
    }
}

fn integer(op: BinaryOp, batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    match (batch.numbers(0)?, batch.numbers(1)?) {
        (NumberView::I64(a), NumberView::I64(b)) => integers(op, batch, &a, &b),
        // An unsigned operand may exceed `i64::MAX` although the result does not.
        (a, b) => wide_integers(op, batch, &a.wide(), &b.wide()),
    }
}

fn integers(
    op: BinaryOp,
    batch: &OperandBatch,
    a: &PrimitiveView<i64>,
    b: &PrimitiveView<i64>,
) -> Result<ArrayRef, EvalError> {
    let overflow = || EvalErrorKind::Overflow { operation: symbol(op), target: "I64" };
    let by_zero = || EvalErrorKind::DivisionByZero { operation: symbol(op) };
    let values = match op {
        BinaryOp::Add => batch.zip_map(a, b, |a, b| a.checked_add(b).ok_or_else(overflow)),
        BinaryOp::Subtract => batch.zip_map(a, b, |a, b| a.checked_sub(b).ok_or_else(overflow)),
        BinaryOp::Multiply => batch.zip_map(a, b, |a, b| a.checked_mul(b).ok_or_else(overflow)),
        BinaryOp::IntegerDivide => batch.zip_map(a, b, |a, b| match b {
            0 => Err(by_zero()),
            b => a.checked_div(b).ok_or_else(overflow),
        }),
        // `i64::MIN % -1` is 0; the checked form would report an overflow.
        _ => batch.zip_map(a, b, |a, b| if b == 0 { Err(by_zero()) } else { Ok(a.wrapping_rem(b)) }),
    }?;
    Ok(Arc::new(Int64Array::new(values, batch.nulls())))
}

fn wide_integers(
    op: BinaryOp,
    batch: &OperandBatch,
    a: &PrimitiveView<i128>,
    b: &PrimitiveView<i128>,
) -> Result<ArrayRef, EvalError> {
    let values = batch.zip_map(a, b, |a, b| {
        let exact = match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            _ if b == 0 => return Err(EvalErrorKind::DivisionByZero { operation: symbol(op) }),
            BinaryOp::IntegerDivide => a.checked_div(b),
            _ => a.checked_rem(b),
        };
        let fits = exact.and_then(|value| i64::try_from(value).ok());
        fits.ok_or_else(|| EvalErrorKind::Overflow { operation: symbol(op), target: "I64" })
    })?;
    Ok(Arc::new(Int64Array::new(values, batch.nulls())))
}

fn float(op: BinaryOp, batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let (a, b) = (batch.numbers(0)?.floats(), batch.numbers(1)?.floats());
    let operation = symbol(op);
    let finite = |value: f64| match value.is_finite() {
        true => Ok(value),
        false => Err(EvalErrorKind::Overflow { operation, target: "F64" }),
    };
    let nonzero = |value: f64| match value == 0.0 {
        true => Err(EvalErrorKind::DivisionByZero { operation }),
        false => Ok(value),
    };
    let values = match op {
        BinaryOp::Add => batch.zip_map(&a, &b, |a, b| finite(a + b)),
        BinaryOp::Subtract => batch.zip_map(&a, &b, |a, b| finite(a - b)),
        BinaryOp::Multiply => batch.zip_map(&a, &b, |a, b| finite(a * b)),
        BinaryOp::Divide => batch.zip_map(&a, &b, |a, b| finite(a / nonzero(b)?)),
        _ => batch.zip_map(&a, &b, |a, b| finite(a % nonzero(b)?)),
    }?;
    shared(Float64Array::new(values, batch.nulls()))
}

fn quotient(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let by_zero = || EvalErrorKind::DivisionByZero { operation: symbol(BinaryOp::Divide) };
    let values = match (batch.numbers(0)?, batch.numbers(1)?) {
        (NumberView::I64(a), NumberView::I64(b)) => {
            batch.zip_map(&a, &b, |a, b| exact_quotient(i128::from(a), i128::from(b)).ok_or_else(by_zero))
        }
        (a, b) => batch.zip_map(&a.wide(), &b.wide(), |a, b| exact_quotient(a, b).ok_or_else(by_zero)),
    }?;
    shared(Float64Array::new(values, batch.nulls()))
}

/// Returns the float nearest to the quotient of two integers of at most 64 bits; `None` if the divisor is zero.
///
/// A division of the two nearest floats would round three times.
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
    // At least 63 bits of quotient. The lowest one, below the 53 bits of a float, is the sticky bit of the remainder.
    let shift = top.leading_zeros();
    let shifted = top << shift;
    let digits = (shifted / bottom) | u128::from(!shifted.is_multiple_of(bottom));
    let value = digits as f64 / 2f64.powi(i32::try_from(shift).ok()?);
    Some(if (a < 0) == (b < 0) { value } else { -value })
}
