//! Input files, folders and streams: their types, their errors, and the limit of skipped rows.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray, StringArray, TimestampMillisecondArray};
use arrow::datatypes::Float64Type;
use omnigraph::{
    Error, ErrorKind, ErrorPolicy, LoadMapping, LoadMode, LoadSource, Omnigraph, RowError, SchemaSource, Target,
};

use crate::formats::{arrow_file, arrow_stream, batch, parquet};
use crate::support::{CREW, change_counts, export, export_rows, fleet, init, load, memory, rows};

fn text(name: &str, text: &str) -> LoadSource {
    LoadSource::reader(name, std::io::Cursor::new(text.as_bytes().to_vec()))
}

fn bytes(name: &str, bytes: Vec<u8>) -> LoadSource {
    LoadSource::reader(name, std::io::Cursor::new(bytes))
}

async fn append(graph: &Omnigraph, source: LoadSource) -> omnigraph::Result<omnigraph::LoadReceipt> {
    graph.branch("main").load(LoadMode::Append, source).await
}

/// Returns the errors of a load that fails.
async fn row_errors(graph: &Omnigraph, source: LoadSource) -> Vec<RowError> {
    match append(graph, source).await.unwrap_err() {
        Error::Data(report) => report.errors,
        other => panic!("{other}"),
    }
}

