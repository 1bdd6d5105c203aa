//! Compile time of large schemas and queries: linear in their size.

#![expect(clippy::disallowed_methods, reason = "time is what is tested")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use omnigraph_compiler::diagnostic::render_text;
use omnigraph_compiler::{Diagnostic, compile_file, compile_schema};

use crate::gq_files::fleet;
use crate::support::mint;

/// Time limit: enough on a slow machine, and far less than a quadratic algorithm takes.
const MAX_TIME: Duration = Duration::from_secs(10);

#[track_caller]
fn in_time(source: &str) -> Vec<Diagnostic> {
    let catalog = fleet();
    let start = Instant::now();
    let file = compile_file(source, &catalog);
    let found: Vec<Diagnostic> = file.queries.into_iter().flat_map(|query| query.diagnostics).collect();
    let _ = render_text("q.gq", source, &found);
    assert_eq!(file.diagnostics, []);
    assert!(start.elapsed() < MAX_TIME, "{:?}", start.elapsed());
    found
}

#[test]
fn many_columns_that_group_and_order() {
    let mut source = "query q() { match { $s: Sailor } return {\n".to_owned();
    for at in 0..30_000 {
        let _ = writeln!(source, "$s.rank + {at} as k{at}, sum($s.rank * {at}) as n{at}");
    }
    source.push_str("} order {\n");
    for at in 0..30_000 {
        let _ = writeln!(source, "n{at}, sum($s.rank * {at}),");
    }
    source.push_str("k0 } }");
    assert_eq!(in_time(&source), []);
}

#[test]
fn many_parameters() {
    let mut source = "query q(".to_owned();
    for at in 0..50_000 {
        let _ = write!(source, "$p{at}: I32, ");
    }
    source.push_str("$last: I32) { match { $s: Sailor { rank: $last }\n");
    for at in 0..50_000 {
        let _ = writeln!(source, "$s.rank != $p{at}");
    }
    source.push_str("} return { $s.handle } }");
    assert!(in_time(&source).iter().all(|found| !found.is_error()));
}

#[test]
fn queries_with_many_errors() {
    let mut source = "query q() { match { $s: Sailor\n".to_owned();
    for at in 0..20_000 {
        let _ = writeln!(source, "$s.rnk{at} > {at}");
    }
    source.push_str("} return { $s.handle } }");
    assert_eq!(in_time(&source).len(), 20_000);
}

/// A schema with an error on every line.
#[test]
fn schemas_with_many_errors() {
    let mut source = String::new();
    for at in 0..5_000 {
        let _ = writeln!(source, "edge Edge{at}: Missing{at} -> Nothing{at} {{ x: Strin  @unique(handel{at}) }}");
    }
    let start = Instant::now();
    let (catalog, diagnostics) = compile_schema(&source, None, &mut mint::counting(1));
    assert!(catalog.is_none());
    assert_eq!(diagnostics.len(), 20_000);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// One type with many properties, each with constraints.
#[test]
fn a_wide_type() {
    let mut source = "node Wide {\n".to_owned();
    for at in 0..10_000 {
        let _ = writeln!(source, "p{at}: I32 @index @default({at})\n@range(p{at}, 0..{at})\n@unique(p{at})");
    }
    source.push('}');
    let start = Instant::now();
    let (catalog, diagnostics) = compile_schema(&source, None, &mut mint::counting(1));
    assert_eq!(diagnostics, []);
    assert_eq!(catalog.unwrap().nodes["Wide"].properties.len(), 10_000);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// Deep nesting does not exhaust the stack.
#[test]
fn deep_nesting_costs_no_stack() {
    for piece in ["[", "(", "{", "node A {", "@default([", "@a(b(", "enum("] {
        let source = format!("node A {{ x: {}", piece.repeat(100_000));
        let (catalog, diagnostics) = compile_schema(&source, None, &mut mint::counting(1));
        assert!(catalog.is_none());
        assert!(!diagnostics.is_empty());
    }
}
