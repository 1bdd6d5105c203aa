//! The parser of schemas: recursive descent over tokens, with recovery at members and declarations.
//!
//! - `cursor` token cursor, errors and recovery
//! - `comment` comments, attached to items
//! - `declaration` headers and bodies
//! - `types` property types
//! - `annotation` annotations, constraints and their arguments

mod annotation;
mod comment;
mod cursor;
mod declaration;
mod types;

use super::ast::SchemaDocument;
use crate::diagnostic::Diagnostic;
use cursor::SchemaParser;

/// Parses one source. The tree is complete when no diagnostic is an error.
#[must_use]
pub fn parse(source: &str) -> (SchemaDocument, Vec<Diagnostic>) {
    parse_at(source, 0)
}

/// Parses one of several files, whose offsets begin at `base`.
pub(super) fn parse_at(source: &str, base: usize) -> (SchemaDocument, Vec<Diagnostic>) {
    let mut parser = SchemaParser::new(source, base);
    let schema = parser.schema();
    (schema, parser.diagnostics)
}
