//! Declarations of parameters.

use std::collections::HashSet;

use super::TypeChecker;
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{AstName, ParamDecl, QueryDecl};
use crate::ir::{Expr, ExprKind, ExprType, QueryParam};
use crate::types::{MAX_DIMENSION, ScalarType};

impl TypeChecker<'_> {
    /// Checks the declared parameters and returns them.
    pub(super) fn declare_params(&mut self, query: &QueryDecl) -> Vec<QueryParam> {
        let mut params: Vec<QueryParam> = Vec::new();
        let mut declarations: Vec<&ParamDecl> = Vec::new();
        for declared in &query.params {
            let name = &declared.name;
            if name.text == "__nanograph_now" {
                self.error(Code::T105, name.span(), format!("the name `${}` is reserved", name.text));
            } else if name.text == "_" {
                let message = "the name `$_` is reserved: in a pattern it marks a variable that is not read";
                self.error(Code::T105, name.span(), message);
            }
            if let Some(&index) = self.param_names.get(&name.text) {
                let message = format!("parameter `${}` is declared twice", name.text);
                let first = declarations[index].at.0;
                self.diagnostics
                    .push(Diagnostic::error(Code::T107, declared.at.0, message).with_related(first, "first here"));
                continue;
            }
            if matches!(declared.ty.scalar, ScalarType::Vector(n) if n == 0 || n > MAX_DIMENSION) {
                let message =
                    format!("unknown parameter type `{}`: a vector has 1 to {MAX_DIMENSION} dimensions", declared.ty);
                self.error(Code::T106, declared.at.0, message);
            }
            if declared.ty.list && declared.ty.scalar == ScalarType::Blob {
                let message = format!("unknown parameter type `{}`: a list of Blob is not supported", declared.ty);
                self.error(Code::T106, declared.at.0, message);
            }
            self.param_names.insert(name.text.clone(), params.len());
            declarations.push(declared);
            params.push(QueryParam { name: name.text.clone(), ty: declared.ty.clone() });
        }
        self.params_used = vec![false; params.len()];
        params
    }

    pub(super) fn param_index(&self, name: &str) -> Option<usize> {
        self.param_names.get(name).copied()
    }

    /// Returns the parameter as an expression.
    pub(super) fn param(&mut self, index: usize) -> Expr {
        self.params_used[index] = true;
        Expr::new(ExprKind::Param(index), ExprType::Value(self.params[index].ty.clone()))
    }

    /// Resolves a parameter that a clause names, with a type that `fits`.
    pub(super) fn param_of(&mut self, name: &AstName, what: &str, fits: impl Fn(&ExprType) -> bool) -> Option<usize> {
        let Some(index) = self.param_index(&name.text) else {
            self.error(Code::T101, name.span(), format!("parameter `${}` not found", name.text));
            return None;
        };
        let ty = self.param(index).ty;
        if fits(&ty) {
            return Some(index);
        }
        let message = format!("`{what}` does not accept type `{ty}` of `${}`", name.text);
        self.error(Code::T123, name.span(), message);
        None
    }

    pub(super) fn warn_unused_params(&mut self, query: &QueryDecl) {
        let mut warned = HashSet::new();
        for declared in &query.params {
            let name = &declared.name.text;
            let used = self.param_index(name).and_then(|index| self.params_used.get(index).copied());
            // A name that is declared twice already has an error.
            if used == Some(false) && warned.insert(name) {
                self.warning(Code::W001, declared.at.0, format!("parameter `${name}` is never used"));
            }
        }
    }
}
