//! The schema language: `.pg` text to syntax tree and back.
//!
//! - `ast` the syntax tree: what was written, spans and comments included
//! - `parse` text to tree, several errors per file
//! - `import` a schema split over files to one tree
//! - `print` tree to canonical text

pub mod ast;
mod import;
mod parse;
mod print;

pub use ast::Schema;
pub use import::{Loaded, load};
pub use parse::parse;
pub use print::{print, quote};

use crate::diagnostic::Diagnostic;

/// The canonical text of `source`, comments included.
///
/// # Errors
/// What is wrong with a source that does not parse; such a source is left alone.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    let (schema, diagnostics) = parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) { Err(diagnostics) } else { Ok(print(&schema)) }
}
