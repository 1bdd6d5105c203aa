//! Operators of two operands: overloads resolved, constants converted.

use super::types::{
    adopt, bool_type, common_type, constant, convert, is_integer, is_number, is_text, same_family, scalar_of,
    scalar_type,
};
use super::{Checker, Names, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{self, Operator};
use crate::ir::{BinaryOp, Expr, ExprKind, SystemField, Type, UnaryOp, Value, VarId};
use crate::span::Span;
use crate::types::{PropType, Scalar};
use std::cmp::Ordering;

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        op: Operator,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        place: Place,
    ) -> Option<Expr> {
        let checked = (self.expr(left, place), self.expr(right, place));
        let (Some(mut l), Some(mut r)) = checked else { return None };
        match op {
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessEqual
            | Operator::Greater
            | Operator::GreaterEqual => {
                if let (ExprKind::Object(a), ExprKind::Object(b)) = (&l.kind, &r.kind) {
                    return self.identity(op, *a, *b, &l, &r, span);
                }
                self.require_comparable(&l, &r, span, place)?;
                meet(&mut l, &mut r);
                self.warn_never_true(op, &l, &r, span);
                Some(binary(comparison(op), l, r, None))
            }
            Operator::In => self.membership(l, r, right.span(), span),
            Operator::Contains if is_list(&l.ty) => self.membership(r, l, left.span(), span),
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                if !is_text(&l.ty) || !is_text(&r.ty) {
                    let forms = if op == Operator::Contains { "a list or a String" } else { "a String" };
                    let message = format!(
                        "`{}` needs {forms} on its left and what it can hold on its right; these are `{}` and `{}`",
                        op.as_str(),
                        l.ty,
                        r.ty
                    );
                    self.error(Code::T7, span, message);
                    return None;
                }
                let op = match op {
                    Operator::Contains => BinaryOp::ContainsText,
                    Operator::StartsWith => BinaryOp::StartsWith,
                    _ => BinaryOp::EndsWith,
                };
                Some(binary(op, l, r, None))
            }
            _ => self.arithmetic(op, l, r, span),
        }
    }

    /// `$a = $b`: identity is the id together with the type.
    fn identity(&mut self, op: Operator, a: VarId, b: VarId, l: &Expr, r: &Expr, span: Span) -> Option<Expr> {
        let comparable = self.is_edge(a) == self.is_edge(b);
        if !matches!(op, Operator::Equal | Operator::NotEqual) || !comparable {
            let message = format!("`{}` needs scalar operands; `{}` and `{}` are not", op.as_str(), l.ty, r.ty);
            self.error(Code::T7, span, message);
            return None;
        }
        let field = |var: VarId, ty: &Type, field: SystemField| Expr {
            kind: ExprKind::System { var, field },
            ty: scalar_type(Scalar::String, ty.nullable()),
        };
        let same = |name| binary(BinaryOp::Equal, field(a, &l.ty, name), field(b, &r.ty, name), None);
        let ids = same(SystemField::Id);
        let one_type = self.types_of(a).len() == 1 && self.types_of(a) == self.types_of(b);
        let equal = if one_type {
            ids
        } else {
            let ty = ids.ty.clone();
            Expr { kind: ExprKind::And(vec![same(SystemField::Type), ids]), ty }
        };
        if op == Operator::Equal {
            return Some(equal);
        }
        let ty = equal.ty.clone();
        Some(Expr { kind: ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(equal) }, ty })
    }

    /// Both operands are scalars of one family.
    fn require_comparable(&mut self, l: &Expr, r: &Expr, span: Span, place: Place) -> Option<()> {
        if l.ty == Type::Null || r.ty == Type::Null {
            self.warning(Code::W005, span, "a comparison with null is null, never true");
            self.advise(Some("test for null with `is null` or `is not null`".to_owned()));
            return Some(());
        }
        let (Some(a), Some(b)) = (scalar_of(&l.ty), scalar_of(&r.ty)) else {
            let message = format!("a comparison needs scalar operands; these are `{}` and `{}`", l.ty, r.ty);
            let code = if matches!(place.names, Names::Row(_)) { Code::T11 } else { Code::T7 };
            self.error(code, span, message);
            let json = |ty: &Type| matches!(ty, Type::Value(ty) if ty.scalar == Scalar::Json && !ty.list);
            if json(&l.ty) || json(&r.ty) {
                let help =
                    "say what the JSON value is taken for: `to_string(…)`, `to_int(…)`, `to_float(…)` or `to_bool(…)`";
                self.advise(Some(help.to_owned()));
            }
            return None;
        };
        if same_family(a.scalar, b.scalar) {
            return Some(());
        }
        let message = format!("cannot compare `{}` with `{}`", l.ty, r.ty);
        let help = conversion_help(a.scalar, b.scalar);
        self.error(Code::T7, span, message);
        self.advise(help);
        None
    }

    fn membership(&mut self, mut item: Expr, mut list: Expr, list_span: Span, span: Span) -> Option<Expr> {
        let Type::Value(list_type) = &list.ty else {
            self.error(Code::T7, list_span, format!("`in` needs a list on its right; this is `{}`", list.ty));
            return None;
        };
        if !list_type.list {
            self.error(Code::T7, list_span, format!("`in` needs a list on its right; this is `{}`", list.ty));
            return None;
        }
        let empty = matches!(constant(&list), Some(Value::List(items)) if items.is_empty());
        let item_scalar = scalar_of(&item.ty).map(|ty| ty.scalar);
        let fits =
            item.ty == Type::Null || item_scalar.is_some_and(|scalar| empty || same_family(scalar, list_type.scalar));
        if !fits {
            let message = format!("`{}` cannot be an item of `{}`", item.ty, list.ty);
            self.error(Code::T7, span, message);
            return None;
        }
        adopt(&mut item, &PropType::of(list_type.scalar));
        if let Some(scalar) = item_scalar {
            adopt_items(&mut list, scalar);
        }
        self.warn_never_in(&item, &list, span);
        let ty = bool_type(item.ty.nullable() || list.ty.nullable());
        Some(Expr { kind: ExprKind::In { item: Box::new(item), list: Box::new(list) }, ty })
    }

    fn arithmetic(&mut self, op: Operator, l: Expr, r: Expr, span: Span) -> Option<Expr> {
        let nullable = l.ty.nullable() || r.ty.nullable();
        let temporal = scalar_of(&l.ty).filter(|ty| matches!(ty.scalar, Scalar::Date | Scalar::DateTime)).cloned();
        match (op, temporal, &r.ty) {
            (Operator::Add | Operator::Subtract, Some(ty), Type::Duration { .. }) => {
                let kind = if op == Operator::Add { BinaryOp::AddDuration } else { BinaryOp::SubtractDuration };
                self.require_whole_days(&ty, &r, span);
                return Some(binary(kind, l, r, Some(scalar_type(ty.scalar, nullable))));
            }
            (Operator::Add, None, _) if is_text(&l.ty) && is_text(&r.ty) && l.ty != Type::Null => {
                return Some(binary(BinaryOp::Concat, l, r, Some(scalar_type(Scalar::String, nullable))));
            }
            _ => {}
        }
        if !is_number(&l.ty) || !is_number(&r.ty) {
            let message = format!("`{}` cannot take `{}` and `{}`", op.as_str(), l.ty, r.ty);
            self.error(Code::T7, span, message);
            if is_text(&l.ty) || is_text(&r.ty) {
                self.advise(Some(
                    "texts and numbers are converted with `to_string`, `to_int` and `to_float`".to_owned(),
                ));
            }
            return None;
        }
        let integer = |expr: &Expr| scalar_of(&expr.ty).is_none_or(|ty| is_integer(ty.scalar));
        let whole = integer(&l) && integer(&r);
        let (kind, scalar) = match op {
            Operator::Add => (BinaryOp::Add, None),
            Operator::Subtract => (BinaryOp::Subtract, None),
            Operator::Multiply => (BinaryOp::Multiply, None),
            Operator::Remainder => (BinaryOp::Remainder, None),
            Operator::Divide => (BinaryOp::Divide, Some(Scalar::F64)),
            _ if whole => (BinaryOp::IntegerDivide, Some(Scalar::I64)),
            _ => {
                let message = format!("`div` divides integers; these are `{}` and `{}`", l.ty, r.ty);
                self.error_with_help(Code::T7, span, message, "`/` divides to F64, `floor` makes it whole");
                return None;
            }
        };
        let scalar = scalar.unwrap_or(if whole { Scalar::I64 } else { Scalar::F64 });
        Some(binary(kind, l, r, Some(scalar_type(scalar, nullable))))
    }

    fn require_whole_days(&mut self, ty: &PropType, duration: &Expr, span: Span) {
        let Some(Value::Duration(value)) = constant(duration) else { return };
        if ty.scalar == Scalar::Date && value.milliseconds != 0 {
            let help = "convert the Date first: `to_datetime(…)`";
            self.error_with_help(Code::T7, span, "only whole days can be added to a Date", help);
        }
    }

    /// Warns of comparisons with constants that no value of the other side can satisfy.
    fn warn_never_true(&mut self, op: Operator, l: &Expr, r: &Expr, span: Span) {
        for (value, other, op) in [(constant(r), &l.ty, op), (constant(l), &r.ty, mirrored(op))] {
            let (Some(value), Type::Value(ty)) = (value, other) else { continue };
            let relation = match op {
                Operator::Equal if outside(value, ty) => "equals",
                Operator::Less if at_least_bound(value, ty).is_some_and(Ordering::is_le) => "is less than",
                Operator::LessEqual if at_least_bound(value, ty) == Some(Ordering::Less) => "is at most",
                Operator::Greater if at_greatest_bound(value, ty).is_some_and(Ordering::is_ge) => "is greater than",
                Operator::GreaterEqual if at_greatest_bound(value, ty) == Some(Ordering::Greater) => "is at least",
                _ => continue,
            };
            self.warning(
                Code::W005,
                span,
                format!("this can never be true: no value of `{ty}` {relation} the constant"),
            );
            if let (Value::String(word), Some(words)) = (value, &ty.enum_values) {
                self.advise(crate::suggest::did_you_mean(word, words.iter().map(String::as_str)));
            }
        }
    }

    /// Warns of lists of constants none of which the item can be.
    fn warn_never_in(&mut self, item: &Expr, list: &Expr, span: Span) {
        let (Some(Value::List(items)), Type::Value(ty)) = (constant(list), &item.ty) else { return };
        if items.is_empty() {
            self.warning(Code::W005, span, "this can never be true: the list is empty");
        } else if items.iter().all(|value| outside(value, ty)) {
            let message = format!("this can never be true: no value of `{ty}` is in the list");
            self.warning(Code::W005, span, message);
        }
    }
}

