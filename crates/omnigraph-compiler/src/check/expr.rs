//! Expressions.

use super::aggregate::AggregateCall;
use super::scope::{ResolvedProperty, VarKind};
use super::types::{
    bool_type, coerce_constant, common_type, constant, convert, is_bool, is_integer, is_number, literal, scalar_of,
    scalar_type,
};
use super::{ExprContext, NameScope, TypeChecker};
use crate::diagnostic::Code;
use crate::gq::ast::{self, AstLiteral, AstName};
use crate::ir::{Expr, ExprKind, ExprType, ObjectKind, PathPart, SystemField, UnaryOp, Value, VarId};
use crate::span::Span;
use crate::suggest::{did_you_mean, quoted};
use crate::temporal::{parse_date, parse_datetime};
use crate::types::{PropType, ScalarType};

impl TypeChecker<'_> {
    /// Checks an expression; `None` once something about it has been reported.
    pub(super) fn expr(&mut self, expr: &ast::AstExpr, place: ExprContext) -> Option<Expr> {
        if let NameScope::Columns(returned) = place.names
            && let Some(column) = returned.block(expr)
        {
            return Some(column);
        }
        let span = expr.span();
        match &expr.kind {
            ast::AstExprKind::Literal(value) => self.literal(value, span),
            ast::AstExprKind::List(items) => self.list(items, span, place),
            ast::AstExprKind::Weighted(_) => {
                self.error(Code::T116, span, "a list of fields with weights is allowed in `bm25` only");
                None
            }
            ast::AstExprKind::Now => Some(Expr::new(ExprKind::Now, ExprType::scalar(ScalarType::DateTime))),
            ast::AstExprKind::Variable(name) => self.bare_variable(name, span),
            ast::AstExprKind::Property { var, name } => self.property_access(var, name, span),
            ast::AstExprKind::System { var, field } => self.system_field(var.as_ref(), field, span, place),
            ast::AstExprKind::Alias(name) => self.alias(name, span, place),
            ast::AstExprKind::Call { name, args, named } => self.call(name, args, named, span, place),
            ast::AstExprKind::Aggregate { function, distinct, arg, block } => {
                let call = AggregateCall { function: *function, distinct: *distinct, arg: arg.as_deref() };
                match block {
                    Some(clauses) => self.aggregate_block(call, clauses, span, place),
                    None => self.aggregate(call, span, place),
                }
            }
            ast::AstExprKind::Exists { negated, clauses } => self.exists_value(*negated, clauses, span, place),
            ast::AstExprKind::Not(inner) => {
                let operand = self.condition(inner, place, "`not`")?;
                let ty = bool_type(operand.ty.nullable());
                Some(Expr::new(ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(operand) }, ty))
            }
            ast::AstExprKind::Negate(inner) => self.negate(inner, place),
            ast::AstExprKind::And(items) => self.connective(items, place, "`and`", ExprKind::And),
            ast::AstExprKind::Or(items) => self.connective(items, place, "`or`", ExprKind::Or),
            ast::AstExprKind::Binary { op, left, right } => self.binary(*op, left, right, span, place),
            ast::AstExprKind::IsNull { operand, negated } => self.is_null(operand, *negated, place),
            ast::AstExprKind::Index { base, index } => self.index(base, index, place),
        }
    }

    fn literal(&mut self, value: &AstLiteral, span: Span) -> Option<Expr> {
        let (name, parsed, scalar, text) = match value {
            AstLiteral::Date(text) => ("Date", parse_date(text).map(Value::Date), ScalarType::Date, text),
            AstLiteral::DateTime(text) => {
                ("DateTime", parse_datetime(text).map(Value::DateTime), ScalarType::DateTime, text)
            }
            other => return literal(other),
        };
        match parsed {
            Some(value) => Some(Expr::new(ExprKind::Literal(value), ExprType::scalar(scalar))),
            None => {
                let form = if scalar == ScalarType::Date { "2024-05-06" } else { "2024-05-06T07:08:09Z" };
                let message = format!("invalid {name} literal {text:?}");
                self.error_with_help(Code::T3, span, message, format!("write it like \"{form}\""));
                None
            }
        }
    }

    fn list(&mut self, items: &[ast::AstExpr], span: Span, place: ExprContext) -> Option<Expr> {
        let mut checked = Vec::with_capacity(items.len());
        let mut item_type: Option<ExprType> = None;
        let mut sound = true;
        for item in items {
            let Some(expr) = self.expr(item, place) else {
                sound = false;
                continue;
            };
            if matches!(&expr.ty, ExprType::Value(ty) if ty.list) {
                self.error(Code::T103, item.span(), "nested list literals are not supported");
                sound = false;
                continue;
            }
            if scalar_of(&expr.ty).is_none() {
                let message = format!("a value of type `{}` cannot be an item of a list", expr.ty);
                self.error(Code::T104, item.span(), message);
                sound = false;
                continue;
            }
            let merged = match &item_type {
                None => Some(expr.ty.clone()),
                Some(ty) => common_type(ty, &expr.ty),
            };
            if merged.is_none() {
                let before = item_type.as_ref().map(ToString::to_string).unwrap_or_default();
                let message =
                    format!("the items of a list need a compatible scalar type: `{}` after `{before}`", expr.ty);
                self.error(Code::T104, item.span(), message);
                sound = false;
                continue;
            }
            item_type = merged;
            checked.push(expr);
        }
        sound.then(|| list_of(checked, item_type.as_ref(), span))
    }

    fn bare_variable(&mut self, name: &str, span: Span) -> Option<Expr> {
        if let Some(index) = self.param_index(name) {
            return Some(self.param(index));
        }
        let id = self.resolve(name, span, Code::T101)?;
        let nullable = self.var(id).optional;
        let (kind, ty) = match &self.var(id).kind {
            VarKind::Node { .. } => (ExprKind::Object(id), ExprType::Object { kind: ObjectKind::Node, nullable }),
            VarKind::Edge { .. } => (ExprKind::Object(id), ExprType::Object { kind: ObjectKind::Edge, nullable }),
            VarKind::WalkEdge { .. } => {
                // Even within the walk the edge has no row.
                self.walk_edge_outside(name, span);
                return None;
            }
            VarKind::Hops => (ExprKind::Variable(id), scalar_type(ScalarType::I64, nullable)),
            VarKind::Path { .. } => (ExprKind::Path { var: id, part: PathPart::Whole }, ExprType::Path { nullable }),
            VarKind::Value(ty) => (ExprKind::Variable(id), ty.clone()),
        };
        Some(Expr::new(kind, ty))
    }

    pub(super) fn walk_edge_outside(&mut self, name: &str, span: Span) {
        let message =
            format!("`${name}` represents every edge of a walk; only its properties can be read, and only in the walk");
        self.error(Code::T23, span, message);
    }

    fn property_access(&mut self, var: &AstName, name: &AstName, span: Span) -> Option<Expr> {
        let id = self.entity(var, span)?;
        let ResolvedProperty { property, ty } = self.property(id, name, Code::T6)?;
        Some(Expr::new(ExprKind::Property { var: id, property }, ExprType::Value(ty)))
    }

    /// Resolves a node or edge variable whose property or field is read.
    fn entity(&mut self, var: &AstName, span: Span) -> Option<VarId> {
        if self.find(&var.text).is_none() && self.param_index(&var.text).is_some() {
            self.error(Code::T6, span, format!("`${}` is a parameter and has no properties", var.text));
            return None;
        }
        let id = self.resolve(&var.text, var.span(), Code::T6)?;
        let kind = &self.var(id).kind;
        if matches!(kind, VarKind::Value(ExprType::Null)) {
            // Bound by a clause with an error.
            return None;
        }
        if matches!(kind, VarKind::WalkEdge { .. }) && self.var(id).closed {
            self.walk_edge_outside(&var.text, span);
            return None;
        }
        if matches!(kind, VarKind::Hops | VarKind::Path { .. } | VarKind::Value(_)) {
            let message = format!("`${}` is {} and has no properties", var.text, kind.describe());
            self.error(Code::T120, span, message);
            return None;
        }
        Some(id)
    }

    fn system_field(&mut self, var: Option<&AstName>, field: &AstName, span: Span, place: ExprContext) -> Option<Expr> {
        let id = match (var, place.names) {
            (Some(var), _) => self.entity(var, span)?,
            (None, NameScope::Row(id)) => id,
            (None, _) => {
                let message = format!("`@{}` requires a variable: `$x.@{}`", field.text, field.text);
                self.error(Code::T117, span, message);
                return None;
            }
        };
        let edge = self.is_edge(id);
        let known: &[&str] = if edge { &["id", "type", "src", "dst"] } else { &["id", "type"] };
        let field = match field.text.as_str() {
            "id" => SystemField::Id,
            "type" => SystemField::Type,
            "src" if edge => SystemField::Src,
            "dst" if edge => SystemField::Dst,
            other => {
                let kind = if edge { "an edge" } else { "a node" };
                let listed = quoted(known.iter().map(|name| format!("@{name}")), ", ");
                self.error(Code::T117, field.span(), format!("system field `@{other}` not found: {kind} has {listed}"));
                self.advise(did_you_mean(other, known.iter().copied()));
                return None;
            }
        };
        let ty = scalar_type(ScalarType::String, self.var(id).optional);
        Some(Expr::new(ExprKind::System { var: id, field }, ty))
    }

    fn alias(&mut self, name: &str, span: Span, place: ExprContext) -> Option<Expr> {
        match place.names {
            NameScope::Columns(returned) => {
                if let Some(column) = returned.named(name) {
                    return Some(column);
                }
                self.error(Code::T110, span, format!("alias '{name}' not found: no column has this name"));
                self.advise(did_you_mean(name, returned.names()));
            }
            NameScope::Row(id) => {
                let edge = self.is_edge(id);
                let field = match name {
                    "from" if edge => Some(SystemField::Src),
                    "to" if edge => Some(SystemField::Dst),
                    _ => None,
                };
                if let Some(field) = field {
                    let ty = ExprType::scalar(ScalarType::String);
                    return Some(Expr::new(ExprKind::System { var: id, field }, ty));
                }
                let name = AstName { text: name.to_owned(), at: ast::AstSpan(span) };
                let ResolvedProperty { property, ty } = self.property(id, &name, Code::T11)?;
                if ty.scalar == ScalarType::Blob {
                    self.error(Code::T11, span, format!("`{}` is a Blob, which cannot be read here", name.text));
                    return None;
                }
                return Some(Expr::new(ExprKind::Property { var: id, property }, ExprType::Value(ty)));
            }
            NameScope::None => {
                self.error(Code::T110, span, format!("bare name `{name}` has no meaning here"));
                let vars = self.frames.iter().flat_map(|frame| frame.names.keys()).map(String::as_str);
                let params = self.params.iter().map(|param| param.name.as_str());
                let same = vars.chain(params).any(|known| known == name);
                let help = if same {
                    format!("did you mean `${name}`?")
                } else {
                    "a variable is written `$x`, a property `$x.name`, a text in double quotes".to_owned()
                };
                self.advise(Some(help));
            }
        }
        None
    }

    /// Checks a condition: a Bool.
    pub(super) fn condition(&mut self, expr: &ast::AstExpr, place: ExprContext, what: &str) -> Option<Expr> {
        let checked = self.expr(expr, place)?;
        if is_bool(&checked.ty) {
            return Some(checked);
        }
        let message = format!("{what} expects a Bool, found `{}`", checked.ty);
        self.error(Code::T113, expr.span(), message);
        None
    }

    fn connective(
        &mut self,
        items: &[ast::AstExpr],
        place: ExprContext,
        what: &str,
        build: impl Fn(Vec<Expr>) -> ExprKind,
    ) -> Option<Expr> {
        let checked: Vec<_> = items.iter().map(|item| self.condition(item, place, what)).collect();
        let operands = checked.into_iter().collect::<Option<Vec<_>>>()?;
        let ty = bool_type(operands.iter().any(|operand| operand.ty.nullable()));
        Some(Expr::new(build(operands), ty))
    }

    fn negate(&mut self, inner: &ast::AstExpr, place: ExprContext) -> Option<Expr> {
        let operand = self.expr(inner, place)?;
        if !is_number(&operand.ty) {
            self.error(Code::T7, inner.span(), format!("`-` expects a number, found `{}`", operand.ty));
            return None;
        }
        let integer = scalar_of(&operand.ty).is_none_or(|ty| is_integer(ty.scalar));
        let ty = scalar_type(if integer { ScalarType::I64 } else { ScalarType::F64 }, operand.ty.nullable());
        Some(Expr::new(ExprKind::Unary { op: UnaryOp::Negate, operand: Box::new(operand) }, ty))
    }

    fn is_null(&mut self, operand: &ast::AstExpr, negated: bool, place: ExprContext) -> Option<Expr> {
        let checked = self.expr(operand, place)?;
        let test = Expr::new(ExprKind::IsNull(Box::new(checked)), bool_type(false));
        if !negated {
            return Some(test);
        }
        let kind = ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(test) };
        Some(Expr::new(kind, bool_type(false)))
    }

    fn index(&mut self, base: &ast::AstExpr, index: &ast::AstExpr, place: ExprContext) -> Option<Expr> {
        let checked = (self.expr(base, place), self.expr(index, place));
        let (Some(base_expr), Some(mut key)) = checked else { return None };
        let integer = scalar_of(&key.ty).is_some_and(|ty| is_integer(ty.scalar));
        let text = super::types::is_text(&key.ty);
        match &base_expr.ty {
            ExprType::Value(ty) if ty.list && integer => {
                let item = PropType { list: false, nullable: true, ..ty.clone() };
                coerce_constant(&mut key, &PropType::new(ScalarType::I64));
                let kind = ExprKind::ListItem { list: Box::new(base_expr), index: Box::new(key) };
                Some(Expr::new(kind, ExprType::Value(item)))
            }
            ExprType::Objects { kind, .. } if integer => {
                let ty = ExprType::Object { kind: *kind, nullable: true };
                Some(Expr::new(ExprKind::ListItem { list: Box::new(base_expr), index: Box::new(key) }, ty))
            }
            ExprType::Value(PropType { scalar: ScalarType::Json, list: false, .. }) if integer || text => {
                let ty = scalar_type(ScalarType::Json, true);
                Some(Expr::new(ExprKind::JsonItem { json: Box::new(base_expr), key: Box::new(key) }, ty))
            }
            ExprType::Value(PropType { scalar: ScalarType::Json, .. } | PropType { list: true, .. })
            | ExprType::Objects { .. } => {
                let message = format!("invalid item index of type `{}`", key.ty);
                self.error(Code::T129, index.span(), message);
                None
            }
            other => {
                let message = format!("expected a list or a Json value, found `{other}`");
                self.error(Code::T129, base.span(), message);
                None
            }
        }
    }
}

/// Builds a list of checked items: a constant if all of them are.
fn list_of(items: Vec<Expr>, item_type: Option<&ExprType>, _span: Span) -> Expr {
    // The empty list has any item type; String represents it.
    let scalar = item_type.and_then(scalar_of).map_or(ScalarType::String, |ty| ty.scalar);
    let constants: Option<Vec<Value>> = items.iter().map(|item| convert(constant(item)?, scalar)).collect();
    let nullable = constants.is_none() && items.iter().any(|item| item.ty.nullable());
    let ty = ExprType::Value(PropType { list: true, nullable, ..PropType::new(scalar) });
    match constants {
        Some(values) => Expr::new(ExprKind::Literal(Value::List(values)), ty),
        None => Expr::new(ExprKind::List(items), ty),
    }
}
