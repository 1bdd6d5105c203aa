//! Expressions.

use super::scope::VarKind;
use super::types::{
    adopt, bool_type, common_type, constant, convert, is_bool, is_integer, is_number, literal, scalar_of, scalar_type,
};
use super::{Checker, Names, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{self, Literal, Name};
use crate::ir::{Expr, ExprKind, ObjectKind, PathPart, SystemField, Type, UnaryOp, Value, VarId};
use crate::span::Span;
use crate::suggest::did_you_mean;
use crate::temporal::{parse_date, parse_datetime};
use crate::types::{PropType, Scalar};

impl Checker<'_> {
    /// Checks an expression; `None` once something about it has been reported.
    pub(super) fn expr(&mut self, expr: &ast::Expr, place: Place) -> Option<Expr> {
        if let Names::Columns(returned) = place.names
            && let Some(column) = returned.block(expr)
        {
            return Some(column);
        }
        let span = expr.span();
        match &expr.kind {
            ast::ExprKind::Literal(value) => self.literal(value, span),
            ast::ExprKind::List(items) => self.list(items, span, place),
            ast::ExprKind::Weighted(_) => {
                self.error(Code::T116, span, "a list of fields with weights stands in `bm25` only");
                None
            }
            ast::ExprKind::Now => Some(Expr { kind: ExprKind::Now, ty: Type::scalar(Scalar::DateTime) }),
            ast::ExprKind::Variable(name) => self.bare_variable(name, span),
            ast::ExprKind::Property { var, name } => self.property_access(var, name, span),
            ast::ExprKind::System { var, field } => self.system_field(var.as_ref(), field, span, place),
            ast::ExprKind::Alias(name) => self.alias(name, span, place),
            ast::ExprKind::Call { name, args, named } => self.call(name, args, named, span, place),
            ast::ExprKind::Aggregate { function, distinct, arg, block } => match block {
                Some(clauses) => self.aggregate_block(*function, *distinct, arg.as_deref(), clauses, span, place),
                None => self.aggregate(*function, *distinct, arg.as_deref(), span, place),
            },
            ast::ExprKind::Exists { negated, clauses } => self.exists_value(*negated, clauses, span, place),
            ast::ExprKind::Not(inner) => {
                let operand = self.condition(inner, place, "`not`")?;
                let ty = bool_type(operand.ty.nullable());
                Some(Expr { kind: ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(operand) }, ty })
            }
            ast::ExprKind::Negate(inner) => self.negate(inner, place),
            ast::ExprKind::And(items) => self.connective(items, place, "`and`", ExprKind::And),
            ast::ExprKind::Or(items) => self.connective(items, place, "`or`", ExprKind::Or),
            ast::ExprKind::Binary { op, left, right } => self.binary(*op, left, right, span, place),
            ast::ExprKind::IsNull { operand, negated } => self.is_null(operand, *negated, place),
            ast::ExprKind::Index { base, index } => self.index(base, index, place),
        }
    }

    fn literal(&mut self, value: &Literal, span: Span) -> Option<Expr> {
        let (name, parsed, scalar, text) = match value {
            Literal::Date(text) => ("Date", parse_date(text).map(Value::Date), Scalar::Date, text),
            Literal::DateTime(text) => ("DateTime", parse_datetime(text).map(Value::DateTime), Scalar::DateTime, text),
            other => return literal(other),
        };
        match parsed {
            Some(value) => Some(Expr { kind: ExprKind::Literal(value), ty: Type::scalar(scalar) }),
            None => {
                let form = if scalar == Scalar::Date { "2024-05-06" } else { "2024-05-06T07:08:09Z" };
                let message = format!("invalid {name} literal {text:?}");
                self.error_with_help(Code::T3, span, message, format!("write it like \"{form}\""));
                None
            }
        }
    }

    fn list(&mut self, items: &[ast::Expr], span: Span, place: Place) -> Option<Expr> {
        let mut checked = Vec::with_capacity(items.len());
        let mut item_type: Option<Type> = None;
        let mut sound = true;
        for item in items {
            let Some(expr) = self.expr(item, place) else {
                sound = false;
                continue;
            };
            if matches!(&expr.ty, Type::Value(ty) if ty.list) {
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
            VarKind::Node { .. } => (ExprKind::Object(id), Type::Object { kind: ObjectKind::Node, nullable }),
            VarKind::Edge { .. } => (ExprKind::Object(id), Type::Object { kind: ObjectKind::Edge, nullable }),
            VarKind::WalkEdge { .. } => {
                // Even within the walk there is no row of it to hold.
                self.walk_edge_outside(name, span);
                return None;
            }
            VarKind::Hops => (ExprKind::Variable(id), scalar_type(Scalar::I64, nullable)),
            VarKind::Path { .. } => (ExprKind::Path { var: id, part: PathPart::Whole }, Type::Path { nullable }),
            VarKind::Value(ty) => (ExprKind::Variable(id), ty.clone()),
        };
        Some(Expr { kind, ty })
    }

    pub(super) fn walk_edge_outside(&mut self, name: &str, span: Span) {
        let message =
            format!("`${name}` stands for every edge of a walk; only its properties can be read, and only in the walk");
        self.error(Code::T23, span, message);
    }

    fn property_access(&mut self, var: &Name, name: &Name, span: Span) -> Option<Expr> {
        let id = self.entity(var, span)?;
        let (property, ty) = self.property(id, name, Code::T6)?;
        Some(Expr { kind: ExprKind::Property { var: id, property }, ty: Type::Value(ty) })
    }

    /// A node or edge variable that something is read of.
    fn entity(&mut self, var: &Name, span: Span) -> Option<VarId> {
        if self.find(&var.text).is_none() && self.param_index(&var.text).is_some() {
            self.error(Code::T6, span, format!("`${}` is a parameter and has no properties", var.text));
            return None;
        }
        let id = self.resolve(&var.text, var.span(), Code::T6)?;
        let kind = &self.var(id).kind;
        if matches!(kind, VarKind::Value(Type::Null)) {
            // Bound by a clause that is in error itself.
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

    fn system_field(&mut self, var: Option<&Name>, field: &Name, span: Span, place: Place) -> Option<Expr> {
        let id = match (var, place.names) {
            (Some(var), _) => self.entity(var, span)?,
            (None, Names::Row(id)) => id,
            (None, _) => {
                let message = format!("`@{}` needs a variable before it: `$x.@{}`", field.text, field.text);
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
                let listed = known.iter().map(|name| format!("`@{name}`")).collect::<Vec<_>>().join(", ");
                self.error(Code::T117, field.span(), format!("{kind} has no system field `@{other}`, only {listed}"));
                self.advise(did_you_mean(other, known.iter().copied()));
                return None;
            }
        };
        let ty = scalar_type(Scalar::String, self.var(id).optional);
        Some(Expr { kind: ExprKind::System { var: id, field }, ty })
    }

    fn alias(&mut self, name: &str, span: Span, place: Place) -> Option<Expr> {
        match place.names {
            Names::Columns(returned) => {
                if let Some(column) = returned.named(name) {
                    return Some(column);
                }
                self.error(Code::T110, span, format!("alias '{name}' not found: no column has this name"));
                self.advise(did_you_mean(name, returned.names()));
            }
            Names::Row(id) => {
                let edge = self.is_edge(id);
                let field = match name {
                    "from" if edge => Some(SystemField::Src),
                    "to" if edge => Some(SystemField::Dst),
                    _ => None,
                };
                if let Some(field) = field {
                    let ty = Type::scalar(Scalar::String);
                    return Some(Expr { kind: ExprKind::System { var: id, field }, ty });
                }
                let name = Name { text: name.to_owned(), at: ast::At(span) };
                let (property, ty) = self.property(id, &name, Code::T11)?;
                if ty.scalar == Scalar::Blob {
                    self.error(Code::T11, span, format!("`{}` is a Blob, which cannot be read here", name.text));
                    return None;
                }
                return Some(Expr { kind: ExprKind::Property { var: id, property }, ty: Type::Value(ty) });
            }
            Names::None => {
                self.error(Code::T110, span, format!("`{name}` stands alone and names nothing here"));
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

    /// A condition: a Bool.
    pub(super) fn condition(&mut self, expr: &ast::Expr, place: Place, what: &str) -> Option<Expr> {
        let checked = self.expr(expr, place)?;
        if is_bool(&checked.ty) {
            return Some(checked);
        }
        let message = format!("{what} needs a Bool; this is `{}`", checked.ty);
        self.error(Code::T113, expr.span(), message);
        None
    }

    fn connective(
        &mut self,
        items: &[ast::Expr],
        place: Place,
        what: &str,
        build: impl Fn(Vec<Expr>) -> ExprKind,
    ) -> Option<Expr> {
        let checked: Vec<_> = items.iter().map(|item| self.condition(item, place, what)).collect();
        let operands = checked.into_iter().collect::<Option<Vec<_>>>()?;
        let ty = bool_type(operands.iter().any(|operand| operand.ty.nullable()));
        Some(Expr { kind: build(operands), ty })
    }

    fn negate(&mut self, inner: &ast::Expr, place: Place) -> Option<Expr> {
        let operand = self.expr(inner, place)?;
        if !is_number(&operand.ty) {
            self.error(Code::T7, inner.span(), format!("`-` needs a number; this is `{}`", operand.ty));
            return None;
        }
        let integer = scalar_of(&operand.ty).is_none_or(|ty| is_integer(ty.scalar));
        let ty = scalar_type(if integer { Scalar::I64 } else { Scalar::F64 }, operand.ty.nullable());
        Some(Expr { kind: ExprKind::Unary { op: UnaryOp::Negate, operand: Box::new(operand) }, ty })
    }

    fn is_null(&mut self, operand: &ast::Expr, negated: bool, place: Place) -> Option<Expr> {
        let checked = self.expr(operand, place)?;
        let test = Expr { kind: ExprKind::IsNull(Box::new(checked)), ty: bool_type(false) };
        if !negated {
            return Some(test);
        }
        let kind = ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(test) };
        Some(Expr { kind, ty: bool_type(false) })
    }

    fn index(&mut self, base: &ast::Expr, index: &ast::Expr, place: Place) -> Option<Expr> {
        let checked = (self.expr(base, place), self.expr(index, place));
        let (Some(base_expr), Some(mut key)) = checked else { return None };
        let integer = scalar_of(&key.ty).is_some_and(|ty| is_integer(ty.scalar));
        let text = super::types::is_text(&key.ty);
        match &base_expr.ty {
            Type::Value(ty) if ty.list && integer => {
                let item = PropType { list: false, nullable: true, ..ty.clone() };
                adopt(&mut key, &PropType::of(Scalar::I64));
                let kind = ExprKind::ListItem { list: Box::new(base_expr), index: Box::new(key) };
                Some(Expr { kind, ty: Type::Value(item) })
            }
            Type::Objects { kind, .. } if integer => {
                let ty = Type::Object { kind: *kind, nullable: true };
                Some(Expr { kind: ExprKind::ListItem { list: Box::new(base_expr), index: Box::new(key) }, ty })
            }
            Type::Value(PropType { scalar: Scalar::Json, list: false, .. }) if integer || text => {
                let ty = scalar_type(Scalar::Json, true);
                Some(Expr { kind: ExprKind::JsonItem { json: Box::new(base_expr), key: Box::new(key) }, ty })
            }
            Type::Value(PropType { scalar: Scalar::Json, .. } | PropType { list: true, .. }) | Type::Objects { .. } => {
                let message = format!("an item cannot be named by `{}`", key.ty);
                self.error(Code::T129, index.span(), message);
                None
            }
            other => {
                let message = format!("`{other}` has no items; lists and Json values do");
                self.error(Code::T129, base.span(), message);
                None
            }
        }
    }
}

/// A list of checked items: a constant if all of them are.
fn list_of(items: Vec<Expr>, item_type: Option<&Type>, _span: Span) -> Expr {
    // The empty list is a list of anything; text stands for it.
    let scalar = item_type.and_then(scalar_of).map_or(Scalar::String, |ty| ty.scalar);
    let constants: Option<Vec<Value>> = items.iter().map(|item| convert(constant(item)?, scalar)).collect();
    let nullable = constants.is_none() && items.iter().any(|item| item.ty.nullable());
    let ty = Type::Value(PropType { list: true, nullable, ..PropType::of(scalar) });
    match constants {
        Some(values) => Expr { kind: ExprKind::Literal(Value::List(values)), ty },
        None => Expr { kind: ExprKind::List(items), ty },
    }
}
