//! Nearly all random cases compile, and all that compile have a result.

use omnigraph_compiler::ir::QueryOperation;
use omnigraph_compiler::{compile, compile_schema};
use omnigraph_testkit::generate::{CaseSize, RandomCase, Workload, WorkloadStep, case};
use omnigraph_testkit::oracle::{OracleError, OracleGraph, OracleLoadMode, evaluate, mutate};

/// Counts of the queries of cases.
#[derive(Default)]
struct QueryTally {
    queries: usize,
    compiled: usize,
    rows: usize,
    failed_while_running: usize,
}

fn run_case(case: &RandomCase, tally: &mut QueryTally) {
    let mut next = 0;
    let mut mint = || {
        next += 1;
        ulid::Ulid::from(next)
    };
    let (catalog, diagnostics) = compile_schema(&case.schema, None, &mut mint);
    let catalog = catalog.unwrap_or_else(|| panic!("{diagnostics:?}\n{case}"));
    let mut graph = OracleGraph::new();
    graph.load(&catalog, &case.rows, OracleLoadMode::Append, 0).unwrap_or_else(|failure| panic!("{failure}\n{case}"));
    for query in &case.queries {
        tally.queries += 1;
        let Ok(compiled) = compile(query, None, &catalog) else { continue };
        tally.compiled += 1;
        let QueryOperation::Read(read) = compiled.operation else { panic!("no read\n{case}") };
        match evaluate(&graph, &catalog, &read, &[], 0) {
            Ok(rows) => tally.rows += rows.rows.len(),
            Err(OracleError::Run(_)) => tally.failed_while_running += 1,
            Err(failure) => panic!("{failure}\n{query}\n{case}"),
        }
    }
}

#[test]
fn random_queries_compile_and_have_results() {
    let mut tally = QueryTally::default();
    for seed in 0..500 {
        run_case(&case(seed, CaseSize::default()), &mut tally);
    }
    let QueryTally { queries, compiled, rows, failed_while_running } = tally;
    assert_eq!(queries, 2_000);
    assert!(compiled * 10 >= queries * 9, "{compiled} of {queries} compile");
    assert!(failed_while_running * 100 <= compiled, "{failed_while_running} of {compiled} fail while they run");
    assert!(rows > compiled, "{rows} rows of {compiled} queries say little");
}

#[test]
fn a_seed_determines_the_case() {
    assert_eq!(case(11, CaseSize::default()), case(11, CaseSize::default()));
    assert_ne!(case(11, CaseSize::default()).queries, case(12, CaseSize::default()).queries);
    let small = CaseSize { nodes: 1, ..CaseSize::default() };
    assert_eq!(case(11, small).queries, case(11, CaseSize::default()).queries, "a smaller graph keeps the queries");
}

/// Counts of the steps of workloads.
#[derive(Debug, Default)]
struct WorkloadTally {
    loads: usize,
    loaded: usize,
    mutations: usize,
    compiled: usize,
    committed: usize,
    nothing: usize,
    refused: usize,
    failed: usize,
    order_dependent: usize,
    rows: usize,
}

fn run_workload(seed: u64, tally: &mut WorkloadTally) {
    let workload = Workload::new(seed);
    let mut next = 0;
    let mut mint = || {
        next += 1;
        ulid::Ulid::from(next)
    };
    let (catalog, diagnostics) = compile_schema(&workload.schema(), None, &mut mint);
    let catalog = catalog.unwrap_or_else(|| panic!("{diagnostics:?}\n{}", workload.schema()));
    let mut graph = OracleGraph::new();
    for number in 0..100 {
        match workload.step(number) {
            WorkloadStep::Load { mode, lines, .. } => {
                tally.loads += 1;
                tally.loaded += usize::from(graph.load(&catalog, &lines, mode, 0).is_ok());
            }
            WorkloadStep::Mutate { source, .. } => {
                tally.mutations += 1;
                let Ok(compiled) = compile(&source, None, &catalog) else { continue };
                tally.compiled += 1;
                let QueryOperation::Mutation(mutation) = compiled.operation else { panic!("no mutation\n{source}") };
                match mutate(&graph, &catalog, &mutation, &[], 0) {
                    Ok(done) if done.order_dependent => tally.order_dependent += 1,
                    Ok(done) => {
                        tally.committed += usize::from(!done.touched.is_empty());
                        tally.nothing += usize::from(done.touched.is_empty());
                        tally.rows += done.rows.rows.len();
                        graph = done.graph;
                    }
                    Err(OracleError::Run(_)) => tally.failed += 1,
                    Err(OracleError::Constraint(..) | OracleError::Exists(_)) => tally.refused += 1,
                    Err(failure) => panic!("{failure}\n{source}\n{}", workload.schema()),
                }
            }
            WorkloadStep::Branch { .. } | WorkloadStep::Reopen => {}
        }
    }
}

#[test]
fn random_workloads_change_graphs() {
    let mut tally = WorkloadTally::default();
    for seed in 0..100 {
        run_workload(seed, &mut tally);
    }
    let WorkloadTally {
        loads,
        loaded,
        mutations,
        compiled,
        committed,
        nothing,
        refused,
        failed,
        order_dependent,
        rows,
    } = tally;
    println!("{tally:?}");
    assert!(loaded * 3 >= loads, "{loaded} of {loads} loads are taken");
    assert!(compiled * 10 >= mutations * 9, "{compiled} of {mutations} mutations compile");
    assert!(committed * 3 >= compiled, "{committed} of {compiled} mutations change something, {nothing} nothing");
    assert!(refused * 20 >= compiled, "{refused} of {compiled} mutations break a rule");
    assert!(
        (failed + order_dependent) * 5 <= compiled,
        "{failed} of {compiled} fail, {order_dependent} are order_dependent"
    );
    assert!(rows > 0);
}

#[test]
fn a_seed_determines_the_workload() {
    let steps = |seed| (0..50).map(|number| Workload::new(seed).step(number)).collect::<Vec<_>>();
    assert_eq!(steps(3), steps(3));
    assert_ne!(steps(3), steps(4));
}
