//! Every invariant, violated once; and no such record is published.

use omnigraph_history::ids::MAX_SEQUENCE;
use omnigraph_history::invariants::{
    check_branch_record, check_commit_key, check_commit_record, check_first_commit, check_graph_metadata, check_head,
    check_parent,
};
use omnigraph_history::record::TouchedKeys;
use omnigraph_history::{BranchHead, BranchId, BranchRecord, CommitId, CommitKind, CommitRecord, GraphLog, TablePath};

use crate::fixtures::{commit, create, fork, main, next_commit};
use crate::test_location::TestLocation;

/// Returns a history, its head, and a valid next commit.
async fn ready() -> (GraphLog, BranchHead, CommitRecord) {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let trunk = main(&log).await;
    commit(&log, &trunk).await;
    let base = log.head(&trunk).await.unwrap();
    let next = next_commit(log.store(), &base);
    (log, base, next)
}

fn other_branch() -> BranchId {
    "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()
}

type RecordEdit = fn(&mut CommitRecord);

const BROKEN: &[(&str, RecordEdit)] = &[
    ("does not fit a commit id", |r| {
        (r.sequence, r.commit) = (MAX_SEQUENCE + 1, CommitId::mint(1, r.branch, MAX_SEQUENCE + 1))
    }),
    ("does not belong to sequence", |r| r.sequence += 1),
    ("does not belong to sequence", |r| r.commit = CommitId::mint(1, other_branch(), r.sequence)),
    ("of kind mutation has 0 parents", |r| r.parents.clear()),
    ("of kind mutation has 2 parents", |r| r.parents.push(r.parents[0])),
    ("of kind merge has 3 parents", |r| {
        r.kind = CommitKind::Merge;
        r.parents = vec![r.parents[0]; 3];
    }),
    ("duplicate parent", |r| {
        r.kind = CommitKind::Merge;
        r.parents.push(r.parents[0]);
    }),
    ("of kind init has generation", |r| r.kind = CommitKind::Init),
    ("of kind init has sequence", |r| (r.kind, r.generation) = (CommitKind::Init, 1)),
    ("of kind mutation has generation 1", |r| r.generation = 1),
    ("does not precede its child", |r| r.parents[0] = r.reference()),
    ("does not belong to sequence", |r| r.parents[0].sequence -= 1),
    ("does not belong to sequence", |r| r.parents[0].branch = other_branch()),
    ("not a detached version", |r| r.tables.values_mut().for_each(|pin| pin.version &= !(1 << 63))),
    ("an empty manifest", |r| r.tables.values_mut().for_each(|pin| pin.manifest_bytes = 0)),
    ("changed and is not pinned", |r| {
        r.tables.remove(&TablePath::node("0a"));
    }),
    ("not in ascending order", |r| {
        r.changes.values_mut().for_each(|change| change.touched = TouchedKeys::Hashes(vec![2, 1]))
    }),
    ("not in ascending order", |r| {
        r.changes.values_mut().for_each(|change| change.touched = TouchedKeys::Hashes(vec![1, 1]))
    }),
    ("a fence changes a table", |r| r.kind = CommitKind::Fence),
    ("with a wrong source", |r| r.kind = CommitKind::Reset),
    ("with a wrong source", |r| r.source = Some(r.reference())),
    ("without an operation", |r| r.operations.clear()),
];

#[tokio::test]
async fn every_invariant_of_a_commit_record_is_checked() {
    let (log, base, good) = ready().await;
    check_commit_record(&good).unwrap();
    for (problem, change) in BROKEN {
        let mut bad = good.clone();
        change(&mut bad);
        let found = check_commit_record(&bad).unwrap_err();
        assert!(found.contains(problem), "wanted '{problem}', found '{found}'");
        let before = log.store().counts();
        assert_eq!(
            log.publish(&base, bad, &log.store().sync_batch()).await.unwrap_err().code(),
            "OG-INTERNAL-002",
            "{problem}"
        );
        assert_eq!((log.store().counts() - before).total(), 0, "an error before any effect");
    }
    assert_eq!(log.head(&base.branch).await.unwrap().record, base.record);
}

const MISPLACED: &[(&str, RecordEdit)] = &[
    ("its first parent is", |r| r.parents[0].commit = CommitId::mint(5, r.branch, r.parents[0].sequence)),
    ("it has no parent", |r| r.parents.clear()),
    ("generation 4 after 2", |r| r.generation += 1),
    ("generation 2 after 2", |r| r.generation = 2),
    ("sequence 3, expected 2", |r| r.sequence += 1),
    ("fragment blocks decrease", |r| r.fragment_blocks = 0),
    ("a fence has other pins", |r| r.kind = CommitKind::Fence),
];

