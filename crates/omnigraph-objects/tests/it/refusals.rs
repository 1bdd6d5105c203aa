//! What a store refuses, and that it says so plainly.

use omnigraph_objects::{ErrorKind, Key, Location, Store, StoreOptions};

use crate::backends::{Site, key, on_every_backend};

on_every_backend!(the_root_is_no_object);

async fn the_root_is_no_object(site: Site) {
    let store = site.open();
    let root = Key::root();
    assert_eq!(store.read(&root).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.put(&root, "x".into()).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.put_if_absent(&root, "x".into()).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.delete(&root).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(store.counts().total(), 0);
}

/// Even the superuser may not create files there, so this holds for whoever runs the tests.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_may_not_be_written() {
    let store = Store::open(&Location::parse("/sys/kernel").unwrap(), StoreOptions::default()).unwrap();
    for name in ["omnigraph.json", "omnigraph/a/b.json"] {
        let error = store.put_if_absent(&key(name), "x".into()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "OG-IO-011"), "{error}");
        assert!(error.to_string().contains(&format!("/sys/kernel/{name}")), "{error}");
    }
    assert_eq!(store.read(&key("omnigraph.json")).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_is_no_folder_and_a_folder_no_object() {
    let site = Site::folder();
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
async fn a_bucket_that_does_not_exist() {
    let bucket = omnigraph_testkit::s3::Moto::fresh_bucket().unwrap_or_else(|error| panic!("{error}"));
    let options = StoreOptions { s3: bucket.config.clone(), ..StoreOptions::default() };
    let store = Store::open(&Location::parse("s3://not-there/graph").unwrap(), options).unwrap();
    let error = store.put_if_absent(&key("a"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, "OG-IO-010"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let mut s3 = omnigraph_objects::S3Config::default();
    s3.endpoint = Some("http://127.0.0.1:1".into());
    s3.access_key_id = Some("x".into());
    s3.secret_access_key = Some("x".into());
    let retry = omnigraph_objects::RetryPolicy { attempts: 1, ..Default::default() };
    let options = StoreOptions { s3, retry, ..StoreOptions::default() };
    let store = Store::open(&Location::parse("s3://b/graph").unwrap(), options).unwrap();
    let error = store.read(&key("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Retry, "OG-IO-013"), "{error}");
    assert!(error.to_string().contains("s3://b/graph/a"), "{error}");
}
