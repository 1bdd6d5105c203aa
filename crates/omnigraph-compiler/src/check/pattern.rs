//! Clauses of a block.

use super::scope::{VarKind, node_ref};
use super::types::{adopt, constant, is_text, same_family, scalar_of};
use super::{Checker, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{self, Binding, BlockKind, Clause, ExprKind as Ast, Name, PropertyMatch};
use crate::ir::{BinaryOp, CorrelatedKind, Expr, ExprKind, Type, TypeRef, Value, VarId};
use crate::suggest::did_you_mean;
use crate::types::{PropType, Scalar};

impl Checker<'_> {
    pub(super) fn clauses(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            self.clause(clause);
        }
    }

    fn clause(&mut self, clause: &Clause) {
        match clause {
            Clause::Binding(binding) => self.binding(binding),
            Clause::Traversal(traversal) => {
                self.traversal_clause(traversal);
            }
            Clause::Path(path) => self.path(path),
            Clause::Filter(expr) => {
                if let Some(condition) = self.condition(expr, Place::PATTERN, "a clause") {
                    self.filter(condition, expr);
                }
            }
            Clause::Block(block) => {
                let (kind, word) = match block.kind {
                    BlockKind::Not => (CorrelatedKind::NotExists, "not"),
                    BlockKind::Exists => (CorrelatedKind::Exists, "exists"),
                    BlockKind::Optional => (CorrelatedKind::Optional, "optional"),
                };
                self.block_clause(kind, word, block);
            }
        }
    }

    /// Adds a condition to the block at hand, conjuncts apart.
    pub(super) fn filter(&mut self, condition: Expr, written: &ast::Expr) {
        let ExprKind::And(items) = condition.kind else { return self.filter_at(condition, written.span()) };
        let parts: &[ast::Expr] = if let Ast::And(parts) = &written.kind { parts } else { &[] };
        for (index, item) in items.into_iter().enumerate() {
            self.filter_at(item, parts.get(index).unwrap_or(written).span());
        }
    }

    fn filter_at(&mut self, condition: Expr, span: crate::Span) {
        self.frame().block.filters.push(condition);
        self.frame().places.push(span);
    }

    fn binding(&mut self, binding: &Binding) {
        let Some((types, interface)) = self.node_types(&binding.ty) else {
            // The name is bound all the same, so that what follows is not blamed.
            self.skip_binding(&binding.var);
            return;
        };
        let id = match self.find(&binding.var.text).filter(|_| binding.var.text != "_") {
            Some(id) => {
                self.mention(id);
                if self.rebind(id, binding, &types).is_none() {
                    return;
                }
                id
            }
            None => self.bind(Some(&binding.var), VarKind::Node { types, interface }, binding.var.span()),
        };
        self.var_mut(id).declared = true;
        for property in &binding.properties {
            self.inline_property(id, property, Code::T2, Place::PATTERN);
        }
    }

    fn skip_binding(&mut self, var: &Name) {
        if self.find(&var.text).is_none() && var.text != "_" {
            let kind = VarKind::Value(Type::Null);
            let id = self.bind(Some(var), kind, var.span());
            self.var_mut(id).uses = 1;
        }
    }

    /// The node types a type name of a binding stands for.
    fn node_types(&mut self, name: &Name) -> Option<(Vec<TypeRef>, Option<String>)> {
        if let Some(node) = self.catalog.nodes.get(&name.text) {
            return Some((vec![node_ref(node)], None));
        }
        if self.catalog.interfaces.contains_key(&name.text) {
            let implementing = self.catalog.nodes.values().filter(|node| node.implements.contains(&name.text));
            return Some((implementing.map(node_ref).collect(), Some(name.text.clone())));
        }
        let edge = self.catalog.edges.contains_key(&name.text);
        let message = if edge {
            format!("`{}` is an edge type; a binding needs a node type or an interface", name.text)
        } else {
            format!("there is no node type `{}`", name.text)
        };
        self.error(Code::T1, name.span(), message);
        let help = if edge {
            let mut lower = name.text.clone();
            lower[..1].make_ascii_lowercase();
            Some(format!("an edge is traversed: `$a {lower} $b`"))
        } else {
            let catalog = self.catalog;
            let known = || catalog.nodes.keys().chain(catalog.interfaces.keys()).map(String::as_str);
            self.suggestions.did_you_mean(&name.text, known)
        };
        self.advise(help);
        None
    }

    /// `$x: T` once more: a condition on the same variable.
    fn rebind(&mut self, id: VarId, binding: &Binding, types: &[TypeRef]) -> Option<()> {
        let span = binding.var.span();
        let name = binding.var.text.clone();
        let bound = match &self.var(id).kind {
            VarKind::Node { types, .. } => types.clone(),
            // Bound by a binding that was in error itself.
            VarKind::Value(Type::Null) => return None,
            VarKind::Edge { .. } | VarKind::WalkEdge { .. } => {
                self.error(Code::T23, span, format!("`${name}` is an edge; it cannot be bound as a node"));
                return None;
            }
            other => {
                let message = format!("`${name}` is already bound: it is {}", other.describe());
                self.error(Code::T102, span, message);
                return None;
            }
        };
        let both: Vec<TypeRef> = bound.iter().filter(|ty| types.contains(ty)).cloned().collect();
        if both.is_empty() && !(bound.is_empty() || types.is_empty()) {
            let listed = bound.iter().map(|ty| ty.name.as_str()).collect::<Vec<_>>().join("` or `");
            let message =
                format!("`${name}` is already bound to `{listed}`; it cannot be a `{}` as well", binding.ty.text);
            let first = self.var(id).span;
            self.error(Code::T102, span, message);
            if let Some(last) = self.diagnostics.last_mut() {
                last.related.push((first, "bound here".to_owned()));
            }
            return None;
        }
        self.narrow(id, &both, span);
        Some(())
    }

    /// Restricts a variable to some of its types: where it was bound, by forgetting the others; from within a block, by a
    /// condition of that block.
    pub(super) fn narrow(&mut self, id: VarId, to: &[TypeRef], span: crate::Span) {
        let own = self.var(id).level + 1 == self.frames.len() && !self.var(id).optional;
        let mut dropped = false;
        if let VarKind::Node { types, .. } = &mut self.var_mut(id).kind {
            dropped = types.len() != to.len();
            if own {
                types.retain(|ty| to.contains(ty));
            }
        }
        if dropped && !own {
            let text = |text: &str| Value::String(text.to_owned());
            let names = to.iter().map(|ty| text(&ty.name)).collect();
            let ty = Type::scalar(Scalar::String);
            let field = ExprKind::System { var: id, field: crate::ir::SystemField::Type };
            let item = Box::new(Expr { kind: field, ty: ty.clone().with_nullable(self.var(id).optional) });
            let list_type = Type::Value(PropType { list: true, ..PropType::of(Scalar::String) });
            let list = Box::new(Expr { kind: ExprKind::Literal(Value::List(names)), ty: list_type });
            self.filter_at(Expr { kind: ExprKind::In { item, list }, ty: super::types::bool_type(false) }, span);
        }
    }

    /// `{ name: value }` of a binding or traversal, as a condition of the block.
    fn inline_property(&mut self, id: VarId, property: &PropertyMatch, unknown: Code, place: Place) {
        if let Some(condition) = self.property_condition(id, property, unknown, place) {
            self.filter_at(condition, property.name.span().to(property.value.span()));
        }
    }

    /// `{ name: value }` as a condition.
    pub(super) fn property_condition(
        &mut self,
        id: VarId,
        property: &PropertyMatch,
        unknown: Code,
        place: Place,
    ) -> Option<Expr> {
        let found = self.property(id, &property.name, unknown);
        let value = self.expr(&property.value, place);
        let ((property_ref, ty), mut value) = (found?, value?);
        let own = Expr { kind: ExprKind::Property { var: id, property: property_ref }, ty: Type::Value(ty.clone()) };
        self.require_inline_fit(&ty, &value, property)?;
        if ty.list {
            adopt(&mut value, &PropType::of(ty.scalar));
            let nullable = own.ty.nullable() || value.ty.nullable();
            let kind = ExprKind::In { item: Box::new(value), list: Box::new(own) };
            return Some(Expr { kind, ty: super::types::bool_type(nullable) });
        }
        adopt(&mut value, &ty);
        Some(super::operator::binary(BinaryOp::Equal, own, value, None))
    }

    fn require_inline_fit(&mut self, ty: &PropType, value: &Expr, property: &PropertyMatch) -> Option<()> {
        let span = property.value.span();
        let name = &property.name.text;
        let is_literal = matches!(value.kind, ExprKind::Literal(_));
        if matches!(ty.scalar, Scalar::Blob | Scalar::Vector(_) | Scalar::Json) {
            self.error(Code::T3, span, format!("`{name}` is a `{ty}`, which cannot be matched by equality"));
            return None;
        }
        let item = PropType { list: false, ..ty.clone() };
        let fits =
            value.ty == Type::Null || scalar_of(&value.ty).is_some_and(|given| same_family(given.scalar, item.scalar));
        if !fits {
            let code = if is_literal { Code::T3 } else { Code::T7 };
            let message = if ty.list {
                format!("`{name}` is a `{ty}`: an item of it is matched, and `{}` is none", value.ty)
            } else {
                format!("`{}` does not fit `{name}`, which is `{ty}`", value.ty)
            };
            self.error(code, span, message);
            self.advise(temporal_help(item.scalar, &value.ty));
            return None;
        }
        if *constant(value).unwrap_or(&Value::Bool(true)) == Value::Null {
            self.warning(Code::W005, span, "a comparison with null is null, never true");
            self.advise(Some(format!("test for null with `$x.{name} is null`")));
        }
        self.require_enum_word(ty, value, span)
    }

    /// A constant text for an enum must be one of its words.
    pub(super) fn require_enum_word(&mut self, ty: &PropType, value: &Expr, span: crate::Span) -> Option<()> {
        let (Some(words), Some(Value::String(word))) = (&ty.enum_values, constant(value)) else { return Some(()) };
        if words.contains(word) {
            return Some(());
        }
        let message = format!("invalid enum value {word:?} (expected: {})", words.join(", "));
        self.error(Code::T3, span, message);
        self.advise(did_you_mean(word, words.iter().map(String::as_str)));
        None
    }

    /// Whether `value` may be assigned to a property, which is stricter than being comparable; converts constants.
    pub(super) fn assignable(&mut self, ty: &PropType, value: Expr, written: &ast::Expr, name: &str) -> Option<Expr> {
        super::statement::assign(self, ty, value, written, name)
    }
}

/// How to write a date where a text stands.
pub(super) fn temporal_help(scalar: Scalar, given: &Type) -> Option<String> {
    if !is_text(given) {
        return None;
    }
    match scalar {
        Scalar::Date => Some("write a Date as `date(\"2024-05-06\")`".to_owned()),
        Scalar::DateTime => Some("write a DateTime as `datetime(\"2024-05-06T07:08:09Z\")`".to_owned()),
        _ => None,
    }
}

/// Whether a constant is written as a literal and not computed.
pub(super) const fn is_written_literal(expr: &ast::Expr) -> bool {
    matches!(expr.kind, Ast::Literal(_) | Ast::List(_))
}
