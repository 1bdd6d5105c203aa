//! Bulk loads and exports: accepted forms of rows, refused rows with their lines, load modes, and the bytes of an export.

use omnigraph::{Error, LoadMode, Omnigraph, SchemaSource, Target};

use crate::support::{ExportedRows, change_counts, export, export_rows, fleet, init, load, memory};

const SCHEMA: &str = "\
node Sailor { handle: String @key  rank: I32?  nickname: String?  born: Date?  at: DateTime? }
node Harbor { code: String @key }
node Cargo { label: String  size: U64?  weight: F32?  tags: [I32]?  spot: Vector(2)?  data: Blob?  doc: Json? }
edge Trusts: Sailor -> Sailor { since: Date? }
edge BasedAt: Sailor -> Harbor
";

async fn graph() -> Omnigraph {
    Omnigraph::create(memory(), SchemaSource::new("fleet.pg", SCHEMA)).await.unwrap()
}

fn sailor(data: &str) -> String {
    format!("{{\"type\":\"Sailor\",\"data\":{{{data}}}}}")
}

fn cargo(data: &str) -> String {
    format!("{{\"type\":\"Cargo\",\"data\":{{\"label\":\"x\",{data}}}}}")
}

/// Nodes and edges are mixed with edges first. CRLF and a missing last newline are accepted.
#[tokio::test(flavor = "multi_thread")]
async fn edges_can_precede_nodes_and_line_endings_vary() {
    let graph = graph().await;
    let lines = "{\"edge\":\"trusts\",\"from\":\"ana\",\"to\":\"ben\"}\r\n\r\n{\"type\":\"Sailor\",\"data\":{\"handle\":\"ana\"}}\r\n\
                 {\"type\":\"Sailor\",\"data\":{\"handle\":\"ben\"}}";
    assert_eq!(load(&graph, "main", LoadMode::Append, lines).await.unwrap().total(), 3);
}

/// Each invalid row is reported with its line and a message, and the load changes nothing. A valid load succeeds afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn invalid_rows_are_reported_with_their_line() {
    let graph = graph().await;
    let good = sailor("\"handle\":\"good\"");
    let cases = [
        (format!("{good}\n\n{{\"type\":\"Boat\"}}"), 3, "line 3: unknown node type 'Boat'"),
        (format!("{good}\n{{\"type\":}}"), 2, "line 2: invalid strict JSON"),
        (format!("{good}{good}"), 1, "line 1: invalid strict JSON"),
        (cargo("\"doc\":{\"a\":[{\"x\":1,\"x\":2}]}"), 1, "duplicate JSON member 'x'"),
        (cargo("\"doc\":1,\"doc\":2"), 1, "duplicate JSON member 'doc'"),
        ("{\"type\":\"Sailor\",\"edge\":\"Trusts\"}".into(), 1, "exactly one of 'type' or 'edge'"),
        ("{\"data\":{}}".into(), 1, "exactly one of 'type' or 'edge'"),
        ("{\"type\":\"Sailor\",\"branch\":\"b\"}".into(), 1, "unknown top-level graph batch field 'branch'"),
        ("{\"type\":\"Sailor\",\"id\":\"b\"}".into(), 1, "reserved physical state"),
        (sailor("\"handle\":\"x\",\"nickname2\":\"y\""), 1, "unknown input field 'nickname2'"),
        (sailor("\"handle\":\"x\",\"_rowid\":1"), 1, "reserved physical state"),
        (
            "{\"edge\":\"Trusts\",\"from\":\"a\",\"to\":\"b\",\"data\":{\"src\":\"x\"}}".into(),
            1,
            "reserved structural state",
        ),
        (cargo("\"id\":7"), 1, "id must be a text, got 7"),
        (sailor("\"handle\":\"x\",\"rank\":\"x\""), 1, "expects Int32, got the text \"x\""),
        (cargo("\"tags\":[1,\"x\"]"), 1, "expects Int32, got the text \"x\""),
        (cargo("\"tags\":[1,null]"), 1, "cannot be null"),
        (cargo("\"spot\":[1]"), 1, "expects 2 dimensions, got 1"),
        (cargo("\"spot\":[1,\"x\"]"), 1, "vector elements must be numeric"),
        (cargo("\"data\":\"base64:!\""), 1, "invalid base64 blob data"),
        (cargo("\"data\":\"https://example.org/x\""), 1, "references to external blobs are not allowed"),
        (sailor("\"handle\":\"x\",\"rank\":3000000000"), 1, "3000000000 exceeds Int32 range"),
        (cargo("\"size\":-1"), 1, "-1 exceeds UInt64 range"),
        (cargo("\"weight\":1e39"), 1, "exceeds Float32 range"),
    ];
    for (lines, line, fragment) in cases {
        let error = load(&graph, "main", LoadMode::Append, &lines).await.unwrap_err();
        let Error::Data(report) = &error else { panic!("{lines}: {error}") };
        let [data] = report.errors.as_slice() else { panic!("{lines}: {error}") };
        assert_eq!(data.line, line, "{lines}: {error}");
        assert!(data.message.contains(fragment), "{lines}: {error}");
    }
    assert!(export(&graph, "main").await.is_empty());
    load(&graph, "main", LoadMode::Append, &good).await.unwrap();
}

