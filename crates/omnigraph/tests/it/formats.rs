//! The same rows in every format make the same graph.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array,
    LargeStringArray, ListBuilder, RecordBatch, StringArray, StringBuilder, StringViewArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::datatypes::{DataType, Field, Float32Type, Int32Type, Schema};
use omnigraph::{LoadMode, LoadSource, Omnigraph, SchemaSource};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{export, memory};

const SCHEMA: &str = "\
node Sample {
  key: String @key
  flag: Bool?  small: I32?  large: I64  huge: U64?  single: F32?  double: F64?  day: Date?  moment: DateTime?
  words: [String]?  vector: Vector(2)?  note: String?  doc: Json?  mood: String @default(\"calm\")
}
edge Near: Sample -> Sample { weight: F64? }
";

#[derive(Clone, Debug)]
struct FormatRow {
    key: String,
    flag: Option<bool>,
    small: Option<i32>,
    large: i64,
    huge: Option<u64>,
    single: Option<f32>,
    double: Option<f64>,
    day: Option<i32>,
    moment: Option<i64>,
    words: Option<Vec<String>>,
    vector: Option<[f32; 2]>,
    note: Option<String>,
    doc: Option<i64>,
    near: usize,
    weight: Option<f64>,
}

fn row() -> impl Strategy<Value = FormatRow> {
    let text = "[ a-cü,;\"'\n\r\t{}]{0,6}";
    let optional = prop::option::of::<BoxedStrategy<String>>;
    let single = -1000i16..1000;
    let numbers = (
        any::<Option<bool>>(),
        any::<Option<i32>>(),
        any::<i64>(),
        any::<Option<u64>>(),
        prop::option::of(single.prop_map(|value| f32::from(value) / 8.0)),
        prop::option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO),
        prop::option::of(-100_000i32..100_000),
        prop::option::of(-4_000_000_000_000i64..4_000_000_000_000),
    );
    let lists = (
        prop::option::of(prop::collection::vec(text, 0..3)),
        prop::option::of([-4i8..4, -4i8..4].prop_map(|pair| pair.map(f32::from))),
        optional(text.boxed()),
        any::<Option<i64>>(),
    );
    (text, numbers, lists, any::<usize>(), prop::option::of(-10i32..10)).prop_map(|(key, n, l, near, weight)| {
        FormatRow {
            key,
            flag: n.0,
            small: n.1,
            large: n.2,
            huge: n.3,
            single: n.4,
            double: n.5,
            day: n.6,
            moment: n.7,
            words: l.0,
            vector: l.1,
            note: l.2,
            doc: l.3,
            near,
            weight: weight.map(f64::from),
        }
    })
}

fn rows() -> impl Strategy<Value = Vec<FormatRow>> {
    prop::collection::vec(row(), 1..12).prop_map(|mut rows| {
        for (index, row) in rows.iter_mut().enumerate() {
            row.key = format!("{index}{}", row.key);
        }
        rows
    })
}

fn doc(row: &FormatRow) -> Option<serde_json::Value> {
    row.doc.map(|value| json!({"b": [value, null], "a": {"x": "ü"}}))
}

