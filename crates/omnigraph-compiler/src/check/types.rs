//! Compatible types, and conversion of constants.

use crate::gq::ast::AstLiteral;
use crate::ir::{Expr, ExprKind, ExprType, Value};
use crate::types::{PropType, ScalarType};

pub(super) const fn is_integer(scalar: ScalarType) -> bool {
    matches!(scalar, ScalarType::I32 | ScalarType::I64 | ScalarType::U32 | ScalarType::U64)
}

pub(super) const fn is_numeric(scalar: ScalarType) -> bool {
    is_integer(scalar) || matches!(scalar, ScalarType::F32 | ScalarType::F64)
}

/// Returns `true` if values can be compared: no list, vector, blob or JSON.
pub(super) const fn is_scalar(ty: &PropType) -> bool {
    !ty.list && !matches!(ty.scalar, ScalarType::Vector(_) | ScalarType::Blob | ScalarType::Json)
}

/// Returns the property type of a value that can be compared.
pub(super) fn scalar_of(ty: &ExprType) -> Option<&PropType> {
    match ty {
        ExprType::Value(ty) if is_scalar(ty) => Some(ty),
        _ => None,
    }
}

/// Returns `true` for text: String or enum.
pub(super) fn is_text(ty: &ExprType) -> bool {
    matches!(scalar_of(ty), Some(PropType { scalar: ScalarType::String, .. })) || *ty == ExprType::Null
}

/// Returns `true` for numbers.
pub(super) fn is_number(ty: &ExprType) -> bool {
    scalar_of(ty).is_some_and(|ty| is_numeric(ty.scalar)) || *ty == ExprType::Null
}

/// Returns `true` for Bool.
pub(super) fn is_bool(ty: &ExprType) -> bool {
    matches!(scalar_of(ty), Some(PropType { scalar: ScalarType::Bool, .. })) || *ty == ExprType::Null
}

/// Returns `true` if two base types are compatible: equal, or both numbers.
pub(super) fn same_family(a: ScalarType, b: ScalarType) -> bool {
    a == b || (is_numeric(a) && is_numeric(b))
}

/// Returns the common type of two types, if any: numbers widen without loss of range, enums become text.
pub(super) fn common_type(a: &ExprType, b: &ExprType) -> Option<ExprType> {
    let nullable = a.nullable() || b.nullable();
    let ty = match (a, b) {
        (ExprType::Null, other) | (other, ExprType::Null) => other.clone(),
        (ExprType::Value(a), ExprType::Value(b)) if a.list == b.list => {
            let scalar = if a.scalar == b.scalar {
                a.scalar
            } else if is_integer(a.scalar) && is_integer(b.scalar) {
                if a.scalar == ScalarType::U64 || b.scalar == ScalarType::U64 {
                    ScalarType::U64
                } else {
                    ScalarType::I64
                }
            } else if is_numeric(a.scalar) && is_numeric(b.scalar) {
                ScalarType::F64
            } else {
                return None;
            };
            let enum_values = if a.enum_values == b.enum_values { a.enum_values.clone() } else { None };
            ExprType::Value(PropType { scalar, nullable, list: a.list, enum_values })
        }
        (a, b) if a.clone().with_nullable(nullable) == b.clone().with_nullable(nullable) => a.clone(),
        _ => return None,
    };
    Some(ty.with_nullable(nullable))
}

/// Converts a literal other than a date.
pub(super) fn literal(literal: &AstLiteral) -> Option<Expr> {
    let (value, ty) = match literal {
        AstLiteral::Null => (Value::Null, ExprType::Null),
        AstLiteral::Bool(value) => (Value::Bool(*value), ExprType::scalar(ScalarType::Bool)),
        AstLiteral::Integer(value) => (Value::I64(*value), ExprType::scalar(ScalarType::I64)),
        AstLiteral::Float(value) => (Value::F64(*value), ExprType::scalar(ScalarType::F64)),
        AstLiteral::String(text) => (Value::String(text.clone()), ExprType::scalar(ScalarType::String)),
        AstLiteral::Date(_) | AstLiteral::DateTime(_) => return None,
    };
    Some(Expr::new(ExprKind::Literal(value), ty))
}

/// Returns the constant, if the expression is one.
pub(super) fn constant(expr: &Expr) -> Option<&Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}

/// Converts constants to the items of a vector, if all are finite numbers.
pub(super) fn vector_items(items: &[Value]) -> Option<Vec<f32>> {
    let number = |item: &Value| match item {
        Value::I64(value) => Some(*value as f32),
        Value::F64(value) => Some(*value as f32),
        Value::F32(value) => Some(*value),
        _ => None,
    };
    items.iter().map(|item| number(item).filter(|value| value.is_finite())).collect()
}

/// Converts a constant to a base type, if that is lossless.
pub(super) fn convert(value: &Value, scalar: ScalarType) -> Option<Value> {
    match (value, scalar) {
        (Value::I64(value), ScalarType::I32) => i32::try_from(*value).ok().map(|value| Value::I64(i64::from(value))),
        (Value::I64(value), ScalarType::U32) => u32::try_from(*value).ok().map(|value| Value::I64(i64::from(value))),
        (Value::I64(value), ScalarType::U64) => u64::try_from(*value).ok().map(|_| Value::I64(*value)),
        (Value::I64(value), ScalarType::I64) => Some(Value::I64(*value)),
        (Value::I64(value), ScalarType::F64) => exact_f64(*value).map(Value::F64),
        (Value::I64(value), ScalarType::F32) => {
            let narrow = exact_f64(*value)? as f32;
            (f64::from(narrow) == *value as f64).then_some(Value::F32(narrow))
        }
        (Value::F64(value), ScalarType::F64) => Some(Value::F64(*value)),
        // The only rounding of the language: a decimal is compared with a single-precision value in single precision.
        (Value::F64(value), ScalarType::F32) => {
            let narrow = *value as f32;
            narrow.is_finite().then_some(Value::F32(narrow))
        }
        (Value::F64(value), scalar) if is_integer(scalar) && value.fract() == 0.0 && value.abs() < 9.0e18 => {
            convert(&Value::I64(*value as i64), scalar)
        }
        (Value::Bool(_), ScalarType::Bool)
        | (Value::String(_), ScalarType::String)
        | (Value::Date(_), ScalarType::Date)
        | (Value::DateTime(_), ScalarType::DateTime)
        | (Value::Null, _) => Some(value.clone()),
        _ => None,
    }
}

fn exact_f64(value: i64) -> Option<f64> {
    let wide = value as f64;
    (wide as i128 == i128::from(value)).then_some(wide)
}

/// Converts a constant to the type that it is compared with, if that is lossless.
pub(super) fn coerce_constant(expr: &mut Expr, target: &PropType) {
    let ExprKind::Literal(value) = &expr.kind else { return };
    if *value == Value::Null || !is_scalar(target) {
        return;
    }
    if let Some(converted) = convert(value, target.scalar) {
        expr.kind = ExprKind::Literal(converted);
        expr.ty = ExprType::Value(PropType::new(target.scalar));
    }
}

/// Returns a Bool that is null where an operand is.
pub(super) fn bool_type(nullable: bool) -> ExprType {
    ExprType::Value(PropType { nullable, ..PropType::new(ScalarType::Bool) })
}

/// Returns a base type that is null where an operand is.
pub(super) fn scalar_type(scalar: ScalarType, nullable: bool) -> ExprType {
    ExprType::Value(PropType { nullable, ..PropType::new(scalar) })
}
