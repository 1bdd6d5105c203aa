//! Numbered records: no gaps under races and faults, and the newest is found with any hint.

use bytes::Bytes;
use futures::future::join_all;
use omnigraph_storage::{PutOutcome, RecordSequence, RequestVerb, SequenceHead, Store};
use omnigraph_testkit::fault::{FaultKind, FaultRule};

use crate::test_store::{TestStore, key, on_every_backend};

on_every_backend!(
    names_are_fixed_width_and_sort,
    a_hot_probe_is_one_get,
    no_hint_changes_the_result,
    races_leave_no_gap_and_lose_no_record,
    one_fault_at_any_call_changes_no_result,
);

fn log(store: &Store) -> RecordSequence {
    RecordSequence::new(store.clone(), key("__graph/log/b1"))
}

async fn filled(store: &Store, records: u64) -> RecordSequence {
    let log = log(store);
    for number in 0..records {
        assert_eq!(log.append(number, record(number)).await.unwrap(), PutOutcome::Written);
    }
    log
}

fn record(number: u64) -> Bytes {
    format!("record {number}").into()
}

fn head(number: u64) -> Option<SequenceHead> {
    Some(SequenceHead { number, record: Some(record(number)) })
}

async fn names_are_fixed_width_and_sort(site: TestStore) {
    let store = site.open();
    let log = log(&store);
    let numbers = [0, 9, 10, 1_000_000, u64::MAX];
    let names: Vec<String> = numbers.iter().map(|n| log.key(*n).unwrap().to_string()).collect();
    assert_eq!(names[2], "__graph/log/b1/00000000000000000010.json");
    assert!(names.is_sorted());
    assert_eq!(log.probe(None).await.unwrap(), None);
    assert_eq!(log.read(0).await.unwrap(), None);
}

async fn a_hot_probe_is_one_get(site: TestStore) {
    let store = site.open();
    let log = filled(&store, 9).await;
    let before = store.counts();
    assert_eq!(log.probe(Some(8)).await.unwrap(), Some(SequenceHead { number: 8, record: None }));
    assert_eq!((store.counts() - before).to_string(), "get 1");

    let before = store.counts();
    assert_eq!(log.probe(Some(7)).await.unwrap(), head(8));
    assert_eq!(
        (store.counts() - before).to_string(),
        "get 3",
        "one behind: the next, a stride too far, the gap between"
    );

    log.write_hint(8).await;
    let before = store.counts();
    assert_eq!(log.probe(None).await.unwrap(), head(8));
    assert_eq!((store.counts() - before).to_string(), "get 3", "cold: the hint, its record, the missing next");
}

async fn no_hint_changes_the_result(site: TestStore) {
    let store = site.open();
    let log = filled(&store, 11).await;
    let hint = key("__graph/log/b1/hint");
    for content in ["", "x", "-1", "0", "4", "10", "11", "4096", "18446744073709551615", "99999999999999999999", "1e3"]
    {
        store.put(&hint, content.into()).await.unwrap();
        assert_eq!(log.probe(None).await.unwrap(), head(10), "hint {content:?}");
    }
    store.put(&hint, Bytes::from_static(&[0xff, 0xfe])).await.unwrap();
    assert_eq!(log.probe(None).await.unwrap(), head(10));
}

async fn races_leave_no_gap_and_lose_no_record(site: TestStore) {
    const RACERS: usize = 5;
    const EACH: usize = 6;
    let racers = (0..RACERS).map(|racer| {
        let log = log(&site.open());
        tokio::spawn(async move {
            let mut seen = None;
            for turn in 0..EACH {
                let mine = Bytes::from(format!("{racer}-{turn}"));
                loop {
                    let head = log.probe(seen).await.unwrap();
                    let next = head.map_or(0, |head| head.number + 1);
                    seen = Some(next);
                    if log.append(next, mine.clone()).await.unwrap().is_written() {
                        break;
                    }
                }
            }
        })
    });
    for racer in join_all(racers).await {
        racer.unwrap();
    }
    let log = log(&site.open());
    let last = log.probe(None).await.unwrap().unwrap().number;
    assert_eq!(last + 1, (RACERS * EACH) as u64);
    let mut all = Vec::new();
    for number in 0..=last {
        all.push(log.read(number).await.unwrap().unwrap());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), RACERS * EACH, "every record is there once");
}

async fn one_fault_at_any_call_changes_no_result(site: TestStore) {
    for fault in [FaultKind::FailBefore, FaultKind::FailAfter] {
        let (store, faults) = site.open_faulty();
        let log = RecordSequence::new(store, key(&format!("{fault:?}")));
        for number in 0..10 {
            faults.add(FaultRule::new(fault).nth(number as usize % 3));
            assert_eq!(log.append(number, record(number)).await.unwrap(), PutOutcome::Written);
            faults.revive();
        }
        for index in 0..10 {
            faults.add(FaultRule::new(fault).nth(index));
            assert_eq!(log.probe(None).await.unwrap(), head(9), "{fault:?} at {index}");
            faults.revive();
        }
        faults.add(FaultRule::new(fault).verb(RequestVerb::Put));
        log.write_hint(9).await;
        faults.revive();
        assert_eq!(log.probe(None).await.unwrap(), head(9));
    }
}

/// Tries every length and every start, in memory.
#[tokio::test]
async fn every_start_finds_the_head_at_logarithmic_cost() {
    let store = TestStore::memory().open();
    let log = log(&store);
    for last in 0..130_u64 {
        let _ = log.append(last, record(last)).await.unwrap();
        for after in (0..=last).map(Some).chain([None]) {
            let before = store.counts();
            assert_eq!(log.probe(after).await.unwrap().unwrap().number, last, "after {after:?}");
            let cost = store.counts() - before;
            let distance = last - after.unwrap_or(0);
            let bound = 2 * u64::from((distance + 1).ilog2()) + 1 + if after.is_none() { 2 } else { 0 };
            assert!(cost.total() <= bound, "{cost} for a distance of {distance}, at most {bound}");
            assert_eq!(cost.count(RequestVerb::Get), cost.total(), "GETs only");
        }
    }
}

#[tokio::test]
async fn a_sequence_may_begin_at_any_number() {
    let store = TestStore::memory().open();
    let log = log(&store).starting_at(100);
    assert_eq!(log.probe(None).await.unwrap(), None);
    for number in 100..105 {
        let _ = log.append(number, record(number)).await.unwrap();
    }
    assert_eq!(log.probe(None).await.unwrap(), head(104));
    log.write_hint(3).await;
    assert_eq!(log.probe(None).await.unwrap(), head(104));
    let near_the_end = log.starting_at(u64::MAX - 1);
    for number in [u64::MAX - 1, u64::MAX] {
        let _ = near_the_end.append(number, record(number)).await.unwrap();
    }
    assert_eq!(near_the_end.probe(None).await.unwrap(), head(u64::MAX));
}
