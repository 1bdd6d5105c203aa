//! The scenarios of bulk load (B) and export (X), each by its id.
//!
//! Not here: the halves of B10 and B11, and B27 and B28, that are about the compatible parser, which is not built; and B26, a
//! limit of rows in one append, which this engine does not need and does not have. B25 and B29 are in `inputs.rs` and below,
//! B30 in the counts of `inputs.rs`.

use omnigraph::{Error, LoadMode, Omnigraph, OpenOptions, Target};

use crate::support::{export, fleet, init, load, memory};

const SCHEMA: &str = "\
node Sailor { handle: String @key  rank: I32?  nickname: String?  born: Date?  at: DateTime? }
node Harbor { code: String @key }
node Cargo { label: String  size: U64?  weight: F32?  tags: [I32]?  spot: Vector(2)?  data: Blob?  doc: Json? }
edge Trusts: Sailor -> Sailor { since: Date? }
edge BasedAt: Sailor -> Harbor
";

async fn graph() -> Omnigraph {
    Omnigraph::init(&memory(), "fleet.pg", SCHEMA, None, OpenOptions::default()).await.unwrap()
}

fn sailor(data: &str) -> String {
    format!("{{\"type\":\"Sailor\",\"data\":{{{data}}}}}")
}

fn cargo(data: &str) -> String {
    format!("{{\"type\":\"Cargo\",\"data\":{{\"label\":\"x\",{data}}}}}")
}

/// B1, B12
#[tokio::test(flavor = "multi_thread")]
async fn edges_may_come_first_and_lines_may_end_as_they_like() {
    let graph = graph().await;
    let lines = "{\"edge\":\"trusts\",\"from\":\"ana\",\"to\":\"ben\"}\r\n\r\n{\"type\":\"Sailor\",\"data\":{\"handle\":\"ana\"}}\r\n\
                 {\"type\":\"Sailor\",\"data\":{\"handle\":\"ben\"}}";
    assert_eq!(load(&graph, "main", LoadMode::Append, lines).await.unwrap().total(), 3);
}

/// B2 to B11, B20 to B24
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_row_is_named_with_its_line_and_changes_nothing() {
    let graph = graph().await;
    let good = sailor("\"handle\":\"good\"");
    let cases = [
        ("B2", format!("{good}\n\n{{\"type\":\"Boat\"}}"), 3, "line 3: unknown node type 'Boat'"),
        ("B3", format!("{good}\n{{\"type\":}}"), 2, "line 2: invalid strict JSON"),
        ("B3", format!("{good}{good}"), 1, "line 1: invalid strict JSON"),
        ("B4", cargo("\"doc\":{\"a\":[{\"x\":1,\"x\":2}]}"), 1, "duplicate JSON member 'x'"),
        ("B4", cargo("\"doc\":1,\"doc\":2"), 1, "duplicate JSON member 'doc'"),
        ("B5", "{\"type\":\"Sailor\",\"edge\":\"Trusts\"}".into(), 1, "exactly one of 'type' or 'edge'"),
        ("B5", "{\"data\":{}}".into(), 1, "exactly one of 'type' or 'edge'"),
        ("B6", "{\"type\":\"Sailor\",\"branch\":\"b\"}".into(), 1, "unknown top-level graph batch field 'branch'"),
        ("B6", "{\"type\":\"Sailor\",\"id\":\"b\"}".into(), 1, "reserved physical state"),
        ("B7", sailor("\"handle\":\"x\",\"nickname2\":\"y\""), 1, "unknown input field 'nickname2'"),
        ("B7", sailor("\"handle\":\"x\",\"_rowid\":1"), 1, "reserved physical state"),
        (
            "B8",
            "{\"edge\":\"Trusts\",\"from\":\"a\",\"to\":\"b\",\"data\":{\"src\":\"x\"}}".into(),
            1,
            "reserved structural state",
        ),
        ("B9", cargo("\"id\":7"), 1, "id must be a text, got 7"),
        ("B10", sailor("\"handle\":\"x\",\"rank\":\"x\""), 1, "expects Int32, got the text \"x\""),
        ("B11", cargo("\"tags\":[1,\"x\"]"), 1, "expects Int32, got the text \"x\""),
        ("B11", cargo("\"tags\":[1,null]"), 1, "cannot be null"),
        ("B21", cargo("\"spot\":[1]"), 1, "expects 2 dimensions, got 1"),
        ("B21", cargo("\"spot\":[1,\"x\"]"), 1, "vector elements must be numeric, got the text \"x\""),
        ("B22", cargo("\"data\":\"base64:!\""), 1, "invalid base64 blob data"),
        ("B23", cargo("\"data\":\"https://example.org/x\""), 1, "references to blobs elsewhere are not allowed"),
        ("B24", sailor("\"handle\":\"x\",\"rank\":3000000000"), 1, "3000000000 exceeds Int32 range"),
        ("B24", cargo("\"size\":-1"), 1, "-1 exceeds UInt64 range"),
        ("B24", cargo("\"weight\":1e39"), 1, "exceeds Float32 range"),
    ];
    for (id, lines, line, fragment) in cases {
        let error = load(&graph, "main", LoadMode::Append, &lines).await.unwrap_err();
        let Error::Data(data) = &error else { panic!("{id}: {error}") };
        assert_eq!(data.line, line, "{id}: {error}");
        assert!(data.message.contains(fragment), "{id}: {error}");
    }
    assert!(export(&graph, "main").await.is_empty());
    // B29
    load(&graph, "main", LoadMode::Append, &good).await.unwrap();
}

