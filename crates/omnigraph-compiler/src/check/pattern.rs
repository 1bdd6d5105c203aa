//! Clauses of a block.

use super::scope::{BlockFrame, ResolvedProperty, VarKind, node_ref};
use super::types::{coerce_constant, constant, is_text, same_family, scalar_of};
use super::{ExprContext, TypeChecker};
use crate::diagnostic::{Code, RelatedSpan};
use crate::gq::ast::{self, AstExprKind, AstName, BindingClause, BlockClause, BlockKind, PatternClause, PropertyMatch};
use crate::ir::{BinaryOp, CorrelatedBlock, CorrelatedKind, Expr, ExprKind, ExprType, TypeRef, Value, VarId};
use crate::span::Span;
use crate::suggest::{did_you_mean, lower_first};
use crate::types::{PropType, ScalarType};

impl TypeChecker<'_> {
    pub(super) fn clauses(&mut self, clauses: &[PatternClause]) {
        for clause in clauses {
            self.clause(clause);
        }
    }

    fn clause(&mut self, clause: &PatternClause) {
        match clause {
            PatternClause::Binding(binding) => self.binding(binding),
            PatternClause::Traversal(traversal) => {
                self.traversal_clause(traversal);
            }
            PatternClause::Path(path) => self.path(path),
            PatternClause::Filter(expr) => {
                if let Some(condition) = self.condition(expr, ExprContext::PATTERN, "a clause") {
                    self.filter(condition, expr);
                }
            }
            PatternClause::Block(block) => {
                let (kind, word) = match block.kind {
                    BlockKind::Not => (CorrelatedKind::NotExists, "not"),
                    BlockKind::Exists => (CorrelatedKind::Exists, "exists"),
                    BlockKind::Optional => (CorrelatedKind::Optional, "optional"),
                };
                self.block_clause(kind, word, block);
            }
        }
    }

    /// Adds a condition to the current block, split into conjuncts.
    pub(super) fn filter(&mut self, condition: Expr, written: &ast::AstExpr) {
        let ExprKind::And(items) = condition.kind else { return self.filter_at(condition, written.span()) };
        let parts: &[ast::AstExpr] = if let AstExprKind::And(parts) = &written.kind { parts } else { &[] };
        for (index, item) in items.into_iter().enumerate() {
            self.filter_at(item, parts.get(index).unwrap_or(written).span());
        }
    }

    fn filter_at(&mut self, condition: Expr, span: Span) {
        self.frame().block.filters.push(condition);
        self.frame().places.push(span);
    }

    fn binding(&mut self, binding: &BindingClause) {
        let Some((types, interface)) = self.node_types(&binding.ty) else {
            // The name is bound nevertheless, so that later uses have no error.
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
            self.inline_property(id, property, Code::T2, ExprContext::PATTERN);
        }
    }

    fn skip_binding(&mut self, var: &AstName) {
        if self.find(&var.text).is_none() && var.text != "_" {
            let kind = VarKind::Value(ExprType::Null);
            let id = self.bind(Some(var), kind, var.span());
            self.var_mut(id).uses = 1;
        }
    }

    /// Resolves the type name of a binding to node types.
    fn node_types(&mut self, name: &AstName) -> Option<(Vec<TypeRef>, Option<String>)> {
        if let Some(node) = self.catalog.nodes.get(&name.text) {
            return Some((vec![node_ref(node)], None));
        }
        if self.catalog.interfaces.contains_key(&name.text) {
            let implementing = self.catalog.nodes.values().filter(|node| node.implements.contains(&name.text));
            return Some((implementing.map(node_ref).collect(), Some(name.text.clone())));
        }
        let edge = self.catalog.edges.contains_key(&name.text);
        let message = if edge {
            format!("expected a node type or an interface, found edge type `{}`", name.text)
        } else {
            format!("node type `{}` not found", name.text)
        };
        self.error(Code::T1, name.span(), message);
        let help = if edge {
            Some(format!("an edge is traversed: `$a {} $b`", lower_first(&name.text)))
        } else {
            let catalog = self.catalog;
            let known = || catalog.nodes.keys().chain(catalog.interfaces.keys()).map(String::as_str);
            self.suggestions.did_you_mean(&name.text, known)
        };
        self.advise(help);
        None
    }

    /// Checks a repeated `$x: T`: a condition on the same variable.
    fn rebind(&mut self, id: VarId, binding: &BindingClause, types: &[TypeRef]) -> Option<()> {
        let span = binding.var.span();
        let name = binding.var.text.clone();
        let bound = match &self.var(id).kind {
            VarKind::Node { types, .. } => types.clone(),
            // Bound by a binding with an error.
            VarKind::Value(ExprType::Null) => return None,
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
                last.related.push(RelatedSpan { span: first, remark: "bound here".to_owned() });
            }
            return None;
        }
        self.narrow(id, &both, span);
        Some(())
    }

    /// Restricts a variable to some of its types: in its own block by removing the others, in a nested block by a condition.
    pub(super) fn narrow(&mut self, id: VarId, to: &[TypeRef], span: Span) {
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
            let ty = ExprType::scalar(ScalarType::String);
            let field = ExprKind::System { var: id, field: crate::ir::SystemField::Type };
            let item = Box::new(Expr::new(field, ty.clone().with_nullable(self.var(id).optional)));
            let list_type = ExprType::Value(PropType { list: true, ..PropType::new(ScalarType::String) });
            let list = Box::new(Expr::new(ExprKind::Literal(Value::List(names)), list_type));
            self.filter_at(Expr::new(ExprKind::In { item, list }, super::types::bool_type(false)), span);
        }
    }

    /// Checks `{ name: value }` of a binding and adds it as a condition.
    fn inline_property(&mut self, id: VarId, property: &PropertyMatch, unknown: Code, place: ExprContext) {
        if let Some(condition) = self.property_condition(id, property, unknown, place) {
            self.filter_at(condition, property.name.span().cover(property.value.span()));
        }
    }

    /// Checks `{ name: value }` and returns it as a condition.
    pub(super) fn property_condition(
        &mut self,
        id: VarId,
        property: &PropertyMatch,
        unknown: Code,
        place: ExprContext,
    ) -> Option<Expr> {
        let found = self.property(id, &property.name, unknown);
        let value = self.expr(&property.value, place);
        let (ResolvedProperty { property: property_ref, ty }, mut value) = (found?, value?);
        let own = Expr::new(ExprKind::Property { var: id, property: property_ref }, ExprType::Value(ty.clone()));
        self.require_inline_fit(&ty, &value, property)?;
        if ty.list {
            coerce_constant(&mut value, &PropType::new(ty.scalar));
            let nullable = own.ty.nullable() || value.ty.nullable();
            let kind = ExprKind::In { item: Box::new(value), list: Box::new(own) };
            return Some(Expr::new(kind, super::types::bool_type(nullable)));
        }
        coerce_constant(&mut value, &ty);
        Some(super::operator::binary(BinaryOp::Equal, own, value, None))
    }

    fn require_inline_fit(&mut self, ty: &PropType, value: &Expr, property: &PropertyMatch) -> Option<()> {
        let span = property.value.span();
        let name = &property.name.text;
        let is_literal = matches!(value.kind, ExprKind::Literal(_));
        if matches!(ty.scalar, ScalarType::Blob | ScalarType::Vector(_) | ScalarType::Json) {
            self.error(Code::T3, span, format!("`{name}` is a `{ty}`, which cannot be matched by equality"));
            return None;
        }
        let item = PropType { list: false, ..ty.clone() };
        let fits = value.ty == ExprType::Null
            || scalar_of(&value.ty).is_some_and(|given| same_family(given.scalar, item.scalar));
        if !fits {
            let code = if is_literal { Code::T3 } else { Code::T7 };
            let message = if ty.list {
                format!("`{name}` is a `{ty}`: expected an item of it, found `{}`", value.ty)
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

    /// Reports a constant text that is not a word of the enum.
    pub(super) fn require_enum_word(&mut self, ty: &PropType, value: &Expr, span: Span) -> Option<()> {
        let (Some(words), Some(Value::String(word))) = (&ty.enum_values, constant(value)) else { return Some(()) };
        if words.contains(word) {
            return Some(());
        }
        let message = format!("invalid enum value {word:?} (expected: {})", words.join(", "));
        self.error(Code::T3, span, message);
        self.advise(did_you_mean(word, words.iter().map(String::as_str)));
        None
    }

    pub(super) fn block_clause(&mut self, kind: CorrelatedKind, word: &str, block: &BlockClause) {
        self.open_frame();
        self.clauses(&block.clauses);
        let frame = self.close_frame();
        self.require_outer(&frame, word, block.at.0);
        if kind == CorrelatedKind::Optional {
            self.export(&frame);
        }
        self.correlate(kind, frame);
    }

    /// Reports a block that mentions no outer variable.
    pub(super) fn require_outer(&mut self, frame: &BlockFrame, word: &str, span: Span) {
        if frame.direct {
            return;
        }
        let message =
            format!("`{word} {{ … }}` mentions no variable bound before it, so it does not depend on the row");
        let help = "a clause directly inside it must mention one; within a further block does not count";
        self.error_with_help(Code::T9, span, message, help);
    }

    /// Makes the variables of an optional block visible to the enclosing block.
    fn export(&mut self, frame: &BlockFrame) {
        let level = self.frames.len().saturating_sub(1);
        // Variables that nested optional blocks exported are exported too.
        for id in frame.own.iter().chain(frame.names.values()) {
            let info = self.var_mut(*id);
            info.optional = true;
            info.level = level;
        }
        self.frame().names.extend(frame.names.iter().map(|(name, id)| (name.clone(), *id)));
    }

    /// Adds a finished block to the enclosing one.
    pub(super) fn correlate(&mut self, kind: CorrelatedKind, frame: BlockFrame) {
        let outer = frame.outer.into_iter().collect();
        self.frame().block.blocks.push(CorrelatedBlock { kind, block: frame.block, outer });
    }
}

/// Returns advice on date literals in place of texts.
pub(super) fn temporal_help(scalar: ScalarType, given: &ExprType) -> Option<String> {
    if !is_text(given) {
        return None;
    }
    match scalar {
        ScalarType::Date => Some("write a Date as `date(\"2024-05-06\")`".to_owned()),
        ScalarType::DateTime => Some("write a DateTime as `datetime(\"2024-05-06T07:08:09Z\")`".to_owned()),
        _ => None,
    }
}

/// Returns `true` if a constant is a literal and not computed.
pub(super) const fn is_written_literal(expr: &ast::AstExpr) -> bool {
    matches!(expr.kind, AstExprKind::Literal(_) | AstExprKind::List(_))
}