fn ndjson(rows: &[FormatRow]) -> Vec<u8> {
    let mut lines = String::new();
    for (index, row) in rows.iter().enumerate() {
        let near = &rows[row.near % rows.len()].key;
        let edge = json!({"edge": "Near", "from": row.key, "to": near,
            "data": {"id": format!("e{index}"), "weight": row.weight}});
        let node = json!({"type": "Sample", "data": {
            "key": row.key, "flag": row.flag, "small": row.small, "large": row.large, "huge": row.huge,
            "single": row.single, "double": row.double, "day": row.day, "moment": row.moment, "words": row.words,
            "vector": row.vector, "note": row.note, "doc": doc(row),
        }});
        lines += &format!("{edge}\n{node}\r\n");
    }
    lines.into_bytes()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn csv(rows: &[FormatRow]) -> (Vec<u8>, Vec<u8>) {
    let mut nodes = "key,flag,small,large,huge,single,double,day,moment,words,vector,note,doc\n".to_owned();
    let mut edges = "id,to,from,weight\r\n".to_owned();
    for (index, row) in rows.iter().enumerate() {
        let cells = [
            quoted(&row.key),
            cell(row.flag),
            cell(row.small),
            row.large.to_string(),
            cell(row.huge),
            cell(row.single),
            cell(row.double.map(|value| format!("{value:e}"))),
            cell(row.day),
            cell(row.moment),
            cell(row.words.as_ref().map(|words| quoted(&json!(words).to_string()))),
            cell(row.vector.map(|vector| quoted(&json!(vector).to_string()))),
            cell(row.note.as_deref().map(quoted)),
            cell(doc(row).map(|doc| quoted(&doc.to_string()))),
        ];
        nodes += &(cells.join(",") + "\n");
        let near = &rows[row.near % rows.len()].key;
        edges += &format!("e{index},{},{},{}\r\n", quoted(near), quoted(&row.key), cell(row.weight));
    }
    (nodes.into_bytes(), edges.into_bytes())
}

fn batches(rows: &[FormatRow]) -> (RecordBatch, RecordBatch) {
    let texts = |of: &dyn Fn(&FormatRow) -> Option<String>| rows.iter().map(of).collect::<Vec<_>>();
    let keys: DictionaryArray<Int32Type> = rows.iter().map(|row| Some(row.key.as_str())).collect();
    let mut words = ListBuilder::new(StringBuilder::new());
    for row in rows {
        match &row.words {
            None => words.append_null(),
            Some(texts) => words.append_value(texts.iter().map(Some)),
        }
    }
    let vectors = rows.iter().map(|row| row.vector.map(|vector| vector.map(Some)));
    let micros = |row: &FormatRow| row.moment.map(|millis| millis * 1000 + 7);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("key", Arc::new(keys)),
        ("flag", Arc::new(rows.iter().map(|row| row.flag).collect::<BooleanArray>())),
        ("small", Arc::new(rows.iter().map(|row| row.small.map(i64::from)).collect::<Int64Array>())),
        ("large", Arc::new(rows.iter().map(|row| Some(row.large)).collect::<Int64Array>())),
        ("huge", Arc::new(rows.iter().map(|row| row.huge).collect::<UInt64Array>())),
        ("single", Arc::new(rows.iter().map(|row| row.single.map(f64::from)).collect::<Float64Array>())),
        ("double", Arc::new(rows.iter().map(|row| row.double).collect::<Float64Array>())),
        ("day", Arc::new(rows.iter().map(|row| row.day).collect::<Date32Array>())),
        ("moment", Arc::new(rows.iter().map(micros).collect::<TimestampMicrosecondArray>())),
        ("words", Arc::new(words.finish())),
        ("vector", Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, 2))),
        ("note", Arc::new(StringViewArray::from_iter(texts(&|row| row.note.clone())))),
        ("doc", Arc::new(LargeStringArray::from(texts(&|row| doc(row).map(|doc| doc.to_string()))))),
        ("mood", arrow::array::new_null_array(&DataType::Utf8, rows.len())),
    ];
    let ids = (0..rows.len()).map(|index| Some(format!("e{index}"))).collect::<StringArray>();
    let near: StringArray = rows.iter().map(|row| Some(rows[row.near % rows.len()].key.as_str())).collect();
    let edges: Vec<(&str, ArrayRef)> = vec![
        ("src", Arc::new(StringArray::from(texts(&|row| Some(row.key.clone()))))),
        ("id", Arc::new(ids)),
        ("dst", Arc::new(near)),
        ("weight", Arc::new(rows.iter().map(|row| row.weight.map(|w| w as f32)).collect::<Float32Array>())),
    ];
    (batch(columns), batch(edges))
}

pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

pub(crate) fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(5))
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub(crate) fn arrow_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

pub(crate) fn arrow_stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn source(name: &str, bytes: Vec<u8>) -> LoadSource {
    LoadSource::reader(name, std::io::Cursor::new(bytes))
}

async fn loaded(source: LoadSource) -> String {
    let folder = tempfile::tempdir().unwrap();
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", SCHEMA)).await.unwrap();
    graph.branch("main").load(LoadMode::Append, source).temporary_folder(folder.path()).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "temporary files are deleted");
    export(&graph, "main").await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_makes_the_same_graph(rows in rows()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let expected = loaded(source("rows.jsonl", ndjson(&rows))).await;
            let (nodes, edges) = csv(&rows);
            let from_csv = source("Near.csv", edges).and(source("Sample.csv", nodes));
            assert_eq!(loaded(from_csv).await, expected, "CSV");
            let (nodes, edges) = batches(&rows);
            type Write = fn(&RecordBatch) -> Vec<u8>;
            let formats: [(&str, Write); 3] = [("parquet", parquet), ("arrow", arrow_file), ("arrows", arrow_stream)];
            for (ending, write) in formats {
                let files = source(&format!("Sample.{ending}"), write(&nodes))
                    .and(source(&format!("near.{ending}"), write(&edges)));
                assert_eq!(loaded(files).await, expected, "{ending}");
            }
        });
    }
}
