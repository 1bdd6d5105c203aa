//! A hop from known nodes has the same result through the adjacency index and through a scan of endpoints.

use omnigraph::{LoadMode, Omnigraph, OpenOptions, SchemaSource, Snapshot, Target, TraversalMethod};
use proptest::prelude::*;

use crate::support::{load, open_read_only};

const SCHEMA: &str = "\
node Person { name: String @key }
node Place { name: String @key }
edge Knows: Person -> Person { since: I32 }
edge LivesIn: Person -> Place
";

/// Queries with one hop each: every direction, rows, pairs, counts, existence, and known nodes on both sides.
const QUERIES: [&str; 13] = [
    "match { $a: Person { name: \"n1\" } $a knows $b } return { $b.name }",
    "match { $a: Person { name: \"n1\" } $b knows $a } return { $b.name }",
    "match { $a: Person { name: \"n2\" } $a <knows> $b } return { $b.name }",
    "match { $a: Person { name: \"n2\" } $a $k: knows $b } return { $b.name, $k.since }",
    "match { $a: Person { name: \"n0\" } $b $k: knows $a  $k.since > 1 } return { $b.name, $k.since }",
    "match { $a: Person  $a.name in [\"n0\", \"n3\", \"nobody\"] $a knows $b } return { $a.name, $b.name }",
    "match { $a: Person  $a.@id in [\"n0\", \"n3\"] $a knows $b } return { $a.name, count($b) as n }",
    "match { $a: Person { name: \"n1\" } $b: Person { name: \"n2\" } $a $k: knows $b } return { $k.since }",
    "match { $a: Person { name: \"n1\" } $a knows $a } return { $a.name }",
    "match { $a: Person { name: \"n1\" } not { $a knows $_ } } return { $a.name }",
    "match { $a: Person { name: \"n3\" } $a livesIn $p } return { $p.name }",
    "match { $p: Place { name: \"n1\" } $a livesIn $p } return { $a.name, count { $a knows $_ } as n }",
    "match { $a: Person { name: \"n1\" } $a knows $b $b knows $c } return distinct { $c.name }",
];

/// The endpoints of an edge, below the number of nodes, and a year.
type EndpointYear = (usize, usize, i32);

fn line(edge: &str, (from, to, since): EndpointYear) -> String {
    match edge {
        "Knows" => format!(r#"{{"edge":"Knows","from":"n{from}","to":"n{to}","data":{{"since":{since}}}}}"#),
        _ => format!(r#"{{"edge":"LivesIn","from":"n{from}","to":"n{to}"}}"#),
    }
}

async fn open(place: &str, traversal: TraversalMethod) -> Snapshot {
    let graph = open_read_only(place, OpenOptions { traversal, ..OpenOptions::default() }).await.unwrap();
    graph.snapshot(Target::Branch("main".into())).await.unwrap()
}

async fn ask(snapshot: &Snapshot, question: &str) -> (Vec<String>, String) {
    let query = || snapshot.query(format!("query q() {{ {question} }}"));
    let result = query().await.unwrap();
    let mut rows: Vec<String> = result.rows().unwrap().iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    (rows, query().explain().await.unwrap().text)
}

/// Creates edges in several fragments, some of them deleted again.
async fn graph(place: &str, nodes: usize, parts: &[(Vec<EndpointYear>, Vec<EndpointYear>)], deleted: usize) {
    let graph = Omnigraph::create(place, SchemaSource::new("s.pg", SCHEMA)).await.unwrap();
    let rows = (0..nodes)
        .flat_map(|node| ["Person", "Place"].map(|ty| format!(r#"{{"type":"{ty}","data":{{"name":"n{node}"}}}}"#)));
    load(&graph, "main", LoadMode::Append, &rows.collect::<Vec<_>>().join("\n")).await.unwrap();
    for (knows, lives) in parts {
        let knows = knows.iter().map(|ends| line("Knows", *ends));
        let lines: Vec<String> = knows.chain(lives.iter().map(|ends| line("LivesIn", *ends))).collect();
        load(&graph, "main", LoadMode::Append, &lines.join("\n")).await.unwrap();
    }
    let source = format!("query q() {{ delete Knows where from = \"n{deleted}\" }}");
    graph.branch("main").mutate(source).await.unwrap();
}

fn parts(nodes: usize) -> impl Strategy<Value = Vec<(Vec<EndpointYear>, Vec<EndpointYear>)>> {
    // Few nodes, so that there are cycles, parallel edges and self-loops; half of the edges begin at one of them.
    let ends = move || prop::collection::vec((prop_oneof![Just(1), 0..nodes], 0..nodes, 0..4), 0..24);
    prop::collection::vec((ends(), ends()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_traversal_methods_find_the_same(parts in parts(5), deleted in 0usize..5) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("g").display().to_string();
        runtime.block_on(async {
            graph(&place, 5, &parts, deleted).await;
            let (ends, adjacency) = (open(&place, TraversalMethod::EndpointScan).await, open(&place, TraversalMethod::Adjacency).await);
            for question in QUERIES {
                let ((by_ends, plan), (by_adjacency, other)) = (ask(&ends, question).await, ask(&adjacency, question).await);
                assert_eq!(by_ends, by_adjacency, "{question}\n{plan}");
                assert!(plan.contains(" by ends") && !other.contains(" by ends"), "{question}\n{plan}\n{other}");
            }
        });
    }
}
