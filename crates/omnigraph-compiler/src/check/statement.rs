//! Assignment of values to properties, with conversions.

use super::TypeChecker;
use super::pattern::{is_written_literal, temporal_help};
use super::types::{constant, convert, is_integer, is_numeric, same_family, scalar_of, vector_items};
use crate::diagnostic::Code;
use crate::gq::ast;
use crate::ir::{Expr, ExprKind, ExprType, Value};
use crate::types::{PropType, ScalarType};

/// Converts `value` to `ty`, or reports T3 for a literal and T7 for another expression.
pub(super) fn assign(
    checker: &mut TypeChecker,
    ty: &PropType,
    value: Expr,
    written: &ast::AstExpr,
    name: &str,
) -> Option<Expr> {
    let span = written.span();
    let code = if is_written_literal(written) { Code::T3 } else { Code::T7 };
    if value.ty == ExprType::Null {
        if ty.nullable {
            return Some(Expr::new(value.kind, ExprType::Value(ty.clone())));
        }
        checker.error(code, span, format!("`{name}` is `{ty}` and cannot be null"));
        return None;
    }
    if let Some(value) = constant(&value).cloned() {
        return assign_constant(checker, ty, &value, written, name);
    }
    if fits(ty, &value.ty) {
        return Some(converted(ty, value));
    }
    checker.error(code, span, format!("`{}` does not fit `{name}`, which is `{ty}`", value.ty));
    let float_to_integer = is_integer(ty.scalar) && scalar_of(&value.ty).is_some_and(|given| is_numeric(given.scalar));
    let help = if float_to_integer {
        Some("an integer takes no float; make it whole with `to_int(round(…))`".to_owned())
    } else {
        temporal_help(ty.scalar, &value.ty)
    };
    checker.advise(help);
    None
}

/// Returns `true` if values of `given` can be stored as `ty`; some are checked again at run time.
fn fits(ty: &PropType, given: &ExprType) -> bool {
    let ExprType::Value(given) = given else { return false };
    if given.scalar == ty.scalar && given.list == ty.list {
        return true;
    }
    if ty.scalar == ScalarType::Json && !ty.list {
        return !matches!(given.scalar, ScalarType::Blob | ScalarType::Vector(_));
    }
    match (ty.scalar, ty.list, given.list) {
        (ScalarType::Vector(_), false, true) => is_numeric(given.scalar),
        (ScalarType::Blob, false, false) => given.scalar == ScalarType::String,
        (scalar, list, given_list) if list == given_list => {
            same_family(scalar, given.scalar) && (!is_integer(scalar) || is_integer(given.scalar))
        }
        _ => false,
    }
}

/// Adds a conversion where the representation differs or the value must be checked at run time.
fn converted(ty: &PropType, value: Expr) -> Expr {
    let nullable = value.ty.nullable();
    let target = PropType { nullable, ..ty.clone() };
    let same = matches!(&value.ty, ExprType::Value(given) if given.scalar == ty.scalar && given.list == ty.list
        && (ty.enum_values.is_none() || given.enum_values == ty.enum_values));
    if same {
        return value;
    }
    Expr::new(ExprKind::Convert(Box::new(value)), ExprType::Value(target))
}

fn assign_constant(
    checker: &mut TypeChecker,
    ty: &PropType,
    value: &Value,
    written: &ast::AstExpr,
    name: &str,
) -> Option<Expr> {
    let target = PropType { nullable: false, ..ty.clone() };
    let stored = match stored(ty, value) {
        Ok(stored) => stored,
        Err(problem) => {
            checker.error(Code::T3, written.span(), format!("`{name}` is `{ty}`: {problem}"));
            if let Value::String(_) = value {
                checker.advise(temporal_help(ty.scalar, &ExprType::scalar(ScalarType::String)));
            }
            return None;
        }
    };
    let expr = Expr::new(ExprKind::Literal(stored), ExprType::Value(target));
    checker.require_enum_word(ty, &expr, written.span())?;
    Some(expr)
}

/// Returns the stored form of a constant.
fn stored(ty: &PropType, value: &Value) -> Result<Value, String> {
    match (value, ty.scalar, ty.list) {
        (Value::List(items), ScalarType::Vector(dimension), false) => vector(items, dimension),
        (Value::List(items), scalar, true) => {
            items.iter().map(|item| stored_scalar(scalar, item)).collect::<Result<Vec<_>, _>>().map(Value::List)
        }
        (Value::List(_), scalar, false) if scalar != ScalarType::Json => Err("a list does not fit".to_owned()),
        (_, _, true) => Err(format!("{} is not a list", describe(value))),
        (Value::String(text), ScalarType::Blob, false) => Ok(Value::Blob(text.clone())),
        (value, ScalarType::Json, false) => {
            json(value).map(Value::Json).ok_or_else(|| "the value has no JSON form".to_owned())
        }
        (value, scalar, false) => stored_scalar(scalar, value),
    }
}

fn stored_scalar(scalar: ScalarType, value: &Value) -> Result<Value, String> {
    if is_integer(scalar) && matches!(value, Value::F64(_)) {
        return Err(format!("cannot convert {} to an integer", describe(value)));
    }
    if let Some(stored) = convert(value, scalar) {
        return Ok(stored);
    }
    Err(match (value, scalar) {
        (Value::I64(number), ScalarType::I32) => format!("{number} exceeds Int32 range"),
        (Value::I64(number), ScalarType::U32) => format!("{number} exceeds UInt32 range"),
        (Value::I64(number), ScalarType::U64) => format!("{number} exceeds UInt64 range"),
        (Value::I64(number), ScalarType::F32 | ScalarType::F64) => format!("{number} cannot be stored exactly"),
        (Value::F64(number), ScalarType::F32) => format!("{number:?} exceeds Float32 range"),
        _ => format!("{} does not fit", describe(value)),
    })
}

fn vector(items: &[Value], dimension: u32) -> Result<Value, String> {
    if items.len() != dimension as usize {
        return Err(format!("vector property expects {dimension} dimensions, got {}", items.len()));
    }
    vector_items(items)
        .map(Value::Vector)
        .ok_or_else(|| "vector elements must be numeric and within Float32 range".to_owned())
}

fn json(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::I64(value) => (*value).into(),
        Value::U64(value) => (*value).into(),
        Value::F64(value) => serde_json::Number::from_f64(*value)?.into(),
        Value::String(text) => text.clone().into(),
        Value::List(items) => serde_json::Value::Array(items.iter().map(json).collect::<Option<_>>()?),
        _ => return None,
    })
}

/// Describes a constant for messages.
fn describe(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F64(value) => format!("{value:?}"),
        Value::String(text) => format!("{text:?}"),
        Value::Date(_) => "a Date".to_owned(),
        Value::DateTime(_) => "a DateTime".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Duration(_) => "a duration".to_owned(),
        _ => "this".to_owned(),
    }
}
