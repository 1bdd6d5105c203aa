//! Compiler of the schema language (`.pg`) and the query language (`.gq`) of Omnigraph.
//!
//! A pure crate: no async, no I/O, no clock, no randomness, no storage. Callers pass in all inputs; results are values plus a
//! list of [`Diagnostic`]s. No input makes it panic.
//!
//! ```text
//! schema text ─ lex ─► tokens ─ pg::parse ─► syntax tree ─ catalog::build ─► Catalog ─ migrate::plan ─► migration steps
//!                                                                               │
//! query text ── lex ─► tokens ─ gq::parse ─► syntax tree ─ check ◄──────────────┘
//!                                                            │
//!                                                            └─► logical form (ir) ─► planner of the engine
//! ```
//!
//! | Modules | |
//! |---|---|
//! | [`lex`], [`span`], [`source`] | tokens, positions, several files |
//! | [`pg`], [`gq`] | syntax trees, parsers and formatters of both languages |
//! | [`types`], [`functions`], [`settings`], [`temporal`] | tables and value forms that both sides share |
//! | [`catalog`], [`migrate`] | resolved schemas and the steps between them |
//! | [`check`], [`ir`] | the type checker and the logical form that it builds |
//! | [`mod@compile`], [`params`], [`describe`], [`lint`] | entry points: compile, decode parameters, describe, lint |
//! | [`diagnostic`], [`suggest`] | stable codes, rendering, suggestions |
//!
//! # Example
//!
//! ```
//! use omnigraph_compiler::{catalog, compile, compile_schema, ir};
//!
//! let schema = "node City { name: String @key  people: I64? }";
//! let (catalog, diagnostics) = compile_schema(schema, None, &mut catalog::provisional_ids());
//! assert!(diagnostics.is_empty());
//! let catalog = catalog.expect("a valid schema");
//!
//! let source = "query big($n: I64) { match { $c: City  $c.people > $n } return { $c.name } }";
//! let compiled = compile(source, Some("big"), &catalog).expect("a valid query");
//! assert!(matches!(compiled.operation, ir::QueryOperation::Read(_)));
//!
//! let errors = compile("query all() { match { $c: Town } return { $c.name } }", None, &catalog).unwrap_err();
//! assert_eq!(errors[0].code.as_str(), "T1");
//! assert_eq!(errors[0].message, "node type `Town` not found");
//! ```

mod bare;
pub mod catalog;
pub mod check;
pub mod compile;
pub mod describe;
pub mod diagnostic;
pub mod functions;
pub mod gq;
pub mod ir;
pub mod lex;
pub mod lint;
pub mod migrate;
pub mod params;
pub mod pg;
pub mod settings;
pub mod source;
pub mod span;
pub mod suggest;
pub mod temporal;
pub mod types;

pub use bare::{compile_bare, is_bare};
pub use catalog::Catalog;
pub use compile::{CompiledFile, CompiledOperation, CompiledQuery, compile, compile_file};
pub use diagnostic::{Diagnostic, Severity};
pub use span::Span;

/// Builds the catalog of a schema of several files: [`catalog::build`] for the result of [`pg::load`]. Spans point into the
/// sources of `loaded`.
pub fn compile_loaded(
    loaded: &pg::LoadedSchema,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    build_catalog(&loaded.schema, loaded.diagnostics.clone(), previous, mint)
}

/// Parses a schema of one file and builds its catalog: [`pg::parse`], then [`catalog::build`] for the parsed part, so that the
/// result has the errors of both.
///
/// `previous` and `mint` are those of [`catalog::build`]. Returns a catalog when no diagnostic is an error.
pub fn compile_schema(
    source: &str,
    previous: Option<&Catalog>,
    mint: &mut dyn FnMut() -> ulid::Ulid,
) -> (Option<Catalog>, Vec<Diagnostic>) {
    let (schema, diagnostics) = pg::parse(source);
    build_catalog(&schema, diagnostics, previous, mint)
}

fn build_catalog(
    schema: &pg::SchemaDocument,
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
