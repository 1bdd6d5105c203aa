//! Request counts, which do not grow with the history.

use omnigraph_history::GraphLog;
use omnigraph_storage::{RequestCounts, RequestVerb, Store};

use crate::fixtures::{commit, commits, create, fork, main};
use crate::test_location::{TestLocation, key};

/// Maximum cost of a head in a new process: the hint, its record, and the search over the 31 commits since.
const MAX_COLD_HEAD_REQUESTS: u64 = 2 + 2 * 5 + 1;

async fn counted<T>(store: &Store, work: impl Future<Output = T>) -> (RequestCounts, T) {
    let before = store.counts();
    let done = work.await;
    (store.counts() - before, done)
}

#[tokio::test]
async fn no_cost_grows_with_the_history() {
    println!(
        "{:>7} | {:10} | {:10} | {:10} | {:16} | cold, no hint",
        "commits", "open", "cold head", "hot head", "publish"
    );
    for depth in [0, 10, 1_000, 10_000] {
        let site = TestLocation::memory();
        commits(&create(site.open()).await.unwrap(), depth).await;
        let store = site.open();
        let (open, log) = counted(&store, async { GraphLog::open(store.clone()).await.unwrap() }).await;
        let branch = main(&log).await;
        let (cold, head) = counted(&store, log.head(&branch)).await;
        assert_eq!(head.unwrap().record.sequence, depth);
        let (hot, head) = counted(&store, log.head(&branch)).await;
        assert_eq!(head.unwrap().record.sequence, depth);
        let (publish, _) = counted(&store, commit(&log, &branch)).await;

        store.delete(&key(&format!("__graph/log/{}/hint", branch.id))).await.unwrap();
        let fresh = GraphLog::open(site.open()).await.unwrap();
        let (blind, head) = counted(fresh.store(), fresh.head(&branch)).await;
        assert_eq!(head.unwrap().record.sequence, depth + 1);
        println!("{depth:>7} | {open:10} | {cold:10} | {hot:10} | {publish:16} | {blind}");

        assert_eq!(open.to_string(), "get 1");
        assert_eq!(hot.to_string(), "get 1");
        assert_eq!(publish.to_string(), "put_if_absent 1");
        assert_eq!(cold.count(RequestVerb::Get), cold.total(), "GETs only");
        assert!(cold.total() <= MAX_COLD_HEAD_REQUESTS, "{cold} at depth {depth}");
        assert!(blind.total() <= 3 + 2 * u64::from((depth + 1).ilog2() + 1), "without a hint the cost is logarithmic");
    }
}

#[tokio::test]
async fn the_hint_is_one_put_in_thirty_two() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let (cost, ()) = counted(log.store(), commits(&log, 96)).await;
    assert_eq!(cost.to_string(), "put 3, put_if_absent 96");
}

#[tokio::test]
async fn a_cold_head_is_bounded_at_any_length() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    let branch = main(&log).await;
    let mut worst = 0;
    for sequence in 1..200 {
        commit(&log, &branch).await;
        let cold = GraphLog::open(site.open()).await.unwrap();
        let (cost, head) = counted(cold.store(), cold.head(&branch)).await;
        assert_eq!(head.unwrap().record.sequence, sequence);
        worst = worst.max(cost.total());
    }
    println!("a cold head costs at most {worst} GETs");
    assert!(worst <= MAX_COLD_HEAD_REQUESTS, "{worst}");
}

#[tokio::test]
async fn a_branch_costs_the_same_at_any_length() {
    for depth in [0, 1_000] {
        let site = TestLocation::memory();
        let writer = create(site.open()).await.unwrap();
        commits(&writer, depth).await;
        let log = GraphLog::open(site.open()).await.unwrap();
        let store = log.store().clone();
        let from = log.head(&main(&log).await).await.unwrap().record.reference();
        let (made, branch) = counted(&store, fork(&log, "b", from)).await;
        let (empty, _) = counted(&store, log.head(&branch)).await;
        let cold = GraphLog::open(site.open()).await.unwrap();
        let (cold_empty, _) = counted(cold.store(), cold.head(&branch)).await;
        let (first, _) = counted(&store, async {
            let base = log.head(&branch).await.unwrap();
            log.publish(&base, crate::fixtures::next_commit(&store, &base), &log.store().sync_batch()).await.unwrap()
        })
        .await;
        let (hot, _) = counted(&store, log.head(&branch)).await;
        let (listed, _) = counted(&store, log.branches()).await;
        let (deleted, _) = counted(&store, log.delete_branch("b")).await;
        let costs = [made, empty, cold_empty, first, hot, listed, deleted].map(|cost| cost.to_string());
        let expected = [
            "put_if_absent 1",
            "get 1",
            "get 2",
            "put_if_absent 1, get 1",
            "get 1",
            "get 1, list 1",
            "get 1, delete 1",
        ];
        assert_eq!(
            costs, expected,
            "create, head while empty, the same cold, head and first commit, head, list, delete"
        );
    }
}
