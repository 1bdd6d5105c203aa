//! The schema language: `.pg` text to syntax tree and back.
//!
//! - `ast` the syntax tree, spans and comments included
//! - `parse` text to tree, several errors per file
//! - `import` a schema split over files to one tree
//! - `print` tree to canonical text

pub mod ast;
mod import;
mod parse;
mod print;

pub use ast::SchemaDocument;
pub use import::{LoadedSchema, load};
pub use parse::parse;
pub use print::print;

use crate::diagnostic::Diagnostic;

/// Formats `source` in canonical form, comments included.
///
/// # Errors
/// The diagnostics of a source that does not parse.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    let (schema, diagnostics) = parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(print(&schema)) }
}
