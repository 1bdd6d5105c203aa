//! The two languages of Omnigraph, from text to checked, lowered meaning.
//!
//! A pure crate: no async, no I/O, no clock, no randomness, no storage. Everything a caller needs is passed in and
//! everything that is found out is returned as a value plus a list of [`Diagnostic`]s; no input makes it panic.
//!
//! The way through, for a schema (`.pg`) and for a query file (`.gq`):
//!
//! ```text
//! text ─ lex ─ pg::parse ─ catalog::build ─ Catalog ────────────┐
//! text ─ lex ─ gq::parse ─ check ─ ir::Operation ◄─────────────┘
//! ```

pub mod catalog;
pub mod diagnostic;
pub mod lex;
pub mod migrate;
pub mod pg;
pub mod source;
pub mod span;
pub mod suggest;
pub mod types;

pub mod check;
pub mod compile;
pub mod describe;
pub mod functions;
pub mod gq;
pub mod ir;
pub mod lint;
pub mod params;
pub mod settings;
pub mod temporal;

pub use compile::{Compiled, CompiledFile, CompiledQuery, compile, compile_file};

pub use catalog::Catalog;
pub use diagnostic::{Diagnostic, Severity};
pub use span::Span;

/// Builds the catalogue of a schema that may be split over files: [`catalog::build`] over what [`pg::load`] read, as
/// [`compile_schema`] does for a single file. Spans point into the sources of `loaded`.
pub fn compile_loaded(
    loaded: &pg::Loaded,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    judge(&loaded.schema, loaded.diagnostics.clone(), previous, mint)
}

/// Parses a schema of one file and builds its catalogue: [`pg::parse`], then [`catalog::build`] over whatever
/// could be understood, so that one answer holds the errors of both.
///
/// `previous` and `mint` are as for [`catalog::build`]. The catalogue is there when no diagnostic is an error.
pub fn compile_schema(
    source: &str,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    let (schema, diagnostics) = pg::parse(source);
    judge(&schema, diagnostics, previous, mint)
}

fn judge(
    schema: &pg::Schema,
    mut diagnostics: Vec<Diagnostic>,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    let (catalog, found) = catalog::build(schema, previous, mint);
    diagnostics.extend(found);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    (catalog.filter(|_| !failed), diagnostics)
}
