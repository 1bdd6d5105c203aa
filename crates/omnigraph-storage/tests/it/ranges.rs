//! Ranged reads of a folder, from cached open files that follow deletions and replacements.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use crate::test_store::{TestStore, key};

#[tokio::test]
async fn a_replaced_object_is_read_again() {
    let site = TestStore::folder();
    let store = site.open();
    let (raw, path) = (store.object_store(), Path::from("a"));
    for content in ["0123", "4567", "89ab"] {
        store.put(&key("a"), content.into()).await.unwrap();
        assert_eq!(raw.get_range(&path, 1..3).await.unwrap(), content[1..3]);
        assert_eq!(raw.get_ranges(&path, &[0..1, 3..4]).await.unwrap(), [&content[..1], &content[3..]]);
    }
    store.delete(&key("a")).await.unwrap();
    assert!(matches!(raw.get_range(&path, 0..1).await, Err(object_store::Error::NotFound { .. })));
    store.put(&key("a"), "new!".into()).await.unwrap();
    assert_eq!(raw.get_range(&path, 0..4).await.unwrap(), "new!");
    store.put(&key("b"), "from b".into()).await.unwrap();
    raw.rename(&Path::from("b"), &path).await.unwrap();
    assert_eq!(raw.get_range(&path, 0..6).await.unwrap(), "from b");
}

#[tokio::test]
async fn invalid_ranges_are_errors() {
    let site = TestStore::folder();
    let store = site.open();
    store.put(&key("a"), "0123456789".into()).await.unwrap();
    let (raw, path) = (store.object_store(), Path::from("a"));
    #[allow(clippy::reversed_empty_ranges)]
    for range in [5..11, 0..u64::MAX, 11..12, 7..3] {
        assert!(raw.get_ranges(&path, std::slice::from_ref(&range)).await.is_err(), "{range:?}");
    }
    let get = async |range: GetRange| {
        let found = raw.get_opts(&path, GetOptions::new().with_range(Some(range))).await?;
        let range = found.range.clone();
        found.bytes().await.map(|content| (range, content))
    };
    assert_eq!(get(GetRange::Suffix(3)).await.unwrap(), (7..10, "789".into()));
    assert_eq!(get(GetRange::Offset(8)).await.unwrap(), (8..10, "89".into()));
    assert_eq!(get(GetRange::Bounded(8..u64::MAX)).await.unwrap(), (8..10, "89".into()));
    assert!(get(GetRange::Offset(10)).await.is_err());
    assert_eq!(raw.get_ranges(&path, &[4..4, 9..10]).await.unwrap(), ["", "9"]);
}

/// More files than the cache holds, and several readers of each file.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_files_and_many_readers() {
    let site = TestStore::folder();
    let store = site.open_with(|options| options.durability = omnigraph_storage::Durability::Os);
    for n in 0..700 {
        store.put(&key(&format!("f/{n}")), format!("{n:08}").into()).await.unwrap();
    }
    let readers = (0..8_usize).map(|reader| {
        let raw = store.object_store();
        tokio::spawn(async move {
            for step in 0..700_usize {
                let n = (step * 13 + reader * 97) % 700;
                let path = Path::from(format!("f/{n}"));
                assert_eq!(raw.get_range(&path, 0..8).await.unwrap(), format!("{n:08}"));
            }
        })
    });
    for reader in futures::future::join_all(readers).await {
        reader.unwrap();
    }
}

#[tokio::test]
async fn a_large_range_is_whole() {
    let site = TestStore::folder();
    let store = site.open();
    // Larger than an eager read, and not a multiple of the chunks.
    let content: Bytes = (0..70_000_001_u32).map(|n| (n % 241) as u8).collect();
    store.put(&key("large"), content.clone()).await.unwrap();
    assert_eq!(store.read(&key("large")).await.unwrap().unwrap(), content);
    let raw = store.object_store();
    let part = raw.get_range(&Path::from("large"), 1_000..69_900_000).await.unwrap();
    assert_eq!(part, content.slice(1_000..69_900_000));
}
