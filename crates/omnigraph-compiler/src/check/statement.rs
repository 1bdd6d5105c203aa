//! Assignment of values to properties: stricter than comparison, and converting.

use super::Checker;
use super::pattern::{is_written_literal, temporal_help};
use super::types::{constant, convert, is_integer, is_numeric, same_family, scalar_of};
use crate::diagnostic::Code;
use crate::gq::ast;
use crate::ir::{Expr, ExprKind, Type, Value};
use crate::types::{PropType, Scalar};

/// Makes `value` a value of `ty`, or complains: T3 of a literal, T7 of anything else.
pub(super) fn assign(
    checker: &mut Checker,
    ty: &PropType,
    value: Expr,
    written: &ast::Expr,
    name: &str,
) -> Option<Expr> {
    let span = written.span();
    let code = if is_written_literal(written) { Code::T3 } else { Code::T7 };
    if value.ty == Type::Null {
        if ty.nullable {
            return Some(Expr { kind: value.kind, ty: Type::Value(ty.clone()) });
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

/// Whether values of `given` can be stored as `ty`; some only if their run-time value allows it, which is checked then.
fn fits(ty: &PropType, given: &Type) -> bool {
    let Type::Value(given) = given else { return false };
    if given.scalar == ty.scalar && given.list == ty.list {
        return true;
    }
    if ty.scalar == Scalar::Json && !ty.list {
        return !matches!(given.scalar, Scalar::Blob | Scalar::Vector(_));
    }
    match (ty.scalar, ty.list, given.list) {
        (Scalar::Vector(_), false, true) => is_numeric(given.scalar),
        (Scalar::Blob, false, false) => given.scalar == Scalar::String,
        (scalar, list, given_list) if list == given_list => {
            same_family(scalar, given.scalar) && (!is_integer(scalar) || is_integer(given.scalar))
        }
        _ => false,
    }
}

/// The value, with a conversion where its representation differs or must be checked at run time.
fn converted(ty: &PropType, value: Expr) -> Expr {
    let nullable = value.ty.nullable();
    let target = PropType { nullable, ..ty.clone() };
    let same = matches!(&value.ty, Type::Value(given) if given.scalar == ty.scalar && given.list == ty.list
        && (ty.enum_values.is_none() || given.enum_values == ty.enum_values));
    if same {
        return value;
    }
    Expr { kind: ExprKind::Convert(Box::new(value)), ty: Type::Value(target) }
}

fn assign_constant(
    checker: &mut Checker,
    ty: &PropType,
    value: &Value,
    written: &ast::Expr,
    name: &str,
) -> Option<Expr> {
    let target = PropType { nullable: false, ..ty.clone() };
    let stored = match stored(ty, value) {
        Ok(stored) => stored,
        Err(problem) => {
            checker.error(Code::T3, written.span(), format!("`{name}` is `{ty}`: {problem}"));
            if let Value::String(_) = value {
                checker.advise(temporal_help(ty.scalar, &Type::scalar(Scalar::String)));
            }
            return None;
        }
    };
    let expr = Expr { kind: ExprKind::Literal(stored), ty: Type::Value(target) };
    checker.require_enum_word(ty, &expr, written.span())?;
    Some(expr)
}

/// The constant as it is stored.
fn stored(ty: &PropType, value: &Value) -> Result<Value, String> {
    match (value, ty.scalar, ty.list) {
        (Value::List(items), Scalar::Vector(dimension), false) => vector(items, dimension),
        (Value::List(items), scalar, true) => {
            items.iter().map(|item| stored_scalar(scalar, item)).collect::<Result<Vec<_>, _>>().map(Value::List)
        }
        (Value::List(_), scalar, false) if scalar != Scalar::Json => Err("a list does not fit".to_owned()),
        (_, _, true) => Err(format!("{} is not a list", describe(value))),
        (Value::String(text), Scalar::Blob, false) => Ok(Value::Blob(text.clone())),
        (value, Scalar::Json, false) => json(value).map(Value::Json).ok_or_else(|| "this is no JSON value".to_owned()),
        (value, scalar, false) => stored_scalar(scalar, value),
    }
}

fn stored_scalar(scalar: Scalar, value: &Value) -> Result<Value, String> {
    if is_integer(scalar) && matches!(value, Value::F64(_)) {
        return Err(format!("cannot convert {} to an integer", describe(value)));
    }
    if let Some(stored) = convert(value, scalar) {
        return Ok(stored);
    }
    Err(match (value, scalar) {
        (Value::I64(number), Scalar::I32) => format!("{number} exceeds Int32 range"),
        (Value::I64(number), Scalar::U32) => format!("{number} exceeds UInt32 range"),
        (Value::I64(number), Scalar::U64) => format!("{number} exceeds UInt64 range"),
        (Value::I64(number), Scalar::F32 | Scalar::F64) => format!("{number} cannot be stored exactly"),
        (Value::F64(number), Scalar::F32) => format!("{number:?} exceeds Float32 range"),
        _ => format!("{} does not fit", describe(value)),
    })
}

fn vector(items: &[Value], dimension: u32) -> Result<Value, String> {
    if items.len() != dimension as usize {
        return Err(format!("vector property expects {dimension} dimensions, got {}", items.len()));
    }
    let number = |item: &Value| match item {
        Value::I64(number) => Some(*number as f32),
        Value::F64(number) => Some(*number as f32).filter(|number| number.is_finite()),
        Value::F32(number) => Some(*number),
        _ => None,
    };
    let numbers: Option<Vec<f32>> = items.iter().map(number).collect();
    numbers.map(Value::Vector).ok_or_else(|| "vector elements must be numeric and within Float32 range".to_owned())
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

/// A constant in words, for messages.
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
