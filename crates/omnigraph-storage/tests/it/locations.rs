//! Valid and invalid locations, and the options of S3.

use std::path::Path;

use omnigraph_storage::{ErrorKind, Location, S3Config, Store, StoreOptions};

#[test]
fn every_form_is_parsed() {
    let base = Path::new("/base");
    let cases = [
        ("/a/b", "/a/b"),
        ("a/b", "/base/a/b"),
        ("./a", "/base/a"),
        ("file:///a/b%20c", "/a/b c"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("S3://bucket/a/b/", "s3://bucket/a/b"),
        ("memory://x", "memory://x"),
    ];
    for (text, shown) in cases {
        assert_eq!(Location::parse_in(text, base).unwrap().to_string(), shown, "{text}");
    }
    assert!(matches!(Location::parse("relative").unwrap(), Location::Folder(path) if path.is_absolute()));
}

#[test]
fn anything_else_is_an_error_with_a_reason() {
    for text in
        ["", "http://x/y", "gs://b/p", "s3://", "s3:///p", "s3://b u/p", "s3://b/a//c", "s3://b/../c", "memory://"]
    {
        let error = Location::parse(text).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "OG-STORAGE-001"), "{text:?}");
        assert!(error.to_string().contains("s3://bucket/prefix"), "{error} names valid forms");
    }
    assert!(Location::parse("file://host/a").is_err());
}

#[test]
fn the_standard_variables_are_read() {
    let config = S3Config::from_pairs([
        ("PATH", "/bin"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_S3", "http://localhost:1"),
        ("AWS_ENDPOINT_URL", "http://localhost:2"),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "false"),
    ]);
    assert_eq!(config.access_key_id.as_deref(), Some("key"));
    assert_eq!(config.session_token, None);
    assert_eq!(config.region.as_deref(), Some("eu-west-1"));
    assert_eq!(config.endpoint.as_deref(), Some("http://localhost:1"));
    assert_eq!((config.allow_http, config.path_style), (Some(true), Some(true)));
    assert!(!format!("{config:?}").contains("hidden"), "secrets are not shown");
    let region = S3Config::from_pairs([("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b")]).region;
    assert_eq!(region.as_deref(), Some("a"));
}

#[test]
fn a_store_reports_its_location() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Folder(folder.path().join("graph"));
    let store = Store::open(&location, StoreOptions::default()).unwrap();
    assert_eq!(store.local_root(), Some(folder.path().join("graph").as_path()));
    assert_eq!(store.root_display(), location.to_string());
    assert!(!folder.path().join("graph").exists(), "opening creates nothing");
    let memory = Store::open(&Location::parse("memory://where").unwrap(), StoreOptions::default()).unwrap();
    assert_eq!((memory.local_root(), memory.root_display().as_str()), (None, "memory://where"));
}
