//! Values as properties hold them. Nothing is lost on the way but the digits of a float that becomes single: what would
//! be is refused.

use omnigraph_compiler::types::{PropType, Scalar};

use super::super::arithmetic::{compare_numbers, widened};
use super::super::cell::Printer;
use super::super::failure::Failure;
use super::super::graph::Graph;
use super::super::value::Value;

/// The value as a property of this type. Whether null may be is a rule of the row.
pub(super) fn stored(ty: &PropType, value: Value) -> Result<Value, Failure> {
    match (value, ty.scalar, ty.list) {
        (Value::Null, _, _) => Ok(Value::Null),
        (Value::List(items), _, true) => {
            items.into_iter().map(|item| single(ty, item)).collect::<Result<_, _>>().map(Value::List)
        }
        (value, _, true) => Err(Failure::internal(format!("{value:?} is no list"))),
        (Value::List(items), Scalar::Vector(dimension), false) => vector(&items, dimension),
        (value @ Value::List(_), Scalar::Json, false) => json(&value),
        (value, _, false) => single(ty, value),
    }
}

fn single(ty: &PropType, value: Value) -> Result<Value, Failure> {
    let bounds = match ty.scalar {
        Scalar::I32 => (i32::MIN.into(), i32::MAX.into()),
        Scalar::I64 => (i64::MIN.into(), i64::MAX.into()),
        Scalar::U32 => (0, u32::MAX.into()),
        Scalar::U64 => (0, u64::MAX.into()),
        Scalar::F32 => return to_single(&value),
        Scalar::F64 => return to_double(value),
        Scalar::Json => return json(&value),
        Scalar::Blob => return blob(value),
        Scalar::String => return text(ty, value),
        _ => return Ok(value),
    };
    match value {
        Value::Integer(number) if bounds.0 <= number && number <= bounds.1 => Ok(value),
        Value::Integer(number) => Err(Failure::run(format!("{number} does not fit {}", ty.scalar))),
        other => Err(Failure::internal(format!("{other:?} is no integer"))),
    }
}

/// An integer only if the float is exactly it.
#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn to_single(value: &Value) -> Result<Value, Failure> {
    let narrow = widened(value).ok_or_else(|| Failure::internal(format!("{value:?} is no number")))? as f32;
    exactly(value, Value::F32(narrow), narrow.is_finite(), Scalar::F32)
}

fn to_double(value: Value) -> Result<Value, Failure> {
    let wide = widened(&value).ok_or_else(|| Failure::internal(format!("{value:?} is no number")))?;
    exactly(&value, Value::F64(wide), wide.is_finite(), Scalar::F64)
}

fn exactly(value: &Value, float: Value, finite: bool, scalar: Scalar) -> Result<Value, Failure> {
    let exact =
        !matches!(value, Value::Integer(_)) || compare_numbers(value, &float).is_some_and(|order| order.is_eq());
    if finite && exact { Ok(float) } else { Err(Failure::run(format!("{value:?} does not fit {scalar}"))) }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn vector(items: &[Value], dimension: u32) -> Result<Value, Failure> {
    if items.len() != dimension as usize {
        return Err(Failure::run(format!(
            "a vector of {dimension} numbers is needed and the list has {}",
            items.len()
        )));
    }
    let number = |item: &Value| widened(item).map(|number| number as f32).filter(|number| number.is_finite());
    let numbers: Option<Vec<f32>> = items.iter().map(number).collect();
    numbers.map(Value::Vector).ok_or_else(|| Failure::run("vector elements must be numbers of single precision"))
}

fn json(value: &Value) -> Result<Value, Failure> {
    // No node or edge is stored, so there is no graph to print from.
    let printer = Printer { graph: &Graph::new(), catalog: &omnigraph_compiler::catalog::Catalog::default() };
    printer.cell(value).map(Value::Json)
}

fn text(ty: &PropType, value: Value) -> Result<Value, Failure> {
    match (&value, &ty.enum_values) {
        (Value::Text(word), Some(words)) if !words.contains(word) => {
            Err(Failure::run(format!("{word:?} is not one of {}", words.join(", "))))
        }
        _ => Ok(value),
    }
}

fn blob(value: Value) -> Result<Value, Failure> {
    let given = match value {
        Value::Text(text) | Value::Blob(text) => text,
        other => return Err(Failure::internal(format!("{other:?} is no blob"))),
    };
    let sound = given.strip_prefix("base64:").is_some_and(|digits| {
        let padding = digits.len() - digits.trim_end_matches('=').len();
        let rest = digits.trim_end_matches('=').bytes();
        digits.len().is_multiple_of(4)
            && padding <= 2
            && rest.into_iter().all(|digit| digit.is_ascii_alphanumeric() || digit == b'+' || digit == b'/')
    });
    if sound { Ok(Value::Blob(given)) } else { Err(Failure::run("invalid base64 blob data")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_stored(scalar: Scalar, value: Value) -> Result<Value, Failure> {
        stored(&PropType::of(scalar), value)
    }

    #[test]
    fn numbers_fit_or_are_refused() {
        let beyond = Value::Integer(9_007_199_254_740_993); // 2^53 + 1, which no double holds
        assert!(as_stored(Scalar::F64, beyond.clone()).is_err());
        assert_eq!(as_stored(Scalar::I64, beyond.clone()), Ok(beyond));
        assert_eq!(as_stored(Scalar::F64, Value::Integer(3)), Ok(Value::F64(3.0)));
        assert!(as_stored(Scalar::F32, Value::Integer(16_777_217)).is_err());
        assert_eq!(as_stored(Scalar::F32, Value::F64(16_777_217.0)), Ok(Value::F32(16_777_216.0)));
        assert!(as_stored(Scalar::F32, Value::F64(1e39)).is_err());
        assert!(as_stored(Scalar::I32, Value::Integer(3_000_000_000)).is_err());
        assert!(as_stored(Scalar::U64, Value::Integer(-1)).is_err());
    }

    #[test]
    fn lists_become_vectors_of_their_length() {
        let list = Value::List(vec![Value::Integer(1), Value::F64(0.5)]);
        assert_eq!(as_stored(Scalar::Vector(2), list.clone()), Ok(Value::Vector(vec![1.0, 0.5])));
        assert!(as_stored(Scalar::Vector(3), list.clone()).is_err());
        assert_eq!(as_stored(Scalar::Json, list), Ok(Value::Json(serde_json::json!([1, 0.5]))));
    }

    #[test]
    fn blobs_are_base64() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(as_stored(Scalar::Blob, text("base64:AA==")), Ok(Value::Blob("base64:AA==".to_owned())));
        assert!(as_stored(Scalar::Blob, text("base64:A")).is_err());
        assert!(as_stored(Scalar::Blob, text("file:///x")).is_err());
    }
}
