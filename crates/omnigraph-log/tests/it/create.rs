//! A graph comes into being once and at once.

use std::sync::Arc;

use futures::future::join_all;
use omnigraph_log::{CommitKind, Error, Log, OutsideHeads};
use omnigraph_objects as objects;
use omnigraph_objects::{Location, Store, StoreOptions, Verb};
use omnigraph_testkit::fault::Faults;

use crate::site::{Site, options};
use crate::write::{commit, create, first, main};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_creators_one_wins_and_leaves_no_trace_of_the_others() {
    for (_, site) in Site::both() {
        let site = site();
        let creators = (0..8).map(|_| {
            let store = site.open();
            tokio::spawn(async move {
                let main = Log::plan_main(&store, None);
                let first = first(&store, &main);
                (first.commit, Log::create(store, main, &first, OutsideHeads::Published).await)
            })
        });
        let (mut winners, mut losers) = (Vec::new(), Vec::new());
        for ended in join_all(creators).await {
            match ended.unwrap() {
                (commit, Ok(log)) => winners.push((commit, log)),
                (commit, Err(Error::GraphExists { .. })) => losers.push(commit),
                (_, Err(other)) => panic!("{other}"),
            }
        }
        assert_eq!((winners.len(), losers.len()), (1, 7));
        let log = Log::open(site.open()).await.unwrap();
        let branch = main(&log).await;
        assert_eq!(log.head(&branch).await.unwrap().record.commit, winners[0].0);
        assert_eq!(log.stamp(), winners[0].1.stamp());
        assert_eq!(log.branches().await.unwrap().len(), 1);
        for loser in losers {
            let error = log.commit(loser).await.unwrap_err();
            assert!(matches!(error, Error::NoCommit { .. }), "a commit of a graph that never was: {error}");
        }
        commit(&log, &branch).await;
    }
}

#[tokio::test]
async fn a_graph_is_not_created_over_another() {
    let site = Site::memory();
    let log = create(site.open()).await.unwrap();
    let before = log.stamp().clone();
    assert!(Log::exists(&site.open()).await.unwrap());
    let error = create(site.open()).await.unwrap_err();
    assert_eq!(error.code(), "OG-LOG-002");
    assert_eq!(Log::open(site.open()).await.unwrap().stamp(), &before);
}

#[tokio::test]
async fn what_cannot_begin_a_graph_is_refused_before_any_effect() {
    let site = Site::memory();
    let store = site.open();
    let main = Log::plan_main(&store, None);
    let good = first(&store, &main);
    let mut other_kind = good.clone();
    other_kind.kind = CommitKind::Load;
    let mut elsewhere = main.clone();
    elsewhere.id = Log::plan_main(&store, None).id;
    let mut misnamed = main.clone();
    misnamed.name = "trunk".to_owned();
    let mut of_the_future = main.clone();
    of_the_future.format += 1;
    let cases = [(main, other_kind), (elsewhere, good.clone()), (misnamed, good.clone()), (of_the_future, good)];
    for (main, first) in cases {
        let error = Log::create(store.clone(), main, &first, OutsideHeads::Published).await.unwrap_err();
        assert_eq!(error.code(), "OG-LOG-005", "{error}");
    }
    assert_eq!(store.counts().total(), 0);
    assert_eq!(Log::open(store).await.unwrap_err().code(), "OG-LOG-001");
}

/// A bucket as far as the log can tell, whose objects are in memory.
fn bucket(site: &Site, faults: &Faults) -> Store {
    let (inside, layer) = (site.open().object_store(), faults.layer());
    let mut options = StoreOptions { layer: Some(Arc::new(move |_| layer(Arc::clone(&inside)))), ..options() };
    options.s3.region = Some("eu-north-1".to_owned());
    options.s3.access_key_id = Some("id".to_owned());
    options.s3.secret_access_key = Some("secret".to_owned());
    let location = Location::S3 { bucket: "bucket".to_owned(), prefix: "graph".to_owned() };
    Store::open(&location, options).unwrap()
}

#[tokio::test]
async fn a_server_must_prove_its_word_before_it_gets_a_graph() {
    let site = Site::memory();
    let faults = Faults::new();
    faults.ignore_conditions();
    let error = create(bucket(&site, &faults)).await.unwrap_err();
    assert!(matches!(error, Error::Store(objects::Error::Unsupported { .. })), "{error}");
    assert_eq!(site.open().list(&objects::Key::root()).await.unwrap(), [], "nothing was left behind");

    let kept = Faults::new();
    let log = create(bucket(&site, &kept)).await.unwrap();
    assert_eq!(log.store().counts().of(Verb::List), 0);
    let left = site.open().list(&objects::Key::root()).await.unwrap();
    assert_eq!(left.len(), 2, "the first commit and graph.json: {left:?}");
}

/// A graph says in its stamp that it publishes no heads, and says nothing where it does as usual.
#[tokio::test]
async fn a_graph_remembers_that_it_has_no_heads() {
    for (heads, word) in [(OutsideHeads::Published, None), (OutsideHeads::Off, Some("off"))] {
        let site = Site::memory();
        let store = site.open();
        let main = Log::plan_main(&store, None);
        let first = first(&store, &main);
        Log::create(store.clone(), main, &first, heads).await.unwrap();
        assert_eq!(Log::open(site.open()).await.unwrap().stamp().outside_heads(), heads);
        let bytes = store.read(&omnigraph_log::layout::graph_stamp().unwrap()).await.unwrap().unwrap();
        let stamp: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(stamp.get("heads").and_then(|heads| heads.as_str()), word);
    }
}