#[tokio::test]
async fn a_commit_follows_its_first_parent() {
    let (_, base, mut good) = ready().await;
    let mut parent = base.record.as_ref().clone();
    (parent.fragment_blocks, good.fragment_blocks) = (3, 3);
    check_parent(&good, &parent).unwrap();
    for (problem, change) in MISPLACED {
        let mut bad = good.clone();
        change(&mut bad);
        let found = check_parent(&bad, &parent).unwrap_err();
        assert!(found.contains(problem), "wanted '{problem}', found '{found}'");
    }
    let mut merge = good.clone();
    merge.kind = CommitKind::Merge;
    merge.parents.push(omnigraph_history::CommitRef {
        branch: other_branch(),
        sequence: 9,
        commit: CommitId::mint(1, other_branch(), 9),
    });
    merge.generation = 40;
    check_commit_record(&merge).unwrap();
    check_parent(&merge, &parent).unwrap();
    merge.generation = parent.generation;
    assert!(check_parent(&merge, &parent).is_err());
}

#[tokio::test]
async fn a_commit_matches_its_key() {
    let (log, base, good) = ready().await;
    check_commit_key(&good, base.branch.id, 2).unwrap();
    assert!(check_commit_key(&good, base.branch.id, 3).is_err());
    assert!(check_commit_key(&good, other_branch(), 2).is_err());
    check_first_commit(&base.record, &base.branch).unwrap_err();

    let other = fork(&log, "other", base.record.reference()).await;
    check_head(&other, &base.record).unwrap();
    check_head(&base.branch, &base.record).unwrap();
    let tip = commit(&log, &base.branch).await;
    assert!(check_head(&other, &tip).unwrap_err().contains("neither on branch 'other'"));
    // A base other than the fork point would lose the commits between them.
    let wrong = BranchHead { branch: other, record: tip };
    let record = next_commit(log.store(), &wrong);
    assert_eq!(log.publish(&wrong, record, &log.store().sync_batch()).await.unwrap_err().code(), "OG-INTERNAL-002");
}

#[tokio::test]
async fn a_full_branch_is_an_error() {
    let (log, base, _) = ready().await;
    let mut last = base.record.as_ref().clone();
    last.sequence = MAX_SEQUENCE;
    let full = BranchHead { branch: base.branch, record: last.into() };
    let record = next_commit(log.store(), &full);
    assert_eq!(log.publish(&full, record, &log.store().sync_batch()).await.unwrap_err().code(), "OG-COMMIT-006");
}

#[tokio::test]
async fn an_unreadable_format_is_not_written() {
    let (log, base, mut record) = ready().await;
    record.format += 1;
    assert_eq!(log.publish(&base, record, &log.store().sync_batch()).await.unwrap_err().code(), "OG-INTERNAL-002");
}

#[tokio::test]
async fn the_invariants_of_branches_and_metadata_are_checked() {
    let (log, base, _) = ready().await;
    let good = fork(&log, "b", base.record.reference()).await.as_ref().clone();
    check_branch_record(&good).unwrap();
    let bad = |change: fn(&mut BranchRecord)| {
        let mut record = good.clone();
        change(&mut record);
        check_branch_record(&record).unwrap_err()
    };
    assert!(bad(|b| b.name = "a//b".to_owned()).contains("invalid branch name"));
    assert!(bad(|b| b.name = "X".repeat(81)).contains("invalid branch name"));
    assert!(bad(|b| b.forked_from = None).contains("with a wrong start"));
    assert!(bad(|b| b.name = "main".to_owned()).contains("with a wrong start"));
    assert!(bad(|b| b.forked_from.as_mut().unwrap().sequence += 1).contains("does not belong"));

    let metadata = log.metadata().clone();
    check_graph_metadata(&metadata).unwrap();
    let bad = |change: fn(&mut BranchRecord)| {
        let mut metadata = metadata.clone();
        change(&mut metadata.main);
        check_graph_metadata(&metadata).unwrap_err()
    };
    assert!(bad(|main| main.format = 2).contains("has format 2"));
    assert!(bad(|main| main.name = "trunk".to_owned()).contains("its branch is 'trunk'"));
    assert!(
        bad(|main| {
            let commit = CommitId::mint(1, main.id, 0);
            main.forked_from = Some(omnigraph_history::CommitRef { branch: main.id, sequence: 0, commit });
        })
        .contains("with a wrong start")
    );
}

#[tokio::test]
async fn invalid_names_are_errors_before_any_request() {
    let (log, base, _) = ready().await;
    let before = log.store().counts();
    for name in ["", "a//b", "..", " a", &"ä".repeat(50)] {
        let request =
            omnigraph_history::CreateBranch { name: name.to_owned(), from: base.record.reference(), actor: None };
        assert_eq!(log.create_branch(request).await.unwrap_err().code(), "OG-BRANCH-003", "{name:?}");
        assert_eq!(log.branch(name).await.unwrap_err().code(), "OG-BRANCH-003", "{name:?}");
        assert_eq!(log.delete_branch(name).await.unwrap_err().code(), "OG-BRANCH-003", "{name:?}");
    }
    assert_eq!((log.store().counts() - before).total(), 0);
}
