//! Idempotency keys: one claim for each, found by all who repeat it.

use omnigraph_log::{Error, Published};

use crate::site::Site;
use crate::write::{after, create};

#[tokio::test]
async fn a_key_is_claimed_once_and_for_one_request() {
    for (kind, site) in Site::both() {
        let site = site();
        let log = create(site.open()).await.unwrap();
        let main = log.branch("main").await.unwrap();
        let first = log.claim(&main, "key/1 é", "insert ana", 1).await.unwrap();
        let again = log.claim(&main, "key/1 é", "insert ana", 7).await.unwrap();
        assert_eq!((first.first, again.first), (1, 1), "{kind}");
        let other = log.claim(&main, "key/1 é", "insert ben", 7).await;
        assert!(matches!(other, Err(Error::KeyReused { .. })), "{kind}: {other:?}");
        for key in [String::new(), "k".repeat(256)] {
            let refused = log.claim(&main, &key, "insert ana", 1).await;
            assert!(matches!(refused, Err(Error::KeyLength { .. })), "{kind}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn a_claim_leads_to_its_commit() {
    let site = Site::memory();
    let store = site.open();
    let log = create(store.clone()).await.unwrap();
    let main = log.branch("main").await.unwrap();
    for sequence in 1..=40 {
        let head = log.head(&main).await.unwrap();
        let mut record = after(&store, &head);
        record.operations[0].idempotency_key = Some(format!("key {sequence}"));
        record.operations[0].answer = Some(format!("{{\"sequence\":{sequence}}}"));
        assert!(matches!(log.publish(&head, record, &log.store().unsettled()).await.unwrap(), Published::Committed(_)));
    }
    let elsewhere = omnigraph_log::Log::open(site.open()).await.unwrap();
    let (record, place) = elsewhere.find_claimed(main.id, "key 37", 1, 40).await.unwrap().unwrap();
    assert_eq!((record.sequence, place), (37, 0));
    assert_eq!(record.operations[place].answer.as_deref(), Some("{\"sequence\":37}"));
    assert_eq!(elsewhere.find_claimed(main.id, "key 37", 38, 40).await.unwrap(), None);
    assert_eq!(elsewhere.find_claimed(main.id, "key 41", 1, 40).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_without_a_key_is_no_record_of_ours() {
    let store = Site::memory().open();
    let log = create(store.clone()).await.unwrap();
    let head = log.head(&log.branch("main").await.unwrap()).await.unwrap();
    let mut record = after(&store, &head);
    record.operations[0].idempotency_key = None;
    record.operations[0].answer = Some("{}".to_owned());
    assert!(matches!(log.publish(&head, record, &log.store().unsettled()).await, Err(Error::Invariant { .. })));
}
