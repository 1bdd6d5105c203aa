//! Values as the load format writes them.

use omnigraph_compiler::temporal::{parse_date, parse_datetime};
use omnigraph_compiler::types::{PropType, Scalar};
use serde_json::Value as Json;

use super::value::Value;

/// The value of a property.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn decode(ty: &PropType, json: &Json) -> Result<Value, String> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Array(items) if ty.list => {
            let item = |item: &Json| match item {
                Json::Null => Err("contains a null or invalid item".to_owned()),
                item => scalar(ty.scalar, item),
            };
            items.iter().map(item).collect::<Result<_, _>>().map(Value::List)
        }
        other if ty.list => Err(format!("expects an array, got {other}")),
        other => scalar(ty.scalar, other),
    }
}

fn scalar(scalar: Scalar, json: &Json) -> Result<Value, String> {
    let fitting = match scalar {
        Scalar::String => json.as_str().map(|text| Value::Text(text.to_owned())),
        Scalar::Bool => json.as_bool().map(Value::Bool),
        Scalar::I32 => {
            json.as_i64().and_then(|value| i32::try_from(value).ok()).map(|value| Value::Integer(value.into()))
        }
        Scalar::U32 => {
            json.as_u64().and_then(|value| u32::try_from(value).ok()).map(|value| Value::Integer(value.into()))
        }
        Scalar::I64 => json.as_i64().map(|value| Value::Integer(value.into())),
        Scalar::U64 => json.as_u64().map(|value| Value::Integer(value.into())),
        Scalar::F32 => single(json).map(Value::F32),
        Scalar::F64 => json.as_f64().map(Value::F64),
        Scalar::Date => match json.as_str() {
            Some(text) => parse_date(text).map(Value::Date),
            None => json.as_i64().and_then(|days| i32::try_from(days).ok()).map(Value::Date),
        },
        Scalar::DateTime => json.as_str().map_or_else(|| json.as_i64(), parse_datetime).map(Value::DateTime),
        Scalar::Blob => json.as_str().map(|text| Value::Blob(text.to_owned())),
        Scalar::Json => Some(Value::Json(json.clone())),
        Scalar::Vector(dimension) => {
            let numbers = json.as_array().filter(|items| items.len() == dimension as usize);
            numbers.and_then(|items| items.iter().map(single).collect::<Option<_>>()).map(Value::Vector)
        }
    };
    fitting.ok_or_else(|| format!("expects {scalar}, got {json}"))
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn single(json: &Json) -> Option<f32> {
    json.as_f64().map(|value| value as f32).filter(|value| value.is_finite())
}
