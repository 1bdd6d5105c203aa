//! Every kind of call is recorded, and faults are injected by rules.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use omnigraph_storage::RequestVerb;
use omnigraph_testkit::fault::{FaultInjector, FaultKind, FaultRule, FaultStore};

fn store() -> (FaultStore, Arc<InMemory>, FaultInjector) {
    let (inner, faults) = (Arc::new(InMemory::new()), FaultInjector::new());
    (FaultStore::new(Arc::clone(&inner) as Arc<dyn ObjectStore>, faults.clone()), inner, faults)
}

fn x() -> PutPayload {
    PutPayload::from_static(b"x")
}

/// Makes one call of every kind, all on objects that exist when nothing fails.
async fn all_calls(store: &FaultStore) -> Result<(), Error> {
    let (a, b) = (Path::from("a"), Path::from("b"));
    store.put(&a, x()).await?;
    store.put_opts(&b, x(), PutMode::Create.into()).await?;
    let mut upload = store.put_multipart(&Path::from("m")).await?;
    upload.put_part(x()).await?;
    upload.put_part(x()).await?;
    upload.complete().await?;
    store.get(&a).await?;
    store.get_ranges(&a, &[0..1, 0..1]).await?;
    store.head(&a).await?;
    store.list(None).try_collect::<Vec<_>>().await?;
    store.list_with_delimiter(None).await?;
    store.copy(&a, &Path::from("c")).await?;
    store.rename(&a, &Path::from("d")).await?;
    store.delete(&b).await
}

#[tokio::test]
async fn every_call_is_recorded_in_order() {
    let (store, _, faults) = store();
    all_calls(&store).await.unwrap();
    let calls: Vec<String> = faults.take_calls().iter().map(ToString::to_string).collect();
    let expected = [
        "put a",
        "put_if_absent b",
        "multipart m",
        "part m",
        "part m",
        "multipart m",
        "get a",
        "get a",
        "head a",
        "list ",
        "list ",
        "copy c",
        "copy d",
        "delete b",
    ];
    assert_eq!(calls, expected);
    assert_eq!(faults.calls(), []);
}

#[tokio::test]
async fn a_fault_applies_at_each_index_only() {
    for fault in [FaultKind::FailBefore, FaultKind::FailAfter, FaultKind::CrashBefore, FaultKind::CrashAfter] {
        for index in 0..14 {
            let (store, _, faults) = store();
            faults.add(FaultRule::new(fault).nth(index));
            let error = all_calls(&store).await.unwrap_err();
            assert!(error.to_string().contains("injected"), "{error}");
            assert_eq!(faults.calls().len(), index + 1);
            let crash = matches!(fault, FaultKind::CrashBefore | FaultKind::CrashAfter);
            assert_eq!(faults.is_crashed(), crash);
            assert_eq!(store.put(&Path::from("z"), x()).await.is_err(), crash);
            faults.revive();
            store.put(&Path::from("z"), x()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn before_means_no_effect_and_after_means_effect() {
    for (fault, there) in [(FaultKind::FailBefore, false), (FaultKind::FailAfter, true)] {
        let (store, inner, faults) = store();
        faults.add(FaultRule::new(fault).verb(RequestVerb::Put).path("a"));
        assert!(store.put(&Path::from("a"), x()).await.is_err());
        assert_eq!(inner.get(&Path::from("a")).await.is_ok(), there);
        inner.put(&Path::from("b"), x()).await.unwrap();
        faults.add(FaultRule::new(fault).verb(RequestVerb::Delete));
        assert!(store.delete(&Path::from("b")).await.is_err());
        assert_eq!(inner.get(&Path::from("b")).await.is_err(), there);
    }
}

#[tokio::test]
async fn a_read_only_store_reads_only() {
    let (store, inner, faults) = store();
    inner.put(&Path::from("a"), x()).await.unwrap();
    faults.deny_writes();
    let (a, z) = (Path::from("a"), Path::from("z"));
    assert_eq!(store.get(&a).await.unwrap().bytes().await.unwrap(), Bytes::from("x"));
    assert_eq!(store.list(None).try_collect::<Vec<_>>().await.unwrap().len(), 1);
    let denied = |result: Result<(), Error>| matches!(result, Err(Error::PermissionDenied { .. }));
    assert!(denied(store.put(&z, x()).await.map(|_| ())));
    assert!(denied(store.put_opts(&z, x(), PutMode::Create.into()).await.map(|_| ())));
    assert!(denied(store.put_multipart(&z).await.map(|_| ())));
    assert!(denied(store.copy(&a, &z).await));
    assert!(denied(store.delete(&a).await));
    faults.allow_writes();
    store.delete(&a).await.unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "measures real time")]
async fn a_delay_takes_its_time() {
    let (store, _, faults) = store();
    faults.add(FaultRule::new(FaultKind::Delay(Duration::from_millis(60))).verb(RequestVerb::Put));
    let start = Instant::now();
    store.put(&Path::from("a"), x()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(60));
}