/// Whether no value of the type equals the constant.
fn outside(value: &Value, ty: &PropType) -> bool {
    match (value, &ty.enum_values) {
        (Value::String(word), Some(words)) => !words.contains(word),
        (Value::I64(_) | Value::F64(_), _) => is_integer(ty.scalar) && convert(value, ty.scalar).is_none(),
        _ => false,
    }
}

/// The least and the greatest value of an integer type.
const fn range(scalar: Scalar) -> Option<(i128, i128)> {
    match scalar {
        Scalar::I32 => Some((i32::MIN as i128, i32::MAX as i128)),
        Scalar::U32 => Some((0, u32::MAX as i128)),
        Scalar::I64 => Some((i64::MIN as i128, i64::MAX as i128)),
        Scalar::U64 => Some((0, u64::MAX as i128)),
        _ => None,
    }
}

/// How the constant compares with the least value of an integer type.
fn at_least_bound(value: &Value, ty: &PropType) -> Option<Ordering> {
    compared(value, range(ty.scalar)?.0)
}

/// How the constant compares with the greatest value of an integer type.
fn at_greatest_bound(value: &Value, ty: &PropType) -> Option<Ordering> {
    compared(value, range(ty.scalar)?.1)
}

/// Exact: a float has a whole part that fits, or is beyond every bound.
fn compared(value: &Value, bound: i128) -> Option<Ordering> {
    match value {
        Value::I64(value) => Some(i128::from(*value).cmp(&bound)),
        Value::F64(value) => {
            let whole = value.floor();
            Some((whole as i128).cmp(&bound).then(if *value > whole { Ordering::Greater } else { Ordering::Equal }))
        }
        _ => None,
    }
}

