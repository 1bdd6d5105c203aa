//! Many writers at once: none loses a commit, none gets one twice, and nobody waits for a lock.

use std::collections::BTreeSet;

use futures::future::join_all;
use omnigraph_log::{CommitId, CreateBranch, Error, Log, NewBranch};

use crate::site::Site;
use crate::write::{commit, create, fork, history, main};

const TASKS: usize = 8;
const EACH: usize = 25;

/// How the racing tasks come by their handles.
#[derive(Clone, Copy, Debug)]
enum Handles {
    Cloned,
    Opened,
}

async fn race(site: &Site, handles: Handles) {
    let log = create(site.open()).await.unwrap();
    let branch = main(&log).await;
    let racers = (0..TASKS).map(|_| {
        let (store, clone, branch) = (site.open(), log.clone(), branch.clone());
        tokio::spawn(async move {
            let log = match handles {
                Handles::Cloned => clone,
                Handles::Opened => Log::open(store).await.unwrap(),
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
    let cold = Log::open(site.open()).await.unwrap();
    let mut found: Vec<_> = history(&cold, &branch).await;
    found.reverse();
    assert!(found.iter().map(|record| record.sequence).eq(0..=(TASKS * EACH) as u64), "in sequence");
    assert_eq!(found.last().unwrap().tables.values().map(|pin| pin.rows).max(), Some((TASKS * EACH) as u64));
    let found: Vec<_> = found[1..].iter().map(|r| (r.sequence, r.commit, r.operations[0].id)).collect();
    assert_eq!(found, acknowledged, "each operation exactly once, where its writer was told");
    let operations: BTreeSet<_> = found.iter().map(|(.., operation)| operation).collect();
    assert_eq!(operations.len(), TASKS * EACH);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_commit_is_lost_or_doubled() {
    for (name, make) in Site::both() {
        for handles in [Handles::Cloned, Handles::Opened] {
            race(&make(), handles).await;
            println!("{TASKS} tasks x {EACH} publishes on {name}, {handles:?}: {} commits in sequence", TASKS * EACH);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fragment_id_is_given_twice() {
    for (_, make) in Site::both() {
        let site = make();
        create(site.open()).await.unwrap();
        let takers = (0..TASKS).map(|task| {
            let store = site.open();
            tokio::spawn(async move {
                let log = Log::open(store).await.unwrap();
                let mut blocks: Vec<omnigraph_log::FragmentBlock> = Vec::new();
                for turn in 0..EACH {
                    let known = blocks.last().map_or(0, |block| block.number);
                    blocks.push(log.take_fragment_block(known, (task + turn) as u32).await.unwrap());
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
        assert!(blocks.iter().all(|block| !block.ids.is_empty()), "also who asks for none gets one");
    }
}

#[tokio::test]
async fn fragment_ids_run_out_with_an_error() {
    let log = create(Site::memory().open()).await.unwrap();
    let all = log.take_fragment_block(0, u32::MAX - 1).await.unwrap();
    assert_eq!(all.ids, 0..u32::MAX - 1);
    assert_eq!(log.take_fragment_block(0, 1).await.unwrap_err().code(), "OG-LOG-011");
    assert_eq!(log.take_fragment_block(9, 1).await.unwrap_err().code(), "OG-LOG-004", "block 9 was never written");
}

/// Names are taken by one creator at a time, and listings beside it see whole branches only.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn branches_come_and_go_beside_listings() {
    for (_, make) in Site::both() {
        let site = make();
        let log = create(site.open()).await.unwrap();
        let from = log.head(&main(&log).await).await.unwrap().record.reference();
        fork(&log, "stays", from).await;
        let makers = (0..TASKS).map(|task| {
            let store = site.open();
            tokio::spawn(async move {
                let log = Log::open(store).await.unwrap();
                let mut ids = Vec::new();
                for turn in 0..EACH {
                    let name = format!("{}", (task + turn) % 3);
                    let request = CreateBranch { name: name.clone(), from, actor: None };
                    if let NewBranch::Created(made) = log.create_branch(request).await.unwrap() {
                        ids.push(made.id);
                        assert_eq!(log.branch(&name).await.unwrap(), made, "only its maker deletes it");
                        commit(&log, &made).await;
                        assert_eq!(log.delete_branch(&name).await.unwrap(), made);
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
                assert!(ids.insert(id), "an id was made twice");
            }
        }
        lister.await.unwrap();
        let log = Log::open(site.open()).await.unwrap();
        assert_eq!(log.branches().await.unwrap().len(), 2);
        for id in ids {
            let gone = omnigraph_log::BranchRecord { id, ..log.branch("stays").await.unwrap().as_ref().clone() };
            assert_eq!(log.head(&gone.into()).await.unwrap().record.sequence, 0, "its one commit is still there");
        }
    }
}

#[tokio::test]
async fn the_loser_learns_of_the_winner_and_changes_nothing() {
    let site = Site::memory();
    let one = create(site.open()).await.unwrap();
    let two = Log::open(site.open()).await.unwrap();
    let branch = main(&one).await;
    let base = two.head(&branch).await.unwrap();
    let winner = commit(&one, &branch).await;
    let late = crate::write::after(two.store(), &base);
    let lost = two.publish(&base, late.clone(), &two.store().unsettled()).await.unwrap();
    assert!(matches!(lost, omnigraph_log::Published::Lost));
    let before = two.store().counts();
    assert_eq!(two.known_or_head(&branch).await.unwrap().record, winner);
    assert_eq!((two.store().counts() - before).total(), 0, "the winner's record came with the answer");
    let id: CommitId = late.commit;
    assert!(id == winner.commit || matches!(two.commit(id).await, Err(Error::NoCommit { .. })));
    assert_eq!(commit(&two, &branch).await.sequence, 2);
}
