//! Cost grows with the size of the schema and no faster.

#![expect(clippy::disallowed_methods, reason = "time is what is tested")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use omnigraph_compiler::compile_schema;

use crate::support::mint;

/// Wrong in every line; the answer still comes at once.
#[test]
fn a_schema_of_errors_is_answered_in_time() {
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

/// One type with very many properties, each named by a rule.
#[test]
fn a_wide_type_is_built_in_time() {
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

/// Nesting that would exhaust the stack of a careless parser.
#[test]
fn deep_nesting_costs_no_stack() {
    for piece in ["[", "(", "{", "node A {", "@default([", "@a(b(", "enum("] {
        let source = format!("node A {{ x: {}", piece.repeat(100_000));
        let (catalog, diagnostics) = compile_schema(&source, None, &mut mint::counting(1));
        assert!(catalog.is_none());
        assert!(!diagnostics.is_empty());
    }
}
