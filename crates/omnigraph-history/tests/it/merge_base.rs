//! Merge bases and divergence, against sets of ancestors.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use omnigraph_history::{AheadBehind, CommitId, CommitRecord, GraphLog};
use proptest::prelude::*;

use crate::fixtures::{commit, commits, create, fork, main, merge};
use crate::test_location::TestLocation;

#[tokio::test]
async fn a_criss_cross_merge_has_two_bases() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let trunk = main(&log).await;
    let root = log.head(&trunk).await.unwrap().record;
    let side = fork(&log, "side", root.reference()).await;
    let one = commit(&log, &trunk).await;
    let two = commit(&log, &side).await;
    let on_main = merge(&log, &trunk, &two).await;
    let on_side = merge(&log, &side, &one).await;
    let relation = log.commit_relation(&[on_main], &[on_side]).await.unwrap();
    let bases: BTreeSet<CommitId> = relation.merge_bases.iter().map(|base| base.commit).collect();
    assert_eq!(bases, BTreeSet::from([one.commit, two.commit]));
    assert_eq!(relation.divergence, AheadBehind { ahead: 1, behind: 1 });
    let of_bases = log.commit_relation(&relation.merge_bases[..1], &relation.merge_bases[1..]).await.unwrap();
    assert_eq!(of_bases.merge_bases, [root]);
}

#[tokio::test]
async fn a_commit_is_its_own_base() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    commits(&log, 3).await;
    let head = log.head(&main(&log).await).await.unwrap().record;
    let relation = log.commit_relation(std::slice::from_ref(&head), std::slice::from_ref(&head)).await.unwrap();
    assert_eq!((relation.merge_bases, relation.divergence), (vec![head], AheadBehind::default()));
}

#[tokio::test]
async fn a_walk_reads_only_the_commits_between() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    commits(&log, 300).await;
    let trunk = main(&log).await;
    let base = log.head(&trunk).await.unwrap().record;
    let side = fork(&log, "side", base.reference()).await;
    let theirs = commit(&log, &side).await;
    commits(&log, 5).await;
    let cold = GraphLog::open(site.open()).await.unwrap();
    let ours = cold.head(&trunk).await.unwrap().record;
    let theirs = cold.commit_by_id(theirs.commit).await.unwrap();
    let before = cold.store().counts();
    let relation = cold.commit_relation(&[ours], &[theirs]).await.unwrap();
    assert_eq!((relation.merge_bases, relation.divergence), (vec![base], AheadBehind { ahead: 5, behind: 1 }));
    let reads = (cold.store().counts() - before).total();
    assert!(reads <= 20, "{reads} reads for a difference of six commits");
}

type CommitRecords = Vec<Arc<CommitRecord>>;

fn ancestors(all: &HashMap<CommitId, Arc<CommitRecord>>, of: &CommitRecord) -> BTreeSet<CommitId> {
    let mut found = BTreeSet::new();
    let mut open = vec![of.commit];
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(all[&id].parents.iter().map(|parent| parent.commit));
        }
    }
    found
}

async fn check(log: &GraphLog, commits: &CommitRecords, one: usize, other: usize) {
    let all: HashMap<_, _> = commits.iter().map(|commit| (commit.commit, commit.clone())).collect();
    let (one, other) = (&commits[one % commits.len()], &commits[other % commits.len()]);
    let (of_one, of_other) = (ancestors(&all, one), ancestors(&all, other));
    let common: BTreeSet<CommitId> = of_one.intersection(&of_other).copied().collect();
    let below = |id: &CommitId| common.iter().any(|top| top != id && ancestors(&all, &all[top]).contains(id));
    let bases: BTreeSet<CommitId> = common.iter().filter(|id| !below(id)).copied().collect();
    let relation = log.commit_relation(std::slice::from_ref(one), std::slice::from_ref(other)).await.unwrap();
    assert_eq!(relation.merge_bases.iter().map(|base| base.commit).collect::<BTreeSet<_>>(), bases);
    let lacks = |a: &BTreeSet<CommitId>, b: &BTreeSet<CommitId>| a.difference(b).count() as u64;
    let distance = AheadBehind { ahead: lacks(&of_one, &of_other), behind: lacks(&of_other, &of_one) };
    assert_eq!(relation.divergence, distance);
    assert_eq!(log.is_ancestor(one, other).await.unwrap(), of_other.contains(&one.commit));
}

/// Runs random steps. A step is a kind (fork, commit or merge), a branch, and the other branch of a merge.
async fn play(steps: Vec<(u8, u8, u8)>, pairs: Vec<(usize, usize)>) {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    let mut branches = vec![main(&log).await];
    let mut commits = vec![log.head(&branches[0]).await.unwrap().record];
    for (step, (kind, on, with)) in steps.into_iter().enumerate() {
        let branch = branches[on as usize % branches.len()].clone();
        let head = log.head(&branch).await.unwrap().record;
        match kind % 4 {
            0 => branches.push(fork(&log, &format!("b{step}"), head.reference()).await),
            1 | 2 => commits.push(commit(&log, &branch).await),
            _ => {
                let other = log.head(&branches[with as usize % branches.len()]).await.unwrap().record;
                if other.commit != head.commit && other.branch != branch.id {
                    commits.push(merge(&log, &branch, &other).await);
                }
            }
        }
    }
    let cold = GraphLog::open(site.open()).await.unwrap();
    for (one, other) in pairs {
        check(&cold, &commits, one, other).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bases_are_the_best_common_ancestors(
        steps in prop::collection::vec(any::<(u8, u8, u8)>(), 1..50),
        pairs in prop::collection::vec(any::<(usize, usize)>(), 1..20),
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(play(steps, pairs));
    }
}
