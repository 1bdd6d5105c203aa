//! Time to parse and check query files of growing size. The time per line must stay flat.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod measure;

use std::fmt::Write as _;
use std::time::Duration;

use omnigraph_compiler::catalog::provisional_ids;
use omnigraph_compiler::diagnostic::render_text;
use omnigraph_compiler::{Catalog, compile_file, compile_schema, gq};

use measure::{fastest, sizes};

/// A generator of sources with a given number of lines.
type BenchShape = fn(usize) -> String;

fn main() {
    let catalog = catalog();
    println!(
        "{:>24} {:>8} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "shape", "lines", "parse ns/l", "check ns/l", "print ns/l", "show ns/l", "total ms"
    );
    let shapes: [(&str, BenchShape); 7] = [
        ("many queries", many),
        ("one query, many filters", one),
        ("one query, many walks", walks),
        ("one query, many columns", columns),
        ("many columns, grouped", grouped),
        ("one query, many params", params),
        ("an error on every line", errors),
    ];
    for (shape, source) in shapes {
        for lines in sizes() {
            measure(shape, lines, &source(lines), &catalog);
        }
    }
    for lines in sizes() {
        let (schema, source) = own_types(lines);
        measure("a type for each query", lines, &source, &compiled(&schema));
    }
}

fn measure(shape: &str, lines: usize, source: &str, catalog: &Catalog) {
    let (file, _) = gq::parse(source);
    let parse = fastest(|| gq::parse(source));
    let total = fastest(|| compile_file(source, catalog));
    let print = fastest(|| gq::print(&file));
    let found: Vec<_> = compile_file(source, catalog).queries.into_iter().flat_map(|query| query.diagnostics).collect();
    let show = fastest(|| render_text("q.gq", source, &found));
    let per_line = |time: Duration| time.as_nanos() / lines as u128;
    println!(
        "{shape:>24} {lines:>8} {:>12} {:>12} {:>12} {:>12} {:>12.1}",
        per_line(parse),
        per_line(total.saturating_sub(parse)),
        per_line(print),
        per_line(show),
        total.as_secs_f64() * 1e3
    );
}

fn catalog() -> Catalog {
    compiled(include_str!("../tests/data/fleet.pg"))
}

fn compiled(schema: &str) -> Catalog {
    compile_schema(schema, None, &mut provisional_ids()).0.unwrap_or_default()
}

/// Generates queries of ten lines each.
fn many(lines: usize) -> String {
    let mut source = String::new();
    for at in 0..lines / 10 {
        let _ = writeln!(
            source,
            "query q{at}($handle: String, $rank: I32?) {{\n  match {{\n    $s: Sailor {{ handle: $handle }}\n    $s trusts $t\n    \
             $t.rank > $rank or $t.rank is null\n    not {{ $t basedAt $_ }}\n  }}\n  return {{ $t.handle, count(*) as n }} order {{ n desc }}\n  \
             limit 10\n}}"
        );
    }
    source
}

/// Generates one query with a filter on every line.
fn one(lines: usize) -> String {
    let mut source = "query q() {\n  match {\n    $s: Sailor\n".to_owned();
    for at in 0..lines {
        let _ = writeln!(source, "    $s.rank != {at} and $s.handle != \"h{at}\"");
    }
    source.push_str("  }\n  return { $s.handle }\n}\n");
    source
}

/// Generates one query that binds a variable on every line.
fn walks(lines: usize) -> String {
    let mut source = "query q() {\n  match {\n    $s0: Sailor\n".to_owned();
    for at in 0..lines {
        let _ = writeln!(source, "    $s{at} trusts $s{}", at + 1);
    }
    let _ = writeln!(source, "  }}\n  return {{ $s{lines}.handle }}\n}}");
    source
}

/// Generates one query with a column on every line.
fn columns(lines: usize) -> String {
    let mut source = "query q() {\n  match { $s: Sailor }\n  return {\n".to_owned();
    for at in 0..lines {
        let _ = writeln!(source, "    $s.rank + {at} as c{at},");
    }
    source.push_str("  }\n}\n");
    source
}

/// Generates one query with a key or an aggregate on every line, and an order over all of them.
fn grouped(lines: usize) -> String {
    let mut source = "query q() {\n  match { $s: Sailor }\n  return {\n".to_owned();
    for at in 0..lines / 3 {
        let _ = writeln!(source, "    $s.rank + {at} as k{at},\n    sum($s.rank * {at}) as n{at},");
    }
    source.push_str("  }\n  order {\n");
    for at in 0..lines / 3 {
        let _ = writeln!(source, "    n{at},");
    }
    source.push_str("    k0\n  }\n}\n");
    source
}

/// Generates one query with as many parameters as conditions.
fn params(lines: usize) -> String {
    let mut source = "query q(\n".to_owned();
    for at in 0..lines / 2 {
        let _ = writeln!(source, "  $p{at}: I32,");
    }
    source.push_str("  $last: I32) {\n  match {\n    $s: Sailor { rank: $last }\n");
    for at in 0..lines / 2 {
        let _ = writeln!(source, "    $s.rank != $p{at}");
    }
    source.push_str("  }\n  return { $s.handle }\n}\n");
    source
}

/// Generates one query with an error on every line.
fn errors(lines: usize) -> String {
    let mut source = "query q() {\n  match {\n    $s: Sailor\n".to_owned();
    for at in 0..lines {
        let _ = writeln!(source, "    $s.rnk{at} > {at}");
    }
    source.push_str("  }\n  return { $s.handle }\n}\n");
    source
}

/// Queries of five lines, each over types of its own, and the schema of these types.
fn own_types(lines: usize) -> (String, String) {
    let (mut schema, mut source) = (String::new(), String::new());
    for at in 0..lines / 5 {
        let _ = writeln!(schema, "node Type{at} {{ code: String @key }}\nedge LeadsTo{at}: Type{at} -> Type{at}");
        let _ = writeln!(
            source,
            "query q{at}() {{\n  match {{ $a: Type{at} $a leadsTo{at} $b }}\n  return {{ $b.code }}\n  order {{ $b.code }}\n}}"
        );
    }
    (schema, source)
}
