//! L101: a mutation without parameters, which does the same thing every time it is called.

use super::{Check, Rule};
use crate::compile::CompiledQuery;
use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::Body;

pub(super) const RULE: Rule =
    Rule { code: Code::L101, doc: "a mutation that declares no parameters", check: Check::Query(check) };

fn check(query: &CompiledQuery) -> Option<Diagnostic> {
    let hardcoded = matches!(query.decl.body, Body::Mutation(_)) && query.decl.params.is_empty();
    let message = "mutation declares no params; hardcoded mutations are easy to miss";
    hardcoded.then(|| Diagnostic::warning(Code::L101, query.decl.name.span(), message))
}
