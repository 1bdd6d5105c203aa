//! The parser: recursive descent over tokens, several errors per file.
//!
//! - `cursor`     the position, complaints, recovery
//! - `query`      queries and reads
//! - `pattern`    blocks and clauses
//! - `expr`       expressions
//! - `literal`    numbers, strings, dates
//! - `mutation`   statements that write
//! - `statement`  settings and branch statements

mod cursor;
mod expr;
mod literal;
mod mutation;
mod pattern;
mod query;
mod statement;

use std::sync::Arc;

use self::cursor::Parser;
use super::ast::{File, Item};
use crate::diagnostic::Diagnostic;

/// Reads a source. The tree holds whatever could be read; with a diagnostic it is incomplete and must not be run.
#[must_use]
pub fn parse(source: &str) -> (File, Vec<Diagnostic>) {
    let mut parser = Parser::new(source);
    let mut file = File::default();
    while parser.kind().is_some() {
        let start = parser.at;
        let depth = parser.depth;
        let before = parser.diagnostics.len();
        let item = match parser.text_at(0) {
            "query" => parser.query().map(|query| Item::Query(Arc::new(query))),
            "set" => parser.setting(),
            "show" => parser.show(),
            "branch" => parser.branch(),
            _ => Err(parser.expected_one_of(&["query", "branch", "set", "show"])),
        };
        match item {
            Ok(item) => file.items.push(item),
            Err(_) => {
                parser.depth = depth;
                parser.drop_consequence(before);
                if parser.at == start {
                    parser.advance();
                }
                parser.skip_declaration();
            }
        }
    }
    let mut diagnostics = parser.diagnostics;
    // A missing brace is noticed at every level that it leaves open; one complaint per place is enough.
    diagnostics.dedup_by_key(|diagnostic| diagnostic.span.start);
    check_layout(&file, &mut diagnostics);
    (file, diagnostics)
}

/// Settings come first; a branch statement stands alone.
fn check_layout(file: &File, diagnostics: &mut Vec<Diagnostic>) {
    let error = |at: super::ast::At, message: &str| Diagnostic::error(crate::diagnostic::Code::Q000, at.0, message);
    let mut work = false;
    let mut branches = 0;
    for item in &file.items {
        match item {
            Item::Set(setting) if work => {
                diagnostics.push(error(setting.at, "expected a query: settings stand at the head of the file"));
            }
            Item::Branch(branch) => {
                work = true;
                branches += 1;
                if branches > 1 || file.queries().next().is_some() {
                    let message = "a branch statement stands alone: expected no other statement or query in this file";
                    diagnostics.push(error(branch.at, message));
                }
            }
            Item::Query(_) => work = true,
            Item::Set(_) | Item::Show(_) => {}
        }
    }
}
