//! Decoding of foreign and damaged bytes: an error, and never a panic.

use std::sync::Arc;

use omnigraph_history::codec::{VersionedObject, decode, encode};
use omnigraph_history::{BranchRecord, CommitRecord, Error, GraphLog, GraphMetadata, layout};
use omnigraph_storage::Key;
use proptest::prelude::*;
use serde_json::Value;

use crate::fixtures::{commit, create, fork, main};
use crate::test_location::{TestLocation, key};

/// One valid object of each kind.
struct SampleObjects {
    metadata: GraphMetadata,
    branch: Arc<BranchRecord>,
    commit: Arc<CommitRecord>,
}

async fn samples() -> SampleObjects {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let commit = commit(&log, &main(&log).await).await;
    let branch = fork(&log, "b", commit.reference()).await;
    SampleObjects { metadata: log.metadata().clone(), branch, commit }
}

fn samples_now() -> SampleObjects {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(samples())
}

/// Returns `value` with an unknown field, once for each object inside.
fn with_unknown_field(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            let mut with_field = fields.clone();
            with_field.insert("unknown".to_owned(), Value::Null);
            found.push(Value::Object(with_field));
            for (name, inner) in fields {
                for changed in with_unknown_field(inner) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    found.push(Value::Object(fields));
                }
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                for changed in with_unknown_field(inner) {
                    let mut items = items.clone();
                    items[at] = changed;
                    found.push(Value::Array(items));
                }
            }
        }
        _ => {}
    }
    found
}

