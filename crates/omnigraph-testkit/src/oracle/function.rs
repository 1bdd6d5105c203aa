//! Functions of text, numbers and lists; none of their arguments is null.

use omnigraph_compiler::functions::FunctionId;

use super::arithmetic::{checked, widened};
use super::calendar;
use super::cast;
use super::evaluator::OracleError;
use super::value::OracleValue;

/// Applies a function of the table to arguments that are not null.
pub(super) fn apply(function: FunctionId, args: &[OracleValue]) -> Result<OracleValue, OracleError> {
    use OracleValue::{Bool, F64, Integer, List, Text};
    Ok(match (function, args) {
        (FunctionId::Lower, [Text(text)]) => Text(text.to_lowercase()),
        (FunctionId::Upper, [Text(text)]) => Text(text.to_uppercase()),
        (FunctionId::Trim, [Text(text)]) => Text(text.trim().to_owned()),
        (FunctionId::Length, [Text(text)]) => Integer(text.chars().count() as i128),
        (FunctionId::Substring, [Text(text), Integer(start)]) => substring(text, *start, i128::MAX)?,
        (FunctionId::Substring, [Text(text), Integer(start), Integer(count)]) => substring(text, *start, *count)?,
        (FunctionId::Replace, [Text(text), Text(from), Text(_)]) if from.is_empty() => Text(text.clone()),
        (FunctionId::Replace, [Text(text), Text(from), Text(to)]) => Text(text.replace(from.as_str(), to)),
        (FunctionId::Split, [Text(text), Text(separator)]) if separator.is_empty() => {
            List(text.chars().map(|letter| Text(letter.to_string())).collect())
        }
        (FunctionId::Split, [Text(text), Text(separator)]) => {
            List(text.split(separator.as_str()).map(|piece| Text(piece.to_owned())).collect())
        }
        (FunctionId::Matches, [Text(text), Text(pattern)]) => {
            let regex = regex::Regex::new(pattern).map_err(|error| OracleError::run(error.to_string()))?;
            Bool(regex.is_match(text))
        }
        (FunctionId::Abs, [Integer(value)]) => checked(value.checked_abs(), &format!("abs({value})"))?,
        (FunctionId::Abs, [number]) => F64(float(number)?.abs()),
        (FunctionId::Round, [Integer(value)]) => Integer(*value),
        (FunctionId::Round, [Integer(value), Integer(digits)]) => round_integer(*value, *digits)?,
        (FunctionId::Round, [number]) => F64(round_float(float(number)?, 0)),
        (FunctionId::Round, [number, Integer(digits)]) => F64(round_float(float(number)?, *digits)),
        (FunctionId::Floor | FunctionId::Ceil, [Integer(value)]) => Integer(*value),
        (FunctionId::Floor, [number]) => F64(float(number)?.floor()),
        (FunctionId::Ceil, [number]) => F64(float(number)?.ceil()),
        (FunctionId::Sqrt, [number]) => finite(float(number)?.sqrt(), "sqrt")?,
        (FunctionId::Power, [base, exponent]) => finite(float(base)?.powf(float(exponent)?), "power")?,
        (FunctionId::Size, [List(items)]) => Integer(items.len() as i128),
        (
            FunctionId::Year
            | FunctionId::Month
            | FunctionId::Day
            | FunctionId::Hour
            | FunctionId::Minute
            | FunctionId::DateTrunc
            | FunctionId::Duration,
            args,
        ) => calendar::apply(function, args)?,
        (
            FunctionId::ToString
            | FunctionId::ToInt
            | FunctionId::ToFloat
            | FunctionId::ToBool
            | FunctionId::ToDate
            | FunctionId::ToDateTime,
            [value],
        ) => cast::apply(function, value)?,
        (function, args) => return Err(OracleError::internal(format!("{function:?} of {args:?}"))),
    })
}

fn float(value: &OracleValue) -> Result<f64, OracleError> {
    widened(value).ok_or_else(|| OracleError::internal(format!("{value:?} is not a number")))
}

fn finite(value: f64, what: &str) -> Result<OracleValue, OracleError> {
    if value.is_finite() {
        Ok(OracleValue::F64(value))
    } else {
        Err(OracleError::run(format!("the result of {what} is not finite")))
    }
}

fn substring(text: &str, start: i128, count: i128) -> Result<OracleValue, OracleError> {
    if start < 0 || count < 0 {
        return Err(OracleError::run("substring needs numbers that are not negative"));
    }
    let letters = text.chars().zip(0i128..).filter(|(_, at)| *at >= start && at - start < count);
    Ok(OracleValue::Text(letters.map(|(letter, _)| letter).collect()))
}

/// Rounds halves away from zero; a negative number of digits rounds to tens, hundreds and so on.
fn round_integer(value: i128, digits: i128) -> Result<OracleValue, OracleError> {
    let Some(unit) = u32::try_from(-digits).ok().and_then(|digits| 10i128.checked_pow(digits)) else {
        return Ok(OracleValue::Integer(if digits >= 0 { value } else { 0 }));
    };
    let away = if value < 0 { -(unit / 2) } else { unit / 2 };
    checked(Some((value + away) / unit * unit), "round")
}

