//! Loads: modes and refusals. A refused load does not change the graph.

use std::io::Write as _;

use omnigraph::{Error, ErrorKind, LoadMode, LoadSource, Omnigraph, SchemaSource, Target};

use crate::support::{CREW, ExportedRows, MORE, change_counts, export, export_rows, fleet, init, load, memory, rows};

const RANKS: &str = "query q() { match { $s: Sailor } return { $s.handle, $s.rank } order { $s.handle } }";

#[tokio::test(flavor = "multi_thread")]
async fn merge_replaces_whole_rows() {
    let graph = fleet(&memory()).await;
    let receipt = load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    assert_eq!((receipt.nodes[0].rows, receipt.edges[0].rows, receipt.total()), (2, 1, 3));
    let expected =
        [r#"{"s.handle":"ana","s.rank":30}"#, r#"{"s.handle":"ben","s.rank":26}"#, r#"{"s.handle":"cyd","s.rank":35}"#];
    assert_eq!(rows(&graph, RANKS).await, expected);
    let counts = change_counts(&graph, &receipt.commit.unwrap()).await;
    assert_eq!(counts.into_iter().max(), Some((1, 1, 0)));
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"ana"}}"#).await.unwrap();
    assert_eq!(rows(&graph, RANKS).await[0], r#"{"s.handle":"ana","s.rank":null}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn append_refuses_existing_rows() {
    let graph = fleet(&memory()).await;
    let before = export(&graph, "main").await;
    let error = load(&graph, "main", LoadMode::Append, MORE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.to_string(), "node type 'Sailor' already has id 'ben'");
    assert_eq!(export(&graph, "main").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn overwrite_replaces_the_types_of_the_input_only() {
    let graph = fleet(&memory()).await;
    let only_nodes = r#"{"type":"Sailor","data":{"handle":"ana"}}"#;
    let error = load(&graph, "main", LoadMode::Overwrite, only_nodes).await.unwrap_err();
    assert!(error.to_string().contains("dst 'ben' not found in Sailor"), "{error}");
    let both = format!("{only_nodes}\n{}", r#"{"edge":"Trusts","from":"ana","to":"ana","data":{"id":"t9"}}"#);
    load(&graph, "main", LoadMode::Overwrite, &both).await.unwrap();
    let rows = export_rows(&graph, "main").await;
    assert_eq!((rows.ids("Trusts"), rows.ids("Sailor")), (vec!["t9"], vec!["ana"]));
    assert_eq!((rows.ids("Harbor"), rows.ids("BasedAt")), (vec!["oslo"], vec!["b1"]), "other types stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_loads_again() {
    let graph = fleet(&memory()).await;
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    let lines = export(&graph, "main").await;
    let copy = init(&memory()).await;
    load(&copy, "main", LoadMode::Overwrite, &lines).await.unwrap();
    assert_eq!(export(&copy, "main").await, lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_sources_are_recognized() {
    let zstd = zstd::encode_all(CREW.as_bytes(), 3).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(CREW.as_bytes()).unwrap();
    let mut exports = Vec::new();
    for bytes in [CREW.as_bytes().to_vec(), zstd, gzip.finish().unwrap()] {
        let graph = init(&memory()).await;
        let source = LoadSource::reader("crew", std::io::Cursor::new(bytes));
        graph.branch("main").load(LoadMode::Merge, source).await.unwrap();
        exports.push(export(&graph, "main").await);
    }
    assert!(exports.iter().all(|lines| *lines == exports[0]));
    assert_eq!(ExportedRows::parse(&exports[0]).ids("Sailor"), ["ana", "ben"]);
}

/// Each invalid input with the code, a fragment of the message, and the line.
const REFUSALS: &[(&str, &str, &str, u64)] = &[
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\"}}\n\n{oops}", "OG-LOAD-001", "invalid strict JSON", 3),
    ("[1]", "OG-LOAD-002", "must be one JSON object", 1),
    ("{\"data\":{}}", "OG-LOAD-002", "exactly one of 'type' or 'edge'", 1),
    ("{\"type\":\"Sailor\",\"edge\":\"Trusts\"}", "OG-LOAD-002", "exactly one of 'type' or 'edge'", 1),
    ("{\"type\":\"Sailor\",\"handle\":\"x\"}", "OG-LOAD-002", "unknown top-level graph batch field 'handle'", 1),
    ("{\"type\":\"Sailor\",\"id\":\"x\"}", "OG-LOAD-002", "reserved physical state", 1),
    (
        "{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\",\"handle\":\"y\"}}",
        "OG-LOAD-003",
        "duplicate JSON member 'handle'",
        1,
    ),
    ("{\"type\":\"Sailer\",\"data\":{}}", "OG-LOAD-004", "did you mean 'Sailor'?", 1),
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\",\"rnak\":1}}", "OG-LOAD-005", "unknown input field 'rnak'", 1),
    (
        "{\"edge\":\"Trusts\",\"from\":\"ana\",\"to\":\"ben\",\"data\":{\"src\":\"x\"}}",
        "OG-LOAD-005",
        "reserved structural state",
        1,
    ),
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":7}}", "OG-LOAD-006", "expects String, got the number 7", 1),
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\",\"rank\":\"7\"}}", "OG-LOAD-006", "expects Int32", 1),
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\",\"rank\":3.0}}", "OG-LOAD-006", "expects Int32", 1),
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\",\"rank\":3000000000}}", "OG-LOAD-007", "exceeds Int32 range", 1),
    ("{\"type\":\"Sailor\",\"data\":{\"rank\":3}}", "OG-LOAD-008", "missing required property 'handle'", 1),
    ("{\"type\":\"Sailor\",\"data\":{\"handle\":null}}", "OG-LOAD-008", "non-nullable", 1),
    ("{\"edge\":\"Trusts\",\"to\":\"ben\"}", "OG-LOAD-008", "requires field 'from'", 1),
    (
        "{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\",\"id\":\"y\"}}",
        "OG-LOAD-010",
        "does not match its canonical @key id",
        1,
    ),
    (
        "{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\"}}\n{\"type\":\"Sailor\",\"data\":{\"handle\":\"x\"}}",
        "OG-LOAD-011",
        "@unique violation on Sailor.handle: value 'x'",
        2,
    ),
    (
        "{\"edge\":\"Trusts\",\"from\":\"ana\",\"to\":\"nobody\"}",
        "OG-CONSTRAINT-009",
        "dst 'nobody' not found in Sailor",
        1,
    ),
    (
        "{\"edge\":\"Trusts\",\"from\":\"ana\",\"to\":\"ben\",\"data\":{\"since\":\"soon\"}}",
        "OG-LOAD-006",
        "invalid Date literal",
        1,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn invalid_lines_are_reported_and_change_nothing() {
    let graph = fleet(&memory()).await;
    let before = export(&graph, "main").await;
    for (input, code, fragment, line) in REFUSALS {
        let error = load(&graph, "main", LoadMode::Merge, input).await.unwrap_err();
        let Error::Data(report) = &error else { panic!("{input}: {error}") };
        let [data] = report.errors.as_slice() else { panic!("{input}: {error}") };
        assert_eq!((data.code, data.line, data.file.as_str()), (*code, *line, "rows.jsonl"), "{input}: {error}");
        assert!(error.to_string().contains(fragment), "{input}: {error}");
        assert!(error.to_string().contains(&format!("rows.jsonl:{line}")), "{input}: {error}");
    }
    assert_eq!(export(&graph, "main").await, before);
    assert_eq!(graph.commit(&Target::Branch("main".into())).await.unwrap().generation(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_line_deep_in_a_large_input_is_reported() {
    let graph = init(&memory()).await;
    let mut lines = String::new();
    for number in 0..60_000 {
        lines.push_str(&format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\",\"rank\":{number}}}}}\n"));
    }
    let bad = lines.clone() + "{\"type\":\"Sailor\",\"data\":{\"handle\":\"last\",\"rank\":true}}\n";
    let error = load(&graph, "main", LoadMode::Append, &bad).await.unwrap_err();
    assert!(error.to_string().contains("rows.jsonl:60001"), "{error}");
    assert!(export(&graph, "main").await.is_empty());
    load(&graph, "main", LoadMode::Append, &lines).await.unwrap();
    let count = rows(&graph, "query q() { match { $s: Sailor } return { count($s) as n } }").await;
    assert_eq!(count, [r#"{"n":60000}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_without_rows_makes_no_commit() {
    let graph = fleet(&memory()).await;
    assert!(load(&graph, "main", LoadMode::Overwrite, "\n \n").await.unwrap().commit.is_none());
    assert_eq!(graph.commit(&Target::Branch("main".into())).await.unwrap().generation(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_survives_export_and_load() {
    let schema = "\
node Sample {
  key: String @key
  flag: Bool  small: I32  large: I64  count: U32  huge: U64
  single: F32  double: F64  day: Date  moment: DateTime
  words: [String]  numbers: [I64]?  vector: Vector(3)  kind: enum(tug, cargo-liner)  note: String?
}";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
    let line = r#"{"type":"Sample","data":{"id":"k","count":4294967295,"day":"2024-02-29","double":0.1,"flag":true,"huge":18446744073709551615,"key":"k","kind":"cargo-liner","large":-9223372036854775808,"moment":"2024-01-02T03:04:05.678Z","note":null,"numbers":[1,-2],"single":0.1,"small":-1,"vector":[0.5,1.0,-2.0],"words":["a \"b\"","ü"]}}"#;
    load(&graph, "main", LoadMode::Append, line).await.unwrap();
    assert_eq!(export(&graph, "main").await.trim_end(), line);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_handle_does_not_write() {
    let place = memory();
    fleet(&place).await;
    let graph = Omnigraph::open_read_only(&place).await.unwrap();
    assert_eq!(load(&graph, "main", LoadMode::Merge, MORE).await.unwrap_err().kind(), ErrorKind::Denied);
    let branch = graph.create_branch("b", &Target::Branch("main".into())).await;
    assert_eq!(branch.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(graph.delete_branch("b").await.unwrap_err().kind(), ErrorKind::Denied);
}
