//! Lost answers: a put-if-absent tells the truth whatever call fails, before or after it took effect.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use omnigraph_objects::{ErrorKind, Key, Put, Verb};
use omnigraph_testkit::fault::{Fault, Rule};

use crate::backends::{Site, key, on_every_backend};

on_every_backend!(
    an_uncontended_put_is_one_request,
    one_fault_at_any_call_is_settled,
    one_fault_at_any_call_of_a_loser_is_settled,
    a_lost_answer_costs_one_read,
    what_cannot_be_seen_is_unknown,
    a_crash_is_unknown_and_leaves_all_or_nothing,
    a_refused_put_is_no_doubt,
    a_taken_name_that_cannot_be_read_is_unknown,
    a_store_that_keeps_its_word_is_proved,
);

/// More than any put makes.
const CALLS: usize = 8;

async fn an_uncontended_put_is_one_request(site: Site) {
    let (store, faults) = site.open_faulty();
    let _ = store.put_if_absent(&key("a"), "x".into()).await.unwrap();
    assert_eq!(store.counts().to_string(), "put_if_absent 1");
    assert_eq!(faults.calls().len(), 1);
}

async fn one_fault_at_any_call_is_settled(site: Site) {
    for fault in [Fault::FailBefore, Fault::FailAfter] {
        for index in 0..CALLS {
            let (store, faults) = site.open_faulty();
            let name = key(&format!("{fault:?}/{index}"));
            faults.add(Rule::new(fault).nth(index));
            let mine = Bytes::from(format!("mine {index}"));
            assert_eq!(store.put_if_absent(&name, mine.clone()).await.unwrap(), Put::Written, "{fault:?} at {index}");
            faults.revive();
            assert_eq!(store.put_if_absent(&name, "rival".into()).await.unwrap(), Put::Exists(mine));
        }
    }
}

async fn one_fault_at_any_call_of_a_loser_is_settled(site: Site) {
    let rival = Bytes::from("rival");
    for fault in [Fault::FailBefore, Fault::FailAfter] {
        for index in 0..CALLS {
            let name = key(&format!("{fault:?}/{index}"));
            let _ = site.open().put_if_absent(&name, rival.clone()).await.unwrap();
            let (store, faults) = site.open_faulty();
            faults.add(Rule::new(fault).nth(index));
            let put = store.put_if_absent(&name, "mine".into()).await.unwrap();
            assert_eq!(put, Put::Exists(rival.clone()), "{fault:?} at {index}");
        }
    }
}

async fn a_lost_answer_costs_one_read(site: Site) {
    let (store, faults) = site.open_faulty();
    faults.add(Rule::new(Fault::FailAfter).verb(Verb::PutIfAbsent));
    assert_eq!(store.put_if_absent(&key("a"), "x".into()).await.unwrap(), Put::Written);
    assert_eq!(store.counts().to_string(), "put_if_absent 1, get 1");
}

async fn what_cannot_be_seen_is_unknown(site: Site) {
    let (store, faults) = site.open_faulty();
    faults.add(Rule::new(Fault::FailAfter).verb(Verb::PutIfAbsent));
    faults.add(Rule::new(Fault::FailBefore).verb(Verb::Get));
    let error = store.put_if_absent(&key("a"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unknown, "OG-IO-014"), "{error}");
    assert_eq!(store.counts().of(Verb::PutIfAbsent), 1, "what may be written is never repeated blindly");
    faults.revive();
    assert_eq!(store.read(&key("a")).await.unwrap().unwrap(), "x");

    faults.add(Rule::new(Fault::FailBefore).verb(Verb::PutIfAbsent));
    let error = store.put_if_absent(&key("b"), "x".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "a request that was sent may yet land: {error}");
    faults.revive();
    assert_eq!(store.read(&key("b")).await.unwrap(), None);
}

async fn a_crash_is_unknown_and_leaves_all_or_nothing(site: Site) {
    for (fault, left) in [(Fault::CrashBefore, None), (Fault::CrashAfter, Some(Bytes::from("x")))] {
        let (store, faults) = site.open_faulty();
        let name = key(&format!("{fault:?}"));
        faults.add(Rule::new(fault));
        let error = store.put_if_absent(&name, "x".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
        assert!(faults.is_crashed());
        faults.revive();
        assert_eq!(store.read(&name).await.unwrap(), left);
    }
}

async fn a_refused_put_is_no_doubt(site: Site) {
    let (store, faults) = site.open_faulty();
    faults.deny_writes();
    for error in [
        store.put_if_absent(&key("a"), "x".into()).await.unwrap_err(),
        store.put(&key("a"), "x".into()).await.unwrap_err(),
        store.delete(&key("a")).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, "OG-IO-011"));
        assert!(error.to_string().contains("/a:"), "{error} names the object");
    }
    assert_eq!(store.counts().total(), 3, "a refusal is not repeated");
    assert_eq!(store.read(&key("a")).await.unwrap(), None);
    faults.allow_writes();
    assert_eq!(store.put_if_absent(&key("a"), "x".into()).await.unwrap(), Put::Written);
}

/// A transport may have repeated the put by itself and met its own object: who took the name is open.
async fn a_taken_name_that_cannot_be_read_is_unknown(site: Site) {
    let (store, faults) = site.open_faulty();
    let _ = store.put_if_absent(&key("a"), "rival".into()).await.unwrap();
    faults.add(Rule::new(Fault::FailBefore).verb(Verb::Get));
    let error = store.put_if_absent(&key("a"), "mine".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
}

async fn a_store_that_keeps_its_word_is_proved(site: Site) {
    let store = site.open();
    store.prove_put_if_absent(&Key::root()).await.unwrap();
    assert_eq!(store.counts().to_string(), "put_if_absent 2, get 1, delete 1");
    assert_eq!(store.list(&Key::root()).await.unwrap(), []);
}

/// A store that takes every put, whatever the condition.
#[derive(Debug)]
struct Careless(Arc<dyn ObjectStore>);

impl std::fmt::Display for Careless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("careless")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Careless {
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
async fn a_store_that_ignores_the_condition_is_found_out() {
    let site = Site::memory();
    let store = site.open_with(|options| options.layer = Some(Arc::new(|inner| Arc::new(Careless(inner)))));
    let error = store.prove_put_if_absent(&Key::root()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "OG-IO-015"), "{error}");
    assert_eq!(store.list(&Key::root()).await.unwrap(), []);
}
