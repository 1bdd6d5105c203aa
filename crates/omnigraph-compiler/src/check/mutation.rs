//! Mutations: pattern, statements, result.

use std::collections::{HashMap, HashSet};

use super::order::identity_order;
use super::scope::{VarKind, single_property};
use super::types::is_text;
use super::{BlockPolicy, ExprContext, NameScope, TypeChecker};
use crate::catalog::Property;
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{self, AstStatementKind, PropertyMatch};
use crate::ir::{
    DeleteRows, EdgeEndpoints, Expr, ExprKind, ExprType, InsertMode, InsertRow, MutationQuery, MutationStatement,
    ObjectKind, PatternVariable, PropertyAssignment, StatementKind, SystemField, TypeRef, UpdateRows, VarId,
    VariableKind,
};
use crate::span::Span;
use crate::suggest::{did_you_mean, quoted};
use crate::types::ScalarType;

/// The type that a statement writes.
struct StatementTarget<'c> {
    entity: ObjectKind,
    ty: TypeRef,
    properties: &'c [Property],
    key: Option<&'c [String]>,
    /// Node types at the endpoints of an edge.
    ends: Option<(&'c str, &'c str)>,
}

impl<'a> TypeChecker<'a> {
    pub(super) fn mutation(&mut self, name: &str, mutation: &ast::AstMutation) -> Option<MutationQuery> {
        self.open_frame();
        if let Some(clauses) = &mutation.clauses {
            self.clauses(clauses);
            self.read_before = Some(self.vars.len());
        }
        // Rows that statements write are bound later and do not affect the order.
        let order = identity_order(self);
        let statements: Vec<_> = mutation.statements.iter().map(|statement| self.statement(statement)).collect();
        let place = ExprContext { blocks: BlockPolicy::WRITTEN, ..ExprContext::PATTERN };
        let returning = self.columns(&mutation.returning, place).columns;
        self.warn_scopes();
        let frame = self.close_frame();
        self.warn_cross_product(&frame.block);
        self.warn_unindexed_filters(&frame.block, &frame.places);
        let block = mutation.clauses.as_ref().map(|_| frame.block);
        let statements = statements.into_iter().collect::<Option<Vec<_>>>()?;
        Some(MutationQuery { name: name.to_owned(), params: self.params.clone(), block, order, statements, returning })
    }

    fn statement(&mut self, statement: &ast::AstStatement) -> Option<MutationStatement> {
        let target = self.target(statement)?;
        let types = vec![target.ty.clone()];
        let kind = match target.entity {
            ObjectKind::Node => VarKind::Node { types: types.clone(), interface: None },
            ObjectKind::Edge => VarKind::Edge { types: types.clone() },
        };
        let inserts = !matches!(statement.kind, AstStatementKind::Update | AstStatementKind::Delete);
        if let Some(var) = statement.var.as_ref().filter(|_| !inserts) {
            let help = "to read rows before they change, bind them in `match`";
            self.error_with_help(Code::T126, var.span(), "only an insertion or merge binds its row", help);
        }
        self.reject_duplicate_assignments(&statement.assignments);
        // Values of an insertion cannot read its own row; conditions of updates and deletes can.
        let (kind_ir, row) = if inserts {
            let insert = self.insert(statement, &target);
            if let Some(var) = &statement.var
                && self.find(&var.text).is_some()
            {
                self.error(Code::T126, var.span(), format!("`${}` is already bound", var.text));
            }
            let row = self.bind(statement.var.as_ref(), kind, statement.at.0);
            (insert.map(StatementKind::Insert), row)
        } else {
            let row = self.bind(None, kind, statement.at.0);
            (self.change(statement, &target, row), row)
        };
        self.var_mut(row).uses += 1;
        self.close_variable(Some(row));
        let kind = match target.entity {
            ObjectKind::Node => VariableKind::Node { types },
            ObjectKind::Edge => VariableKind::Edge { types },
        };
        let name = statement.var.as_ref().map(|var| var.text.clone());
        let row = PatternVariable { id: row, name, kind };
        Some(MutationStatement { row, entity: target.entity, ty: target.ty, kind: kind_ir? })
    }

