//! Which types go together, and constants converted to the type they meet.

use crate::gq::ast::Literal;
use crate::ir::{Expr, ExprKind, Type, Value};
use crate::types::{PropType, Scalar};

pub(super) const fn is_integer(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64)
}

pub(super) const fn is_numeric(scalar: Scalar) -> bool {
    is_integer(scalar) || matches!(scalar, Scalar::F32 | Scalar::F64)
}

/// Whether values can be compared: no list, vector, blob or JSON.
pub(super) const fn is_scalar(ty: &PropType) -> bool {
    !ty.list && !matches!(ty.scalar, Scalar::Vector(_) | Scalar::Blob | Scalar::Json)
}

/// The property type of a value that can be compared.
pub(super) fn scalar_of(ty: &Type) -> Option<&PropType> {
    match ty {
        Type::Value(ty) if is_scalar(ty) => Some(ty),
        _ => None,
    }
}

/// Whether it is text: String or enum.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(scalar_of(ty), Some(PropType { scalar: Scalar::String, .. })) || *ty == Type::Null
}

/// Whether it is a number.
pub(super) fn is_number(ty: &Type) -> bool {
    scalar_of(ty).is_some_and(|ty| is_numeric(ty.scalar)) || *ty == Type::Null
}

/// Whether it is a Bool.
pub(super) fn is_bool(ty: &Type) -> bool {
    matches!(scalar_of(ty), Some(PropType { scalar: Scalar::Bool, .. })) || *ty == Type::Null
}

/// Whether two base types go together: equal, or both numbers.
pub(super) fn same_family(a: Scalar, b: Scalar) -> bool {
    a == b || (is_numeric(a) && is_numeric(b))
}

/// What values of both types are, if anything: numbers widen without loss of range, enums become text.
pub(super) fn common_type(a: &Type, b: &Type) -> Option<Type> {
    let nullable = a.nullable() || b.nullable();
    let ty = match (a, b) {
        (Type::Null, other) | (other, Type::Null) => other.clone(),
        (Type::Value(a), Type::Value(b)) if a.list == b.list => {
            let scalar = if a.scalar == b.scalar {
                a.scalar
            } else if is_integer(a.scalar) && is_integer(b.scalar) {
                if a.scalar == Scalar::U64 || b.scalar == Scalar::U64 { Scalar::U64 } else { Scalar::I64 }
            } else if is_numeric(a.scalar) && is_numeric(b.scalar) {
                Scalar::F64
            } else {
                return None;
            };
            let enum_values = if a.enum_values == b.enum_values { a.enum_values.clone() } else { None };
            Type::Value(PropType { scalar, nullable, list: a.list, enum_values })
        }
        (a, b) if a.clone().with_nullable(nullable) == b.clone().with_nullable(nullable) => a.clone(),
        _ => return None,
    };
    Some(ty.with_nullable(nullable))
}

/// The type of a literal, and its value; dates are read elsewhere.
pub(super) fn literal(literal: &Literal) -> Option<Expr> {
    let (value, ty) = match literal {
        Literal::Null => (Value::Null, Type::Null),
        Literal::Bool(value) => (Value::Bool(*value), Type::scalar(Scalar::Bool)),
        Literal::Integer(value) => (Value::I64(*value), Type::scalar(Scalar::I64)),
        Literal::Float(value) => (Value::F64(*value), Type::scalar(Scalar::F64)),
        Literal::String(text) => (Value::String(text.clone()), Type::scalar(Scalar::String)),
        Literal::Date(_) | Literal::DateTime(_) => return None,
    };
    Some(Expr { kind: ExprKind::Literal(value), ty })
}

/// The constant, if the expression is one.
pub(super) fn constant(expr: &Expr) -> Option<&Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}

/// Converts a constant to a base type if that loses nothing.
pub(super) fn convert(value: &Value, scalar: Scalar) -> Option<Value> {
    match (value, scalar) {
        (Value::I64(value), Scalar::I32) => i32::try_from(*value).ok().map(|value| Value::I64(i64::from(value))),
        (Value::I64(value), Scalar::U32) => u32::try_from(*value).ok().map(|value| Value::I64(i64::from(value))),
        (Value::I64(value), Scalar::U64) => u64::try_from(*value).ok().map(|_| Value::I64(*value)),
        (Value::I64(value), Scalar::I64) => Some(Value::I64(*value)),
        (Value::I64(value), Scalar::F64) => exact_f64(*value).map(Value::F64),
        (Value::I64(value), Scalar::F32) => {
            let narrow = exact_f64(*value)? as f32;
            (f64::from(narrow) == *value as f64).then_some(Value::F32(narrow))
        }
        (Value::F64(value), Scalar::F64) => Some(Value::F64(*value)),
        // The one rounding the language knows: a decimal meets a single-precision value as that value would be written.
        (Value::F64(value), Scalar::F32) => {
            let narrow = *value as f32;
            narrow.is_finite().then_some(Value::F32(narrow))
        }
        (Value::F64(value), scalar) if is_integer(scalar) && value.fract() == 0.0 && value.abs() < 9.0e18 => {
            convert(&Value::I64(*value as i64), scalar)
        }
        (Value::Bool(_), Scalar::Bool)
        | (Value::String(_), Scalar::String)
        | (Value::Date(_), Scalar::Date)
        | (Value::DateTime(_), Scalar::DateTime)
        | (Value::Null, _) => Some(value.clone()),
        _ => None,
    }
}

fn exact_f64(value: i64) -> Option<f64> {
    let wide = value as f64;
    (wide as i128 == i128::from(value)).then_some(wide)
}

/// Gives a constant the type it is compared with, where that loses nothing; otherwise leaves it as it is.
pub(super) fn adopt(expr: &mut Expr, target: &PropType) {
    let ExprKind::Literal(value) = &expr.kind else { return };
    if *value == Value::Null || !is_scalar(target) {
        return;
    }
    if let Some(converted) = convert(value, target.scalar) {
        expr.kind = ExprKind::Literal(converted);
        expr.ty = Type::Value(PropType::of(target.scalar));
    }
}

/// A Bool that is null where an operand is.
pub(super) fn bool_type(nullable: bool) -> Type {
    Type::Value(PropType { nullable, ..PropType::of(Scalar::Bool) })
}

/// A base type that is null where an operand is.
pub(super) fn scalar_type(scalar: Scalar, nullable: bool) -> Type {
    Type::Value(PropType { nullable, ..PropType::of(scalar) })
}