/// B13
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_too_long_does_not_shift_the_others() {
    let graph = graph().await;
    let long = sailor(&format!("\"handle\":\"{}\"", "x".repeat(33 << 20)));
    let lines = format!("{}\n{long}\n{{oops}}\n", sailor("\"handle\":\"a\""));
    let error = load(&graph, "main", LoadMode::Append, &lines).await.unwrap_err();
    let Error::Faults(faults) = &error else { panic!("{error}") };
    let told: Vec<_> = faults.errors.iter().map(|error| (error.line, error.message.as_str())).collect();
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
    assert!(told[0].1.contains("longer than 32 MiB"), "{told:?}");
}

/// B14, B15, B16
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_refused_or_replaced_whole() {
    let graph = graph().await;
    load(&graph, "main", LoadMode::Append, &sailor("\"handle\":\"ana\",\"rank\":3,\"nickname\":\"a\"")).await.unwrap();
    let before = export(&graph, "main").await;
    let again = format!("{}\n{}", sailor("\"handle\":\"ana\",\"rank\":4"), sailor("\"handle\":\"ben\""));
    let error = load(&graph, "main", LoadMode::Append, &again).await.unwrap_err();
    assert!(error.to_string().contains("already has id 'ana'"), "{error}");
    assert_eq!(export(&graph, "main").await, before);
    for change in [(1, 1), (0, 2)] {
        let receipt = load(&graph, "main", LoadMode::Merge, &again).await.unwrap();
        let changes = receipt.commit.unwrap().changes.values().next().unwrap().clone();
        assert_eq!((changes.inserted, changes.updated), change);
    }
    let lines = export(&graph, "main").await;
    assert!(lines.contains("\"rank\":4") && lines.contains("\"nickname\":null") && lines.contains("ben"), "{lines}");
}

/// B17
#[tokio::test(flavor = "multi_thread")]
async fn an_overwrite_leaves_types_alone_that_do_not_occur() {
    let graph = graph().await;
    let harbor = "{\"type\":\"Harbor\",\"data\":{\"code\":\"oslo\"}}";
    load(&graph, "main", LoadMode::Append, &format!("{harbor}\n{}", sailor("\"handle\":\"ana\""))).await.unwrap();
    load(&graph, "main", LoadMode::Overwrite, &sailor("\"handle\":\"ben\"")).await.unwrap();
    let lines = export(&graph, "main").await;
    assert!(lines.contains("oslo") && lines.contains("ben") && !lines.contains("ana"), "{lines}");
}

