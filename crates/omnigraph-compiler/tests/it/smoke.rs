//! L1: two programs that hold every production of the base languages between them.

use omnigraph_compiler::{Severity, compile_file, compile_schema, gq, ir, pg};

use crate::support::{describe, mint};

const SCHEMA: &str = include_str!("../data/smoke/fleet.pg");
const QUERIES: &str = include_str!("../data/smoke/fleet.gq");

/// L1: the schema builds, every query checks and lowers, both print as what they read back as.
#[test]
fn l1_the_smoke_programs_compile() {
    let (catalog, diagnostics) = compile_schema(SCHEMA, None, &mut mint::counting(1));
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    assert_eq!(errors, 0, "{}", describe::diagnostics(SCHEMA, &diagnostics));
    let catalog = catalog.unwrap();
    let printed = pg::print(&pg::parse(SCHEMA).0);
    let (again, _) = compile_schema(&printed, None, &mut mint::counting(1));
    assert_eq!(again.as_ref(), Some(&catalog), "{printed}");

    let compiled = compile_file(QUERIES, &catalog);
    assert_eq!(compiled.diagnostics, []);
    let names: Vec<&str> = compiled.queries.iter().map(|query| query.decl.name.text.as_str()).collect();
    assert_eq!(names, ["by_label", "close", "stats", "record", "scrap"]);
    for query in &compiled.queries {
        let name = &query.decl.name.text;
        let operation = query.operation.as_ref();
        let operation = operation.unwrap_or_else(|| panic!("{}", describe::diagnostics(QUERIES, &query.diagnostics)));
        assert!(ir::print(operation).contains(name.as_str()));
    }
    let printed = gq::print(&compiled.file);
    assert_eq!(compile_file(&printed, &catalog).file, compiled.file, "{printed}");
}
