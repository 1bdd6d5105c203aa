//! Text to tree: recursive descent over the tokens, with recovery at the borders of members and declarations.
//!
//! - `cursor` the token stream, errors and recovery
//! - `comment` finds comments between tokens and hands them to items
//! - `declaration` headers and bodies
//! - `types` property types
//! - `annotation` annotations, constraints and their arguments

mod annotation;
mod comment;
mod cursor;
mod declaration;
mod types;

use super::ast::Schema;
use crate::diagnostic::Diagnostic;
use cursor::Parser;

/// Parses one source. The tree holds whatever could be understood; it is complete when no diagnostic is an error.
#[must_use]
pub fn parse(source: &str) -> (Schema, Vec<Diagnostic>) {
    parse_at(source, 0)
}

/// Parses one of several files, whose offsets begin at `base`.
pub(super) fn parse_at(source: &str, base: usize) -> (Schema, Vec<Diagnostic>) {
    let mut parser = Parser::new(source, base);
    let schema = parser.schema();
    (schema, parser.diagnostics)
}
