//! Concurrent writers: no commit is lost or duplicated, and no writer waits for a lock.

use std::collections::BTreeSet;

use futures::future::join_all;
use omnigraph_history::{CommitId, CreateBranch, Error, GraphLog};

use crate::fixtures::{commit, create, fork, history, main};
use crate::test_location::TestLocation;

const TASKS: usize = 8;
const EACH: usize = 25;

/// The source of the handles of racing tasks.
#[derive(Clone, Copy, Debug)]
enum HandleSource {
    Cloned,
    Opened,
}

async fn race(site: &TestLocation, handles: HandleSource) {
    let log = create(site.open()).await.unwrap();
    let branch = main(&log).await;
    let racers = (0..TASKS).map(|_| {
        let (store, clone, branch) = (site.open(), log.clone(), branch.clone());
        tokio::spawn(async move {
            let log = match handles {
                HandleSource::Cloned => clone,
                HandleSource::Opened => GraphLog::open(store).await.unwrap(),
            };
            let mut mine = Vec::new();
            for _ in 0..EACH {
                let record = commit(&log, &branch).await;
                mine.push((record.sequence, record.commit, record.operations[0].id));
                let seen = log.head(&branch).await.unwrap().record.sequence;
                assert!(seen >= record.sequence, "a writer sees its own commit");
            }
            mine
        })
    });
    let mut acknowledged = Vec::new();
    for racer in join_all(racers).await {
        acknowledged.extend(racer.unwrap());
    }
    acknowledged.sort_unstable();
    let cold = GraphLog::open(site.open()).await.unwrap();
    let mut found: Vec<_> = history(&cold, &branch).await;
    found.reverse();
    assert!(found.iter().map(|record| record.sequence).eq(0..=(TASKS * EACH) as u64), "in sequence");
    assert_eq!(found.last().unwrap().tables.values().map(|pin| pin.rows).max(), Some((TASKS * EACH) as u64));
    let found: Vec<_> = found[1..].iter().map(|r| (r.sequence, r.commit, r.operations[0].id)).collect();
    assert_eq!(found, acknowledged, "each operation exactly once, at its acknowledged sequence");
    let operations: BTreeSet<_> = found.iter().map(|(.., operation)| operation).collect();
    assert_eq!(operations.len(), TASKS * EACH);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_commit_is_lost_or_doubled() {
    for (name, make) in TestLocation::both_stores() {
        for handles in [HandleSource::Cloned, HandleSource::Opened] {
            race(&make(), handles).await;
            println!("{TASKS} tasks x {EACH} publishes on {name}, {handles:?}: {} commits in sequence", TASKS * EACH);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fragment_id_is_allocated_twice() {
    for (_, make) in TestLocation::both_stores() {
        let site = make();
        create(site.open()).await.unwrap();
        let takers = (0..TASKS).map(|task| {
            let store = site.open();
            tokio::spawn(async move {
                let log = GraphLog::open(store).await.unwrap();
                let mut blocks: Vec<omnigraph_history::FragmentBlock> = Vec::new();
                for turn in 0..EACH {
                    let known = blocks.last().map_or(0, |block| block.number);
                    blocks.push(log.allocate_fragment_block(known, (task + turn) as u32).await.unwrap());
                }
                blocks
            })
        });
        let mut blocks = Vec::new();
        for taker in join_all(takers).await {
            blocks.extend(taker.unwrap());
        }
        blocks.sort_by_key(|block| block.number);
        assert!(blocks.iter().map(|block| block.number).eq(1..=(TASKS * EACH) as u64));
        assert_eq!(blocks[0].ids.start, 0);
        assert!(blocks.windows(2).all(|pair| pair[0].ids.end == pair[1].ids.start), "no overlap, no gap");
        assert!(blocks.iter().all(|block| !block.ids.is_empty()), "a request for no ids gets one");
    }
}

#[tokio::test]
async fn fragment_ids_run_out_with_an_error() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let all = log.allocate_fragment_block(0, u32::MAX - 1).await.unwrap();
    assert_eq!(all.ids, 0..u32::MAX - 1);
    assert_eq!(log.allocate_fragment_block(0, 1).await.unwrap_err().code(), "OG-COMMIT-006");
    assert_eq!(
        log.allocate_fragment_block(9, 1).await.unwrap_err().code(),
        "OG-GRAPH-004",
        "block 9 was never written"
    );
}

/// Each name has one creator at a time, and concurrent listings see whole branches only.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn branches_are_created_and_deleted_during_listings() {
    for (_, make) in TestLocation::both_stores() {
        let site = make();
        let log = create(site.open()).await.unwrap();
        let from = log.head(&main(&log).await).await.unwrap().record.reference();
        fork(&log, "stays", from).await;
        let makers = (0..TASKS).map(|task| {
            let store = site.open();
            tokio::spawn(async move {
                let log = GraphLog::open(store).await.unwrap();
                let mut ids = Vec::new();
                for turn in 0..EACH {
                    let name = format!("{}", (task + turn) % 3);
                    let request = CreateBranch { name: name.clone(), from, actor: None };
                    match log.create_branch(request).await {
                        Ok(created) => {
                            ids.push(created.id);
                            assert_eq!(log.branch(&name).await.unwrap(), created, "only its creator deletes it");
                            commit(&log, &created).await;
                            assert_eq!(log.delete_branch(&name).await.unwrap(), created);
                        }
                        Err(Error::BranchExists { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                ids
            })
        });
        let lister = tokio::spawn(async move {
            for _ in 0..EACH {
                let names: Vec<_> = log.branches().await.unwrap().iter().map(|b| b.name.clone()).collect();
                assert!(names.is_sorted() && names.ends_with(&["main".to_owned(), "stays".to_owned()]), "{names:?}");
            }
        });
        let mut ids = BTreeSet::new();
        for maker in join_all(makers).await {
            for id in maker.unwrap() {
                assert!(ids.insert(id), "a branch id was generated twice");
            }
        }
        lister.await.unwrap();
        let log = GraphLog::open(site.open()).await.unwrap();
        assert_eq!(log.branches().await.unwrap().len(), 2);
        for id in ids {
            let deleted = omnigraph_history::BranchRecord { id, ..log.branch("stays").await.unwrap().as_ref().clone() };
            assert_eq!(log.head(&deleted.into()).await.unwrap().record.sequence, 0, "its commit still exists");
        }
    }
}

#[tokio::test]
async fn the_loser_reads_the_winner_and_changes_nothing() {
    let site = TestLocation::memory();
    let one = create(site.open()).await.unwrap();
    let two = GraphLog::open(site.open()).await.unwrap();
    let branch = main(&one).await;
    let base = two.head(&branch).await.unwrap();
    let winner = commit(&one, &branch).await;
    let late = crate::fixtures::next_commit(two.store(), &base);
    let lost = two.publish(&base, late.clone(), &two.store().sync_batch()).await.unwrap();
    assert!(matches!(lost, omnigraph_history::PublishOutcome::Lost));
    let before = two.store().counts();
    assert_eq!(two.cached_or_latest_head(&branch).await.unwrap().record, winner);
    assert_eq!((two.store().counts() - before).total(), 0, "the response contains the record of the winner");
    let id: CommitId = late.commit;
    assert!(id == winner.commit || matches!(two.commit_by_id(id).await, Err(Error::CommitNotFound { .. })));
    assert_eq!(commit(&two, &branch).await.sequence, 2);
}
