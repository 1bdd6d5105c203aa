//! The parser of query files: recursive descent over tokens, several errors per file.
//!
//! - `cursor`     token cursor, errors, recovery
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

use self::cursor::QueryParser;
use super::ast::{FileItem, QueryFile};
use crate::diagnostic::Diagnostic;

/// Parses a source. With an error the tree is incomplete and must not be run.
#[must_use]
pub fn parse(source: &str) -> (QueryFile, Vec<Diagnostic>) {
    let mut parser = QueryParser::new(source);
    let mut file = QueryFile::default();
    while parser.kind().is_some() {
        let start = parser.at;
        let depth = parser.depth;
        let before = parser.diagnostics.len();
        let item = match parser.text_at(0) {
            "query" => parser.query().map(|query| FileItem::Query(Arc::new(query))),
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
    // A missing brace is noticed at every open level; one error per position is enough.
    diagnostics.dedup_by_key(|diagnostic| diagnostic.span.start);
    check_layout(&file, &mut diagnostics);
    (file, diagnostics)
}

/// Checks that settings come first and that a branch statement is the only item of its file.
fn check_layout(file: &QueryFile, diagnostics: &mut Vec<Diagnostic>) {
    let error =
        |at: super::ast::AstSpan, message: &str| Diagnostic::error(crate::diagnostic::Code::Q000, at.0, message);
    let mut work = false;
    let mut branches = 0;
    for item in &file.items {
        match item {
            FileItem::Set(setting) if work => {
                diagnostics.push(error(setting.at, "expected a query: settings are written at the head of the file"));
            }
            FileItem::Branch(branch) => {
                work = true;
                branches += 1;
                if branches > 1 || file.queries().next().is_some() {
                    let message = "a branch statement must be alone: expected no other statement or query in this file";
                    diagnostics.push(error(branch.at, message));
                }
            }
            FileItem::Query(_) => work = true,
            FileItem::Set(_) | FileItem::Show(_) => {}
        }
    }
}
