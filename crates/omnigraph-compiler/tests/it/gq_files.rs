//! Query files through parser, printer, checker and lowering.
//!
//! A case holds one or more programs, separated by blank lines. A program is a whole source or an abbreviation: an optional first
//! line of parameters in parentheses, then statements, or clauses with an optional `=>` and the rest of `return`.

use omnigraph_compiler::{Catalog, Diagnostic, Severity, compile_file, compile_schema, gq, ir, pg};

use crate::support::{cases, describe, mint};

/// Returns the schema that all query tests share.
pub(crate) fn fleet() -> Catalog {
    let source = include_str!("../data/fleet.pg");
    let (catalog, diagnostics) = compile_schema(source, None, &mut mint::counting(1));
    assert!(diagnostics.iter().all(|diagnostic| !diagnostic.is_error()), "{diagnostics:?}");
    catalog.unwrap()
}

/// Expands an abbreviated program.
fn whole(program: &str) -> String {
    let word = program.split([' ', '\n', '(']).next().unwrap_or("");
    if ["query", "set", "show", "branch", "//"].contains(&word) {
        return program.to_owned();
    }
    let (params, rest) = match program.strip_prefix('(') {
        Some(_) => program.split_once('\n').unwrap_or((program, "")),
        None => ("()", program),
    };
    let statement = rest.trim_start_matches(|c: char| {
        c == '$' || c == ':' || c == ' ' || c.is_ascii_lowercase() && rest.starts_with('$')
    });
    let writes = ["insert", "update", "delete", "merge", "match"]
        .iter()
        .any(|word| rest.starts_with(word) || (rest.contains(": insert ") && statement.is_empty()));
    let body = match (writes, rest.split_once("=>")) {
        (true, _) => rest.to_owned(),
        (false, None) => format!("match {{ {rest} }} return {{ count(*) as n }}"),
        (false, Some((clauses, returned))) => format!("match {{ {clauses} }} return {returned}"),
    };
    format!("query q{params} {{ {body} }}")
}

/// Returns the whole sources of a case.
pub(crate) fn programs(input: &str) -> Vec<String> {
    input.split("\n\n").map(str::trim).filter(|program| !program.is_empty()).map(whole).collect()
}

/// Formats diagnostics with their source text.
fn about(source: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let severity = if diagnostic.severity == Severity::Error { "" } else { "warning " };
        let end = diagnostic.span.end.min(source.len());
        let text = source.get(diagnostic.span.start.min(end)..end).unwrap_or("").replace('\n', " ");
        out.push_str(&format!("{severity}{} [{text}] {}\n", diagnostic.code, diagnostic.message));
        if let Some(help) = &diagnostic.help {
            out.push_str(&format!("  help: {help}\n"));
        }
    }
    out
}

/// Diagnostics, or the canonical form, which parses to the same tree.
#[test]
fn parses_and_reports() {
    cases::run("gq", |_, input| {
        let mut out = String::new();
        for program in programs(input) {
            let (file, diagnostics) = gq::parse(&program);
            if diagnostics.is_empty() {
                let printed = gq::print(&file);
                let (again, diagnostics) = gq::parse(&printed);
                assert_eq!(diagnostics, [], "{printed}");
                assert_eq!(again, file, "{printed}");
                out.push_str(&printed);
            } else {
                out.push_str(&about(&program, &diagnostics));
            }
        }
        out
    });
}

/// The canonical form of whole sources, comments included; formatting again changes nothing.
#[test]
fn formats() {
    cases::run("gq-fmt", |title, input| {
        let formatted = gq::format(input).unwrap_or_else(|diagnostics| panic!("{title}: {diagnostics:?}"));
        let again = gq::format(&formatted).unwrap_or_else(|diagnostics| panic!("{title}: {diagnostics:?}"));
        assert_eq!(formatted, again, "{title}");
        assert_eq!(gq::parse(input).0, gq::parse(&formatted).0, "{title}");
        formatted
    });
}

/// Diagnostics of the type checker, program by program.
#[test]
fn checks() {
    let catalog = fleet();
    cases::run("check", |_, input| {
        let mut out = String::new();
        for program in programs(input) {
            let file = compile_file(&program, &catalog);
            let mut found = file.diagnostics.clone();
            found.extend(file.queries.iter().flat_map(|query| query.diagnostics.clone()));
            out.push_str(&if found.is_empty() { "ok\n".to_owned() } else { about(&program, &found) });
        }
        out
    });
}

/// The logical form.
#[test]
fn lowers() {
    let catalog = fleet();
    cases::run("lower", |title, input| {
        let mut out = String::new();
        for program in programs(input) {
            let file = compile_file(&program, &catalog);
            assert!(file.diagnostics.is_empty(), "{title}: {:?}", file.diagnostics);
            for query in &file.queries {
                match &query.operation {
                    Some(operation) => out.push_str(&ir::print(operation)),
                    None => panic!("{title}: {}", describe::diagnostics(&program, &query.diagnostics)),
                }
            }
        }
        out
    });
}

/// Two programs with all productions of the base languages.
const SMOKE_SCHEMA: &str = include_str!("../data/smoke/fleet.pg");
const SMOKE_QUERIES: &str = include_str!("../data/smoke/fleet.gq");

/// The schema builds, every query compiles, and both print in a form that parses to the same tree.
#[test]
fn the_smoke_programs_compile() {
    let (catalog, diagnostics) = compile_schema(SMOKE_SCHEMA, None, &mut mint::counting(1));
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    assert_eq!(errors, 0, "{}", describe::diagnostics(SMOKE_SCHEMA, &diagnostics));
    let catalog = catalog.unwrap();
    let printed = pg::print(&pg::parse(SMOKE_SCHEMA).0);
    let (again, _) = compile_schema(&printed, None, &mut mint::counting(1));
    assert_eq!(again.as_ref(), Some(&catalog), "{printed}");

    let compiled = compile_file(SMOKE_QUERIES, &catalog);
    assert_eq!(compiled.diagnostics, []);
    let names: Vec<&str> = compiled.queries.iter().map(|query| query.decl.name.text.as_str()).collect();
    assert_eq!(names, ["by_label", "close", "stats", "record", "scrap"]);
    for query in &compiled.queries {
        let name = &query.decl.name.text;
        let operation = query.operation.as_ref();
        let operation =
            operation.unwrap_or_else(|| panic!("{}", describe::diagnostics(SMOKE_QUERIES, &query.diagnostics)));
        assert!(ir::print(operation).contains(name.as_str()));
    }
    let printed = gq::print(&compiled.file);
    assert_eq!(compile_file(&printed, &catalog).file, compiled.file, "{printed}");
}