/// B20, B21, X7, X8
#[tokio::test(flavor = "multi_thread")]
async fn one_value_may_be_written_in_several_ways() {
    let graph = graph().await;
    let lines = [
        sailor("\"handle\":\"a\",\"born\":19724,\"at\":1704067200000"),
        sailor("\"handle\":\"b\",\"born\":\"2024-01-02\",\"at\":\"2024-01-01T01:00:00+01:00\""),
        cargo("\"id\":\"c\",\"spot\":null,\"data\":\"base64:AAEC\",\"doc\":{\"a\":[1,\"x\"]}"),
    ];
    load(&graph, "main", LoadMode::Append, &lines.join("\n")).await.unwrap();
    let exported = export(&graph, "main").await;
    assert_eq!(exported.matches("\"at\":\"2024-01-01T00:00:00Z\",\"born\":\"2024-01-02\"").count(), 2, "{exported}");
    assert!(exported.contains("\"data\":\"base64:AAEC\"") && exported.contains("\"spot\":null"), "{exported}");
    assert!(exported.contains(r#""doc":{"a":[1,"x"]}"#), "a JSON value is no text: {exported}");
    let copy = self::graph().await;
    load(&copy, "main", LoadMode::Overwrite, &exported).await.unwrap();
    assert_eq!(export(&copy, "main").await, exported);
}

/// X1, X2, X4
#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_edges_first_and_comes_back_byte_for_byte() {
    let graph = fleet(&memory()).await;
    let parallel = "{\"edge\":\"Trusts\",\"from\":\"ana\",\"to\":\"ben\"}\n".repeat(2);
    load(&graph, "main", LoadMode::Append, &parallel).await.unwrap();
    let lines = export(&graph, "main").await;
    let begins = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    let mut blocks: Vec<String> = lines.lines().map(begins).collect();
    blocks.dedup();
    assert_eq!(
        blocks,
        ["{\"edge\":\"BasedAt\"", "{\"edge\":\"Trusts\"", "{\"type\":\"Harbor\"", "{\"type\":\"Sailor\""]
    );
    let id = |line: &str| line.split_once("\"id\":").map(|(_, rest)| begins(rest)).unwrap_or_default();
    let trusts: Vec<String> = lines.lines().filter(|line| line.contains("Trusts")).map(id).collect();
    assert!(trusts.len() == 3 && trusts.is_sorted(), "{trusts:?}");
    let copy = init(&memory()).await;
    load(&copy, "main", LoadMode::Append, &lines).await.unwrap();
    assert_eq!(export(&copy, "main").await, lines);
}

/// X3, X5, X6
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_of_some_types_and_of_one_branch() {
    let schema = "node Box { n: U64 @key } node Bag { n: I64 @key }";
    let graph = Omnigraph::init(&memory(), "s.pg", schema, None, OpenOptions::default()).await.unwrap();
    let row = |ty: &str, n: i128| format!("{{\"type\":\"{ty}\",\"data\":{{\"n\":{n}}}}}");
    let both = format!("{}\n{}", row("Box", u64::MAX.into()), row("Bag", i64::MIN.into()));
    load(&graph, "main", LoadMode::Append, &both).await.unwrap();
    graph.create_branch("b", &Target::Branch("main".into()), None).await.unwrap();
    load(&graph, "b", LoadMode::Append, &row("Box", 1)).await.unwrap();
    assert!(export(&graph, "main").await.contains("{\"id\":\"18446744073709551615\",\"n\":18446744073709551615}"));
    let snapshot = graph.snapshot(Target::Branch("b".into())).await.unwrap();
    let mut lines = Vec::new();
    snapshot.export(&["Box".to_owned()], &mut lines).await.unwrap();
    assert_eq!(String::from_utf8(lines).unwrap().lines().count(), 2);
    let error = snapshot.export(&["Bx".to_owned()], &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains("'Bx'"), "{error}");
}
