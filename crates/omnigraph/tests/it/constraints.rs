//! Constraints on several rows that a text test cannot express: positions in large inputs, concurrent writers, branches, and the
//! cost of checks.

use omnigraph::{Error, LoadMode, Omnigraph, Result, SchemaSource, Target};
use omnigraph_storage::RequestVerb;

use crate::support::{export, load, memory};

const SCHEMA: &str = "\
node Sailor { handle: String @key  badge: I64? @unique }
node Harbor { code: String @key }
edge Moors: Sailor -> Harbor @card(0..1) { berth: I32  @unique(dst, berth) }
";

async fn graph(location: &str) -> Omnigraph {
    Omnigraph::create(location, SchemaSource::new("rules.pg", SCHEMA)).await.unwrap()
}

fn sailor(number: u64, badge: u64) -> String {
    format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\",\"badge\":{badge}}}}}\n")
}

fn moors(id: &str, sailor: &str, berth: u64) -> String {
    format!(
        "{{\"edge\":\"Moors\",\"from\":\"{sailor}\",\"to\":\"oslo\",\"data\":{{\"id\":\"{id}\",\"berth\":{berth}}}}}\n"
    )
}

const OSLO: &str = "{\"type\":\"Harbor\",\"data\":{\"code\":\"oslo\"}}\n";

