//! Errors of invalid requests and of stores that refuse a request.

use omnigraph_storage::{ErrorKind, Key, Location, Store, StoreOptions};

use crate::test_store::{TestStore, key, on_every_backend};

on_every_backend!(the_root_is_not_an_object);

async fn the_root_is_not_an_object(site: TestStore) {
    let store = site.open();
    let root = Key::root();
    assert_eq!(store.read(&root).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.put(&root, "x".into()).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.put_if_absent(&root, "x".into()).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.delete(&root).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.counts().total(), 0);
}

/// Not even the superuser may create files there, so this holds for every user that runs the tests.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_read_only_folder_denies_writes() {
    let store = Store::open(&Location::parse("/sys/kernel").unwrap(), StoreOptions::default()).unwrap();
    for name in ["omnigraph.json", "omnigraph/a/b.json"] {
        let error = store.put_if_absent(&key(name), "x".into()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "OG-STORAGE-011"), "{error}");
        assert!(error.to_string().contains(&format!("/sys/kernel/{name}")), "{error}");
    }
    assert_eq!(store.read(&key("omnigraph.json")).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_is_not_a_folder_and_a_folder_is_not_an_object() {
    let site = TestStore::folder();
    let store = site.open();
    store.put(&key("file"), "x".into()).await.unwrap();
    store.put(&key("folder/inner"), "x".into()).await.unwrap();
    assert_eq!(store.read(&key("file/below")).await.unwrap(), None);
    assert_eq!(store.read(&key("folder")).await.unwrap(), None);
    assert_eq!(store.list(&key("file")).await.unwrap(), []);
    store.delete(&key("file/below")).await.unwrap();
    store.delete(&key("folder")).await.unwrap();
    assert!(store.put(&key("file/below"), "x".into()).await.is_err());
    assert!(store.put(&key("folder"), "x".into()).await.is_err());
    assert!(store.put_if_absent(&key("folder"), "x".into()).await.is_err());
    assert_eq!(store.read(&key("folder/inner")).await.unwrap().unwrap(), "x");
}

#[tokio::test]
async fn a_missing_bucket_is_not_found() {
    let bucket = omnigraph_testkit::s3::MotoServer::fresh_bucket().unwrap_or_else(|error| panic!("{error}"));
    let options = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let store = Store::open(&Location::parse("s3://not-there/graph").unwrap(), options).unwrap();
    let error = store.put_if_absent(&key("a"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "OG-STORAGE-010"), "{error}");
}

#[tokio::test]
async fn an_unreachable_server_is_unavailable() {
    let mut s3 = omnigraph_storage::S3Config::default();
    s3.endpoint = Some("http://127.0.0.1:1".into());
    s3.access_key_id = Some("x".into());
    s3.secret_access_key = Some("x".into());
    let retry = omnigraph_storage::RetryPolicy { max_attempts: 1, ..Default::default() };
    let options = StoreOptions { s3, retry, ..StoreOptions::default() };
    let store = Store::open(&Location::parse("s3://b/graph").unwrap(), options).unwrap();
    let error = store.read(&key("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Retry, "OG-STORAGE-013"), "{error}");
    assert!(error.to_string().contains("s3://b/graph/a"), "{error}");
}
