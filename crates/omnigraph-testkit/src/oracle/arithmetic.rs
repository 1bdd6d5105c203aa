//! Numbers: exact comparison across widths, and arithmetic that fails instead of wrapping.
//!
//! An operation of integers is computed exactly and must then fit 64 signed bits, whatever the widths of its operands.

use std::cmp::Ordering;

use omnigraph_compiler::ir::BinaryOp;

use super::evaluator::OracleError;
use super::value::OracleValue;

/// Returns a number as a double; an integer becomes the nearest one.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
pub(super) fn widened(value: &OracleValue) -> Option<f64> {
    match value {
        OracleValue::Integer(value) => Some(*value as f64),
        OracleValue::F32(value) => Some(f64::from(*value)),
        OracleValue::F64(value) => Some(*value),
        _ => None,
    }
}

/// Compares two numbers mathematically.
pub(super) fn compare_numbers(a: &OracleValue, b: &OracleValue) -> Option<Ordering> {
    match (a, b) {
        (OracleValue::Integer(a), OracleValue::Integer(b)) => Some(a.cmp(b)),
        (OracleValue::Integer(a), b) => compare_integer(*a, widened(b)?),
        (a, OracleValue::Integer(b)) => compare_integer(*b, widened(a)?).map(Ordering::reverse),
        (a, b) => widened(a)?.partial_cmp(&widened(b)?),
    }
}

/// Compares an integer and a double without rounding either.
#[expect(clippy::cast_possible_truncation, reason = "a whole double within these bounds is an integer")]
fn compare_integer(a: i128, b: f64) -> Option<Ordering> {
    // Every integer of ours lies far within these bounds, and every double within them is an i128 once it is whole.
    const BEYOND: f64 = 1e30;
    if b.is_nan() {
        None
    } else if b >= BEYOND {
        Some(Ordering::Less)
    } else if b <= -BEYOND {
        Some(Ordering::Greater)
    } else {
        let floor = b.floor();
        let below = a.cmp(&(floor as i128));
        Some(if below.is_eq() && b > floor { Ordering::Less } else { below })
    }
}

/// Returns an integer result if it fits.
pub(super) fn checked(value: Option<i128>, what: &str) -> Result<OracleValue, OracleError> {
    value
        .filter(|value| i64::try_from(*value).is_ok())
        .map(OracleValue::Integer)
        .ok_or_else(|| OracleError::run(format!("integer overflow in {what}")))
}

/// Applies an arithmetic operator to two numbers, neither of them null.
pub(super) fn arithmetic(op: BinaryOp, left: &OracleValue, right: &OracleValue) -> Result<OracleValue, OracleError> {
    if op != BinaryOp::Divide
        && let (OracleValue::Integer(a), OracleValue::Integer(b)) = (left, right)
    {
        return integers(op, *a, *b);
    }
    let (Some(a), Some(b)) = (widened(left), widened(right)) else {
        return Err(OracleError::internal(format!("{op:?} of {left:?} and {right:?}")));
    };
    if b == 0.0 && matches!(op, BinaryOp::Divide | BinaryOp::Remainder) {
        return Err(by_zero());
    }
    Ok(OracleValue::F64(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Remainder => a % b,
        other => return Err(OracleError::internal(format!("{other:?} of floats"))),
    }))
}

fn integers(op: BinaryOp, a: i128, b: i128) -> Result<OracleValue, OracleError> {
    if b == 0 && matches!(op, BinaryOp::IntegerDivide | BinaryOp::Remainder) {
        return Err(by_zero());
    }
    let exact = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::IntegerDivide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        other => return Err(OracleError::internal(format!("{other:?} of integers"))),
    };
    checked(exact, &format!("{a} and {b}"))
}

fn by_zero() -> OracleError {
    OracleError::run("division by zero")
}

/// Negates a number.
pub(super) fn negate(value: &OracleValue) -> Result<OracleValue, OracleError> {
    match value {
        OracleValue::Integer(value) => checked(value.checked_neg(), &format!("-{value}")),
        other => widened(other)
            .map(|value| OracleValue::F64(-value))
            .ok_or_else(|| OracleError::internal("minus of a value that is not a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_is_exact_across_widths() {
        let beyond = 9_007_199_254_740_993; // 2^53 + 1, which no double holds
        assert_eq!(
            compare_numbers(&OracleValue::Integer(beyond), &OracleValue::F64(beyond as f64)),
            Some(Ordering::Greater)
        );
        assert_eq!(compare_numbers(&OracleValue::Integer(2), &OracleValue::F64(2.5)), Some(Ordering::Less));
        assert_eq!(compare_numbers(&OracleValue::F64(-2.5), &OracleValue::Integer(-2)), Some(Ordering::Less));
        assert_eq!(compare_numbers(&OracleValue::F32(0.1), &OracleValue::F64(0.1)), Some(Ordering::Greater));
        assert_eq!(
            compare_numbers(&OracleValue::Integer(u64::MAX.into()), &OracleValue::F64(1e300)),
            Some(Ordering::Less)
        );
        assert_eq!(compare_numbers(&OracleValue::Integer(3), &OracleValue::F64(f64::NAN)), None);
        assert_eq!(compare_numbers(&OracleValue::F64(0.0), &OracleValue::F64(-0.0)), Some(Ordering::Equal));
    }

    #[test]
    fn integers_never_wrap() {
        let most = OracleValue::Integer(i64::MAX.into());
        let one = OracleValue::Integer(1);
        assert!(matches!(arithmetic(BinaryOp::Add, &most, &one), Err(OracleError::Run(_))));
        assert_eq!(arithmetic(BinaryOp::Subtract, &most, &one), Ok(OracleValue::Integer(i128::from(i64::MAX) - 1)));
        assert!(matches!(negate(&OracleValue::Integer(i64::MIN.into())), Err(OracleError::Run(_))));
    }

    #[test]
    fn division() {
        let number = OracleValue::Integer;
        assert_eq!(arithmetic(BinaryOp::Divide, &number(7), &number(2)), Ok(OracleValue::F64(3.5)));
        assert_eq!(arithmetic(BinaryOp::IntegerDivide, &number(-7), &number(2)), Ok(number(-3)));
        assert_eq!(arithmetic(BinaryOp::Remainder, &number(-7), &number(2)), Ok(number(-1)));
        assert_eq!(arithmetic(BinaryOp::Remainder, &OracleValue::F64(7.5), &number(2)), Ok(OracleValue::F64(1.5)));
        for op in [BinaryOp::Divide, BinaryOp::IntegerDivide, BinaryOp::Remainder] {
            assert!(matches!(arithmetic(op, &number(1), &number(0)), Err(OracleError::Run(_))), "{op:?}");
        }
        assert!(matches!(arithmetic(BinaryOp::Divide, &number(1), &OracleValue::F64(0.0)), Err(OracleError::Run(_))));
    }
}
