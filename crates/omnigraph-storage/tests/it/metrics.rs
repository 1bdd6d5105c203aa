//! Request counts: every request counts once, under its verb, on every path.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use omnigraph_storage::{Key, RequestCounts, RequestVerb};

use crate::test_store::{TestStore, key, on_every_backend};

on_every_backend!(each_verb_is_counted, the_raw_store_is_counted_and_rooted);

async fn each_verb_is_counted(site: TestStore) {
    let store = site.open();
    assert_eq!(store.counts().to_string(), "none");
    let _ = store.put_if_absent(&key("a"), "x".into()).await.unwrap();
    store.put(&key("b"), "x".into()).await.unwrap();
    store.read(&key("a")).await.unwrap();
    store.read(&key("missing")).await.unwrap();
    store.list(&Key::root()).await.unwrap();
    store.list_shallow(&Key::root()).await.unwrap();
    store.delete(&key("a")).await.unwrap();
    assert_eq!(store.counts().to_string(), "put 1, put_if_absent 1, get 2, list 2, delete 1");
    assert_eq!(store.counts().total(), 7);
    assert_eq!(store.counts() - store.counts(), RequestCounts::default());
    let before = store.counts();
    let _ = store.put_if_absent(&key("b"), "y".into()).await.unwrap();
    assert_eq!((store.clone().counts() - before).to_string(), "put_if_absent 1, get 1", "a loser reads the winner");
}

async fn the_raw_store_is_counted_and_rooted(site: TestStore) {
    let store = site.open();
    let raw = store.object_store();
    raw.put(&Path::from("t/one"), PutPayload::from_static(b"0123456789")).await.unwrap();
    assert_eq!(store.read(&key("t/one")).await.unwrap().unwrap(), "0123456789", "a path and a key are the same name");
    raw.head(&Path::from("t/one")).await.unwrap();
    assert_eq!(raw.get_range(&Path::from("t/one"), 2..4).await.unwrap(), "23");
    assert_eq!(raw.get_ranges(&Path::from("t/one"), &[0..1, 9..10]).await.unwrap(), ["0", "9"]);
    raw.copy(&Path::from("t/one"), &Path::from("t/two")).await.unwrap();
    assert_eq!(store.counts().to_string(), "put 1, get 3, head 1, copy 1");

    let before = store.counts();
    let part = Bytes::from(vec![7_u8; 5 << 20]);
    let mut upload = raw.put_multipart(&Path::from("t/parts")).await.unwrap();
    upload.put_part(part.clone().into()).await.unwrap();
    upload.put_part(Bytes::from_static(b"tail").into()).await.unwrap();
    assert_eq!(store.read(&key("t/parts")).await.unwrap(), None, "no reader sees an incomplete upload");
    upload.complete().await.unwrap();
    let cost = store.counts() - before;
    assert_eq!((cost.count(RequestVerb::Part), cost.count(RequestVerb::Multipart)), (2, 2));
    let found = raw.get(&Path::from("t/parts")).await.unwrap();
    assert_eq!(found.meta.size, (5 << 20) + 4);
    let content = found.bytes().await.unwrap();
    assert!(content.starts_with(&part) && content.ends_with(b"tail"));

    let mut upload = raw.put_multipart(&Path::from("t/aborted")).await.unwrap();
    upload.put_part(Bytes::from_static(b"x").into()).await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(store.read(&key("t/aborted")).await.unwrap(), None);
}
