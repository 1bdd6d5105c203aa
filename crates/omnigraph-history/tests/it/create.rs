//! Creation of graphs: once, and atomically.

use std::sync::Arc;

use futures::future::join_all;
use omnigraph_history::{CommitKind, Error, GraphLog, MirrorMode};
use omnigraph_storage as objects;
use omnigraph_storage::{Location, RequestVerb, Store, StoreOptions};
use omnigraph_testkit::fault::FaultInjector;

use crate::fixtures::{commit, create, first, main};
use crate::test_location::{TestLocation, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_creators_wins_and_the_others_leave_nothing() {
    for (_, site) in TestLocation::both_stores() {
        let site = site();
        let creators = (0..8).map(|_| {
            let store = site.open();
            tokio::spawn(async move {
                let main = GraphLog::plan_main(&store, None);
                let first = first(&store, &main);
                (first.commit, GraphLog::create(store, main, &first, MirrorMode::On).await)
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
        let log = GraphLog::open(site.open()).await.unwrap();
        let branch = main(&log).await;
        assert_eq!(log.head(&branch).await.unwrap().record.commit, winners[0].0);
        assert_eq!(log.metadata(), winners[0].1.metadata());
        assert_eq!(log.branches().await.unwrap().len(), 1);
        for loser in losers {
            let error = log.commit_by_id(loser).await.unwrap_err();
            assert!(matches!(error, Error::CommitNotFound { .. }), "a commit of a graph that does not exist: {error}");
        }
        commit(&log, &branch).await;
    }
}

#[tokio::test]
async fn a_graph_is_not_created_over_another() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    let before = log.metadata().clone();
    assert!(GraphLog::exists(&site.open()).await.unwrap());
    let error = create(site.open()).await.unwrap_err();
    assert_eq!(error.code(), "OG-GRAPH-002");
    assert_eq!(GraphLog::open(site.open()).await.unwrap().metadata(), &before);
}

#[tokio::test]
async fn an_invalid_first_commit_is_an_error_before_any_effect() {
    let site = TestLocation::memory();
    let store = site.open();
    let main = GraphLog::plan_main(&store, None);
    let good = first(&store, &main);
    let mut other_kind = good.clone();
    other_kind.kind = CommitKind::Load;
    let mut elsewhere = main.clone();
    elsewhere.id = GraphLog::plan_main(&store, None).id;
    let mut misnamed = main.clone();
    misnamed.name = "trunk".to_owned();
    let mut of_the_future = main.clone();
    of_the_future.format += 1;
    let cases = [(main, other_kind), (elsewhere, good.clone()), (misnamed, good.clone()), (of_the_future, good)];
    for (main, first) in cases {
        let error = GraphLog::create(store.clone(), main, &first, MirrorMode::On).await.unwrap_err();
        assert_eq!(error.code(), "OG-INTERNAL-002", "{error}");
    }
    assert_eq!(store.counts().total(), 0);
    assert_eq!(GraphLog::open(store).await.unwrap_err().code(), "OG-GRAPH-001");
}

/// Opens a store with the location of a bucket and its objects in memory.
fn bucket(site: &TestLocation, faults: &FaultInjector) -> Store {
    let (inside, layer) = (site.open().object_store(), faults.layer());
    let mut options = StoreOptions { layer: Some(Arc::new(move |_| layer(Arc::clone(&inside)))), ..options() };
    options.s3.region = Some("eu-north-1".to_owned());
    options.s3.access_key_id = Some("id".to_owned());
    options.s3.secret_access_key = Some("secret".to_owned());
    let location = Location::S3 { bucket: "bucket".to_owned(), prefix: "graph".to_owned() };
    Store::open(&location, options).unwrap()
}

#[tokio::test]
async fn a_server_is_verified_before_a_graph_is_created() {
    let site = TestLocation::memory();
    let faults = FaultInjector::new();
    faults.ignore_conditions();
    let error = create(bucket(&site, &faults)).await.unwrap_err();
    assert!(matches!(error, Error::Store(objects::Error::Unsupported { .. })), "{error}");
    assert_eq!(site.open().list(&objects::Key::root()).await.unwrap(), [], "no object is left");

    let kept = FaultInjector::new();
    let log = create(bucket(&site, &kept)).await.unwrap();
    assert_eq!(log.store().counts().count(RequestVerb::List), 0);
    let left = site.open().list(&objects::Key::root()).await.unwrap();
    assert_eq!(left.len(), 2, "the first commit and graph.json: {left:?}");
}

/// `graph.json` records that a graph has no mirror. The default is not written.
#[tokio::test]
async fn the_mirror_mode_is_persisted() {
    for (heads, word) in [(MirrorMode::On, None), (MirrorMode::Off, Some("off"))] {
        let site = TestLocation::memory();
        let store = site.open();
        let main = GraphLog::plan_main(&store, None);
        let first = first(&store, &main);
        GraphLog::create(store.clone(), main, &first, heads).await.unwrap();
        assert_eq!(GraphLog::open(site.open()).await.unwrap().metadata().mirror_mode(), heads);
        let bytes = store.read(&omnigraph_history::layout::graph_metadata().unwrap()).await.unwrap().unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(metadata.get("heads").and_then(|heads| heads.as_str()), word);
    }
}
