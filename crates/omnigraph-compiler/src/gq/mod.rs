//! The query language: syntax tree, parser, canonical printer.
//!
//! - `ast`    the syntax tree, with positions that equality ignores
//! - `parse`  recursive descent over tokens; recovers at the borders of queries and clauses
//! - `print`  the canonical form: `parse(print(x)) == x`

pub mod ast;
mod parse;
mod print;

pub use parse::parse;
pub use print::{format, print, print_expr};
