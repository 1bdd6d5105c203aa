//! Values in the form of properties. A value that would lose information is refused; only floats lose digits as singles.

use omnigraph_compiler::types::{PropType, ScalarType};

use super::super::arithmetic::{compare_numbers, widened};
use super::super::cell::CellPrinter;
use super::super::evaluator::OracleError;
use super::super::graph::OracleGraph;
use super::super::value::OracleValue;

/// Converts a value to a property of this type. Null is checked elsewhere.
pub(super) fn stored(ty: &PropType, value: OracleValue) -> Result<OracleValue, OracleError> {
    match (value, ty.scalar, ty.list) {
        (OracleValue::Null, _, _) => Ok(OracleValue::Null),
        (OracleValue::List(items), _, true) => {
            items.into_iter().map(|item| single(ty, item)).collect::<Result<_, _>>().map(OracleValue::List)
        }
        (value, _, true) => Err(OracleError::internal(format!("{value:?} is not a list"))),
        (OracleValue::List(items), ScalarType::Vector(dimension), false) => vector(&items, dimension),
        (value @ OracleValue::List(_), ScalarType::Json, false) => json(&value),
        (value, _, false) => single(ty, value),
    }
}

fn single(ty: &PropType, value: OracleValue) -> Result<OracleValue, OracleError> {
    let bounds = match ty.scalar {
        ScalarType::I32 => (i32::MIN.into(), i32::MAX.into()),
        ScalarType::I64 => (i64::MIN.into(), i64::MAX.into()),
        ScalarType::U32 => (0, u32::MAX.into()),
        ScalarType::U64 => (0, u64::MAX.into()),
        ScalarType::F32 => return to_single(&value),
        ScalarType::F64 => return to_double(value),
        ScalarType::Json => return json(&value),
        ScalarType::Blob => return blob(value),
        ScalarType::String => return text(ty, value),
        _ => return Ok(value),
    };
    match value {
        OracleValue::Integer(number) if bounds.0 <= number && number <= bounds.1 => Ok(value),
        OracleValue::Integer(number) => Err(OracleError::run(format!("{number} does not fit {}", ty.scalar))),
        other => Err(OracleError::internal(format!("{other:?} is not an integer"))),
    }
}

/// Converts an integer only if the float is exact.
#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn to_single(value: &OracleValue) -> Result<OracleValue, OracleError> {
    let narrow = widened(value).ok_or_else(|| OracleError::internal(format!("{value:?} is not a number")))? as f32;
    exactly(value, OracleValue::F32(narrow), narrow.is_finite(), ScalarType::F32)
}

fn to_double(value: OracleValue) -> Result<OracleValue, OracleError> {
    let wide = widened(&value).ok_or_else(|| OracleError::internal(format!("{value:?} is not a number")))?;
    exactly(&value, OracleValue::F64(wide), wide.is_finite(), ScalarType::F64)
}

fn exactly(
    value: &OracleValue,
    float: OracleValue,
    finite: bool,
    scalar: ScalarType,
) -> Result<OracleValue, OracleError> {
    let exact =
        !matches!(value, OracleValue::Integer(_)) || compare_numbers(value, &float).is_some_and(|order| order.is_eq());
    if finite && exact { Ok(float) } else { Err(OracleError::run(format!("{value:?} does not fit {scalar}"))) }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is asked for")]
fn vector(items: &[OracleValue], dimension: u32) -> Result<OracleValue, OracleError> {
    if items.len() != dimension as usize {
        return Err(OracleError::run(format!(
            "a vector of {dimension} numbers is needed and the list has {}",
            items.len()
        )));
    }
    let number = |item: &OracleValue| widened(item).map(|number| number as f32).filter(|number| number.is_finite());
    let numbers: Option<Vec<f32>> = items.iter().map(number).collect();
    numbers
        .map(OracleValue::Vector)
        .ok_or_else(|| OracleError::run("vector elements must be numbers of single precision"))
}

fn json(value: &OracleValue) -> Result<OracleValue, OracleError> {
    // Nodes and edges are not stored, so an empty graph is enough.
    let printer = CellPrinter { graph: &OracleGraph::new(), catalog: &omnigraph_compiler::catalog::Catalog::default() };
    printer.cell(value).map(OracleValue::Json)
}

fn text(ty: &PropType, value: OracleValue) -> Result<OracleValue, OracleError> {
    match (&value, &ty.enum_values) {
        (OracleValue::Text(word), Some(words)) if !words.contains(word) => {
            Err(OracleError::run(format!("{word:?} is not one of {}", words.join(", "))))
        }
        _ => Ok(value),
    }
}

fn blob(value: OracleValue) -> Result<OracleValue, OracleError> {
    let given = match value {
        OracleValue::Text(text) | OracleValue::Blob(text) => text,
        other => return Err(OracleError::internal(format!("{other:?} is not a blob"))),
    };
    let sound = given.strip_prefix("base64:").is_some_and(|digits| {
        let padding = digits.len() - digits.trim_end_matches('=').len();
        let rest = digits.trim_end_matches('=').bytes();
        digits.len().is_multiple_of(4)
            && padding <= 2
            && rest.into_iter().all(|digit| digit.is_ascii_alphanumeric() || digit == b'+' || digit == b'/')
    });
    if sound { Ok(OracleValue::Blob(given)) } else { Err(OracleError::run("invalid base64 blob data")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_stored(scalar: ScalarType, value: OracleValue) -> Result<OracleValue, OracleError> {
        stored(&PropType::new(scalar), value)
    }

    #[test]
    fn numbers_fit_or_are_refused() {
        let beyond = OracleValue::Integer(9_007_199_254_740_993); // 2^53 + 1, which no double holds
        assert!(as_stored(ScalarType::F64, beyond.clone()).is_err());
        assert_eq!(as_stored(ScalarType::I64, beyond.clone()), Ok(beyond));
        assert_eq!(as_stored(ScalarType::F64, OracleValue::Integer(3)), Ok(OracleValue::F64(3.0)));
        assert!(as_stored(ScalarType::F32, OracleValue::Integer(16_777_217)).is_err());
        assert_eq!(as_stored(ScalarType::F32, OracleValue::F64(16_777_217.0)), Ok(OracleValue::F32(16_777_216.0)));
        assert!(as_stored(ScalarType::F32, OracleValue::F64(1e39)).is_err());
        assert!(as_stored(ScalarType::I32, OracleValue::Integer(3_000_000_000)).is_err());
        assert!(as_stored(ScalarType::U64, OracleValue::Integer(-1)).is_err());
    }

    #[test]
    fn lists_become_vectors_of_their_length() {
        let list = OracleValue::List(vec![OracleValue::Integer(1), OracleValue::F64(0.5)]);
        assert_eq!(as_stored(ScalarType::Vector(2), list.clone()), Ok(OracleValue::Vector(vec![1.0, 0.5])));
        assert!(as_stored(ScalarType::Vector(3), list.clone()).is_err());
        assert_eq!(as_stored(ScalarType::Json, list), Ok(OracleValue::Json(serde_json::json!([1, 0.5]))));
    }

    #[test]
    fn blobs_are_base64() {
        let text = |text: &str| OracleValue::Text(text.to_owned());
        assert_eq!(as_stored(ScalarType::Blob, text("base64:AA==")), Ok(OracleValue::Blob("base64:AA==".to_owned())));
        assert!(as_stored(ScalarType::Blob, text("base64:A")).is_err());
        assert!(as_stored(ScalarType::Blob, text("file:///x")).is_err());
    }
}
