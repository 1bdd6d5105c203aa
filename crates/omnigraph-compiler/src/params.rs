//! Parameters: JSON arguments to typed values.

use crate::ir::{QueryParam, Value};
use crate::temporal::{parse_date, parse_datetime};
use crate::types::{PropType, ScalarType};

/// An error in the arguments of a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// Arguments that are not a JSON object.
    #[error("params must be a JSON object, not {0}")]
    NotAnObject(&'static str),
    /// A required parameter without an argument.
    #[error("parameter '{0}' not provided")]
    Missing(String),
    /// An unknown parameter.
    #[error("parameter '{name}' not found{}", .near.as_ref().map(|near| format!("; did you mean '{near}'?")).unwrap_or_default())]
    Unknown {
        /// The key.
        name: String,
        /// A parameter with a similar name.
        near: Option<String>,
    },
    /// A value that does not fit.
    #[error("parameter '{name}': {problem}")]
    Value {
        /// The parameter.
        name: String,
        /// Description of the problem.
        problem: String,
    },
}

/// Number type of the caller's language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NumberMode {
    /// Integers are exact at any size; a number with a point is not an integer.
    #[default]
    Native,
    /// From a language whose only number is a double: integers beyond 2^53 must come as strings, and `3.0` is an integer.
    Double,
}

/// Greatest integer up to which a double holds every integer.
const MAX_EXACT_DOUBLE: u64 = (1 << 53) - 1;

/// Decodes arguments to one value per parameter, in order; an omitted nullable argument is null.
///
/// # Errors
/// The first invalid argument.
pub fn decode(
    params: &[QueryParam],
    arguments: Option<&serde_json::Value>,
    mode: NumberMode,
) -> Result<Vec<Value>, ParamError> {
    let empty = serde_json::Map::new();
    let object = match arguments {
        None | Some(serde_json::Value::Null) => &empty,
        Some(serde_json::Value::Object(object)) => object,
        Some(other) => return Err(ParamError::NotAnObject(kind(other))),
    };
    for name in object.keys() {
        if !params.iter().any(|param| param.name == *name) {
            let near = crate::suggest::nearest(name, params.iter().map(|param| param.name.as_str()));
            return Err(ParamError::Unknown { name: name.clone(), near: near.map(str::to_owned) });
        }
    }
    params.iter().map(|param| argument(param, object.get(&param.name), mode)).collect()
}

fn argument(param: &QueryParam, given: Option<&serde_json::Value>, mode: NumberMode) -> Result<Value, ParamError> {
    let problem = |problem| ParamError::Value { name: param.name.clone(), problem };
    match given {
        None if param.ty.nullable => Ok(Value::Null),
        None => Err(ParamError::Missing(param.name.clone())),
        Some(serde_json::Value::Null) if param.ty.scalar == ScalarType::Json && !param.ty.nullable => {
            Ok(Value::Json(serde_json::Value::Null))
        }
        Some(serde_json::Value::Null) if param.ty.nullable => Ok(Value::Null),
        Some(serde_json::Value::Null) => {
            Err(problem(format!("null is not accepted for non-nullable parameter of type {}", param.ty)))
        }
        Some(value) => decode_value(&param.ty, value, mode).map_err(problem),
    }
}

/// Decodes one value that is not null.
///
/// # Errors
/// A description of the problem.
pub fn decode_value(ty: &PropType, value: &serde_json::Value, mode: NumberMode) -> Result<Value, String> {
    if !ty.list {
        return scalar(ty.scalar, value, mode);
    }
    let serde_json::Value::Array(items) = value else {
        return Err(format!("expected an array of {}, found {}", ty.scalar, kind(value)));
    };
    let item = |(index, item): (usize, &serde_json::Value)| {
        if item.is_null() {
            return Err(format!("item {index} is null; items of a list are never null"));
        }
        scalar(ty.scalar, item, mode).map_err(|problem| format!("item {index}: {problem}"))
    };
    items.iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::List)
}