/// The operator with its sides exchanged.
const fn mirrored(op: Operator) -> Operator {
    match op {
        Operator::Less => Operator::Greater,
        Operator::LessEqual => Operator::GreaterEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterEqual => Operator::LessEqual,
        other => other,
    }
}

fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::Value(ty) if ty.list)
}

const fn comparison(op: Operator) -> BinaryOp {
    match op {
        Operator::NotEqual => BinaryOp::NotEqual,
        Operator::Less => BinaryOp::Less,
        Operator::LessEqual => BinaryOp::LessEqual,
        Operator::Greater => BinaryOp::Greater,
        Operator::GreaterEqual => BinaryOp::GreaterEqual,
        _ => BinaryOp::Equal,
    }
}

/// A binary expression; a Bool unless another type is given.
pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Option<Type>) -> Expr {
    let ty = ty.unwrap_or_else(|| bool_type(left.ty.nullable() || right.ty.nullable()));
    Expr { kind: ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, ty }
}

/// Converts the constant among two compared expressions to the type of the other.
pub(super) fn meet(l: &mut Expr, r: &mut Expr) {
    let (left, right) = (scalar_of(&l.ty).cloned(), scalar_of(&r.ty).cloned());
    match (constant(l).is_some(), constant(r).is_some(), left, right) {
        (false, true, Some(ty), _) => adopt(r, &ty),
        (true, false, _, Some(ty)) => adopt(l, &ty),
        (true, true, Some(a), Some(b)) => {
            if let Some(Type::Value(ty)) = common_type(&Type::Value(a), &Type::Value(b)) {
                adopt(l, &ty);
                adopt(r, &ty);
            }
        }
        _ => {}
    }
}

