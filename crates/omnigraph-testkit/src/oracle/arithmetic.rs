//! Numbers: exact comparison across widths, and arithmetic that fails instead of wrapping.
//!
//! An operation of integers is computed exactly and must then fit 64 signed bits, whatever the widths of its operands.

use std::cmp::Ordering;

use omnigraph_compiler::ir::BinaryOp;

use super::failure::Failure;
use super::value::Value;

/// The number as a double, if it is a number; an integer becomes the nearest.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
pub(super) fn widened(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::F32(value) => Some(f64::from(*value)),
        Value::F64(value) => Some(*value),
        _ => None,
    }
}

/// The mathematical order of two numbers.
pub(super) fn compare_numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Integer(a), b) => compare_integer(*a, widened(b)?),
        (a, Value::Integer(b)) => compare_integer(*b, widened(a)?).map(Ordering::reverse),
        (a, b) => widened(a)?.partial_cmp(&widened(b)?),
    }
}

/// An integer beside a double, without rounding either.
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

/// An integer result, if it fits.
pub(super) fn checked(value: Option<i128>, what: &str) -> Result<Value, Failure> {
    value
        .filter(|value| i64::try_from(*value).is_ok())
        .map(Value::Integer)
        .ok_or_else(|| Failure::run(format!("integer overflow in {what}")))
}

/// An arithmetic operator on two numbers, neither of them null.
pub(super) fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Failure> {
    if op != BinaryOp::Divide
        && let (Value::Integer(a), Value::Integer(b)) = (left, right)
    {
        return integers(op, *a, *b);
    }
    let (Some(a), Some(b)) = (widened(left), widened(right)) else {
        return Err(Failure::internal(format!("{op:?} of {left:?} and {right:?}")));
    };
    if b == 0.0 && matches!(op, BinaryOp::Divide | BinaryOp::Remainder) {
        return Err(by_zero());
    }
    Ok(Value::F64(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Remainder => a % b,
        other => return Err(Failure::internal(format!("{other:?} of floats"))),
    }))
}

fn integers(op: BinaryOp, a: i128, b: i128) -> Result<Value, Failure> {
    if b == 0 && matches!(op, BinaryOp::IntegerDivide | BinaryOp::Remainder) {
        return Err(by_zero());
    }
    let exact = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::IntegerDivide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        other => return Err(Failure::internal(format!("{other:?} of integers"))),
    };
    checked(exact, &format!("{a} and {b}"))
}

fn by_zero() -> Failure {
    Failure::run("division by zero")
}

/// Minus.
pub(super) fn negate(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::Integer(value) => checked(value.checked_neg(), &format!("-{value}")),
        other => widened(other).map(|value| Value::F64(-value)).ok_or_else(|| Failure::internal("minus of no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_is_exact_across_widths() {
        let beyond = 9_007_199_254_740_993; // 2^53 + 1, which no double holds
        assert_eq!(compare_numbers(&Value::Integer(beyond), &Value::F64(beyond as f64)), Some(Ordering::Greater));
        assert_eq!(compare_numbers(&Value::Integer(2), &Value::F64(2.5)), Some(Ordering::Less));
        assert_eq!(compare_numbers(&Value::F64(-2.5), &Value::Integer(-2)), Some(Ordering::Less));
        assert_eq!(compare_numbers(&Value::F32(0.1), &Value::F64(0.1)), Some(Ordering::Greater));
        assert_eq!(compare_numbers(&Value::Integer(u64::MAX.into()), &Value::F64(1e300)), Some(Ordering::Less));
        assert_eq!(compare_numbers(&Value::Integer(3), &Value::F64(f64::NAN)), None);
        assert_eq!(compare_numbers(&Value::F64(0.0), &Value::F64(-0.0)), Some(Ordering::Equal));
    }

    #[test]
    fn integers_never_wrap() {
        let most = Value::Integer(i64::MAX.into());
        let one = Value::Integer(1);
        assert!(matches!(arithmetic(BinaryOp::Add, &most, &one), Err(Failure::Run(_))));
        assert_eq!(arithmetic(BinaryOp::Subtract, &most, &one), Ok(Value::Integer(i128::from(i64::MAX) - 1)));
        assert!(matches!(negate(&Value::Integer(i64::MIN.into())), Err(Failure::Run(_))));
    }

    #[test]
    fn division() {
        let number = Value::Integer;
        assert_eq!(arithmetic(BinaryOp::Divide, &number(7), &number(2)), Ok(Value::F64(3.5)));
        assert_eq!(arithmetic(BinaryOp::IntegerDivide, &number(-7), &number(2)), Ok(number(-3)));
        assert_eq!(arithmetic(BinaryOp::Remainder, &number(-7), &number(2)), Ok(number(-1)));
        assert_eq!(arithmetic(BinaryOp::Remainder, &Value::F64(7.5), &number(2)), Ok(Value::F64(1.5)));
        for op in [BinaryOp::Divide, BinaryOp::IntegerDivide, BinaryOp::Remainder] {
            assert!(matches!(arithmetic(op, &number(1), &number(0)), Err(Failure::Run(_))), "{op:?}");
        }
        assert!(matches!(arithmetic(BinaryOp::Divide, &number(1), &Value::F64(0.0)), Err(Failure::Run(_))));
    }
}
