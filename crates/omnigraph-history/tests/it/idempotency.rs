//! Idempotency keys: one claim for each key, found by every repeated request.

use omnigraph_history::{Error, PublishOutcome};

use crate::fixtures::{create, next_commit};
use crate::test_location::TestLocation;

#[tokio::test]
async fn a_key_is_claimed_once_and_for_one_request() {
    for (kind, site) in TestLocation::both_stores() {
        let site = site();
        let log = create(site.open()).await.unwrap();
        let main = log.branch("main").await.unwrap();
        let first = log.claim_idempotency_key(&main, "key/1 é", "insert ana", 1).await.unwrap();
        let again = log.claim_idempotency_key(&main, "key/1 é", "insert ana", 7).await.unwrap();
        assert_eq!((first.first, again.first), (1, 1), "{kind}");
        let other = log.claim_idempotency_key(&main, "key/1 é", "insert ben", 7).await;
        assert!(matches!(other, Err(Error::IdempotencyKeyReused { .. })), "{kind}: {other:?}");
        for key in [String::new(), "k".repeat(256)] {
            let refused = log.claim_idempotency_key(&main, &key, "insert ana", 1).await;
            assert!(matches!(refused, Err(Error::InvalidIdempotencyKey { .. })), "{kind}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn a_claim_leads_to_its_commit() {
    let site = TestLocation::memory();
    let store = site.open();
    let log = create(store.clone()).await.unwrap();
    let main = log.branch("main").await.unwrap();
    for sequence in 1..=40 {
        let head = log.head(&main).await.unwrap();
        let mut record = next_commit(&store, &head);
        record.operations[0].idempotency_key = Some(format!("key {sequence}"));
        record.operations[0].answer = Some(format!("{{\"sequence\":{sequence}}}"));
        assert!(matches!(
            log.publish(&head, record, &log.store().sync_batch()).await.unwrap(),
            PublishOutcome::Committed(_)
        ));
    }
    let other_handle = omnigraph_history::GraphLog::open(site.open()).await.unwrap();
    let (record, index) = other_handle.find_by_idempotency_key(main.id, "key 37", 1, 40).await.unwrap().unwrap();
    assert_eq!((record.sequence, index), (37, 0));
    assert_eq!(record.operations[index].answer.as_deref(), Some("{\"sequence\":37}"));
    assert_eq!(other_handle.find_by_idempotency_key(main.id, "key 37", 38, 40).await.unwrap(), None);
    assert_eq!(other_handle.find_by_idempotency_key(main.id, "key 41", 1, 40).await.unwrap(), None);
}

#[tokio::test]
async fn a_response_without_a_key_violates_an_invariant() {
    let store = TestLocation::memory().open();
    let log = create(store.clone()).await.unwrap();
    let head = log.head(&log.branch("main").await.unwrap()).await.unwrap();
    let mut record = next_commit(&store, &head);
    record.operations[0].idempotency_key = None;
    record.operations[0].answer = Some("{}".to_owned());
    assert!(matches!(log.publish(&head, record, &log.store().sync_batch()).await, Err(Error::Invariant { .. })));
}
