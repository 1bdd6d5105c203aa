//! Traversals and paths: endpoints, edge binding, bounds, conditions on the walk.

use super::edges::{BoundEnds, ResolvedSteps};
use super::scope::{BlockFrame, VarKind};
use super::types::{is_number, scalar_of};
use super::{ExprContext, TypeChecker};
use crate::diagnostic::Code;
use crate::gq::ast::{self, AstName, HopBounds, PathClause, PatternClause, TraversalClause};
use crate::ir::{
    EdgeCondition, ExpandPattern, ExpandRows, Expr, ExprKind, HopRange, PathMode, PathSearch, PatternVariable, TypeRef,
    VarId, VariableKind,
};
use crate::span::Span;

impl TypeChecker<'_> {
    /// Checks a traversal clause.
    pub(super) fn traversal_clause(&mut self, traversal: &TraversalClause) {
        let named = traversal.edge_var.as_ref().filter(|name| name.text != "_");
        let several = traversal.bounds.is_some_and(|bounds| hops(bounds) != HopRange::One);
        if let (Some(name), true, None) = (named, several, &traversal.filter) {
            let message = format!("`${}` cannot be bound: the bounds let the walk have any number of edges", name.text);
            let help = "drop the bounds, or restrict every edge of the walk with `where`";
            self.error_with_help(Code::T23, name.span(), message, help);
        } else if let (Some(name), true) = (traversal.edge_var.as_ref().filter(|_| named.is_none()), several) {
            self.error(Code::T23, name.span(), "an edge binding and bounds exclude each other");
        }
        if let Some((expand, edge)) = self.expand(traversal, several) {
            self.close_variable(edge);
            self.frame().block.expands.push(expand);
        }
    }

    /// Checks a traversal and binds its endpoints. With `walk` its edge variable represents every edge; that variable is returned
    /// and still open.
    fn expand(&mut self, traversal: &TraversalClause, walk: bool) -> Option<(ExpandPattern, Option<VarId>)> {
        let hops = self.bounds(traversal);
        let left = self.end(&traversal.left);
        let right = self.end(&traversal.right);
        let (Some(hops), Some(left), Some(right)) = (hops, left, right) else {
            self.bind_unknown(traversal, left.flatten(), right.flatten());
            return None;
        };
        let ends = BoundEnds { left: self.bound_types(left), right: self.bound_types(right) };
        let Some(steps) = self.steps(traversal, &ends) else {
            self.bind_unknown(traversal, left, right);
            return None;
        };
        let (from, to) = self.bind_ends(traversal, left, right, &steps);
        let types: Vec<TypeRef> = steps.steps.iter().map(|step| step.edge.clone()).collect();
        let edge_name = traversal.edge_var.as_ref().filter(|name| name.text != "_");
        let mut expand =
            ExpandPattern { from, to, steps: steps.steps, hops, rows: ExpandRows::Pairs, walk: None, hop_count: None };
        let mut walk_edge = None;
        if let (Some(name), false) = (edge_name, walk) {
            self.require_new_name(name, traversal)?;
            let id = self.bind(Some(name), VarKind::Edge { types }, name.span());
            expand.rows = ExpandRows::Edges(id);
            self.edge_conditions(traversal, id);
        } else if !traversal.properties.is_empty() || traversal.filter.is_some() || (walk && edge_name.is_some()) {
            (expand.walk, walk_edge) = self.walk(traversal, edge_name, types);
        }
        expand.hop_count = self.hop_count(traversal);
        if expand.hop_count.is_some() && expand.hops == HopRange::One {
            expand.hops = HopRange::Range { min: 1, max: Some(1) };
        }
        Some((expand, walk_edge))
    }

    fn bounds(&mut self, traversal: &TraversalClause) -> Option<HopRange> {
        let Some(bounds) = traversal.bounds else { return Some(HopRange::One) };
        if bounds.max.is_some_and(|max| max < bounds.min) {
            let message =
                format!("the upper bound {} lies below the lower bound {}", bounds.max.unwrap_or(0), bounds.min);
            self.error(Code::T15, bounds.at.0, message);
            return None;
        }
        if bounds.max == Some(0) {
            self.error(Code::T15, bounds.at.0, "a traversal of no hops leads nowhere; the upper bound is at least 1");
            return None;
        }
        Some(hops(bounds))
    }

    /// Resolves the node variable at an endpoint: `Some(None)` if it is not yet bound, `None` after an error.
    fn end(&mut self, name: &AstName) -> Option<Option<VarId>> {
        if name.text == "_" {
            return Some(None);
        }
        let Some(id) = self.find(&name.text) else {
            if self.param_index(&name.text).is_some() {
                let message = format!("`${}` is a parameter; an endpoint of a traversal is a node variable", name.text);
                self.error(Code::T108, name.span(), message);
                return None;
            }
            return Some(None);
        };
        self.mention(id);
        match &self.var(id).kind {
            VarKind::Node { .. } => Some(Some(id)),
            VarKind::Value(crate::ir::ExprType::Null) => None,
            VarKind::Edge { .. } | VarKind::WalkEdge { .. } => {
                self.error(
                    Code::T23,
                    name.span(),
                    format!("`${}` is an edge; an endpoint of a traversal is a node", name.text),
                );
                None
            }
            other => {
                let message = format!("`${}` is {}; an endpoint of a traversal is a node", name.text, other.describe());
                self.error(Code::T120, name.span(), message);
                None
            }
        }
    }

    fn bound_types(&self, id: Option<VarId>) -> Option<Vec<TypeRef>> {
        id.map(|id| self.types_of(id).to_vec())
    }

    /// Binds the endpoints after an error, so that later uses have no error.
    fn bind_unknown(&mut self, traversal: &TraversalClause, left: Option<VarId>, right: Option<VarId>) {
        for (name, bound) in [(&traversal.left, left), (&traversal.right, right)] {
            if bound.is_none() && name.text != "_" && self.find(&name.text).is_none() {
                let id = self.bind(Some(name), VarKind::Value(crate::ir::ExprType::Null), name.span());
                self.var_mut(id).uses = 1;
            }
        }
    }

    fn bind_ends(
        &mut self,
        traversal: &TraversalClause,
        left: Option<VarId>,
        right: Option<VarId>,
        steps: &ResolvedSteps,
    ) -> (VarId, VarId) {
        let bind = |checker: &mut Self, name: &AstName, bound: Option<VarId>, types: &Vec<TypeRef>| match bound {
            Some(id) => {
                checker.narrow(id, types, name.span());
                id
            }
            None => {
                let kind = VarKind::Node { types: types.clone(), interface: None };
                checker.bind(Some(name), kind, name.span())
            }
        };
        let from = bind(self, &traversal.left, left, &steps.left);
        // `$a knows $a` names one variable twice.
        let same = traversal.left.text == traversal.right.text && traversal.left.text != "_";
        let right = if same { Some(from) } else { right };
        let to = bind(self, &traversal.right, right, &steps.right);
        (from, to)
    }

    /// Reports an edge variable with a name that is already in use.
    pub(super) fn require_new_name(&mut self, name: &AstName, traversal: &TraversalClause) -> Option<()> {
        let end = name.text == traversal.left.text || name.text == traversal.right.text;
        if end || self.find(&name.text).is_some() {
            let what = if end { "is an endpoint of this traversal" } else { "is already bound" };
            self.error(Code::T23, name.span(), format!("`${}` {what}; an edge needs a name of its own", name.text));
            return None;
        }
        Some(())
    }

    /// Adds the conditions on a bound edge to the block.
    fn edge_conditions(&mut self, traversal: &TraversalClause, id: VarId) {
        for property in &traversal.properties {
            if let Some(condition) = self.property_condition(id, property, Code::T2, ExprContext::PATTERN) {
                self.filter(condition, &property.value);
            }
        }
        if let Some(filter) = &traversal.filter
            && let Some(condition) = self.condition(filter, ExprContext::PATTERN, "`where`")
        {
            self.filter(condition, filter);
        }
    }

    /// Checks the conditions on every edge of a walk, with the variable that represents it.
    fn walk(
        &mut self,
        traversal: &TraversalClause,
        name: Option<&AstName>,
        types: Vec<TypeRef>,
    ) -> (Option<EdgeCondition>, Option<VarId>) {
        if let Some(name) = name {
            if self.require_new_name(name, traversal).is_none() {
                return (None, None);
            }
        } else if let Some(filter) = &traversal.filter {
            let help = "name the edge: `$a $k:knows{1,4} where $k.since > … $b`";
            self.error_with_help(Code::T128, filter.span(), "`where` restricts an edge that has no name", help);
            return (None, None);
        }
        let span = name.map_or(traversal.at.0, AstName::span);
        let id = self.bind(name, VarKind::WalkEdge { types: types.clone() }, span);
        self.var_mut(id).uses = 1;
        let mut conditions = Vec::new();
        for property in &traversal.properties {
            conditions.extend(self.property_condition(id, property, Code::T2, ExprContext::WALK));
        }
        if let Some(filter) = &traversal.filter {
            conditions.extend(self.condition(filter, ExprContext::WALK, "`where`"));
        }
        let filter = conjunction(conditions);
        let edge = PatternVariable { id, name: name.map(|name| name.text.clone()), kind: VariableKind::Edge { types } };
        (Some(EdgeCondition { edge, filter }), Some(id))
    }

    /// Hides a variable, such as the edge of a walk outside of the walk.
    pub(super) fn close_variable(&mut self, id: Option<VarId>) {
        if let Some(id) = id {
            self.var_mut(id).closed = true;
            let frame: &mut BlockFrame = self.frame();
            // It is among the last variables: a search from the end keeps patterns of many walks linear.
            if let Some(at) = frame.own.iter().rposition(|own| *own == id) {
                frame.own.remove(at);
            }
        }
    }

    fn hop_count(&mut self, traversal: &TraversalClause) -> Option<VarId> {
        let name = traversal.hop_var.as_ref()?;
        if self.find(&name.text).is_some() {
            self.error(
                Code::T130,
                name.span(),
                format!("`${}` is already bound; a hop count needs a name of its own", name.text),
            );
            return None;
        }
        Some(self.bind(Some(name), VarKind::Hops, name.span()))
    }

    /// Warns of walks without an upper bound in queries without a limit.
    pub(super) fn warn_unbounded(&mut self, clauses: &[PatternClause]) {
        for clause in clauses {
            match clause {
                PatternClause::Traversal(traversal) => self.warn_open(traversal.bounds, traversal.at.0),
                PatternClause::Block(block) => self.warn_unbounded(&block.clauses),
                _ => {}
            }
        }
    }

    fn warn_open(&mut self, bounds: Option<HopBounds>, span: Span) {
        if bounds.is_some_and(|bounds| bounds.max.is_none()) {
            let message = "this walk has no upper bound and the query no limit: it may visit the whole graph";
            self.warning(Code::W004, span, message);
            self.advise(Some("give it an upper bound, or the query a `limit`".to_owned()));
        }
    }

    pub(super) fn path(&mut self, path: &PathClause) {
        let traversal = &path.traversal;
        if let Some(name) = &traversal.hop_var {
            let message = format!("a path has no hop count: `length(${})` is its number of edges", path.var.text);
            self.error(Code::T119, name.span(), message);
        }
        let used = traversal.filter.is_some() || path.cost.is_some();
        if let Some(name) = traversal.edge_var.as_ref().filter(|name| name.text != "_" && !used) {
            let message = format!(
                "`${}` cannot be bound: a path has any number of edges; `edges(${})` gives them",
                name.text, path.var.text
            );
            self.error(Code::T23, name.span(), message);
        }
        let walk = traversal.edge_var.is_some();
        let Some((expand, edge)) = self.expand(traversal, walk) else {
            self.bind_path(path);
            return;
        };
        let mode = match path.mode {
            ast::PathKeyword::Shortest => Some(PathMode::Shortest),
            ast::PathKeyword::AllShortest => Some(PathMode::AllShortest),
            ast::PathKeyword::Cheapest => self.cost(path),
        };
        self.close_variable(edge);
        let id = self.bind_path(path);
        if let (Some(mode), Some(id)) = (mode, id) {
            self.frame().block.paths.push(PathSearch { path: id, mode, expand });
        }
    }

    fn bind_path(&mut self, path: &PathClause) -> Option<crate::ir::VarId> {
        if self.find(&path.var.text).is_some() {
            let message = format!("`${}` is already bound; a path needs a name of its own", path.var.text);
            self.error(Code::T130, path.var.span(), message);
            return None;
        }
        let several = path.mode == ast::PathKeyword::AllShortest;
        Some(self.bind(Some(&path.var), VarKind::Path { several }, path.var.span()))
    }

    /// Checks the cost of an edge: a number computed from a named edge.
    fn cost(&mut self, path: &PathClause) -> Option<PathMode> {
        let written = path.cost.as_ref()?;
        if path.traversal.edge_var.is_none() {
            let help = "name the edge: `cheapest $a $k:knows{1,8} $b by $k.cost`";
            self.error_with_help(
                Code::T119,
                written.span(),
                "`by` requires an edge variable to read the cost from",
                help,
            );
            return None;
        }
        let cost = self.expr(written, ExprContext::WALK)?;
        if !is_number(&cost.ty) || scalar_of(&cost.ty).is_none() {
            self.error(
                Code::T119,
                written.span(),
                format!("expected a number as the cost of an edge, found `{}`", cost.ty),
            );
            return None;
        }
        let negative = matches!(&cost.kind, ExprKind::Literal(crate::ir::Value::I64(value)) if *value < 0)
            || matches!(&cost.kind, ExprKind::Literal(crate::ir::Value::F64(value)) if *value < 0.0);
        if negative {
            self.error(Code::T119, written.span(), "the cost of an edge is not negative");
            return None;
        }
        Some(PathMode::Cheapest { cost })
    }
}

/// Converts bounds; `{1,1}` is a plain hop.
fn hops(bounds: HopBounds) -> HopRange {
    if bounds.min == 1 && bounds.max == Some(1) {
        HopRange::One
    } else {
        HopRange::Range { min: bounds.min, max: bounds.max }
    }
}

/// Returns the conjunction of conditions; `None` without conditions.
pub(super) fn conjunction(mut conditions: Vec<Expr>) -> Option<Expr> {
    if conditions.len() < 2 {
        return conditions.pop();
    }
    let ty = super::types::bool_type(conditions.iter().any(|condition| condition.ty.nullable()));
    Some(Expr::new(ExprKind::And(conditions), ty))
}