fn refused<T: std::fmt::Debug>(outcome: Result<T>) -> (String, u64, String) {
    match outcome.unwrap_err() {
        Error::Data(report) => match report.errors.as_slice() {
            [error] => (error.code.to_owned(), error.line, error.message.clone()),
            _ => panic!("{report}"),
        },
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn violations_name_their_lines() {
    let graph = graph(&memory()).await;
    let rows = [sailor(1, 1), sailor(2, 2), OSLO.to_owned(), sailor(3, 1)].concat();
    let (code, line, message) = refused(load(&graph, "main", LoadMode::Append, &rows).await);
    assert_eq!((code.as_str(), line), ("OG-CONSTRAINT-006", 4));
    let expected =
        "line 4: @unique violation on Sailor.badge: value '1' held by 's1' and 's3' (the other is at line 1)";
    assert_eq!(message, expected);

    let rows = [sailor(1, 1), OSLO.to_owned(), moors("m1", "s1", 1), moors("m2", "s1", 2)].concat();
    let (code, line, message) = refused(load(&graph, "main", LoadMode::Append, &rows).await);
    assert_eq!((code.as_str(), line), ("OG-CONSTRAINT-007", 3));
    assert_eq!(message, "line 3: @card violation on edge Moors: source 's1' has 2 edges (max 1)");
    assert!(export(&graph, "main").await.is_empty());
}

/// Enough rows to be written to files before the check.
const MANY: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn constraints_hold_for_large_inputs() {
    let graph = graph(&memory()).await;
    let many = |first: u64| (first..first + MANY).map(|number| sailor(number, number)).collect::<String>();
    let twice = many(0) + &sailor(MANY, 7);
    let (code, line, message) = refused(load(&graph, "main", LoadMode::Append, &twice).await);
    assert_eq!((code.as_str(), line), ("OG-CONSTRAINT-006", MANY + 1));
    assert!(message.contains("the other is at line 8"), "{message}");
    load(&graph, "main", LoadMode::Append, &(many(0) + OSLO)).await.unwrap();

    let (code, line, message) =
        refused(load(&graph, "main", LoadMode::Append, &(many(MANY) + &sailor(2 * MANY, 9))).await);
    assert_eq!((code.as_str(), line), ("OG-CONSTRAINT-006", MANY + 1));
    assert!(message.contains("value '9' held by 's9'"), "{message}");

    let berths: String = (0..MANY).map(|number| moors(&format!("m{number}"), &format!("s{number}"), number)).collect();
    let (code, line, message) =
        refused(load(&graph, "main", LoadMode::Append, &(berths.clone() + &moors("x", "s11", MANY))).await);
    assert_eq!((code.as_str(), line), ("OG-CONSTRAINT-007", 12));
    assert!(message.contains("source 's11' has 2 edges (max 1)"), "{message}");
    load(&graph, "main", LoadMode::Append, &berths).await.unwrap();

    let (code, _, message) = refused(load(&graph, "main", LoadMode::Append, &moors("y", "s5", MANY)).await);
    assert_eq!((code.as_str(), message.contains("'s5' has 2 edges (max 1)")), ("OG-CONSTRAINT-007", true), "{message}");
    let merged: String =
        (0..MANY).map(|number| moors(&format!("m{number}"), &format!("s{number}"), MANY - 1 - number)).collect();
    load(&graph, "main", LoadMode::Merge, &merged).await.unwrap();
}

/// Two handles on one graph, each with caches of its own.
#[tokio::test(flavor = "multi_thread")]
async fn constraints_are_checked_on_the_newest_state() {
    let place = memory();
    let (one, other) = (graph(&place).await, Omnigraph::open(&place).await.unwrap());
    load(&one, "main", LoadMode::Append, &[sailor(1, 1), OSLO.to_owned()].concat()).await.unwrap();
    load(&other, "main", LoadMode::Append, &sailor(2, 2)).await.unwrap();
    load(&one, "main", LoadMode::Append, &[sailor(3, 3), moors("m1", "s1", 1)].concat()).await.unwrap();

    let (code, ..) = refused(load(&other, "main", LoadMode::Append, &sailor(4, 3)).await);
    assert_eq!(code, "OG-CONSTRAINT-006");
    load(&one, "main", LoadMode::Append, &sailor(5, 5)).await.unwrap();
    let (code, ..) = refused(load(&other, "main", LoadMode::Append, &moors("m2", "s1", 2)).await);
    assert_eq!(code, "OG-CONSTRAINT-007");
    load(&one, "main", LoadMode::Merge, &sailor(3, 30)).await.unwrap();
    load(&other, "main", LoadMode::Append, &sailor(6, 3)).await.unwrap();
    let (code, ..) = refused(load(&other, "main", LoadMode::Append, &sailor(7, 30)).await);
    assert_eq!(code, "OG-CONSTRAINT-006");
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_are_checked_per_branch() {
    let graph = graph(&memory()).await;
    load(&graph, "main", LoadMode::Append, &sailor(1, 1)).await.unwrap();
    graph.create_branch("side", &Target::Branch("main".into())).await.unwrap();
    load(&graph, "side", LoadMode::Append, &sailor(2, 2)).await.unwrap();
    load(&graph, "main", LoadMode::Append, &sailor(3, 2)).await.unwrap();
    load(&graph, "side", LoadMode::Merge, &sailor(1, 10)).await.unwrap();
    load(&graph, "side", LoadMode::Append, &sailor(4, 1)).await.unwrap();
    for (branch, badge) in [("main", 1), ("main", 2), ("side", 10), ("side", 2), ("side", 1)] {
        let (code, ..) = refused(load(&graph, branch, LoadMode::Append, &sailor(9, badge)).await);
        assert_eq!(code, "OG-CONSTRAINT-006", "{branch} {badge}");
    }
}

/// An open handle reads few files to check a new node and a new edge, in a small and in a large graph: the two files of the last
/// commit, and sometimes the files that it compacted.
#[tokio::test(flavor = "multi_thread")]
async fn constraint_checks_read_only_changed_rows() {
    for rows in [10, MANY] {
        let graph = graph(&memory()).await;
        let all: String = (0..rows).map(|number| sailor(number, number)).collect();
        let berths: String =
            (0..rows / 2).map(|number| moors(&format!("m{number}"), &format!("s{number}"), number)).collect();
        load(&graph, "main", LoadMode::Append, &(all + OSLO + &berths)).await.unwrap();
        let mut reads = Vec::new();
        for number in rows..rows + 24 {
            let before = graph.requests();
            let row = sailor(number, number) + &moors(&format!("n{number}"), &format!("s{number}"), number);
            load(&graph, "main", LoadMode::Append, &row).await.unwrap();
            let made = graph.requests() - before;
            reads.push(made.count(RequestVerb::Get) + made.count(RequestVerb::Head));
        }
        println!("{rows} rows: reads of a commit {reads:?}");
        reads.sort_unstable();
        assert!(reads[reads.len() / 2] <= 6, "usually: {reads:?}");
        assert!(reads[reads.len() - 1] <= 24, "at the most: {reads:?}");
    }
}