/// Converts the items of a constant list to the type of the item looked for, if all of them can be.
fn adopt_items(list: &mut Expr, scalar: Scalar) {
    let Some(Value::List(items)) = constant(list) else { return };
    let converted: Option<Vec<Value>> = items.iter().map(|item| convert(item, scalar)).collect();
    if let (Some(items), Type::Value(ty)) = (converted, &list.ty) {
        let ty = PropType { scalar, ..ty.clone() };
        *list = Expr { kind: ExprKind::Literal(Value::List(items)), ty: Type::Value(ty) };
    }
}

/// How to write a comparison of these so that it means something.
fn conversion_help(a: Scalar, b: Scalar) -> Option<String> {
    let pair = |x: Scalar, y: Scalar| (a == x && b == y) || (a == y && b == x);
    if pair(Scalar::Date, Scalar::String) {
        return Some("write a Date as `date(\"2024-05-06\")`, or convert with `to_date`".to_owned());
    }
    if pair(Scalar::DateTime, Scalar::String) {
        return Some(
            "write a DateTime as `datetime(\"2024-05-06T07:08:09Z\")`, or convert with `to_datetime`".to_owned(),
        );
    }
    if pair(Scalar::Date, Scalar::DateTime) {
        return Some("convert one side with `to_date` or `to_datetime`".to_owned());
    }
    if a == Scalar::String || b == Scalar::String {
        return Some(
            "text is converted with `to_int`, `to_float` or `to_bool`, and to text with `to_string`".to_owned(),
        );
    }
    None
}