fn scalar(scalar: ScalarType, value: &serde_json::Value, mode: NumberMode) -> Result<Value, String> {
    let expected = |what: &str| format!("expected {what}, found {}", kind(value));
    match scalar {
        ScalarType::String => {
            value.as_str().map(|text| Value::String(text.to_owned())).ok_or_else(|| expected("string"))
        }
        ScalarType::Blob => value
            .as_str()
            .map(|text| Value::Blob(text.to_owned()))
            .ok_or_else(|| expected("string `base64:…` or a URI")),
        ScalarType::Bool => value.as_bool().map(Value::Bool).ok_or_else(|| expected("true or false")),
        ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64 => integer(scalar, value, mode),
        ScalarType::F32 => float(value).and_then(|number| narrow(number).map(Value::F32)),
        ScalarType::F64 => float(value).map(Value::F64),
        ScalarType::Date => {
            let text = value.as_str().ok_or_else(|| expected("string `YYYY-MM-DD`"))?;
            parse_date(text).map(Value::Date).ok_or_else(|| format!("invalid Date literal {text:?}"))
        }
        ScalarType::DateTime => {
            let text = value.as_str().ok_or_else(|| expected("string `YYYY-MM-DDThh:mm:ssZ`"))?;
            parse_datetime(text).map(Value::DateTime).ok_or_else(|| format!("invalid DateTime literal {text:?}"))
        }
        ScalarType::Json => Ok(Value::Json(value.clone())),
        ScalarType::Vector(dimension) => vector(dimension, value),
    }
}

fn integer(scalar: ScalarType, value: &serde_json::Value, mode: NumberMode) -> Result<Value, String> {
    let wide: i128 = match value {
        serde_json::Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if !plain {
                return Err(format!("expected an integer, found the string {text:?}"));
            }
            text.parse().map_err(|_| format!("{text} exceeds {scalar}"))?
        }
        serde_json::Value::Number(number) => number_as_integer(number, mode)?,
        other => return Err(format!("expected an integer, found {}", kind(other))),
    };
    let fits = match scalar {
        ScalarType::I32 => i32::try_from(wide).is_ok(),
        ScalarType::U32 => u32::try_from(wide).is_ok(),
        ScalarType::U64 => u64::try_from(wide).is_ok(),
        _ => i64::try_from(wide).is_ok(),
    };
    if !fits {
        return Err(format!("{wide} exceeds {scalar}"));
    }
    match i64::try_from(wide) {
        Ok(value) => Ok(Value::I64(value)),
        Err(_) => {
            Err(format!("{wide} exceeds current engine range of {scalar} parameters, which ends at {}", i64::MAX))
        }
    }
}

fn number_as_integer(number: &serde_json::Number, mode: NumberMode) -> Result<i128, String> {
    let exact = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (exact, mode) {
        (Some(value), NumberMode::Native) => Ok(value),
        (Some(value), NumberMode::Double) if value.unsigned_abs() <= u128::from(MAX_EXACT_DOUBLE) => Ok(value),
        (None, NumberMode::Double) => match number.as_f64() {
            Some(value) if value.fract() == 0.0 && value.abs() <= MAX_EXACT_DOUBLE as f64 => Ok(value as i128),
            _ => Err(format!("expected an integer, found {number}")),
        },
        (Some(value), NumberMode::Double) => {
            Err(format!("{value} is beyond what a double holds exactly; pass it as a decimal string"))
        }
        (None, NumberMode::Native) => Err(format!("expected an integer, found {number}")),
    }
}

fn float(value: &serde_json::Value) -> Result<f64, String> {
    let number = value.as_f64().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("expected a number, found {}", kind(value)))
}

fn narrow(number: f64) -> Result<f32, String> {
    let narrow = number as f32;
    if narrow.is_finite() { Ok(narrow) } else { Err(format!("{number:?} exceeds Float32 range")) }
}

fn vector(dimension: u32, value: &serde_json::Value) -> Result<Value, String> {
    let serde_json::Value::Array(items) = value else {
        return Err(format!("expected a vector as an array of {dimension} numbers, found {}", kind(value)));
    };
    if items.len() != dimension as usize {
        return Err(format!("expected {dimension} values for a vector, found {}", items.len()));
    }
    let item = |item: &serde_json::Value| {
        float(item).and_then(narrow).map_err(|problem| format!("vector elements: {problem}"))
    };
    items.iter().map(item).collect::<Result<_, _>>().map(Value::Vector)
}

/// Describes a JSON value for messages.
const fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "a boolean",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}
