//! Lost responses: put-if-absent reports the true outcome if any call fails, before or after it took effect.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use omnigraph_storage::{ErrorKind, Key, PutOutcome, RequestVerb};
use omnigraph_testkit::fault::{FaultKind, FaultRule};

use crate::test_store::{TestStore, key, on_every_backend};

on_every_backend!(
    an_uncontended_put_is_one_request,
    one_fault_at_any_call_is_resolved,
    one_fault_at_any_call_of_a_loser_is_resolved,
    a_lost_response_costs_one_read,
    an_unreadable_object_is_unknown,
    a_crash_is_unknown_and_leaves_all_or_nothing,
    a_denied_put_has_a_known_outcome,
    an_existing_unreadable_object_is_unknown,
    conditional_puts_are_verified,
);

/// More calls than any put makes.
const CALLS: usize = 8;

async fn an_uncontended_put_is_one_request(site: TestStore) {
    let (store, faults) = site.open_faulty();
    let _ = store.put_if_absent(&key("a"), "x".into()).await.unwrap();
    assert_eq!(store.counts().to_string(), "put_if_absent 1");
    assert_eq!(faults.calls().len(), 1);
}

async fn one_fault_at_any_call_is_resolved(site: TestStore) {
    for fault in [FaultKind::FailBefore, FaultKind::FailAfter] {
        for index in 0..CALLS {
            let (store, faults) = site.open_faulty();
            let name = key(&format!("{fault:?}/{index}"));
            faults.add(FaultRule::new(fault).nth(index));
            let mine = Bytes::from(format!("mine {index}"));
            assert_eq!(
                store.put_if_absent(&name, mine.clone()).await.unwrap(),
                PutOutcome::Written,
                "{fault:?} at {index}"
            );
            faults.revive();
            assert_eq!(store.put_if_absent(&name, "rival".into()).await.unwrap(), PutOutcome::Exists(mine));
        }
    }
}

async fn one_fault_at_any_call_of_a_loser_is_resolved(site: TestStore) {
    let rival = Bytes::from("rival");
    for fault in [FaultKind::FailBefore, FaultKind::FailAfter] {
        for index in 0..CALLS {
            let name = key(&format!("{fault:?}/{index}"));
            let _ = site.open().put_if_absent(&name, rival.clone()).await.unwrap();
            let (store, faults) = site.open_faulty();
            faults.add(FaultRule::new(fault).nth(index));
            let put = store.put_if_absent(&name, "mine".into()).await.unwrap();
            assert_eq!(put, PutOutcome::Exists(rival.clone()), "{fault:?} at {index}");
        }
    }
}

async fn a_lost_response_costs_one_read(site: TestStore) {
    let (store, faults) = site.open_faulty();
    faults.add(FaultRule::new(FaultKind::FailAfter).verb(RequestVerb::PutIfAbsent));
    assert_eq!(store.put_if_absent(&key("a"), "x".into()).await.unwrap(), PutOutcome::Written);
    assert_eq!(store.counts().to_string(), "put_if_absent 1, get 1");
}

async fn an_unreadable_object_is_unknown(site: TestStore) {
    let (store, faults) = site.open_faulty();
    faults.add(FaultRule::new(FaultKind::FailAfter).verb(RequestVerb::PutIfAbsent));
    faults.add(FaultRule::new(FaultKind::FailBefore).verb(RequestVerb::Get));
    let error = store.put_if_absent(&key("a"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unknown, "OG-STORAGE-014"), "{error}");
    assert_eq!(store.counts().count(RequestVerb::PutIfAbsent), 1, "a put with an unknown outcome is never repeated");
    faults.revive();
    assert_eq!(store.read(&key("a")).await.unwrap().unwrap(), "x");

    faults.add(FaultRule::new(FaultKind::FailBefore).verb(RequestVerb::PutIfAbsent));
    let error = store.put_if_absent(&key("b"), "x".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "a sent request may still arrive: {error}");
    faults.revive();
    assert_eq!(store.read(&key("b")).await.unwrap(), None);
}

async fn a_crash_is_unknown_and_leaves_all_or_nothing(site: TestStore) {
    for (fault, left) in [(FaultKind::CrashBefore, None), (FaultKind::CrashAfter, Some(Bytes::from("x")))] {
        let (store, faults) = site.open_faulty();
        let name = key(&format!("{fault:?}"));
        faults.add(FaultRule::new(fault));
        let error = store.put_if_absent(&name, "x".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
        assert!(faults.is_crashed());
        faults.revive();
        assert_eq!(store.read(&name).await.unwrap(), left);
    }
}

async fn a_denied_put_has_a_known_outcome(site: TestStore) {
    let (store, faults) = site.open_faulty();
    faults.deny_writes();
    for error in [
        store.put_if_absent(&key("a"), "x".into()).await.unwrap_err(),
        store.put(&key("a"), "x".into()).await.unwrap_err(),
        store.delete(&key("a")).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "OG-STORAGE-011"));
        assert!(error.to_string().contains("/a:"), "{error} names the object");
    }
    assert_eq!(store.counts().total(), 3, "a denied request is not repeated");
    assert_eq!(store.read(&key("a")).await.unwrap(), None);
    faults.allow_writes();
    assert_eq!(store.put_if_absent(&key("a"), "x".into()).await.unwrap(), PutOutcome::Written);
}

/// A transport may have retried the put and found its own object: the winner is unknown.
async fn an_existing_unreadable_object_is_unknown(site: TestStore) {
    let (store, faults) = site.open_faulty();
    let _ = store.put_if_absent(&key("a"), "rival".into()).await.unwrap();
    faults.add(FaultRule::new(FaultKind::FailBefore).verb(RequestVerb::Get));
    let error = store.put_if_absent(&key("a"), "mine".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
}

async fn conditional_puts_are_verified(site: TestStore) {
    let store = site.open();
    store.verify_put_if_absent(&Key::root()).await.unwrap();
    assert_eq!(store.counts().to_string(), "put_if_absent 2, get 1, delete 1");
    assert_eq!(store.list(&Key::root()).await.unwrap(), []);
}

/// A store that ignores the condition of a put.
#[derive(Debug)]
struct UnconditionalStore(Arc<dyn ObjectStore>);

impl std::fmt::Display for UnconditionalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unconditional")
    }
}

#[async_trait::async_trait]
impl ObjectStore for UnconditionalStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, _: PutOptions) -> Result<PutResult> {
        self.0.put_opts(at, payload, PutOptions::default()).await
    }
    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(at, opts).await
    }
    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(at, options).await
    }
    fn delete_stream(&self, all: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(all)
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn a_store_that_ignores_the_condition_is_detected() {
    let site = TestStore::memory();
    let store = site.open_with(|options| options.layer = Some(Arc::new(|inner| Arc::new(UnconditionalStore(inner)))));
    let error = store.verify_put_if_absent(&Key::root()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "OG-STORAGE-015"), "{error}");
    assert_eq!(store.list(&Key::root()).await.unwrap(), []);
}