/// A line over 32 MiB is an error, and later lines keep their numbers.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_too_long_does_not_shift_the_others() {
    let graph = graph().await;
    let long = sailor(&format!("\"handle\":\"{}\"", "x".repeat(33 << 20)));
    let lines = format!("{}\n{long}\n{{oops}}\n", sailor("\"handle\":\"a\""));
    let error = load(&graph, "main", LoadMode::Append, &lines).await.unwrap_err();
    let Error::Data(report) = &error else { panic!("{error}") };
    let reported: Vec<_> = report.errors.iter().map(|error| (error.line, error.message.as_str())).collect();
    assert_eq!(reported.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
    assert!(reported[0].1.contains("longer than 32 MiB"), "{reported:?}");
}

/// Append refuses an existing key. Merge replaces whole rows, so an omitted property becomes null.
#[tokio::test(flavor = "multi_thread")]
async fn existing_rows_are_refused_or_replaced() {
    let graph = graph().await;
    load(&graph, "main", LoadMode::Append, &sailor("\"handle\":\"ana\",\"rank\":3,\"nickname\":\"a\"")).await.unwrap();
    let before = export(&graph, "main").await;
    let again = format!("{}\n{}", sailor("\"handle\":\"ana\",\"rank\":4"), sailor("\"handle\":\"ben\""));
    let error = load(&graph, "main", LoadMode::Append, &again).await.unwrap_err();
    assert!(error.to_string().contains("already has id 'ana'"), "{error}");
    assert_eq!(export(&graph, "main").await, before);
    for change in [(1, 1, 0), (0, 2, 0)] {
        let receipt = load(&graph, "main", LoadMode::Merge, &again).await.unwrap();
        assert_eq!(change_counts(&graph, &receipt.commit.unwrap()).await, [change]);
    }
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.ids("Sailor"), ["ana", "ben"]);
    assert_eq!(rows.value("Sailor", "ana", "rank"), 4);
    assert!(rows.value("Sailor", "ana", "nickname").is_null());
}

/// An overwrite replaces only the types of the input.
#[tokio::test(flavor = "multi_thread")]
async fn an_overwrite_keeps_types_without_rows() {
    let graph = graph().await;
    let harbor = "{\"type\":\"Harbor\",\"data\":{\"code\":\"oslo\"}}";
    load(&graph, "main", LoadMode::Append, &format!("{harbor}\n{}", sailor("\"handle\":\"ana\""))).await.unwrap();
    load(&graph, "main", LoadMode::Overwrite, &sailor("\"handle\":\"ben\"")).await.unwrap();
    let rows = export_rows(&graph, "main").await;
    assert_eq!((rows.ids("Harbor"), rows.ids("Sailor")), (vec!["oslo"], vec!["ben"]));
}

/// Dates and times have several input forms and one form in an export. Blobs, vectors, JSON and nulls survive an export.
#[tokio::test(flavor = "multi_thread")]
async fn values_have_several_input_forms() {
    let graph = graph().await;
    let lines = [
        sailor("\"handle\":\"a\",\"born\":19724,\"at\":1704067200000"),
        sailor("\"handle\":\"b\",\"born\":\"2024-01-02\",\"at\":\"2024-01-01T01:00:00+01:00\""),
        cargo("\"id\":\"c\",\"spot\":null,\"data\":\"base64:AAEC\",\"doc\":{\"a\":[1,\"x\"]}"),
    ];
    load(&graph, "main", LoadMode::Append, &lines.join("\n")).await.unwrap();
    let exported = export(&graph, "main").await;
    let rows = ExportedRows::parse(&exported);
    for handle in ["a", "b"] {
        assert_eq!(rows.value("Sailor", handle, "at"), "2024-01-01T00:00:00Z");
        assert_eq!(rows.value("Sailor", handle, "born"), "2024-01-02");
    }
    assert_eq!(rows.value("Cargo", "c", "data"), "base64:AAEC");
    assert!(rows.value("Cargo", "c", "spot").is_null());
    assert_eq!(*rows.value("Cargo", "c", "doc"), serde_json::json!({"a": [1, "x"]}));
    let copy = self::graph().await;
    load(&copy, "main", LoadMode::Overwrite, &exported).await.unwrap();
    assert_eq!(export(&copy, "main").await, exported);
}

/// An export has edges, then nodes, types by name, ids in ascending order. Loading it gives an equal export.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_edges_first_and_loads_to_equal_bytes() {
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

/// A large integer key is exact. An export can select types and a branch; an unknown type is an error.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_selects_types_and_a_branch() {
    let schema = "node Box { n: U64 @key } node Bag { n: I64 @key }";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
    let row = |ty: &str, n: i128| format!("{{\"type\":\"{ty}\",\"data\":{{\"n\":{n}}}}}");
    let both = format!("{}\n{}", row("Box", u64::MAX.into()), row("Bag", i64::MIN.into()));
    load(&graph, "main", LoadMode::Append, &both).await.unwrap();
    graph.create_branch("b", &Target::Branch("main".into())).await.unwrap();
    load(&graph, "b", LoadMode::Append, &row("Box", 1)).await.unwrap();
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.rows("Box"), [serde_json::json!({"id": "18446744073709551615", "n": u64::MAX})]);
    let snapshot = graph.snapshot(Target::Branch("b".into())).await.unwrap();
    let mut lines = Vec::new();
    snapshot.export(&["Box".to_owned()], &mut lines).await.unwrap();
    assert_eq!(String::from_utf8(lines).unwrap().lines().count(), 2);
    let error = snapshot.export(&["Bx".to_owned()], &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains("'Bx'"), "{error}");
}
