//! Reads, writes, listings, deletions, and races for a name.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::future::join_all;
use omnigraph_storage::{Key, PutOutcome};

use crate::test_store::{TestStore, key, on_every_backend};

on_every_backend!(
    what_is_written_is_read,
    listings_are_sorted_and_relative,
    deleting_a_missing_object_succeeds,
    one_of_many_racers_wins_each_name,
    handles_on_one_location_see_each_other,
    odd_names_survive,
);

async fn what_is_written_is_read(site: TestStore) {
    let store = site.open();
    assert_eq!(store.read(&key("a/b")).await.unwrap(), None);
    assert_eq!(store.put_if_absent(&key("a/b"), "one".into()).await.unwrap(), PutOutcome::Written);
    assert_eq!(store.put_if_absent(&key("a/b"), "two".into()).await.unwrap(), PutOutcome::Exists("one".into()));
    assert_eq!(store.read(&key("a/b")).await.unwrap().unwrap(), "one");
    store.put(&key("a/b"), "three".into()).await.unwrap();
    assert_eq!(store.read(&key("a/b")).await.unwrap().unwrap(), "three");
    store.put(&key("empty"), Bytes::new()).await.unwrap();
    assert_eq!(store.read(&key("empty")).await.unwrap().unwrap(), "");
    let large: Bytes = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
    store.put(&key("large"), large.clone()).await.unwrap();
    assert_eq!(store.read(&key("large")).await.unwrap().unwrap(), large);
}

async fn listings_are_sorted_and_relative(site: TestStore) {
    let store = site.open();
    for name in ["x/2", "x/10", "x/deep/er/1", "y", "xx/1", "x0"] {
        store.put(&key(name), name.to_owned().into()).await.unwrap();
    }
    let names = |entries: Vec<omnigraph_storage::ObjectEntry>| -> Vec<String> {
        for entry in &entries {
            assert_eq!(entry.size, entry.key.as_str().len() as u64);
            assert!(entry.modified > 1_500_000_000_000_000, "{entry:?} is in microseconds");
        }
        entries.into_iter().map(|entry| entry.key.to_string()).collect()
    };
    assert_eq!(names(store.list(&key("x")).await.unwrap()), ["x/10", "x/2", "x/deep/er/1"]);
    assert_eq!(names(store.list(&Key::root()).await.unwrap()), ["x/10", "x/2", "x/deep/er/1", "x0", "xx/1", "y"]);
    assert_eq!(names(store.list(&key("none")).await.unwrap()), [""; 0]);
    let level = store.list_shallow(&key("x")).await.unwrap();
    assert_eq!(names(level.objects), ["x/10", "x/2"]);
    assert_eq!(level.folders, [key("x/deep")]);
    let level = store.list_shallow(&Key::root()).await.unwrap();
    assert_eq!(names(level.objects), ["x0", "y"]);
    assert_eq!(level.folders, [key("x"), key("xx")]);
    assert_eq!(store.list_shallow(&key("none")).await.unwrap(), Default::default());
}

async fn deleting_a_missing_object_succeeds(site: TestStore) {
    let store = site.open();
    store.delete(&key("never/was")).await.unwrap();
    store.put(&key("a/b"), "x".into()).await.unwrap();
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("a/b")).await.unwrap();
    assert_eq!(store.read(&key("a/b")).await.unwrap(), None);
    assert_eq!(store.put_if_absent(&key("a/b"), "again".into()).await.unwrap(), PutOutcome::Written);
}

async fn one_of_many_racers_wins_each_name(site: TestStore) {
    const RACERS: usize = 6;
    const NAMES: usize = 20;
    let racers = (0..RACERS).map(|racer| {
        let store = site.open();
        tokio::spawn(async move {
            let mut won = Vec::new();
            for name in 0..NAMES {
                let content = Bytes::from(format!("racer {racer}"));
                match store.put_if_absent(&key(&format!("race/{name}")), content.clone()).await.unwrap() {
                    PutOutcome::Written => won.push(name),
                    PutOutcome::Exists(theirs) => assert_ne!(theirs, content),
                }
            }
            (racer, won)
        })
    });
    let mut winners: BTreeMap<usize, usize> = BTreeMap::new();
    for outcome in join_all(racers).await {
        let (racer, won) = outcome.unwrap();
        for name in won {
            assert_eq!(winners.insert(name, racer), None, "two winners of {name}");
        }
    }
    let store = site.open();
    for name in 0..NAMES {
        let content = store.read(&key(&format!("race/{name}"))).await.unwrap().unwrap();
        assert_eq!(content, format!("racer {}", winners[&name]), "name {name} shows its winner");
    }
}

async fn handles_on_one_location_see_each_other(site: TestStore) {
    let (one, two) = (site.open(), site.open());
    one.put(&key("shared"), "x".into()).await.unwrap();
    assert_eq!(two.read(&key("shared")).await.unwrap().unwrap(), "x");
}

async fn odd_names_survive(site: TestStore) {
    let store = site.open();
    let mut odd: Vec<Key> = ["a%41b", "with space", "ünïcode", "UPPER", "a+b", "q?x=1&y", "semi;colon", "%", "tilde~"]
        .iter()
        .map(|name| key(&format!("odd/{name}")))
        .collect();
    for name in &odd {
        assert_eq!(store.put_if_absent(name, name.to_string().into()).await.unwrap(), PutOutcome::Written);
    }
    odd.sort();
    let listed: Vec<Key> = store.list(&key("odd")).await.unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(listed, odd);
    for name in &odd {
        assert_eq!(store.read(name).await.unwrap().unwrap(), name.as_str());
        store.delete(name).await.unwrap();
    }
    assert_eq!(store.list(&Key::root()).await.unwrap(), []);
}
