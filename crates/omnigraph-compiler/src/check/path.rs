//! Paths.

use super::scope::VarKind;
use super::types::{is_number, scalar_of};
use super::{Checker, Place};
use crate::diagnostic::Code;
use crate::gq::ast::{self, PathClause};
use crate::ir::{ExprKind, PathMode, PathSearch};

impl Checker<'_> {
    pub(super) fn path(&mut self, path: &PathClause) {
        let traversal = &path.traversal;
        if let Some(name) = &traversal.hop_var {
            let message = format!("a path needs no hop count: `length(${})` is its number of edges", path.var.text);
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
            ast::PathMode::Shortest => Some(PathMode::Shortest),
            ast::PathMode::AllShortest => Some(PathMode::AllShortest),
            ast::PathMode::Cheapest => self.cost(path),
        };
        self.hide(edge);
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
        let several = path.mode == ast::PathMode::AllShortest;
        Some(self.bind(Some(&path.var), VarKind::Path { several }, path.var.span()))
    }

    /// The cost of an edge: a number computed from a named edge.
    fn cost(&mut self, path: &PathClause) -> Option<PathMode> {
        let written = path.cost.as_ref()?;
        if path.traversal.edge_var.is_none() {
            let help = "name the edge: `cheapest $a $k:knows{1,8} $b by $k.cost`";
            self.error_with_help(Code::T119, written.span(), "`by` needs an edge to read the cost from", help);
            return None;
        }
        let cost = self.expr(written, Place::WALK)?;
        if !is_number(&cost.ty) || scalar_of(&cost.ty).is_none() {
            self.error(Code::T119, written.span(), format!("the cost of an edge is a number; this is `{}`", cost.ty));
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
