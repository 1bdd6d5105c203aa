//! Time to compile schemas of growing size. The time per line must stay flat.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]

mod measure;

use std::fmt::Write as _;

use omnigraph_compiler::catalog::provisional_ids;
use omnigraph_compiler::{Catalog, catalog, compile_schema, migrate, pg};

use measure::{fastest, sizes};

fn main() {
    println!(
        "{:>8} {:>6} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "lines", "types", "parse", "build", "print", "verify", "plan"
    );
    println!(
        "{:>8} {:>6} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "", "", "ns/line", "ns/line", "ns/line", "ns/line", "ns/line"
    );
    for (shape, schema) in [("many types", many_types as fn(usize) -> String), ("one wide type", one_wide_type)] {
        println!("{shape}");
        for lines in sizes() {
            measure(lines, &schema(lines));
        }
    }
}

fn measure(lines: usize, source: &str) {
    let (tree, _) = pg::parse(source);
    let old = compiled(source, None);
    let new = compiled(source, Some(&old));
    let types = old.nodes.len() + old.edges.len() + old.interfaces.len();
    let columns = [
        fastest(|| pg::parse(source)),
        fastest(|| catalog::build(&tree, None, &mut provisional_ids())),
        fastest(|| pg::print(&tree)),
        fastest(|| old.verify()),
        fastest(|| migrate::plan(&old, &new, migrate::DropMode::Soft)),
    ];
    let per_line = columns.map(|time| time.as_nanos() / lines as u128);
    let [parse, build, print, verify, plan] = per_line;
    println!("{lines:>8} {types:>6} {parse:>12} {build:>12} {print:>12} {verify:>12} {plan:>12}");
}

fn compiled(source: &str, previous: Option<&Catalog>) -> Catalog {
    compile_schema(source, previous, &mut provisional_ids()).0.unwrap_or_default()
}

/// Generates node types of ten lines, each with constraints, an interface and an edge type.
fn many_types(lines: usize) -> String {
    let mut source = "interface Named { name: String @index }\n".to_owned();
    for at in 0..lines / 10 {
        let before = at.saturating_sub(1);
        let _ = writeln!(
            source,
            "node Type{at} @description(\"type {at}\") implements Named {{\n  code: String @key\n  size: I64? @index\n  \
             kind: enum(a, b, c) @default(a)\n  seen: DateTime @default(now())\n  @range(size, 0..1000)\n  \
             @check(code, \"^[A-Z]+$\")\n  @unique(name, kind)\n}}\nedge Link{at}: Type{at} -> Type{before} @card(0..9) {{ weight: F64 }}"
        );
    }
    source
}

/// Generates one node type with one property per line.
fn one_wide_type(lines: usize) -> String {
    let mut source = "node Wide {\n".to_owned();
    for at in 0..lines / 2 {
        let _ = writeln!(source, "  p{at}: I64? @index\n  @range(p{at}, 0..9)");
    }
    source.push_str("}\n");
    source
}
