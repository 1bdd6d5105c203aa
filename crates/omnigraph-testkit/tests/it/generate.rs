//! Random cases are cases: nearly all compile, and all that do have an answer.

use omnigraph_compiler::ir::Operation;
use omnigraph_compiler::{compile, compile_schema};
use omnigraph_testkit::generate::{Case, Size, case};
use omnigraph_testkit::oracle::{Failure, Graph, Mode, evaluate};

/// How the queries of a case fared.
#[derive(Default)]
struct Tally {
    queries: usize,
    compiled: usize,
    rows: usize,
    failed_while_running: usize,
}

fn take(case: &Case, tally: &mut Tally) {
    let mut next = 0;
    let mut mint = || {
        next += 1;
        ulid::Ulid::from(next)
    };
    let (catalog, diagnostics) = compile_schema(&case.schema, None, &mut mint);
    let catalog = catalog.unwrap_or_else(|| panic!("{diagnostics:?}\n{case}"));
    let mut graph = Graph::new();
    graph.load(&catalog, &case.rows, Mode::Append, 0).unwrap_or_else(|failure| panic!("{failure}\n{case}"));
    for query in &case.queries {
        tally.queries += 1;
        let Ok(compiled) = compile(query, None, &catalog) else { continue };
        tally.compiled += 1;
        let Operation::Read(read) = compiled.operation else { panic!("no read\n{case}") };
        match evaluate(&graph, &catalog, &read, &[], 0) {
            Ok(rows) => tally.rows += rows.rows.len(),
            Err(Failure::Run(_)) => tally.failed_while_running += 1,
            Err(failure) => panic!("{failure}\n{query}\n{case}"),
        }
    }
}

#[test]
fn random_queries_compile_and_have_answers() {
    let mut tally = Tally::default();
    for seed in 0..500 {
        take(&case(seed, Size::default()), &mut tally);
    }
    let Tally { queries, compiled, rows, failed_while_running } = tally;
    assert_eq!(queries, 2_000);
    assert!(compiled * 10 >= queries * 9, "{compiled} of {queries} compile");
    assert!(failed_while_running * 100 <= compiled, "{failed_while_running} of {compiled} fail while they run");
    assert!(rows > compiled, "{rows} rows of {compiled} queries say little");
}

#[test]
fn a_seed_is_a_case() {
    assert_eq!(case(11, Size::default()), case(11, Size::default()));
    assert_ne!(case(11, Size::default()).queries, case(12, Size::default()).queries);
    let small = Size { nodes: 1, ..Size::default() };
    assert_eq!(case(11, small).queries, case(11, Size::default()).queries, "a smaller graph keeps the queries");
}
