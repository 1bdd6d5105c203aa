//! Lost answers: a put-if-absent tells the truth whatever call fails, before or after it took effect.

use bytes::Bytes;
use omnigraph_objects::{ErrorKind, Put, Verb};
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
