//! Functions from one type to another.
//!
//! Of JSON each takes the kind that it is named for (dates and instants: text) and yields null of every other.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::temporal::{format_date, format_datetime, parse_date, parse_datetime};
use serde_json::Value as Json;

use super::failure::Failure;
use super::value::Value;

const DAY_MILLIS: i64 = 86_400_000;

/// Applies a cast to a value that is not null.
pub(super) fn apply(function: FunctionId, value: &Value) -> Result<Value, Failure> {
    match function {
        FunctionId::ToString => to_string(value).map(Value::Text),
        FunctionId::ToInt => to_int(value),
        FunctionId::ToFloat => to_float(value),
        FunctionId::ToBool => to_bool(value),
        FunctionId::ToDate => to_date(value),
        FunctionId::ToDateTime => to_datetime(value),
        other => Err(Failure::internal(format!("{other:?} is no cast"))),
    }
}

fn to_string(value: &Value) -> Result<String, Failure> {
    Ok(match value {
        Value::Text(text) | Value::Json(Json::String(text)) => text.clone(),
        Value::Json(json) => json.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::Date(days) => format_date(*days),
        Value::DateTime(millis) => format_datetime(*millis),
        other => return Err(Failure::internal(format!("text of {other:?}"))),
    })
}

fn to_int(value: &Value) -> Result<Value, Failure> {
    let refuse = || Failure::run(format!("{} is no integer", to_string(value).unwrap_or_default()));
    let fitting = |value: Option<i128>| value.filter(|value| i64::try_from(*value).is_ok()).map(Value::Integer);
    match value {
        Value::Integer(whole) => fitting(Some(*whole)).ok_or_else(refuse),
        Value::F32(number) => whole(f64::from(*number)).ok_or_else(refuse),
        Value::F64(number) => whole(*number).ok_or_else(refuse),
        Value::Text(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            fitting(text.parse().ok().filter(|_| plain)).ok_or_else(refuse)
        }
        Value::Json(Json::Number(number)) => {
            let exact = number.as_i64().map(|value| Value::Integer(value.into()));
            exact.or_else(|| number.as_f64().and_then(whole)).ok_or_else(refuse)
        }
        Value::Json(_) => Ok(Value::Null),
        other => Err(Failure::internal(format!("integer of {other:?}"))),
    }
}

/// A whole float that fits 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "a whole double within these bounds is an integer")]
fn whole(number: f64) -> Option<Value> {
    let fits = number.fract() == 0.0 && number.abs() < 1e30;
    Some(number as i128).filter(|value| fits && i64::try_from(*value).is_ok()).map(Value::Integer)
}

fn to_float(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::Text(text) => {
            let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            let sound = decimal && !text.starts_with(['+', '.']) && !text.ends_with('.');
            let number = text.parse::<f64>().ok().filter(|number| sound && number.is_finite());
            number.map(Value::F64).ok_or_else(|| Failure::run(format!("{text:?} is no decimal number")))
        }
        Value::Json(Json::Number(number)) => Ok(number.as_f64().map_or(Value::Null, Value::F64)),
        Value::Json(_) => Ok(Value::Null),
        number => match super::arithmetic::widened(number) {
            Some(number) => Ok(Value::F64(number)),
            None => Err(Failure::internal(format!("float of {value:?}"))),
        },
    }
}

fn to_bool(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::Bool(value) | Value::Json(Json::Bool(value)) => Ok(Value::Bool(*value)),
        Value::Text(text) if text == "true" => Ok(Value::Bool(true)),
        Value::Text(text) if text == "false" => Ok(Value::Bool(false)),
        Value::Text(text) => Err(Failure::run(format!("{text:?} is neither true nor false"))),
        Value::Json(_) => Ok(Value::Null),
        other => Err(Failure::internal(format!("Bool of {other:?}"))),
    }
}

fn to_date(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::Date(days) => Ok(Value::Date(*days)),
        Value::DateTime(millis) => {
            let days = i32::try_from(millis.div_euclid(DAY_MILLIS));
            days.map(Value::Date).map_err(|_| Failure::run("a date beyond the calendar"))
        }
        Value::Text(text) | Value::Json(Json::String(text)) => {
            parse_date(text).map(Value::Date).ok_or_else(|| Failure::run(format!("{text:?} is no date")))
        }
        Value::Json(_) => Ok(Value::Null),
        other => Err(Failure::internal(format!("Date of {other:?}"))),
    }
}

fn to_datetime(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::DateTime(millis) => Ok(Value::DateTime(*millis)),
        Value::Date(days) => Ok(Value::DateTime(i64::from(*days) * DAY_MILLIS)),
        Value::Text(text) | Value::Json(Json::String(text)) => {
            parse_datetime(text).map(Value::DateTime).ok_or_else(|| Failure::run(format!("{text:?} is no instant")))
        }
        Value::Json(_) => Ok(Value::Null),
        other => Err(Failure::internal(format!("DateTime of {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn texts() {
        assert_eq!(to_string(&Value::F64(3.0)).unwrap(), "3");
        assert_eq!(to_string(&Value::F32(0.1)).unwrap(), "0.1");
        assert_eq!(to_string(&Value::Date(0)).unwrap(), "1970-01-01");
        assert_eq!(to_string(&Value::Json(json!("a"))).unwrap(), "a");
        assert_eq!(to_string(&Value::Json(json!({"a": 1}))).unwrap(), r#"{"a":1}"#);
    }

    #[test]
    fn numbers() {
        assert_eq!(to_int(&text("-42")), Ok(Value::Integer(-42)));
        for wrong in ["", "-", "4.0", "+4", " 4", "9223372036854775808"] {
            assert!(matches!(to_int(&text(wrong)), Err(Failure::Run(_))), "{wrong:?}");
        }
        assert_eq!(to_int(&Value::F64(4.0)), Ok(Value::Integer(4)));
        assert!(matches!(to_int(&Value::F64(4.5)), Err(Failure::Run(_))));
        assert!(matches!(to_int(&Value::F64(1e19)), Err(Failure::Run(_))));
        assert_eq!(to_int(&Value::Json(json!("4"))), Ok(Value::Null));
        assert_eq!(to_float(&text("1.5e3")), Ok(Value::F64(1500.0)));
        for wrong in ["", "nan", "inf", "1.", ".5", "1e999", "0x1"] {
            assert!(matches!(to_float(&text(wrong)), Err(Failure::Run(_))), "{wrong:?}");
        }
        assert_eq!(to_float(&Value::Json(json!(2))), Ok(Value::F64(2.0)));
    }

    #[test]
    fn dates() {
        assert_eq!(to_date(&Value::DateTime(-1)), Ok(Value::Date(-1)));
        assert_eq!(to_datetime(&Value::Date(1)), Ok(Value::DateTime(DAY_MILLIS)));
        assert_eq!(to_date(&Value::Json(json!("1970-01-02"))), Ok(Value::Date(1)));
        assert_eq!(to_date(&Value::Json(json!(1))), Ok(Value::Null));
        assert!(matches!(to_date(&text("soon")), Err(Failure::Run(_))));
        assert!(matches!(to_bool(&text("True")), Err(Failure::Run(_))));
    }
}
