//! Warnings about unused variables and unconnected patterns.

use super::TypeChecker;
use super::scope::VarKind;
use crate::diagnostic::Code;
use crate::ir::{ExpandRows, Expr, ExprKind, PatternBlock, VarId};

impl TypeChecker<'_> {
    /// Warns of variables that a traversal binds and no expression reads.
    pub(super) fn warn_scopes(&mut self) {
        let unused: Vec<_> = self
            .vars
            .iter()
            .filter(|info| info.uses == 0 && !info.declared && !matches!(info.kind, VarKind::Value(_)))
            .filter_map(|info| Some((info.name.clone()?, info.span, matches!(info.kind, VarKind::Node { .. }))))
            .collect();
        for (name, span, node) in unused {
            self.warning(Code::W002, span, format!("variable `${name}` is never used"));
            let help = if node { "write `$_` for an endpoint that is not read" } else { "leave it out" };
            self.advise(Some(help.to_owned()));
        }
    }

    /// Warns of node variables of one block without a connecting traversal or condition.
    pub(super) fn warn_cross_product(&mut self, block: &PatternBlock) {
        let mut groups = UnionFind::new(self.vars.len());
        let own: Vec<VarId> = block
            .variables
            .iter()
            .map(|variable| variable.id)
            .filter(|id| matches!(self.var(*id).kind, VarKind::Node { .. }))
            .collect();
        connect(block, &mut groups);
        for nested in &block.blocks {
            nested.outer.windows(2).for_each(|pair| groups.join(pair[0], pair[1]));
            for variable in &nested.block.variables {
                if let Some(outer) = nested.outer.first() {
                    groups.join(variable.id, *outer);
                }
            }
        }
        let Some(first) = own.first() else { return };
        let root = groups.root(*first);
        if let Some(apart) = own.iter().copied().find(|id| groups.root(*id) != root) {
            let name = |id: VarId| self.var(id).name.clone().unwrap_or_else(|| "_".to_owned());
            let message =
                format!("nothing connects `${}` with `${}`: every pair of them is a row", name(*first), name(apart));
            let span = self.var(apart).span;
            self.warning(Code::W003, span, message);
            self.advise(Some("connect them with a traversal or a condition".to_owned()));
        }
    }
}

/// Joins the variables that the traversals, paths and conditions of a block connect.
pub(super) fn connect(block: &PatternBlock, groups: &mut UnionFind) {
    for expand in block.expands.iter().chain(block.paths.iter().map(|path| &path.expand)) {
        groups.join(expand.from, expand.to);
        if let ExpandRows::Edges(edge) = expand.rows {
            groups.join(expand.from, edge);
        }
        // A walk depends on the variables that its condition reads.
        for filter in expand.walk.iter().filter_map(|walk| walk.filter.as_ref()) {
            let mut mentioned = Vec::new();
            variables(filter, &mut mentioned);
            mentioned.into_iter().for_each(|id| groups.join(expand.from, id));
        }
    }
    for filter in &block.filters {
        let mut mentioned = Vec::new();
        variables(filter, &mut mentioned);
        mentioned.windows(2).for_each(|pair| groups.join(pair[0], pair[1]));
    }
}

/// Disjoint sets of variables: for each id, its parent, which is not greater.
pub(super) struct UnionFind(Vec<usize>);

impl UnionFind {
    /// Makes `count` sets of one variable each.
    pub(super) fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// Returns the root of the set of `id`. Path halving keeps chains short.
    pub(super) fn root(&mut self, id: VarId) -> usize {
        let mut at = id.0 as usize;
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: VarId, b: VarId) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Collects the variables that an expression reads.
pub(super) fn variables(expr: &Expr, found: &mut Vec<VarId>) {
    super::group::visit(expr, &mut |part| match part {
        ExprKind::Property { var, .. } | ExprKind::System { var, .. } | ExprKind::Path { var, .. } => found.push(*var),
        ExprKind::Object(var) | ExprKind::Variable(var) => found.push(*var),
        ExprKind::TextMatch(text) => found.push(text.var),
        ExprKind::Distance(nearest) => found.push(nearest.var),
        _ => {}
    });
}
