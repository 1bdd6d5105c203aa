//! Binary operators: overload resolution and conversion of constants.

use super::types::{
    bool_type, coerce_constant, common_type, constant, convert, is_integer, is_number, is_text, same_family, scalar_of,
    scalar_type,
};
use super::{ExprContext, NameScope, TypeChecker};
use crate::diagnostic::Code;
use crate::gq::ast::{self, InfixOperator};
use crate::ir::{BinaryOp, Expr, ExprKind, ExprType, SystemField, UnaryOp, Value, VarId};
use crate::span::Span;
use crate::types::{PropType, ScalarType};
use std::cmp::Ordering;

impl TypeChecker<'_> {
    pub(super) fn binary(
        &mut self,
        op: InfixOperator,
        left: &ast::AstExpr,
        right: &ast::AstExpr,
        span: Span,
        place: ExprContext,
    ) -> Option<Expr> {
        let checked = (self.expr(left, place), self.expr(right, place));
        let (Some(mut l), Some(mut r)) = checked else { return None };
        match op {
            InfixOperator::Equal
            | InfixOperator::NotEqual
            | InfixOperator::Less
            | InfixOperator::LessEqual
            | InfixOperator::Greater
            | InfixOperator::GreaterEqual => {
                if let (ExprKind::Object(a), ExprKind::Object(b)) = (&l.kind, &r.kind) {
                    return self.identity(op, *a, *b, &l, &r, span);
                }
                self.require_comparable(&l, &r, span, place)?;
                coerce_constants(&mut l, &mut r);
                self.warn_never_true(op, &l, &r, span);
                Some(binary(comparison(op), l, r, None))
            }
            InfixOperator::In => self.membership(l, r, right.span(), span),
            InfixOperator::Contains if is_list(&l.ty) => self.membership(r, l, left.span(), span),
            InfixOperator::Contains | InfixOperator::StartsWith | InfixOperator::EndsWith => {
                if !is_text(&l.ty) || !is_text(&r.ty) {
                    let forms = if op == InfixOperator::Contains { "a list or a String" } else { "a String" };
                    let message = format!(
                        "`{}` expects {forms} on its left and a matching value on its right, found `{}` and `{}`",
                        op.as_str(),
                        l.ty,
                        r.ty
                    );
                    self.error(Code::T7, span, message);
                    return None;
                }
                let op = match op {
                    InfixOperator::Contains => BinaryOp::ContainsText,
                    InfixOperator::StartsWith => BinaryOp::StartsWith,
                    _ => BinaryOp::EndsWith,
                };
                Some(binary(op, l, r, None))
            }
            _ => self.arithmetic(op, l, r, span),
        }
    }

    /// Checks `$a = $b`: identity is the id together with the type.
    fn identity(&mut self, op: InfixOperator, a: VarId, b: VarId, l: &Expr, r: &Expr, span: Span) -> Option<Expr> {
        let comparable = self.is_edge(a) == self.is_edge(b);
        if !matches!(op, InfixOperator::Equal | InfixOperator::NotEqual) || !comparable {
            let message = format!("`{}` expects scalar operands, found `{}` and `{}`", op.as_str(), l.ty, r.ty);
            self.error(Code::T7, span, message);
            return None;
        }
        let field = |var: VarId, ty: &ExprType, field: SystemField| {
            Expr::new(ExprKind::System { var, field }, scalar_type(ScalarType::String, ty.nullable()))
        };
        let same = |name| binary(BinaryOp::Equal, field(a, &l.ty, name), field(b, &r.ty, name), None);
        let ids = same(SystemField::Id);
        let one_type = self.types_of(a).len() == 1 && self.types_of(a) == self.types_of(b);
        let equal = if one_type {
            ids
        } else {
            let ty = ids.ty.clone();
            Expr::new(ExprKind::And(vec![same(SystemField::Type), ids]), ty)
        };
        if op == InfixOperator::Equal {
            return Some(equal);
        }
        let ty = equal.ty.clone();
        Some(Expr::new(ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(equal) }, ty))
    }

    /// Checks that both operands are scalars of one family.
    fn require_comparable(&mut self, l: &Expr, r: &Expr, span: Span, place: ExprContext) -> Option<()> {
        if l.ty == ExprType::Null || r.ty == ExprType::Null {
            self.warning(Code::W005, span, "a comparison with null is null, never true");
            self.advise(Some("test for null with `is null` or `is not null`".to_owned()));
            return Some(());
        }
        let (Some(a), Some(b)) = (scalar_of(&l.ty), scalar_of(&r.ty)) else {
            let message = format!("a comparison expects scalar operands, found `{}` and `{}`", l.ty, r.ty);
            let code = if matches!(place.names, NameScope::Row(_)) { Code::T11 } else { Code::T7 };
            self.error(code, span, message);
            let json = |ty: &ExprType| matches!(ty, ExprType::Value(ty) if ty.scalar == ScalarType::Json && !ty.list);
            if json(&l.ty) || json(&r.ty) {
                let help = "convert the JSON value: `to_string(…)`, `to_int(…)`, `to_float(…)` or `to_bool(…)`";
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
        let ExprType::Value(list_type) = &list.ty else {
            self.error(Code::T7, list_span, format!("`in` expects a list on its right, found `{}`", list.ty));
            return None;
        };
        if !list_type.list {
            self.error(Code::T7, list_span, format!("`in` expects a list on its right, found `{}`", list.ty));
            return None;
        }
        let empty = matches!(constant(&list), Some(Value::List(items)) if items.is_empty());
        let item_scalar = scalar_of(&item.ty).map(|ty| ty.scalar);
        let fits = item.ty == ExprType::Null
            || item_scalar.is_some_and(|scalar| empty || same_family(scalar, list_type.scalar));
        if !fits {
            let message = format!("`{}` cannot be an item of `{}`", item.ty, list.ty);
            self.error(Code::T7, span, message);
            return None;
        }
        coerce_constant(&mut item, &PropType::new(list_type.scalar));
        if let Some(scalar) = item_scalar {
            coerce_items(&mut list, scalar);
        }
        self.warn_never_in(&item, &list, span);
        let ty = bool_type(item.ty.nullable() || list.ty.nullable());
        Some(Expr::new(ExprKind::In { item: Box::new(item), list: Box::new(list) }, ty))
    }

    fn arithmetic(&mut self, op: InfixOperator, l: Expr, r: Expr, span: Span) -> Option<Expr> {
        let nullable = l.ty.nullable() || r.ty.nullable();
        let temporal =
            scalar_of(&l.ty).filter(|ty| matches!(ty.scalar, ScalarType::Date | ScalarType::DateTime)).cloned();
        match (op, temporal, &r.ty) {
            (InfixOperator::Add | InfixOperator::Subtract, Some(ty), ExprType::Duration { .. }) => {
                let kind = if op == InfixOperator::Add { BinaryOp::AddDuration } else { BinaryOp::SubtractDuration };
                self.require_whole_days(&ty, &r, span);
                return Some(binary(kind, l, r, Some(scalar_type(ty.scalar, nullable))));
            }
            (InfixOperator::Add, None, _) if is_text(&l.ty) && is_text(&r.ty) && l.ty != ExprType::Null => {
                return Some(binary(BinaryOp::Concat, l, r, Some(scalar_type(ScalarType::String, nullable))));
            }
            _ => {}
        }
        if !is_number(&l.ty) || !is_number(&r.ty) {
            let message = format!("`{}` does not support `{}` and `{}`", op.as_str(), l.ty, r.ty);
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
            InfixOperator::Add => (BinaryOp::Add, None),
            InfixOperator::Subtract => (BinaryOp::Subtract, None),
            InfixOperator::Multiply => (BinaryOp::Multiply, None),
            InfixOperator::Remainder => (BinaryOp::Remainder, None),
            InfixOperator::Divide => (BinaryOp::Divide, Some(ScalarType::F64)),
            _ if whole => (BinaryOp::IntegerDivide, Some(ScalarType::I64)),
            _ => {
                let message = format!("`div` expects integers, found `{}` and `{}`", l.ty, r.ty);
                self.error_with_help(Code::T7, span, message, "`/` divides to F64, `floor` makes it whole");
                return None;
            }
        };
        let scalar = scalar.unwrap_or(if whole { ScalarType::I64 } else { ScalarType::F64 });
        Some(binary(kind, l, r, Some(scalar_type(scalar, nullable))))
    }

    fn require_whole_days(&mut self, ty: &PropType, duration: &Expr, span: Span) {
        let Some(Value::Duration(value)) = constant(duration) else { return };
        if ty.scalar == ScalarType::Date && value.milliseconds != 0 {
            let help = "convert the Date first: `to_datetime(…)`";
            self.error_with_help(Code::T7, span, "only whole days can be added to a Date", help);
        }
    }

    /// Warns of comparisons with a constant that no value of the other side can satisfy.
    fn warn_never_true(&mut self, op: InfixOperator, l: &Expr, r: &Expr, span: Span) {
        for (value, other, op) in [(constant(r), &l.ty, op), (constant(l), &r.ty, mirrored(op))] {
            let (Some(value), ExprType::Value(ty)) = (value, other) else { continue };
            let relation = match op {
                InfixOperator::Equal if never_equal(value, ty) => "equals",
                InfixOperator::Less if at_least_bound(value, ty).is_some_and(Ordering::is_le) => "is less than",
                InfixOperator::LessEqual if at_least_bound(value, ty) == Some(Ordering::Less) => "is at most",
                InfixOperator::Greater if at_greatest_bound(value, ty).is_some_and(Ordering::is_ge) => {
                    "is greater than"
                }
                InfixOperator::GreaterEqual if at_greatest_bound(value, ty) == Some(Ordering::Greater) => "is at least",
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

    /// Warns of a list of constants that the item can never be in.
    fn warn_never_in(&mut self, item: &Expr, list: &Expr, span: Span) {
        let (Some(Value::List(items)), ExprType::Value(ty)) = (constant(list), &item.ty) else { return };
        if items.is_empty() {
            self.warning(Code::W005, span, "this can never be true: the list is empty");
        } else if items.iter().all(|value| never_equal(value, ty)) {
            let message = format!("this can never be true: no value of `{ty}` is in the list");
            self.warning(Code::W005, span, message);
        }
    }
}

/// Returns `true` if no value of the type equals the constant.
fn never_equal(value: &Value, ty: &PropType) -> bool {
    match (value, &ty.enum_values) {
        (Value::String(word), Some(words)) => !words.contains(word),
        (Value::I64(_) | Value::F64(_), _) => is_integer(ty.scalar) && convert(value, ty.scalar).is_none(),
        _ => false,
    }
}

/// Returns the least and the greatest value of an integer type.
const fn range(scalar: ScalarType) -> Option<(i128, i128)> {
    match scalar {
        ScalarType::I32 => Some((i32::MIN as i128, i32::MAX as i128)),
        ScalarType::U32 => Some((0, u32::MAX as i128)),
        ScalarType::I64 => Some((i64::MIN as i128, i64::MAX as i128)),
        ScalarType::U64 => Some((0, u64::MAX as i128)),
        _ => None,
    }
}

/// Compares the constant with the least value of an integer type.
fn at_least_bound(value: &Value, ty: &PropType) -> Option<Ordering> {
    compared(value, range(ty.scalar)?.0)
}

/// Compares the constant with the greatest value of an integer type.
fn at_greatest_bound(value: &Value, ty: &PropType) -> Option<Ordering> {
    compared(value, range(ty.scalar)?.1)
}

/// Compares exactly: a float has an integral part that fits, or is beyond every bound.
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

/// Returns the operator for exchanged sides.
const fn mirrored(op: InfixOperator) -> InfixOperator {
    match op {
        InfixOperator::Less => InfixOperator::Greater,
        InfixOperator::LessEqual => InfixOperator::GreaterEqual,
        InfixOperator::Greater => InfixOperator::Less,
        InfixOperator::GreaterEqual => InfixOperator::LessEqual,
        other => other,
    }
}

fn is_list(ty: &ExprType) -> bool {
    matches!(ty, ExprType::Value(ty) if ty.list)
}

const fn comparison(op: InfixOperator) -> BinaryOp {
    match op {
        InfixOperator::NotEqual => BinaryOp::NotEqual,
        InfixOperator::Less => BinaryOp::Less,
        InfixOperator::LessEqual => BinaryOp::LessEqual,
        InfixOperator::Greater => BinaryOp::Greater,
        InfixOperator::GreaterEqual => BinaryOp::GreaterEqual,
        _ => BinaryOp::Equal,
    }
}

/// Makes a binary expression; a Bool unless another type is given.
pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Option<ExprType>) -> Expr {
    let ty = ty.unwrap_or_else(|| bool_type(left.ty.nullable() || right.ty.nullable()));
    Expr::new(ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, ty)
}

/// Converts a constant operand of a comparison to the type of the other operand.
pub(super) fn coerce_constants(l: &mut Expr, r: &mut Expr) {
    let (left, right) = (scalar_of(&l.ty).cloned(), scalar_of(&r.ty).cloned());
    match (constant(l).is_some(), constant(r).is_some(), left, right) {
        (false, true, Some(ty), _) => coerce_constant(r, &ty),
        (true, false, _, Some(ty)) => coerce_constant(l, &ty),
        (true, true, Some(a), Some(b)) => {
            if let Some(ExprType::Value(ty)) = common_type(&ExprType::Value(a), &ExprType::Value(b)) {
                coerce_constant(l, &ty);
                coerce_constant(r, &ty);
            }
        }
        _ => {}
    }
}

/// Converts the items of a constant list to the type of the searched item, if all of them can be converted.
fn coerce_items(list: &mut Expr, scalar: ScalarType) {
    let Some(Value::List(items)) = constant(list) else { return };
    let converted: Option<Vec<Value>> = items.iter().map(|item| convert(item, scalar)).collect();
    if let (Some(items), ExprType::Value(ty)) = (converted, &list.ty) {
        let ty = PropType { scalar, ..ty.clone() };
        *list = Expr::new(ExprKind::Literal(Value::List(items)), ExprType::Value(ty));
    }
}

/// Returns advice on a comparison of incompatible types.
fn conversion_help(a: ScalarType, b: ScalarType) -> Option<String> {
    let pair = |x: ScalarType, y: ScalarType| (a == x && b == y) || (a == y && b == x);
    if pair(ScalarType::Date, ScalarType::String) {
        return Some("write a Date as `date(\"2024-05-06\")`, or convert with `to_date`".to_owned());
    }
    if pair(ScalarType::DateTime, ScalarType::String) {
        return Some(
            "write a DateTime as `datetime(\"2024-05-06T07:08:09Z\")`, or convert with `to_datetime`".to_owned(),
        );
    }
    if pair(ScalarType::Date, ScalarType::DateTime) {
        return Some("convert one side with `to_date` or `to_datetime`".to_owned());
    }
    if a == ScalarType::String || b == ScalarType::String {
        return Some(
            "text is converted with `to_int`, `to_float` or `to_bool`, and to text with `to_string`".to_owned(),
        );
    }
    None
}
