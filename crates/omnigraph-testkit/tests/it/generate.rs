//! Random cases are cases: nearly all compile, and all that do have an answer.

use omnigraph_compiler::ir::Operation;
use omnigraph_compiler::{compile, compile_schema};
use omnigraph_testkit::generate::{Case, Size, Step, Story, case};
use omnigraph_testkit::oracle::{Failure, Graph, Mode, evaluate, mutate};

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

/// How the steps of stories fared.
#[derive(Debug, Default)]
struct Told {
    loads: usize,
    loaded: usize,
    mutations: usize,
    compiled: usize,
    committed: usize,
    nothing: usize,
    refused: usize,
    failed: usize,
    contested: usize,
    rows: usize,
}

fn tell(seed: u64, told: &mut Told) {
    let story = Story::new(seed);
    let mut next = 0;
    let mut mint = || {
        next += 1;
        ulid::Ulid::from(next)
    };
    let (catalog, diagnostics) = compile_schema(&story.schema(), None, &mut mint);
    let catalog = catalog.unwrap_or_else(|| panic!("{diagnostics:?}\n{}", story.schema()));
    let mut graph = Graph::new();
    for number in 0..100 {
        match story.step(number) {
            Step::Load { mode, lines, .. } => {
                told.loads += 1;
                told.loaded += usize::from(graph.load(&catalog, &lines, mode, 0).is_ok());
            }
            Step::Mutate { source, .. } => {
                told.mutations += 1;
                let Ok(compiled) = compile(&source, None, &catalog) else { continue };
                told.compiled += 1;
                let Operation::Mutation(mutation) = compiled.operation else { panic!("no mutation\n{source}") };
                match mutate(&graph, &catalog, &mutation, &[], 0) {
                    Ok(done) if done.contested => told.contested += 1,
                    Ok(done) => {
                        told.committed += usize::from(!done.touched.is_empty());
                        told.nothing += usize::from(done.touched.is_empty());
                        told.rows += done.rows.rows.len();
                        graph = done.graph;
                    }
                    Err(Failure::Run(_)) => told.failed += 1,
                    Err(Failure::Rule(..) | Failure::Exists(_)) => told.refused += 1,
                    Err(failure) => panic!("{failure}\n{source}\n{}", story.schema()),
                }
            }
            Step::Branch { .. } | Step::Reopen => {}
        }
    }
}

#[test]
fn random_stories_go_on() {
    let mut told = Told::default();
    for seed in 0..100 {
        tell(seed, &mut told);
    }
    let Told { loads, loaded, mutations, compiled, committed, nothing, refused, failed, contested, rows } = told;
    println!("{told:?}");
    assert!(loaded * 3 >= loads, "{loaded} of {loads} loads are taken");
    assert!(compiled * 10 >= mutations * 9, "{compiled} of {mutations} mutations compile");
    assert!(committed * 3 >= compiled, "{committed} of {compiled} mutations change something, {nothing} nothing");
    assert!(refused * 20 >= compiled, "{refused} of {compiled} mutations break a rule");
    assert!((failed + contested) * 5 <= compiled, "{failed} of {compiled} fail, {contested} are contested");
    assert!(rows > 0);
}

#[test]
fn a_seed_is_a_story() {
    let steps = |seed| (0..50).map(|number| Story::new(seed).step(number)).collect::<Vec<_>>();
    assert_eq!(steps(3), steps(3));
    assert_ne!(steps(3), steps(4));
}