    /// Resolves the type of a statement; a node type takes precedence over an edge type.
    fn target(&mut self, statement: &ast::AstStatement) -> Option<StatementTarget<'a>> {
        let name = &statement.ty;
        if let Some(node) = self.catalog.nodes.get(&name.text) {
            return Some(StatementTarget {
                entity: ObjectKind::Node,
                ty: TypeRef { name: node.name.clone(), id: node.id },
                properties: &node.properties,
                key: node.key.as_deref(),
                ends: None,
            });
        }
        if let Some(edge) = self.catalog.edges.get(&name.text) {
            return Some(StatementTarget {
                entity: ObjectKind::Edge,
                ty: TypeRef { name: edge.name.clone(), id: edge.id },
                properties: &edge.properties,
                key: edge.key.as_deref(),
                ends: Some((&edge.from, &edge.to)),
            });
        }
        let message = if self.catalog.interfaces.contains_key(&name.text) {
            format!("`{}` is an interface; only node and edge types have rows to write", name.text)
        } else {
            format!("node or edge type `{}` not found", name.text)
        };
        self.error(Code::T10, name.span(), message);
        let catalog = self.catalog;
        let known = || catalog.nodes.keys().chain(catalog.edges.keys()).map(String::as_str);
        let help = self.suggestions.did_you_mean(&name.text, known);
        self.advise(help);
        None
    }

    fn reject_duplicate_assignments(&mut self, assignments: &[PropertyMatch]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for PropertyMatch { name, .. } in assignments {
            if let Some(first) = seen.get(name.text.as_str()) {
                let message = format!("`{}` is assigned twice", name.text);
                self.diagnostics
                    .push(Diagnostic::error(Code::T13, name.span(), message).with_related(*first, "first here"));
            } else {
                seen.insert(&name.text, name.span());
            }
        }
    }

    fn insert(&mut self, statement: &ast::AstStatement, target: &StatementTarget<'_>) -> Option<InsertRow> {
        let mode = match statement.kind {
            AstStatementKind::InsertNew => InsertMode::New,
            AstStatementKind::InsertIfAbsent => InsertMode::IfAbsent,
            AstStatementKind::Merge => InsertMode::Merge,
            _ => InsertMode::Upsert,
        };
        let blocks = self.blocks_of_statement(BlockPolicy::VALUE);
        let place = ExprContext { blocks, ..ExprContext::PATTERN };
        let mut ends = (None, None);
        let mut assignments = Vec::new();
        let mut sound = true;
        for written in &statement.assignments {
            if let Some((from, to)) = target.ends.filter(|_| matches!(written.name.text.as_str(), "from" | "to")) {
                let source = written.name.text == "from";
                let end = self.endpoint(written, if source { from } else { to }, place);
                sound &= end.is_some();
                *(if source { &mut ends.0 } else { &mut ends.1 }) = Some(end);
                continue;
            }
            match self.assignment(written, target, place) {
                Some(assignment) => assignments.push(assignment),
                None => sound = false,
            }
        }
        sound &= self.require_given(statement, target, mode);
        let endpoints = match (ends, target.entity) {
            ((Some(Some(from)), Some(Some(to))), ObjectKind::Edge) => Some(EdgeEndpoints { from, to }),
            _ => None,
        };
        sound.then_some(InsertRow { mode, assignments, endpoints })
    }

    /// Checks the value of `from` or `to`: a String, or a node variable of the right type.
    fn endpoint(&mut self, written: &PropertyMatch, ty: &str, place: ExprContext) -> Option<Expr> {
        let value = self.mutation_expr(&written.value, place)?;
        let span = written.value.span();
        if let ExprKind::Object(var) = value.kind {
            let fits = self.types_of(var).iter().any(|known| known.name == ty);
            if !fits || self.is_edge(var) {
                self.error(Code::T5, span, format!("`{}` of this edge is a `{ty}`", written.name.text));
                return None;
            }
            let kind = ExprKind::System { var, field: SystemField::Id };
            return Some(Expr::new(kind, super::types::scalar_type(ScalarType::String, value.ty.nullable())));
        }
        if is_text(&value.ty) && value.ty != ExprType::Null {
            return Some(value);
        }
        let code = if super::pattern::is_written_literal(&written.value) { Code::T3 } else { Code::T7 };
        let message = format!("`{}` expects the id of a `{ty}`, a String, found `{}`", written.name.text, value.ty);
        self.error(code, span, message);
        None
    }

    /// Checks an expression of a statement; reports an unbound variable.
    fn mutation_expr(&mut self, expr: &ast::AstExpr, place: ExprContext) -> Option<Expr> {
        if let ast::AstExprKind::Variable(name) = &expr.kind
            && self.find(name).is_none()
            && self.param_index(name).is_none()
        {
            self.resolve(name, expr.span(), Code::T14);
            return None;
        }
        self.expr(expr, place)
    }

    fn assignment(
        &mut self,
        written: &PropertyMatch,
        target: &StatementTarget<'_>,
        place: ExprContext,
    ) -> Option<PropertyAssignment> {
        let name = &written.name;
        let Some(property) = target.properties.iter().find(|property| property.name == name.text) else {
            self.error(Code::T11, name.span(), format!("`{}` has no property `{}`", target.ty.name, name.text));
            let system = matches!(name.text.as_str(), "id" | "src" | "dst" | "type");
            let known = target.properties.iter().map(|property| property.name.as_str());
            let help = match (target.entity, name.text.as_str()) {
                (ObjectKind::Edge, "src") => Some("the source of an edge is given as `from`".to_owned()),
                (ObjectKind::Edge, "dst") => Some("the target of an edge is given as `to`".to_owned()),
                _ if system => Some("ids are derived from the key or generated".to_owned()),
                _ => did_you_mean(&name.text, known),
            };
            self.advise(help);
            self.mutation_expr(&written.value, place);
            return None;
        };
        let value = self.mutation_expr(&written.value, place)?;
        let value = super::statement::assign(self, &property.ty, value, &written.value, &name.text)?;
        Some(PropertyAssignment { property: single_property(target.ty.id, &property.name, property.id), value })
    }

    /// Checks that an insertion gives all required values.
    fn require_given(&mut self, statement: &ast::AstStatement, target: &StatementTarget<'_>, mode: InsertMode) -> bool {
        let named: HashSet<&str> = statement.assignments.iter().map(|written| written.name.text.as_str()).collect();
        let given = |name: &str| named.contains(name);
        let span = statement.ty.span();
        let mut missing: Vec<String> = Vec::new();
        if target.ends.is_some() {
            missing.extend(["from", "to"].into_iter().filter(|end| !given(end)).map(str::to_owned));
        }
        let keyed = |name: &str| target.key.is_some_and(|key| key.iter().any(|part| part == name));
        for property in target.properties {
            let embedded = property.embed.as_ref().is_some_and(|embed| given(&embed.source));
            let required = !property.ty.nullable && property.default.is_none() && !embedded;
            if required && !given(&property.name) && (mode != InsertMode::Merge || keyed(&property.name)) {
                missing.push(property.name.clone());
            }
        }
        if !missing.is_empty() {
            let listed = quoted(&missing, ", ");
            self.error(Code::T12, span, format!("`{}` requires {listed}", target.ty.name));
            return false;
        }
        if target.key.is_none() && matches!(mode, InsertMode::Merge | InsertMode::IfAbsent) {
            let message = format!("`{}` has no `@key`, so an existing row cannot be identified", target.ty.name);
            self.error_with_help(Code::T12, span, message, "write `insert`, which always adds a row");
            return false;
        }
        true
    }

    /// Checks `update` or `delete`.
    fn change(
        &mut self,
        statement: &ast::AstStatement,
        target: &StatementTarget<'_>,
        row: VarId,
    ) -> Option<StatementKind> {
        let blocks = self.blocks_of_statement(BlockPolicy::ROW);
        let place = ExprContext { names: NameScope::Row(row), blocks, ..ExprContext::PATTERN };
        let mut sound = true;
        let mut assignments = Vec::new();
        for written in &statement.assignments {
            if self.reject_immutable(written, target) {
                sound = false;
                continue;
            }
            match self.assignment(written, target, place) {
                Some(assignment) => assignments.push(assignment),
                None => sound = false,
            }
        }
        let filter = statement.filter.as_ref()?;
        let predicate = self.condition(filter, place, "`where`")?;
        if !sound {
            return None;
        }
        Some(match statement.kind {
            AstStatementKind::Update => StatementKind::Update(UpdateRows { predicate, assignments }),
            _ => StatementKind::Delete(DeleteRows { predicate }),
        })
    }

    /// Returns the permission of blocks: they are evaluated with the pattern before the statements, if there is one.
    const fn blocks_of_statement(&self, otherwise: BlockPolicy) -> BlockPolicy {
        if self.read_before.is_some() { BlockPolicy::Allowed } else { otherwise }
    }

    /// Reports an assignment of an update to a key or an endpoint. Returns `true` if there is one.
    fn reject_immutable(&mut self, written: &PropertyMatch, target: &StatementTarget<'_>) -> bool {
        let name = &written.name;
        let key = target.key.is_some_and(|key| key.contains(&name.text));
        if key {
            let message = format!("cannot update @key property '{}': the key is the identity of the row", name.text);
            self.error_with_help(Code::T118, name.span(), message, "delete the row and insert it under its new key");
            return true;
        }
        if target.ends.is_some() && matches!(name.text.as_str(), "from" | "to") {
            let message = format!("`{}` of an edge cannot be updated", name.text);
            self.error_with_help(Code::T11, name.span(), message, "delete the edge and insert another");
            return true;
        }
        false
    }
}
