//! Functions from one type to another.
//!
//! Each converts the JSON kind of its name (text for dates and instants) and returns null for other kinds.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::temporal::{format_date, format_datetime, parse_date, parse_datetime};
use serde_json::Value as Json;

use super::evaluator::OracleError;
use super::value::OracleValue;

const DAY_MILLIS: i64 = 86_400_000;

/// Applies a cast to a value that is not null.
pub(super) fn apply(function: FunctionId, value: &OracleValue) -> Result<OracleValue, OracleError> {
    match function {
        FunctionId::ToString => to_string(value).map(OracleValue::Text),
        FunctionId::ToInt => to_int(value),
        FunctionId::ToFloat => to_float(value),
        FunctionId::ToBool => to_bool(value),
        FunctionId::ToDate => to_date(value),
        FunctionId::ToDateTime => to_datetime(value),
        other => Err(OracleError::internal(format!("{other:?} is not a cast"))),
    }
}

fn to_string(value: &OracleValue) -> Result<String, OracleError> {
    Ok(match value {
        OracleValue::Text(text) | OracleValue::Json(Json::String(text)) => text.clone(),
        OracleValue::Json(json) => json.to_string(),
        OracleValue::Bool(value) => value.to_string(),
        OracleValue::Integer(value) => value.to_string(),
        OracleValue::F32(value) => value.to_string(),
        OracleValue::F64(value) => value.to_string(),
        OracleValue::Date(days) => format_date(*days),
        OracleValue::DateTime(millis) => format_datetime(*millis),
        other => return Err(OracleError::internal(format!("text of {other:?}"))),
    })
}

fn to_int(value: &OracleValue) -> Result<OracleValue, OracleError> {
    let refuse = || OracleError::run(format!("{} is not an integer", to_string(value).unwrap_or_default()));
    let fitting = |value: Option<i128>| value.filter(|value| i64::try_from(*value).is_ok()).map(OracleValue::Integer);
    match value {
        OracleValue::Integer(whole) => fitting(Some(*whole)).ok_or_else(refuse),
        OracleValue::F32(number) => whole(f64::from(*number)).ok_or_else(refuse),
        OracleValue::F64(number) => whole(*number).ok_or_else(refuse),
        OracleValue::Text(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            fitting(text.parse().ok().filter(|_| plain)).ok_or_else(refuse)
        }
        OracleValue::Json(Json::Number(number)) => {
            let exact = number.as_i64().map(|value| OracleValue::Integer(value.into()));
            exact.or_else(|| number.as_f64().and_then(whole)).ok_or_else(refuse)
        }
        OracleValue::Json(_) => Ok(OracleValue::Null),
        other => Err(OracleError::internal(format!("integer of {other:?}"))),
    }
}

/// Returns a whole float that fits 64 bits as an integer.
#[expect(clippy::cast_possible_truncation, reason = "a whole double within these bounds is an integer")]
fn whole(number: f64) -> Option<OracleValue> {
    let fits = number.fract() == 0.0 && number.abs() < 1e30;
    Some(number as i128).filter(|value| fits && i64::try_from(*value).is_ok()).map(OracleValue::Integer)
}

fn to_float(value: &OracleValue) -> Result<OracleValue, OracleError> {
    match value {
        OracleValue::Text(text) => {
            let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            let sound = decimal && !text.starts_with(['+', '.']) && !text.ends_with('.');
            let number = text.parse::<f64>().ok().filter(|number| sound && number.is_finite());
            number.map(OracleValue::F64).ok_or_else(|| OracleError::run(format!("{text:?} is not a decimal number")))
        }
        OracleValue::Json(Json::Number(number)) => Ok(number.as_f64().map_or(OracleValue::Null, OracleValue::F64)),
        OracleValue::Json(_) => Ok(OracleValue::Null),
        number => match super::arithmetic::widened(number) {
            Some(number) => Ok(OracleValue::F64(number)),
            None => Err(OracleError::internal(format!("float of {value:?}"))),
        },
    }
}

fn to_bool(value: &OracleValue) -> Result<OracleValue, OracleError> {
    match value {
        OracleValue::Bool(value) | OracleValue::Json(Json::Bool(value)) => Ok(OracleValue::Bool(*value)),
        OracleValue::Text(text) if text == "true" => Ok(OracleValue::Bool(true)),
        OracleValue::Text(text) if text == "false" => Ok(OracleValue::Bool(false)),
        OracleValue::Text(text) => Err(OracleError::run(format!("{text:?} is neither true nor false"))),
        OracleValue::Json(_) => Ok(OracleValue::Null),
        other => Err(OracleError::internal(format!("Bool of {other:?}"))),
    }
}

