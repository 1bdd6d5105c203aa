//! Bytes that we did not write, or not so, are refused: by an error, and never by a panic.

use std::sync::Arc;

use omnigraph_log::codec::{Versioned, decode, encode};
use omnigraph_log::{BranchRecord, CommitRecord, Error, GraphStamp, Log, layout};
use omnigraph_objects::Key;
use proptest::prelude::*;
use serde_json::Value;

use crate::site::{Site, key};
use crate::write::{commit, create, fork, main};

/// One object of each kind, as written.
struct Samples {
    stamp: GraphStamp,
    branch: Arc<BranchRecord>,
    commit: Arc<CommitRecord>,
}

async fn samples() -> Samples {
    let log = create(Site::memory().open()).await.unwrap();
    let commit = commit(&log, &main(&log).await).await;
    let branch = fork(&log, "b", commit.reference()).await;
    Samples { stamp: log.stamp().clone(), branch, commit }
}

fn samples_now() -> Samples {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(samples())
}

/// Every way of adding a field that nobody knows to one of the objects inside `value`.
fn with_strangers(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            let mut more = fields.clone();
            more.insert("stranger".to_owned(), Value::Null);
            found.push(Value::Object(more));
            for (name, inner) in fields {
                for changed in with_strangers(inner) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    found.push(Value::Object(fields));
                }
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                for changed in with_strangers(inner) {
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

fn is_closed<T: Versioned + PartialEq + std::fmt::Debug>(sample: &T, strangers: usize) {
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
    let strange = with_strangers(&value);
    assert_eq!(strange.len(), strangers, "one for each object inside");
    for value in strange {
        let refused = decode::<T>("object", value.to_string().as_bytes());
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{value}");
    }
    for format in ["0", "2", "4294967297", "18446744073709551615"] {
        // A later format may have other fields: the number is what the error must speak of.
        let later = format!(r#"{{"stranger":1,"format":{format}}}"#);
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
    is_closed(&samples.stamp, 2);
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
    let stamp = String::from_utf8(encode("object", &samples.stamp).unwrap().to_vec()).unwrap();
    for heads in ["null", "\"on\"", "\"published\"", "true"] {
        let other = stamp.replacen("\"main\":", &format!("\"heads\":{heads},\"main\":"), 1);
        let refused = decode::<GraphStamp>("object", other.as_bytes());
        assert!(matches!(refused, Err(Error::Damaged { .. })), "{heads}: {refused:?}");
    }
    assert_eq!(id.to_lowercase().parse(), Ok(samples.commit.commit), "people may type it so");
    assert!(format!("8{}", &id[1..]).parse::<omnigraph_log::CommitId>().is_err(), "more than 128 bits");
}

/// Damage on the disk reaches the caller as an error that names the object.
#[tokio::test]
async fn damaged_objects_are_named() {
    let site = Site::memory();
    let log = create(site.open()).await.unwrap();
    let trunk = main(&log).await;
    let record = commit(&log, &trunk).await;
    fork(&log, "b", record.reference()).await;
    log.take_fragment_block(0, 4).await.unwrap();
    let place = layout::commit(trunk.id, 1);
    let zero = log.store().read(&key(&layout::commit(trunk.id, 0))).await.unwrap().unwrap();
    let block = "__graph/fragments/00000000000000000001.json";
    let cases: [(&str, &[u8], &str); 9] = [
        (&place, b"{}", "OG-LOG-004"),
        (&place, &zero, "OG-LOG-004"),
        (&place, br#"{"format":2}"#, "OG-LOG-003"),
        ("__graph/branches/b.json", b"", "OG-LOG-004"),
        ("__graph/branches/b.json", br#"{"format":3}"#, "OG-LOG-003"),
        (block, br#"{"format":1,"start":4294967295,"length":9,"holder":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#, "OG-LOG-004"),
        (block, br#"{"format":1,"start":0,"length":0,"holder":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#, "OG-LOG-004"),
        (block, br#"{"format":2,"ranges":[]}"#, "OG-LOG-003"),
        ("graph.json", br#"{"format":2}"#, "OG-LOG-003"),
    ];
    for (name, content, code) in cases {
        let kept = log.store().read(&key(name)).await.unwrap().unwrap();
        log.store().put(&key(name), content.to_vec().into()).await.unwrap();
        let error = match touch(&site).await {
            Err(error) => error,
            Ok(()) => Log::open(site.open()).await.unwrap().take_fragment_block(0, 1).await.unwrap_err(),
        };
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(name), "{error} names {name}");
        log.store().put(&key(name), kept).await.unwrap();
        touch(&site).await.unwrap();
    }
}

async fn touch(site: &Site) -> omnigraph_log::Result<()> {
    let log = Log::open(site.open()).await?;
    log.head(&log.branch("main").await?).await?;
    log.branches().await?;
    Ok(())
}

#[tokio::test]
async fn a_schema_is_what_its_name_says() {
    let site = Site::memory();
    let log = create(site.open()).await.unwrap();
    let hash = Log::put_schema(log.store(), "node A {}".into()).await.unwrap();
    assert_eq!(Log::put_schema(log.store(), "node A {}".into()).await.unwrap(), hash);
    assert_eq!(log.schema(&hash).await.unwrap(), "node A {}");
    let place: Key = layout::schema(&hash).unwrap();
    log.store().put(&place, "node B {}".into()).await.unwrap();
    assert_eq!(log.schema(&hash).await.unwrap_err().code(), "OG-LOG-004");
    let error = Log::put_schema(log.store(), "node A {}".into()).await.unwrap_err();
    assert_eq!(error.code(), "OG-LOG-004", "no commit may name a schema that rotted");
    log.store().delete(&place).await.unwrap();
    assert_eq!(log.schema(&hash).await.unwrap_err().code(), "OG-LOG-004");
}

fn survives<T: Versioned>(bytes: &[u8]) {
    if let Ok(value) = decode::<T>("object", bytes) {
        // What is accepted can be written again and read back.
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
        survives::<GraphStamp>(&noise);
        let sound = [
            encode("object", &samples.stamp).unwrap(),
            encode("object", samples.branch.as_ref()).unwrap(),
            encode("object", samples.commit.as_ref()).unwrap(),
        ];
        for bytes in sound {
            let mut bytes = bytes.to_vec();
            for (at, byte) in &edits {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            survives::<GraphStamp>(&bytes);
            survives::<BranchRecord>(&bytes);
            survives::<CommitRecord>(&bytes);
            if let Ok(record) = decode::<CommitRecord>("object", &bytes) {
                let _ = omnigraph_log::invariants::commit_record(&record);
                let _ = omnigraph_log::invariants::follows(&record, &samples.commit);
            }
        }
    }
}