fn is_closed<T: VersionedObject + PartialEq + std::fmt::Debug>(sample: &T, variants: usize) {
    let bytes = encode("object", sample).unwrap();
    assert_eq!(&decode::<T>("object", &bytes).unwrap(), sample);
    for length in 0..bytes.len() {
        let cut = decode::<T>("object", &bytes[..length]);
        assert!(matches!(cut, Err(Error::Damaged { .. })), "cut to {length} bytes: {cut:?}");
    }
    let mut longer = bytes.to_vec();
    longer.extend_from_slice(b"{}");
    assert!(matches!(decode::<T>("object", &longer), Err(Error::Damaged { .. })));

    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let changed = with_unknown_field(&value);
    assert_eq!(changed.len(), variants, "one for each object inside");
    for value in changed {
        let refused = decode::<T>("object", value.to_string().as_bytes());
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{value}");
    }
    for format in ["0", "2", "4294967297", "18446744073709551615"] {
        // A later format may have other fields. The error names the format.
        let later = format!(r#"{{"unknown":1,"format":{format}}}"#);
        match decode::<T>("object", later.as_bytes()) {
            Err(Error::UnknownFormat { found, supported: 1, .. }) => assert_eq!(found.to_string(), format),
            other => panic!("{other:?}"),
        }
    }
    for format in ["1.0", "-1", "\"1\"", "null", "1e0"] {
        let bad = format!(r#"{{"format":{format}}}"#);
        assert!(matches!(decode::<T>("object", bad.as_bytes()), Err(Error::Damaged { .. })), "{bad}");
    }
}

#[tokio::test]
async fn every_decoder_is_closed() {
    let samples = samples().await;
    is_closed(&samples.metadata, 2);
    is_closed(samples.branch.as_ref(), 2);
    // The record, its parent, the map of tables, two pins, the map of changes, a change, an operation.
    is_closed(samples.commit.as_ref(), 8);
}

#[tokio::test]
async fn one_value_has_one_spelling() {
    let samples = samples().await;
    let text = String::from_utf8(encode("object", samples.commit.as_ref()).unwrap().to_vec()).unwrap();
    let id = samples.commit.commit.to_string();
    let pin = r#""edges/0b":{"version":"9223372036854775816","manifest_bytes":302,"rows":0}"#;
    let spellings = [
        (id.clone(), id.to_lowercase()),
        (id.clone(), format!("8{}", &id[1..])),
        (id.clone(), format!("Z{}", &id[1..])),
        (pin.to_owned(), format!("{pin},{pin}")),
        ("\"9223372036854775816\"".to_owned(), "\"+9223372036854775816\"".to_owned()),
        ("\"9223372036854775816\"".to_owned(), "\"09223372036854775816\"".to_owned()),
        ("\"9223372036854775816\"".to_owned(), "9223372036854775816".to_owned()),
        ("\"9223372036854775816\"".to_owned(), "\"18446744073709551616\"".to_owned()),
        ("00000000000000010000000000000007".to_owned(), "00000000000000070000000000000001".to_owned()),
        ("00000000000000010000000000000007".to_owned(), "00000000000000070000000000000007".to_owned()),
        ("00000000000000010000000000000007".to_owned(), "+0000000000000010000000000000007".to_owned()),
        ("00000000000000010000000000000007".to_owned(), "000000000000000A".to_owned()),
        ("00000000000000010000000000000007".to_owned(), "0000".to_owned()),
        ("00000000000000010000000000000007".to_owned(), "ä".repeat(8)),
        ("edges/0b".to_owned(), "edges/../0b".to_owned()),
        ("edges/0b".to_owned(), "tables/0b".to_owned()),
        ("edges/0b".to_owned(), "edges/".to_owned()),
        ("\"mutation\"".to_owned(), "\"Mutation\"".to_owned()),
        (samples.commit.schema.to_string(), samples.commit.schema.to_string().to_uppercase()),
        ("\"kind\":".to_owned(), "\"kind\":\"load\",\"kind\":".to_owned()),
    ];
    for (from, to) in spellings {
        assert!(text.contains(&from), "{from} is not in {text}");
        let other = text.replacen(&from, &to, 1);
        let refused = decode::<CommitRecord>("object", other.as_bytes());
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{to}: {refused:?}");
    }
    let metadata = String::from_utf8(encode("object", &samples.metadata).unwrap().to_vec()).unwrap();
    for heads in ["null", "\"on\"", "\"published\"", "true"] {
        let other = metadata.replacen("\"main\":", &format!("\"heads\":{heads},\"main\":"), 1);
        let refused = decode::<GraphMetadata>("object", other.as_bytes());
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{heads}: {refused:?}");
    }
    assert_eq!(id.to_lowercase().parse(), Ok(samples.commit.commit), "users may type lower case");
    assert!(format!("8{}", &id[1..]).parse::<omnigraph_history::CommitId>().is_err(), "more than 128 bits");
}

/// An error about damage names the object.
#[tokio::test]
async fn damaged_objects_are_named() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    let trunk = main(&log).await;
    let record = commit(&log, &trunk).await;
    fork(&log, "b", record.reference()).await;
    log.allocate_fragment_block(0, 4).await.unwrap();
    let record_key = layout::commit(trunk.id, 1);
    let zero = log.store().read(&key(&layout::commit(trunk.id, 0))).await.unwrap().unwrap();
    let block = "__graph/fragments/00000000000000000001.json";
    let cases: [(&str, &[u8], &str); 9] = [
        (&record_key, b"{}", "OG-GRAPH-004"),
        (&record_key, &zero, "OG-GRAPH-004"),
        (&record_key, br#"{"format":2}"#, "OG-GRAPH-003"),
        ("__graph/branches/b.json", b"", "OG-GRAPH-004"),
        ("__graph/branches/b.json", br#"{"format":3}"#, "OG-GRAPH-003"),
        (block, br#"{"format":1,"start":4294967295,"length":9,"holder":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#, "OG-GRAPH-004"),
        (block, br#"{"format":1,"start":0,"length":0,"holder":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#, "OG-GRAPH-004"),
        (block, br#"{"format":2,"ranges":[]}"#, "OG-GRAPH-003"),
        ("graph.json", br#"{"format":2}"#, "OG-GRAPH-003"),
    ];
    for (name, content, code) in cases {
        let kept = log.store().read(&key(name)).await.unwrap().unwrap();
        log.store().put(&key(name), content.to_vec().into()).await.unwrap();
        let error = match touch(&site).await {
            Err(error) => error,
            Ok(()) => GraphLog::open(site.open()).await.unwrap().allocate_fragment_block(0, 1).await.unwrap_err(),
        };
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(name), "{error} names {name}");
        log.store().put(&key(name), kept).await.unwrap();
        touch(&site).await.unwrap();
    }
}

async fn touch(site: &TestLocation) -> omnigraph_history::Result<()> {
    let log = GraphLog::open(site.open()).await?;
    log.head(&log.branch("main").await?).await?;
    log.branches().await?;
    Ok(())
}

#[tokio::test]
async fn a_schema_has_the_hash_in_its_name() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    let hash = GraphLog::put_schema(log.store(), "node A {}".into()).await.unwrap();
    assert_eq!(GraphLog::put_schema(log.store(), "node A {}".into()).await.unwrap(), hash);
    assert_eq!(log.schema(&hash).await.unwrap(), "node A {}");
    let schema_key: Key = layout::schema(&hash).unwrap();
    log.store().put(&schema_key, "node B {}".into()).await.unwrap();
    assert_eq!(log.schema(&hash).await.unwrap_err().code(), "OG-GRAPH-004");
    let error = GraphLog::put_schema(log.store(), "node A {}".into()).await.unwrap_err();
    assert_eq!(error.code(), "OG-GRAPH-004", "no commit may refer to a damaged schema");
    log.store().delete(&schema_key).await.unwrap();
    assert_eq!(log.schema(&hash).await.unwrap_err().code(), "OG-GRAPH-004");
}

fn survives<T: VersionedObject>(bytes: &[u8]) {
    if let Ok(value) = decode::<T>("object", bytes) {
        // A decoded value can be encoded and decoded again.
        let again = encode("object", &value).unwrap();
        decode::<T>("object", &again).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_can_panic(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let samples = samples_now();
        survives::<CommitRecord>(&noise);
        survives::<BranchRecord>(&noise);
        survives::<GraphMetadata>(&noise);
        let sound = [
            encode("object", &samples.metadata).unwrap(),
            encode("object", samples.branch.as_ref()).unwrap(),
            encode("object", samples.commit.as_ref()).unwrap(),
        ];
        for bytes in sound {
            let mut bytes = bytes.to_vec();
            for (at, byte) in &edits {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            survives::<GraphMetadata>(&bytes);
            survives::<BranchRecord>(&bytes);
            survives::<CommitRecord>(&bytes);
            if let Ok(record) = decode::<CommitRecord>("object", &bytes) {
                let _ = omnigraph_history::invariants::check_commit_record(&record);
                let _ = omnigraph_history::invariants::check_parent(&record, &samples.commit);
            }
        }
    }
}
