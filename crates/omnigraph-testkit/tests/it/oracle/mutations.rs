//! Mutations and the rules of a schema, where the scenarios as text do not say it.

use omnigraph_compiler::compile;
use omnigraph_compiler::ir::QueryOperation;
use omnigraph_testkit::oracle::{
    ConstraintKind, MutationEffect, OracleError, OracleGraph, OracleLoadMode, canonical_export, mutate,
};

use super::{NOW_MILLIS, OracleFixture};

const SCHEMA: &str = "node A { k: String @key x: I32? y: I32? @range(x, 0..9) @unique(y) }
    node B { k: String @key }
    edge E: A -> B @card(0..2) @on_delete(restrict)
    edge F: A -> A { n: I32? @key(@src, @dst) }";

const ROWS: &str = r#"{"type":"A","data":{"k":"a","x":1,"y":1}}
{"type":"A","data":{"k":"b","x":2,"y":2}}
{"type":"B","data":{"k":"b"}}
{"edge":"F","from":"a","to":"b","data":{"n":1}}"#;

fn run(world: &OracleFixture, source: &str) -> Result<MutationEffect, OracleError> {
    let compiled = compile(&format!("query q() {{ {source} }}"), None, &world.catalog);
    match compiled.unwrap_or_else(|diagnostics| panic!("{source}: {diagnostics:?}")).operation {
        QueryOperation::Mutation(mutation) => mutate(&world.graph, &world.catalog, &mutation, &[], NOW_MILLIS),
        QueryOperation::Read(_) => panic!("{source} is not a mutation"),
    }
}

fn lines(world: &OracleFixture, graph: &OracleGraph) -> Vec<String> {
    canonical_export(graph.export(&world.catalog).unwrap().iter().map(String::as_str))
}

#[test]
fn what_writes_nothing_leaves_nothing_touched() {
    let world = OracleFixture::new(SCHEMA, ROWS);
    for source in [
        "insert if absent A { k: \"a\", x: 5 }",
        "update A set { x: 3 } where k = \"c\"",
        "insert A { k: \"c\" } delete A where k = \"c\"",
        "match { $a: A { k: \"c\" } } delete A where true",
    ] {
        let done = run(&world, source).unwrap();
        assert!(done.touched.is_empty(), "{source}: {:?}", done.touched);
        assert_eq!(lines(&world, &done.graph), lines(&world, &world.graph), "{source}");
    }
}

#[test]
fn rows_that_are_ordered_by_made_up_ids_may_contest_a_row() {
    let edges = r#"{"edge":"E","from":"a","to":"b"}
{"edge":"E","from":"b","to":"b"}"#;
    let world = OracleFixture::new(SCHEMA, &format!("{ROWS}\n{edges}"));
    for (source, order_dependent) in [
        ("match { $a $e: e $b } merge A { k: \"c\", x: $a.x }", true),
        ("match { $a $e: e $b } insert if absent A { k: \"c\", x: $a.x }", true),
        ("match { $a $e: e $b } merge A { k: \"c\", x: 3 }", false),
        ("match { $a e $b } merge A { k: \"c\", x: $a.x }", false),
        ("match { $a: A } update A set { x: $a.x } where k = \"a\"", false),
    ] {
        assert_eq!(run(&world, source).unwrap().order_dependent, order_dependent, "{source}");
    }
}

#[test]
fn rows_of_the_block_come_in_the_order_of_their_ids() {
    let world = OracleFixture::new(SCHEMA, ROWS);
    for (source, x) in [
        ("match { $a: A } insert A { k: \"c\", x: $a.x }", 2),
        ("match { $a: A } insert if absent A { k: \"c\", x: $a.x }", 1),
        ("match { $a: A } insert if absent A { k: \"c\", x: $a.x } update A set { x: x + 1 } where k = \"c\"", 2),
    ] {
        let left = lines(&world, &run(&world, source).unwrap().graph);
        let line = format!(r#"{{"type":"A","data":{{"id":"c","k":"c","x":{x},"y":null}}}}"#);
        assert!(left.contains(&line), "{source}: {left:?}");
    }
    assert!(matches!(run(&world, "match { $a: A } insert new A { k: \"c\", x: 3 }"), Err(OracleError::Exists(_))));
}

#[test]
fn rules_are_reported_in_their_order() {
    let world = OracleFixture::new(SCHEMA, ROWS);
    for (source, rule) in [
        ("insert A { k: \"c\", x: 10, y: 1 } insert E { from: \"z\", to: \"b\" }", ConstraintKind::Range),
        ("insert A { k: \"c\", x: 9, y: 1 } insert E { from: \"z\", to: \"b\" }", ConstraintKind::Unique),
        (
            "insert E { from: \"z\", to: \"b\" } insert E { from: \"a\", to: \"b\" } insert E { from: \"a\", to: \"b\" } \
             insert E { from: \"a\", to: \"b\" }",
            ConstraintKind::End,
        ),
        (
            "insert E { from: \"a\", to: \"b\" } insert E { from: \"a\", to: \"b\" } insert E { from: \"a\", to: \"b\" }",
            ConstraintKind::Cardinality,
        ),
    ] {
        match run(&world, source) {
            Err(OracleError::Constraint(found, _)) => assert_eq!(found, rule, "{source}"),
            other => panic!("{source}: {other:?}"),
        }
    }
}

#[test]
fn restricted_edges_hold_their_ends() {
    let mut world = OracleFixture::new(SCHEMA, ROWS);
    world.graph = run(&world, "insert E { from: \"a\", to: \"b\" }").unwrap().graph;
    assert!(matches!(
        run(&world, "delete B where k = \"b\""),
        Err(OracleError::Constraint(ConstraintKind::Restrict, _))
    ));
    let done = run(&world, "delete A where k = \"a\" delete E where true").unwrap();
    assert_eq!((done.affected_nodes, done.affected_edges), (1, 2), "F goes with its end");
    let done = run(&world, "delete B where k = \"b\" insert B { k: \"b\" }").unwrap();
    assert_eq!(lines(&world, &done.graph).len(), 5, "a node that comes again holds its edges");
}

#[test]
fn loads_keep_the_rules() {
    for (mode, row, rule) in [
        (OracleLoadMode::Merge, r#"{"type":"A","data":{"k":"c","x":10}}"#, "line 1: @range violation"),
        (
            OracleLoadMode::Merge,
            r#"{"type":"A","data":{"k":"c","y":2}}"#,
            "@unique violation on A.y: value '2' held by 'b' and 'c'",
        ),
        (OracleLoadMode::Append, r#"{"type":"A","data":{"k":"a"}}"#, "line 1: node type 'A' already has this id 'a'"),
        (OracleLoadMode::Overwrite, r#"{"type":"A","data":{"k":"a"}}"#, "dst 'b' not found in A"),
        (OracleLoadMode::Merge, r#"{"edge":"E","from":"a","to":"z"}"#, "dst 'z' not found in B"),
    ] {
        let OracleFixture { catalog, mut graph } = OracleFixture::new(SCHEMA, ROWS);
        let before = graph.clone();
        let failure = graph.load(&catalog, row, mode, NOW_MILLIS).unwrap_err();
        assert!(failure.to_string().contains(rule), "{failure}");
        assert_eq!(graph, before);
    }
}
