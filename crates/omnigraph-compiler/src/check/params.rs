//! Declarations of parameters.

use std::collections::HashSet;

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{Name, ParamDecl, QueryDecl};
use crate::ir::{Expr, ExprKind, Param, Type};
use crate::types::Scalar;

/// Greatest number of dimensions of a vector.
const MAX_DIMENSION: u32 = i32::MAX as u32;

impl Checker<'_> {
    /// Checks the declared parameters and takes them.
    pub(super) fn declare_params(&mut self, query: &QueryDecl) -> Vec<Param> {
        let mut params: Vec<Param> = Vec::new();
        let mut declarations: Vec<&ParamDecl> = Vec::new();
        for declared in &query.params {
            let name = &declared.name;
            if name.text == "__nanograph_now" {
                self.error(Code::T105, name.span(), format!("the name `${}` is reserved", name.text));
            } else if name.text == "_" {
                let message = "the name `$_` is reserved: in a pattern it stands for something that is not read";
                self.error(Code::T105, name.span(), message);
            }
            if let Some(&index) = self.param_names.get(&name.text) {
                let message = format!("parameter `${}` is declared twice", name.text);
                let first = declarations[index].at.0;
                self.diagnostics
                    .push(Diagnostic::error(Code::T107, declared.at.0, message).with_related(first, "first here"));
                continue;
            }
            if matches!(declared.ty.scalar, Scalar::Vector(n) if n == 0 || n > MAX_DIMENSION) {
                let message =
                    format!("unknown parameter type `{}`: a vector has 1 to {MAX_DIMENSION} dimensions", declared.ty);
                self.error(Code::T106, declared.at.0, message);
            }
            if declared.ty.list && declared.ty.scalar == Scalar::Blob {
                let message = format!("unknown parameter type `{}`: a list of Blob is not supported", declared.ty);
                self.error(Code::T106, declared.at.0, message);
            }
            self.param_names.insert(name.text.clone(), params.len());
            declarations.push(declared);
            params.push(Param { name: name.text.clone(), ty: declared.ty.clone() });
        }
        self.params_used = vec![false; params.len()];
        params
    }

    pub(super) fn param_index(&self, name: &str) -> Option<usize> {
        self.param_names.get(name).copied()
    }

    /// The parameter as an expression.
    pub(super) fn param(&mut self, index: usize) -> Expr {
        self.params_used[index] = true;
        Expr { kind: ExprKind::Param(index), ty: Type::Value(self.params[index].ty.clone()) }
    }

    /// A parameter that something other than an expression names, of a type that `fits`.
    pub(super) fn param_of(&mut self, name: &Name, what: &str, fits: impl Fn(&Type) -> bool) -> Option<usize> {
        let Some(index) = self.param_index(&name.text) else {
            self.error(Code::T101, name.span(), format!("`${}` is not a parameter of this query", name.text));
            return None;
        };
        let ty = self.param(index).ty;
        if fits(&ty) {
            return Some(index);
        }
        let message = format!("`{what}` needs another type than `{ty}`, which `${}` has", name.text);
        self.error(Code::T123, name.span(), message);
        None
    }

    pub(super) fn warn_unused_params(&mut self, query: &QueryDecl) {
        let mut warned = HashSet::new();
        for declared in &query.params {
            let name = &declared.name.text;
            let used = self.param_index(name).and_then(|index| self.params_used.get(index).copied());
            // A name that is declared twice is an error already.
            if used == Some(false) && warned.insert(name) {
                self.warning(Code::W001, declared.at.0, format!("parameter `${name}` is never used"));
            }
        }
    }
}
