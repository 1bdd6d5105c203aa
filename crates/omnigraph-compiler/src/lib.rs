//! The two languages of Omnigraph, from text to checked, lowered meaning.
//!
//! A pure crate: no async, no I/O, no clock, no randomness, no storage. Everything a caller needs is passed in and
//! everything that is found out is returned as a value plus a list of [`Diagnostic`]s; no input makes it panic.
//!
//! The way through, for a schema (`.pg`) and for a query file (`.gq`):
//!
//! ```text
//! text ─ lex ─ pg::parse ─ catalog::build ─ Catalog ────────────┐
//! text ─ lex ─ gq::parse ─ check ─ ir::lower ─ ir::Operation ◄──┘
//! ```

pub mod catalog;
pub mod diagnostic;
pub mod lex;
pub mod span;
pub mod types;

pub mod functions;
pub mod ir;

pub use catalog::Catalog;
pub use diagnostic::{Diagnostic, Severity};
pub use span::Span;