fn to_date(value: &OracleValue) -> Result<OracleValue, OracleError> {
    match value {
        OracleValue::Date(days) => Ok(OracleValue::Date(*days)),
        OracleValue::DateTime(millis) => {
            let days = i32::try_from(millis.div_euclid(DAY_MILLIS));
            days.map(OracleValue::Date).map_err(|_| OracleError::run("a date beyond the calendar"))
        }
        OracleValue::Text(text) | OracleValue::Json(Json::String(text)) => {
            parse_date(text).map(OracleValue::Date).ok_or_else(|| OracleError::run(format!("{text:?} is not a date")))
        }
        OracleValue::Json(_) => Ok(OracleValue::Null),
        other => Err(OracleError::internal(format!("Date of {other:?}"))),
    }
}

fn to_datetime(value: &OracleValue) -> Result<OracleValue, OracleError> {
    match value {
        OracleValue::DateTime(millis) => Ok(OracleValue::DateTime(*millis)),
        OracleValue::Date(days) => Ok(OracleValue::DateTime(i64::from(*days) * DAY_MILLIS)),
        OracleValue::Text(text) | OracleValue::Json(Json::String(text)) => parse_datetime(text)
            .map(OracleValue::DateTime)
            .ok_or_else(|| OracleError::run(format!("{text:?} is not an instant"))),
        OracleValue::Json(_) => Ok(OracleValue::Null),
        other => Err(OracleError::internal(format!("DateTime of {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> OracleValue {
        OracleValue::Text(text.into())
    }

    #[test]
    fn texts() {
        assert_eq!(to_string(&OracleValue::F64(3.0)).unwrap(), "3");
        assert_eq!(to_string(&OracleValue::F32(0.1)).unwrap(), "0.1");
        assert_eq!(to_string(&OracleValue::Date(0)).unwrap(), "1970-01-01");
        assert_eq!(to_string(&OracleValue::Json(json!("a"))).unwrap(), "a");
        assert_eq!(to_string(&OracleValue::Json(json!({"a": 1}))).unwrap(), r#"{"a":1}"#);
    }

    #[test]
    fn numbers() {
        assert_eq!(to_int(&text("-42")), Ok(OracleValue::Integer(-42)));
        for wrong in ["", "-", "4.0", "+4", " 4", "9223372036854775808"] {
            assert!(matches!(to_int(&text(wrong)), Err(OracleError::Run(_))), "{wrong:?}");
        }
        assert_eq!(to_int(&OracleValue::F64(4.0)), Ok(OracleValue::Integer(4)));
        assert!(matches!(to_int(&OracleValue::F64(4.5)), Err(OracleError::Run(_))));
        assert!(matches!(to_int(&OracleValue::F64(1e19)), Err(OracleError::Run(_))));
        assert_eq!(to_int(&OracleValue::Json(json!("4"))), Ok(OracleValue::Null));
        assert_eq!(to_float(&text("1.5e3")), Ok(OracleValue::F64(1500.0)));
        for wrong in ["", "nan", "inf", "1.", ".5", "1e999", "0x1"] {
            assert!(matches!(to_float(&text(wrong)), Err(OracleError::Run(_))), "{wrong:?}");
        }
        assert_eq!(to_float(&OracleValue::Json(json!(2))), Ok(OracleValue::F64(2.0)));
    }

    #[test]
    fn dates() {
        assert_eq!(to_date(&OracleValue::DateTime(-1)), Ok(OracleValue::Date(-1)));
        assert_eq!(to_datetime(&OracleValue::Date(1)), Ok(OracleValue::DateTime(DAY_MILLIS)));
        assert_eq!(to_date(&OracleValue::Json(json!("1970-01-02"))), Ok(OracleValue::Date(1)));
        assert_eq!(to_date(&OracleValue::Json(json!(1))), Ok(OracleValue::Null));
        assert!(matches!(to_date(&text("soon")), Err(OracleError::Run(_))));
        assert!(matches!(to_bool(&text("True")), Err(OracleError::Run(_))));
    }
}