fn places(errors: &[RowError]) -> Vec<String> {
    errors.iter().map(|error| format!("{}:{}:{} {}", error.file, error.line, error.column, error.code)).collect()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_any_formats_is_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "Sailor.csv.gz", &gzip(b"handle,rank\nana,30\nben,\n"));
    write(folder.path(), "Harbor.parquet", &parquet(&batch(vec![("code", texts(&["oslo"]))])));
    write(
        folder.path(),
        "BasedAt.arrow",
        &arrow_file(&batch(vec![("from", texts(&["ana"])), ("to", texts(&["oslo"]))])),
    );
    write(folder.path(), "more.jsonl", br#"{"type":"Sailor","data":{"handle":"cyd"}}"#);
    let trusts = b"\xef\xbb\xbfsrc\tdst\tsince\nana\tben\t2024-05-06\n";
    write(folder.path(), "trusts.tsv.zst", &zstd::encode_all(&trusts[..], 3).unwrap());
    write(folder.path(), ".hidden", b"?");
    write(folder.path(), "_SUCCESS", b"");
    let graph = init(&memory()).await;
    let receipt = append(&graph, LoadSource::path(folder.path()).unwrap()).await.unwrap();
    let count = |loaded: &[omnigraph::LoadedType]| {
        loaded.iter().map(|ty| format!("{} {}", ty.name, ty.rows)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        (count(&receipt.nodes).as_str(), count(&receipt.edges).as_str()),
        ("Harbor 1, Sailor 3", "BasedAt 1, Trusts 1")
    );
    assert_eq!(graph.commit(&Target::Branch("main".into())).await.unwrap().generation(), 2);
    let since =
        rows(&graph, "query q() { match { $a: Sailor  $a $t: trusts $b } return { $b.handle, $t.since } }").await;
    assert_eq!(since, [r#"{"b.handle":"ben","t.since":"2024-05-06"}"#]);

    write(folder.path(), "notes.md", b"?");
    let error = LoadSource::path(folder.path()).err().unwrap();
    assert!(error.to_string().contains("notes.md"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_names_types_and_columns() {
    let graph = init(&memory()).await;
    let mapping = r#"{"files": [
  {"file": "crew-*.csv", "type": "Sailor", "columns": {"nick": "handle", "remarks": null}, "delimiter": ";"},
  {"file": "pairs", "edge": "trusts", "columns": {"a": "from", "b": "to"}}
]}"#;
    let source = text("data/crew-1.csv", "nick;rank;remarks\nana;30;x\n")
        .and(text("crew-2.csv", "remarks;nick\n\"\n\";ben\n"))
        .and(text("pairs", "a,b\nana,ben\n"));
    append(&graph, source.mapped(&LoadMapping::parse("map.json", mapping).unwrap()).unwrap()).await.unwrap();
    let pairs = rows(&graph, "query q() { match { $a: Sailor  $a trusts $b } return { $a.rank, $b.handle } }").await;
    assert_eq!(pairs, [r#"{"a.rank":30,"b.handle":"ben"}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_mapping_is_reported_with_its_position() {
    let graph = init(&memory()).await;
    for (mapping, file, place, fragment) in [
        ("{\"files\": [\n  {\"file\": \"a.csv\"}\n]}", "a.csv", (2, 3), "exactly one of \"type\" or \"edge\""),
        ("{\"files\": [\n  {\"file\": \"a.csv\", \"typ\": \"Sailor\"}\n]}", "a.csv", (2, 25), "unknown field `typ`"),
        ("{\"files\": [,]}", "a.csv", (1, 12), "expected value"),
        ("{\"files\": [{\"file\": \"a.csv\", \"type\": \"Sailer\"}]}", "a.csv", (1, 12), "did you mean 'Sailor'?"),
        (
            "{\"files\": [{\"file\": \"b.csv\", \"type\": \"Sailor\"}]}",
            "a.csv",
            (1, 12),
            "no file of the input fits \"b.csv\"",
        ),
        (
            "{\"files\": [{\"file\": \"a.csv\", \"type\": \"Sailor\", \"columns\": {\"nick\": \"handle\"}}]}",
            "a.csv",
            (1, 12),
            "a.csv has no column 'nick'; it has handle",
        ),
        ("{\"files\": [{\"file\": \"a.jsonl\", \"type\": \"Sailor\"}]}", "a.jsonl", (1, 12), "take this entry away"),
    ] {
        let load = async {
            let mapping = LoadMapping::parse("map.json", mapping)?;
            append(&graph, text(file, "handle\nana\n").mapped(&mapping)?).await
        };
        let error = load.await.unwrap_err();
        let Error::Data(report) = &error else { panic!("{error}") };
        let [data] = report.errors.as_slice() else { panic!("{error}") };
        assert_eq!((data.code, data.file.as_str()), ("OG-LOAD-014", "map.json"), "{error}");
        assert_eq!((data.line, data.column), place, "{error}");
        assert!(error.to_string().contains(fragment), "{error}");
    }
}

/// Each CSV with the position, the code and a fragment of the message.
const BAD_CSV: &[(&str, &str, &str)] = &[
    ("handle,rnak\nana,1\n", "Sailor.csv:1:8 OG-LOAD-005", "did you mean 'rank'?"),
    ("rank\n1\n", "Sailor.csv:1:0 OG-LOAD-008", "missing a column for the required property 'handle'"),
    ("handle,handle\na,b\n", "Sailor.csv:1:8 OG-LOAD-003", "duplicate column 'handle'"),
    (
        "handle,rank\nana,30\n\n\"ben\nx\",3.5\n",
        "Sailor.csv:4:9 OG-LOAD-006",
        "Sailor.rank expects Int32, got the text \"3.5\"",
    ),
    ("handle,rank\nana,3000000000\n", "Sailor.csv:2:5 OG-LOAD-007", "exceeds Int32 range"),
    ("handle,rank\nana\n", "Sailor.csv:2:0 OG-LOAD-013", "expected 2 fields as in the header, got 1"),
    ("handle,rank\na\"b,1\n", "Sailor.csv:2:2 OG-LOAD-013", "a quote within a field"),
    ("handle,rank\n\"ana,1\n", "Sailor.csv:2:1 OG-LOAD-013", "missing closing quote"),
    ("handle,rank\n,1\n", "Sailor.csv:2:0 OG-LOAD-008", "missing required property 'handle'"),
    ("handle,id\nana,anna\n", "Sailor.csv:2:0 OG-LOAD-010", "does not match its canonical @key id"),
];

#[tokio::test(flavor = "multi_thread")]
async fn csv_errors_have_file_line_and_column() {
    let graph = fleet(&memory()).await;
    let before = export(&graph, "main").await;
    for (input, place, fragment) in BAD_CSV {
        let errors = row_errors(&graph, text("Sailor.csv", input)).await;
        assert_eq!(places(&errors), [*place], "{input:?}: {errors:?}");
        assert!(errors[0].message.contains(fragment), "{input:?}: {errors:?}");
    }
    let errors = row_errors(&graph, text("Trusts.csv", "from,since\nana,2024-01-01\n")).await;
    assert_eq!(places(&errors), ["Trusts.csv:1:0 OG-LOAD-008"]);
    let errors = row_errors(&graph, text("Trusts.csv", "from,to\nana,\n")).await;
    assert_eq!(places(&errors), ["Trusts.csv:2:0 OG-LOAD-008"]);
    let errors = row_errors(&graph, text("Sailr.csv", "handle\n")).await;
    assert_eq!(places(&errors), ["Sailr.csv:1:0 OG-LOAD-004"]);
    assert!(errors[0].message.contains("did you mean 'Sailor'?"), "{errors:?}");
    assert!(append(&graph, text("Sailor.csv", "")).await.unwrap_err().to_string().contains("is empty"));
    assert_eq!(export(&graph, "main").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_cell_is_null_and_an_empty_text_is_quoted() {
    let schema = "node A { k: String @key  note: String?  mood: String @default(\"calm\") }";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
    append(&graph, text("A.csv", "k,note,mood\n1,,\n2,\"\",\"\"\n")).await.unwrap();
    let lines = export(&graph, "main").await;
    let expected = [
        r#"{"type":"A","data":{"id":"1","k":"1","mood":"calm","note":null}}"#,
        r#"{"type":"A","data":{"id":"2","k":"2","mood":"","note":""}}"#,
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_converted_only_without_loss() {
    let schema = "node A { k: I64 @key  n: I32?  f: F32?  v: Vector(2)?  d: Date? }";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
    let keys = |count: i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values(0..count)) };
    let list = |rows: Vec<Vec<f64>>| -> ArrayRef {
        let rows = rows.into_iter().map(|row| Some(row.into_iter().map(Some)));
        Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
    };
    let instants: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![0]));
    let large: ArrayRef = Arc::new(Int64Array::from(vec![1, 3_000_000_000]));
    for (columns, place, fragments) in [
        (vec![("k", keys(1)), ("n", texts(&["1"]))], "A.parquet:0:0 OG-LOAD-006", ["type Utf8", "A.n: I32?"]),
        (vec![("k", keys(1)), ("d", instants)], "A.parquet:0:0 OG-LOAD-006", ["Timestamp", "Date"]),
        (vec![("k", keys(2)), ("n", large)], "A.parquet:2:0 OG-LOAD-007", ["row 2: column 'n': 3000000000", "Int32"]),
        (
            vec![("k", keys(3)), ("v", list(vec![vec![0.5, 1.0], vec![0.5, 0.1], vec![1.0, 1.0]]))],
            "A.parquet:2:0 OG-LOAD-007",
            ["row 2: column 'v'", "Float32"],
        ),
        (
            vec![("k", keys(2)), ("v", list(vec![vec![0.5, 1.0], vec![0.5]]))],
            "A.parquet:2:0 OG-LOAD-006",
            ["expects 2 dimensions, got 1", "row 2"],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "A.parquet", &parquet(&batch(columns)));
        let errors = row_errors(&graph, LoadSource::path(&folder.path().join("A.parquet")).unwrap()).await;
        let shown = places(&errors);
        assert!(shown.len() == 1 && shown[0].ends_with(&format!("/{place}")), "{errors:?}");
        for fragment in fragments {
            assert!(errors[0].message.contains(fragment), "{fragment}: {errors:?}");
        }
    }
    assert!(export(&graph, "main").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_the_middle_of_a_file_changes_nothing() {
    let graph = init(&memory()).await;
    let count = 20_000;
    let lines: String =
        (0..count).map(|n| format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{n}\"}}}}\n")).collect();
    let csv: String = std::iter::once("handle\n".to_owned()).chain((0..count).map(|n| format!("s{n}\n"))).collect();
    let handles: StringArray = (0..count).map(|n| (n != 15_000).then(|| format!("s{n}"))).collect();
    let rows = batch(vec![("handle", Arc::new(handles) as ArrayRef)]);
    let cases = [
        (bytes("rows.jsonl", lines.replace("\"s15000\"", "7").into_bytes()), 15_001),
        (bytes("Sailor.csv", csv.replace("\ns15000\n", "\n\"s15000\n").into_bytes()), 15_002),
        (bytes("Sailor.arrow", arrow_stream(&rows)), 15_001),
    ];
    for (source, line) in cases {
        let errors = row_errors(&graph, source).await;
        assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [line], "{errors:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, mut file) in [("Sailor.parquet", parquet(&rows)), ("Sailor.arrow", arrow_file(&rows))] {
        let middle = file.len() / 2;
        file[middle..middle + 64].fill(0xff);
        write(folder.path(), name, &file);
        let error = append(&graph, LoadSource::path(&folder.path().join(name)).unwrap()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(name), "{error}");
        write(folder.path(), name, &file[..middle]);
        let error = append(&graph, LoadSource::path(&folder.path().join(name)).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(export(&graph, "main").await.is_empty());
    load(&graph, "main", LoadMode::Append, &lines).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_errors_are_reported_together() {
    let graph = init(&memory()).await;
    let lines: String = (0..100)
        .map(|n| match n % 10 {
            3 => "{oops}\n".to_owned(),
            7 => format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{n}\",\"rank\":true}}}}\n"),
            8 => "{\"type\":\"Sailor\",\"data\":{\"handle\":\"twice\"}}\n".to_owned(),
            _ => format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{n}\"}}}}\n"),
        })
        .collect();
    let load = |limit| graph.branch("main").load(LoadMode::Append, text("a.jsonl", &lines)).report_limit(limit);
    let error = load(4).await.unwrap_err();
    let Error::Data(some) = &error else { panic!("{error}") };
    let expected = ["a.jsonl:4:2 OG-LOAD-001", "a.jsonl:8:", "a.jsonl:14:2 OG-LOAD-001", "a.jsonl:18:"];
    assert!(places(&some.errors).iter().zip(expected).all(|(place, wanted)| place.starts_with(wanted)), "{error}");
    assert!(!some.complete && error.to_string().contains("at least"), "{error}");

    let error = load(50).await.unwrap_err();
    let Error::Data(all) = &error else { panic!("{error}") };
    assert_eq!((all.errors.len(), all.total, all.complete), (29, 29, true), "20 bad rows, 9 that have an id again");
    assert!(error.to_string().ends_with("29 errors in the input; nothing was loaded"), "{error}");
}

/// A file that a test can read while it is written.
#[derive(Clone, Default)]
struct SharedFile(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl SharedFile {
    fn lines(&self) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_rows_are_skipped_up_to_a_limit_and_written_to_a_file() {
    let lines = "{\"type\":\"Sailor\",\"data\":{\"handle\":\"ana\"}}\n{oops}\n\n{\"type\":\"Sailor\",\"data\":{\"handle\":\"ben\"}}\n";
    let csv = "handle,rank\ncyd,1\ndan,\"x\ny\"\neve,2\n";
    let ranks: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(i64::MAX), None]));
    let columns = arrow_stream(&batch(vec![("handle", texts(&["f", "g", "h"])), ("rank", ranks)]));
    let source = || text("a.jsonl", lines).and(text("Sailor.csv", csv)).and(bytes("Sailor.arrows", columns.clone()));
    let load = async |max_errors, graph: &Omnigraph| {
        let rejects = SharedFile::default();
        let policy = ErrorPolicy { max_errors, rejects: Box::new(rejects.clone()) };
        let loaded = graph.branch("main").load(LoadMode::Append, source()).skip_invalid(policy).await;
        (loaded, rejects.lines())
    };
    let graph = init(&memory()).await;
    let (failed, rejects) = load(2, &graph).await;
    let Error::Data(report) = failed.unwrap_err() else { panic!() };
    assert_eq!((report.total, rejects.len()), (3, 3));
    assert!(export(&graph, "main").await.is_empty());

    let (loaded, rejects) = load(3, &graph).await;
    let receipt = loaded.unwrap();
    assert_eq!((receipt.total(), receipt.rejected), (6, 3));
    let names = rows(&graph, "query q() { match { $s: Sailor } return { $s.handle } order { $s.handle } }").await;
    assert_eq!(names.len(), 6, "{names:?}");
    let reported: Vec<_> =
        rejects.iter().map(|row| (row["file"].as_str().unwrap(), row["line"].as_u64().unwrap())).collect();
    assert_eq!(reported, [("a.jsonl", 2), ("Sailor.csv", 3), ("Sailor.arrows", 2)]);
    assert_eq!(rejects[0]["raw"], "{oops}");
    assert_eq!(rejects[1]["raw"], "dan,\"x\ny\"");
    assert_eq!(rejects[2]["raw"], serde_json::json!({"handle": "g", "rank": "9223372036854775807"}));
    assert!(rejects.iter().all(|row| row["code"].is_string() && row["message"].is_string()), "{rejects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_needs_a_rejected_row_fails_the_load() {
    let lines = "{\"edge\":\"Trusts\",\"from\":\"ana\",\"to\":\"ben\"}\n{\"type\":\"Sailor\",\"data\":{\"handle\":\"ana\"}}\n\
                 {\"type\":\"Sailor\",\"data\":{\"handle\":\"ben\",\"rank\":true}}\n";
    let graph = init(&memory()).await;
    let policy = ErrorPolicy { max_errors: 9, rejects: Box::new(std::io::sink()) };
    let load = graph.branch("main").load(LoadMode::Append, text("a.jsonl", lines)).skip_invalid(policy);
    let error = load.await.unwrap_err();
    assert!(error.to_string().contains("dst 'ben' not found in Sailor"), "{error}");
    assert!(export(&graph, "main").await.is_empty());
}

/// Returns a day since the epoch in the form of a query's row.
fn rows_day(days: i64) -> String {
    format!("{{\"since\":\"{}\"}}", omnigraph_compiler::temporal::format_date(i32::try_from(days).unwrap()))
}

/// Tests many edges, which are spilled to files, and few, which stay in memory.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_two_edges_with_one_id_wins_in_a_merge() {
    for (count, half) in [(6, 3), (20_000, 10_000)] {
        let edge = |n: usize| {
            format!(
                "{{\"edge\":\"Trusts\",\"from\":\"ana\",\"to\":\"ben\",\"data\":{{\"id\":\"t{}\",\"since\":{n}}}}}\n",
                n % half
            )
        };
        let lines: String = (0..count).map(edge).collect();
        for mode in [LoadMode::Append, LoadMode::Overwrite] {
            let graph = fleet(&memory()).await;
            let before = export(&graph, "main").await;
            let error = load(&graph, "main", mode, &lines).await.unwrap_err();
            assert!(error.code() == "OG-LOAD-011" && error.to_string().contains("key conflict"), "{error}");
            assert!(error.to_string().contains(&format!("rows.jsonl:{}", half + 1)), "{error}");
            assert_eq!(export(&graph, "main").await, before);
        }
        let graph = fleet(&memory()).await;
        let receipt = load(&graph, "main", LoadMode::Merge, &lines).await.unwrap();
        assert_eq!(receipt.total(), half as u64);
        let counts = change_counts(&graph, &receipt.commit.unwrap()).await;
        assert_eq!(counts, [(half as u64 - 1, 1, 0)], "the crew had t1");
        let source =
            "query q() { match { $a: Sailor  $a $t: trusts $b } return { $t.since as since } order { $t.since } }";
        let days = rows(&graph, source).await;
        assert_eq!(days.len(), half);
        let (first, last) = (count as i64 - half as i64, count as i64 - 1);
        assert_eq!((days.first().unwrap(), days.last().unwrap()), (&rows_day(first), &rows_day(last)), "the last wins");
        let again = export(&graph, "main").await;
        load(&graph, "main", LoadMode::Merge, &lines).await.unwrap();
        assert_eq!(export(&graph, "main").await, again, "a merge can be repeated");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_keys_are_violations_in_every_mode_and_across_files() {
    for mode in [LoadMode::Append, LoadMode::Merge, LoadMode::Overwrite] {
        let graph = init(&memory()).await;
        let source = text("Sailor.csv", "handle\nana\n").and(text("b.jsonl", CREW));
        let error = graph.branch("main").load(mode, source).await.unwrap_err();
        let wanted = "@unique violation on Sailor.handle: value 'ana' held by the row at Sailor.csv:2 already";
        assert!(error.to_string().contains(wanted), "{error}");
        assert!(error.to_string().contains("b.jsonl:1"), "{error}");
        assert!(export(&graph, "main").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_creates_its_branch_unless_it_fails() {
    let graph = fleet(&memory()).await;
    let load = async |branch: &str, base: Option<&str>, lines: &str| {
        let load = graph.branch(branch).load(LoadMode::Append, text("rows.jsonl", lines));
        match base {
            Some(base) => load.create_from(base).await,
            None => load.await,
        }
    };
    let branches = async || graph.branches().await.unwrap().len();
    let cyd = r#"{"type":"Sailor","data":{"handle":"cyd"}}"#;
    assert_eq!(load("draft", None, cyd).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(load("draft", Some("none"), cyd).await.unwrap_err().kind(), ErrorKind::NotFound);
    load("draft", Some("main"), "{oops}").await.unwrap_err();
    // These errors occur on the new branch: an existing id, a missing endpoint.
    load("draft", Some("main"), r#"{"type":"Sailor","data":{"handle":"ana"}}"#).await.unwrap_err();
    load("draft", Some("main"), r#"{"edge":"Trusts","from":"ana","to":"nobody"}"#).await.unwrap_err();
    assert_eq!(branches().await, 1);
    let receipt = load("draft", Some("main"), cyd).await.unwrap();
    assert!(receipt.branch_created && branches().await == 2);
    let dan = r#"{"type":"Sailor","data":{"handle":"dan"}}"#;
    assert!(!load("draft", Some("main"), dan).await.unwrap().branch_created);
    assert!(export_rows(&graph, "draft").await.contains("Sailor", "cyd"));
    assert!(!export_rows(&graph, "main").await.contains("Sailor", "cyd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_that_need_seeking_are_spooled() {
    let rows = batch(vec![("handle", texts(&["ana"])), ("rank", Arc::new(Int32Array::from(vec![30])) as ArrayRef)]);
    let graph = init(&memory()).await;
    let error = append(&graph, bytes("Sailor.parquet", parquet(&rows))).await.unwrap_err();
    assert!(error.to_string().contains("needs a folder for temporary files"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let source = bytes("Sailor", gzip(&parquet(&rows)));
    graph.branch("main").load(LoadMode::Append, source).temporary_folder(folder.path()).await.unwrap();
    assert_eq!(export_rows(&graph, "main").await.ids("Sailor"), ["ana"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
