//! Traversals: ends, edge binding, bounds, conditions on the walk.

use super::edges::{Ends, Steps};
use super::scope::{Frame, VarKind};
use super::{Checker, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{Bounds, Clause, Name, Traversal};
use crate::ir::{Expand, Expr, ExprKind, Hops, Rows, TypeRef, VarId, Variable, VariableKind, Walk};
use crate::span::Span;

impl Checker<'_> {
    /// A traversal as a clause.
    pub(super) fn traversal_clause(&mut self, traversal: &Traversal) {
        let named = traversal.edge_var.as_ref().filter(|name| name.text != "_");
        let several = traversal.bounds.is_some_and(|bounds| hops(bounds) != Hops::One);
        if let (Some(name), true, None) = (named, several, &traversal.filter) {
            let message = format!("`${}` cannot be bound: the bounds let the walk have any number of edges", name.text);
            let help = "drop the bounds, or restrict every edge of the walk with `where`";
            self.error_with_help(Code::T23, name.span(), message, help);
        } else if let (Some(name), true) = (traversal.edge_var.as_ref().filter(|_| named.is_none()), several) {
            self.error(Code::T23, name.span(), "an edge binding and bounds exclude each other");
        }
        if let Some((expand, edge)) = self.expand(traversal, several) {
            self.hide(edge);
            self.frame().block.expands.push(expand);
        }
    }

    /// Checks a traversal and binds its ends. With `walk` its edge variable stands for every edge of it; the scope of that
    /// variable is returned open to the caller.
    pub(super) fn expand(&mut self, traversal: &Traversal, walk: bool) -> Option<(Expand, Option<VarId>)> {
        let hops = self.bounds(traversal);
        let left = self.end(&traversal.left);
        let right = self.end(&traversal.right);
        let (Some(hops), Some(left), Some(right)) = (hops, left, right) else {
            self.bind_unknown(traversal, left.flatten(), right.flatten());
            return None;
        };
        let ends = Ends { left: self.bound_types(left), right: self.bound_types(right) };
        let Some(steps) = self.steps(traversal, &ends) else {
            self.bind_unknown(traversal, left, right);
            return None;
        };
        let (from, to) = self.bind_ends(traversal, left, right, &steps);
        let types: Vec<TypeRef> = steps.steps.iter().map(|step| step.edge.clone()).collect();
        let edge_name = traversal.edge_var.as_ref().filter(|name| name.text != "_");
        let mut expand = Expand { from, to, steps: steps.steps, hops, rows: Rows::Pairs, walk: None, hop_count: None };
        let mut walk_edge = None;
        if let (Some(name), false) = (edge_name, walk) {
            self.fresh(name, traversal)?;
            let id = self.bind(Some(name), VarKind::Edge { types }, name.span());
            expand.rows = Rows::Edges(id);
            self.edge_conditions(traversal, id);
        } else if !traversal.properties.is_empty() || traversal.filter.is_some() || (walk && edge_name.is_some()) {
            (expand.walk, walk_edge) = self.walk(traversal, edge_name, types);
        }
        expand.hop_count = self.hop_count(traversal);
        if expand.hop_count.is_some() && expand.hops == Hops::One {
            expand.hops = Hops::Range { min: 1, max: Some(1) };
        }
        Some((expand, walk_edge))
    }

    fn bounds(&mut self, traversal: &Traversal) -> Option<Hops> {
        let Some(bounds) = traversal.bounds else { return Some(Hops::One) };
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

    /// The node variable at an end: known, or to be bound (`Ok(None)`); `None` when it can be neither.
    fn end(&mut self, name: &Name) -> Option<Option<VarId>> {
        if name.text == "_" {
            return Some(None);
        }
        let Some(id) = self.find(&name.text) else {
            if self.param_index(&name.text).is_some() {
                let message = format!("`${}` is a parameter; an end of a traversal is a node variable", name.text);
                self.error(Code::T108, name.span(), message);
                return None;
            }
            return Some(None);
        };
        self.mention(id);
        match &self.var(id).kind {
            VarKind::Node { .. } => Some(Some(id)),
            VarKind::Value(crate::ir::Type::Null) => None,
            VarKind::Edge { .. } | VarKind::WalkEdge { .. } => {
                self.error(
                    Code::T23,
                    name.span(),
                    format!("`${}` is an edge; an end of a traversal is a node", name.text),
                );
                None
            }
            other => {
                let message = format!("`${}` is {}; an end of a traversal is a node", name.text, other.describe());
                self.error(Code::T120, name.span(), message);
                None
            }
        }
    }

    fn bound_types(&self, id: Option<VarId>) -> Option<Vec<TypeRef>> {
        id.map(|id| self.types_of(id).to_vec())
    }

    /// After an error: the ends are bound all the same, so that what follows is not blamed.
    fn bind_unknown(&mut self, traversal: &Traversal, left: Option<VarId>, right: Option<VarId>) {
        for (name, bound) in [(&traversal.left, left), (&traversal.right, right)] {
            if bound.is_none() && name.text != "_" && self.find(&name.text).is_none() {
                let id = self.bind(Some(name), VarKind::Value(crate::ir::Type::Null), name.span());
                self.var_mut(id).uses = 1;
            }
        }
    }

    fn bind_ends(
        &mut self,
        traversal: &Traversal,
        left: Option<VarId>,
        right: Option<VarId>,
        steps: &Steps,
    ) -> (VarId, VarId) {
        let bind = |checker: &mut Self, name: &Name, bound: Option<VarId>, types: &Vec<TypeRef>| match bound {
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

    /// An edge variable has a name of its own.
    pub(super) fn fresh(&mut self, name: &Name, traversal: &Traversal) -> Option<()> {
        let end = name.text == traversal.left.text || name.text == traversal.right.text;
        if end || self.find(&name.text).is_some() {
            let what = if end { "is an end of this traversal" } else { "is already bound" };
            self.error(Code::T23, name.span(), format!("`${}` {what}; an edge needs a name of its own", name.text));
            return None;
        }
        Some(())
    }

    /// Conditions on a bound edge are conditions of the block.
    fn edge_conditions(&mut self, traversal: &Traversal, id: VarId) {
        for property in &traversal.properties {
            if let Some(condition) = self.property_condition(id, property, Code::T2, Place::PATTERN) {
                self.filter(condition, &property.value);
            }
        }
        if let Some(filter) = &traversal.filter
            && let Some(condition) = self.condition(filter, Place::PATTERN, "`where`")
        {
            self.filter(condition, filter);
        }
    }

    /// Conditions on every edge of a walk, with the variable that stands for them.
    fn walk(
        &mut self,
        traversal: &Traversal,
        name: Option<&Name>,
        types: Vec<TypeRef>,
    ) -> (Option<Walk>, Option<VarId>) {
        if let Some(name) = name {
            if self.fresh(name, traversal).is_none() {
                return (None, None);
            }
        } else if let Some(filter) = &traversal.filter {
            let help = "name the edge: `$a $k:knows{1,4} where $k.since > … $b`";
            self.error_with_help(Code::T128, filter.span(), "`where` restricts an edge that has no name", help);
            return (None, None);
        }
        let span = name.map_or(traversal.at.0, Name::span);
        let id = self.bind(name, VarKind::WalkEdge { types: types.clone() }, span);
        self.var_mut(id).uses = 1;
        let mut conditions = Vec::new();
        for property in &traversal.properties {
            conditions.extend(self.property_condition(id, property, Code::T2, Place::WALK));
        }
        if let Some(filter) = &traversal.filter {
            conditions.extend(self.condition(filter, Place::WALK, "`where`"));
        }
        let filter = conjunction(conditions);
        let edge = Variable { id, name: name.map(|name| name.text.clone()), kind: VariableKind::Edge { types } };
        (Some(Walk { edge, filter }), Some(id))
    }

    /// The edge of a walk is not visible outside of it.
    pub(super) fn hide(&mut self, id: Option<VarId>) {
        if let Some(id) = id {
            self.var_mut(id).closed = true;
            let frame: &mut Frame = self.frame();
            // It is among the last, so that a pattern of many walks stays linear.
            if let Some(at) = frame.own.iter().rposition(|own| *own == id) {
                frame.own.remove(at);
            }
        }
    }

    fn hop_count(&mut self, traversal: &Traversal) -> Option<VarId> {
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

    /// Warns of walks without end in queries without limit.
    pub(super) fn warn_unbounded(&mut self, clauses: &[Clause]) {
        for clause in clauses {
            match clause {
                Clause::Traversal(traversal) => self.warn_open(traversal.bounds, traversal.at.0),
                Clause::Block(block) => self.warn_unbounded(&block.clauses),
                _ => {}
            }
        }
    }

    fn warn_open(&mut self, bounds: Option<Bounds>, span: Span) {
        if bounds.is_some_and(|bounds| bounds.max.is_none()) {
            let message = "this walk has no upper bound and the query no limit: it may visit the whole graph";
            self.warning(Code::W004, span, message);
            self.advise(Some("give it an upper bound, or the query a `limit`".to_owned()));
        }
    }
}

/// What bounds mean; `{1,1}` is a plain hop.
fn hops(bounds: Bounds) -> Hops {
    if bounds.min == 1 && bounds.max == Some(1) { Hops::One } else { Hops::Range { min: bounds.min, max: bounds.max } }
}

/// The conjunction of conditions; none of none.
pub(super) fn conjunction(mut conditions: Vec<Expr>) -> Option<Expr> {
    if conditions.len() < 2 {
        return conditions.pop();
    }
    let ty = super::types::bool_type(conditions.iter().any(|condition| condition.ty.nullable()));
    Some(Expr { kind: ExprKind::And(conditions), ty })
}
