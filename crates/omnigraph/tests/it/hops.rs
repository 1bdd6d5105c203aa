//! A hop from nodes that are known finds the same by adjacency and by the ends of edges.

use omnigraph::{HopMethod, LoadMode, MutateRequest, Omnigraph, OpenOptions, QueryRequest, Snapshot, Target};
use proptest::prelude::*;

use crate::support::load;

const SCHEMA: &str = "\
node Person { name: String @key }
node Place { name: String @key }
edge Knows: Person -> Person { since: I32 }
edge LivesIn: Person -> Place
";

/// One hop each, in every direction, for rows, pairs, counts, mere existence and nodes that are known on both sides.
const QUESTIONS: [&str; 13] = [
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

/// Ends of an edge, below the number of nodes, and a year.
type Ends = (usize, usize, i32);

fn line(edge: &str, (from, to, since): Ends) -> String {
    match edge {
        "Knows" => format!(r#"{{"edge":"Knows","from":"n{from}","to":"n{to}","data":{{"since":{since}}}}}"#),
        _ => format!(r#"{{"edge":"LivesIn","from":"n{from}","to":"n{to}"}}"#),
    }
}

async fn open(place: &str, hops: HopMethod) -> Snapshot {
    let graph = Omnigraph::open_read_only(place, OpenOptions { hops, ..OpenOptions::default() }).await.unwrap();
    graph.snapshot(Target::Branch("main".into())).await.unwrap()
}

async fn ask(snapshot: &Snapshot, question: &str) -> (Vec<String>, String) {
    let request = || QueryRequest { source: format!("query q() {{ {question} }}"), ..QueryRequest::default() };
    let result = snapshot.query(request()).await.unwrap();
    let mut rows: Vec<String> = result.rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    (rows, snapshot.explain(request(), false).await.unwrap().text)
}

/// Edges in several fragments, some of them deleted again.
async fn graph(place: &str, nodes: usize, parts: &[(Vec<Ends>, Vec<Ends>)], gone: usize) {
    let graph = Omnigraph::init(place, "s.pg", SCHEMA, None, OpenOptions::default()).await.unwrap();
    let rows = (0..nodes)
        .flat_map(|node| ["Person", "Place"].map(|ty| format!(r#"{{"type":"{ty}","data":{{"name":"n{node}"}}}}"#)));
    load(&graph, "main", LoadMode::Append, &rows.collect::<Vec<_>>().join("\n")).await.unwrap();
    for (knows, lives) in parts {
        let knows = knows.iter().map(|ends| line("Knows", *ends));
        let lines: Vec<String> = knows.chain(lives.iter().map(|ends| line("LivesIn", *ends))).collect();
        load(&graph, "main", LoadMode::Append, &lines.join("\n")).await.unwrap();
    }
    let source = format!("query q() {{ delete Knows where from = \"n{gone}\" }}");
    graph.mutate(MutateRequest { branch: "main".into(), source, ..MutateRequest::default() }).await.unwrap();
}

fn parts(nodes: usize) -> impl Strategy<Value = Vec<(Vec<Ends>, Vec<Ends>)>> {
    // Few nodes, so that there are cycles, parallel edges and self-loops; half of the edges begin at one of them.
    let ends = move || prop::collection::vec((prop_oneof![Just(1), 0..nodes], 0..nodes, 0..4), 0..24);
    prop::collection::vec((ends(), ends()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_find_the_same(parts in parts(5), gone in 0usize..5) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("g").display().to_string();
        runtime.block_on(async {
            graph(&place, 5, &parts, gone).await;
            let (ends, adjacency) = (open(&place, HopMethod::Ends).await, open(&place, HopMethod::Adjacency).await);
            for question in QUESTIONS {
                let ((by_ends, plan), (by_adjacency, other)) = (ask(&ends, question).await, ask(&adjacency, question).await);
                assert_eq!(by_ends, by_adjacency, "{question}\n{plan}");
                assert!(plan.contains(" by ends") && !other.contains(" by ends"), "{question}\n{plan}\n{other}");
            }
        });
    }
}