/// Rounds halves away from zero, by the decimal digits of the number's text: 2.55 is halfway between 2.5
/// and 2.6, although the double behind it lies a little below.
fn round_float(value: f64, digits: i128) -> f64 {
    if !value.is_finite() || digits > 400 {
        return value;
    }
    if digits < -400 {
        return 0.0;
    }
    let written = format!("{}", value.abs());
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    // All digits, and the place of the point among them; enough zeros at either end for any rounding.
    let zeros = "0".repeat(401);
    let all: Vec<u8> = format!("{zeros}{whole}{fraction}{zeros}").bytes().map(|digit| digit - b'0').collect();
    let point = zeros.len() + whole.len();
    let Ok(kept) = usize::try_from(point as i128 + digits) else { return 0.0 };
    let (mut kept_digits, rest) = (all[..kept].to_vec(), &all[kept..]);
    if rest.first().is_some_and(|digit| *digit >= 5) {
        for digit in kept_digits.iter_mut().rev() {
            *digit = (*digit + 1) % 10;
            if *digit != 0 {
                break;
            }
        }
    }
    let text: String = kept_digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let rounded: f64 = format!("{text}e{}", -digits).parse().unwrap_or(f64::NAN);
    rounded.copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> OracleValue {
        OracleValue::Text(text.into())
    }

    fn call(function: FunctionId, args: &[OracleValue]) -> OracleValue {
        apply(function, args).unwrap()
    }

    #[test]
    fn text_functions() {
        let number = OracleValue::Integer;
        assert_eq!(call(FunctionId::Lower, &[text("ÉTÉ")]), text("été"));
        assert_eq!(call(FunctionId::Length, &[text("été")]), number(3));
        assert_eq!(call(FunctionId::Substring, &[text("harbour"), number(3), number(2)]), text("bo"));
        assert_eq!(call(FunctionId::Substring, &[text("été"), number(1)]), text("té"));
        assert_eq!(call(FunctionId::Substring, &[text("ab"), number(9)]), text(""));
        assert!(matches!(apply(FunctionId::Substring, &[text("ab"), number(-1)]), Err(OracleError::Run(_))));
        assert_eq!(call(FunctionId::Replace, &[text("a-b-c"), text("-"), text("")]), text("abc"));
        assert_eq!(call(FunctionId::Replace, &[text("ab"), text(""), text("x")]), text("ab"));
        assert_eq!(
            call(FunctionId::Split, &[text("a,,b"), text(",")]),
            OracleValue::List(vec![text("a"), text(""), text("b")])
        );
        assert_eq!(call(FunctionId::Split, &[text("né"), text("")]), OracleValue::List(vec![text("n"), text("é")]));
        assert_eq!(call(FunctionId::Matches, &[text("harbour"), text("r.x")]), OracleValue::Bool(false));
        assert_eq!(call(FunctionId::Matches, &[text("harbour"), text("b.u")]), OracleValue::Bool(true));
        assert!(matches!(apply(FunctionId::Matches, &[text("a"), text("(")]), Err(OracleError::Run(_))));
    }

    #[test]
    fn rounding_goes_away_from_zero() {
        let round = |value, digits| call(FunctionId::Round, &[OracleValue::F64(value), OracleValue::Integer(digits)]);
        assert_eq!(round(2.55, 1), OracleValue::F64(2.6));
        assert_eq!(round(-2.5, 0), OracleValue::F64(-3.0));
        assert_eq!(round(0.125, 2), OracleValue::F64(0.13));
        assert_eq!(round(99.96, 1), OracleValue::F64(100.0));
        assert_eq!(round(1250.0, -2), OracleValue::F64(1300.0));
        assert_eq!(round(1e300, 2), OracleValue::F64(1e300));
        assert_eq!(round(4.0, -3), OracleValue::F64(0.0));
        let whole =
            |value, digits| call(FunctionId::Round, &[OracleValue::Integer(value), OracleValue::Integer(digits)]);
        assert_eq!(whole(-25, -1), OracleValue::Integer(-30));
        assert_eq!(whole(24, -1), OracleValue::Integer(20));
        assert_eq!(whole(25, 3), OracleValue::Integer(25));
        assert_eq!(whole(25, -99), OracleValue::Integer(0));
    }

    #[test]
    fn numbers() {
        assert_eq!(call(FunctionId::Abs, &[OracleValue::Integer(-3)]), OracleValue::Integer(3));
        assert!(matches!(apply(FunctionId::Abs, &[OracleValue::Integer(i64::MIN.into())]), Err(OracleError::Run(_))));
        assert_eq!(call(FunctionId::Floor, &[OracleValue::F64(-1.5)]), OracleValue::F64(-2.0));
        assert_eq!(call(FunctionId::Ceil, &[OracleValue::F32(-1.5)]), OracleValue::F64(-1.0));
        assert_eq!(call(FunctionId::Sqrt, &[OracleValue::Integer(9)]), OracleValue::F64(3.0));
        assert!(matches!(apply(FunctionId::Sqrt, &[OracleValue::Integer(-9)]), Err(OracleError::Run(_))));
        assert_eq!(
            call(FunctionId::Power, &[OracleValue::Integer(2), OracleValue::Integer(10)]),
            OracleValue::F64(1024.0)
        );
        assert!(matches!(
            apply(FunctionId::Power, &[OracleValue::Integer(0), OracleValue::Integer(-1)]),
            Err(OracleError::Run(_))
        ));
    }
}
