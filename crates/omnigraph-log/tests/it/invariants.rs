//! Every promise of `invariants.rs`, broken once; and no broken record passes the door.

use omnigraph_log::ids::MAX_SEQUENCE;
use omnigraph_log::invariants::{branch_record, commit_place, commit_record, first_commit, follows, graph_stamp, head};
use omnigraph_log::record::TouchedKeys;
use omnigraph_log::{BranchId, BranchRecord, CommitId, CommitKind, CommitRecord, Head, Log, TablePath};

use crate::site::Site;
use crate::write::{after, commit, create, fork, main};

/// A log, its head, and a sound commit to put on top.
async fn ready() -> (Log, Head, CommitRecord) {
    let log = create(Site::memory().open()).await.unwrap();
    let trunk = main(&log).await;
    commit(&log, &trunk).await;
    let base = log.head(&trunk).await.unwrap();
    let next = after(log.store(), &base);
    (log, base, next)
}

fn stranger() -> BranchId {
    "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()
}

type Change = fn(&mut CommitRecord);

const BROKEN: &[(&str, Change)] = &[
    ("does not fit a commit id", |r| {
        (r.sequence, r.commit) = (MAX_SEQUENCE + 1, CommitId::mint(1, r.branch, MAX_SEQUENCE + 1))
    }),
    ("does not belong to sequence", |r| r.sequence += 1),
    ("does not belong to sequence", |r| r.commit = CommitId::mint(1, stranger(), r.sequence)),
    ("of kind mutation has 0 parents", |r| r.parents.clear()),
    ("of kind mutation has 2 parents", |r| r.parents.push(r.parents[0])),
    ("of kind merge has 3 parents", |r| {
        r.kind = CommitKind::Merge;
        r.parents = vec![r.parents[0]; 3];
    }),
    ("stands twice", |r| {
        r.kind = CommitKind::Merge;
        r.parents.push(r.parents[0]);
    }),
    ("of kind init has generation", |r| r.kind = CommitKind::Init),
    ("of kind init has sequence", |r| (r.kind, r.generation) = (CommitKind::Init, 1)),
    ("of kind mutation has generation 1", |r| r.generation = 1),
    ("does not precede its child", |r| r.parents[0] = r.reference()),
    ("does not belong to sequence", |r| r.parents[0].sequence -= 1),
    ("does not belong to sequence", |r| r.parents[0].branch = stranger()),
    ("no detached version", |r| r.tables.values_mut().for_each(|pin| pin.version &= !(1 << 63))),
    ("an empty manifest", |r| r.tables.values_mut().for_each(|pin| pin.manifest_bytes = 0)),
    ("changed and is not pinned", |r| {
        r.tables.remove(&TablePath::node("0a"));
    }),
    ("not in ascending order", |r| {
        r.changes.values_mut().for_each(|change| change.touched = TouchedKeys::These(vec![2, 1]))
    }),
    ("not in ascending order", |r| {
        r.changes.values_mut().for_each(|change| change.touched = TouchedKeys::These(vec![1, 1]))
    }),
    ("a fence changes a table", |r| r.kind = CommitKind::Fence),
    ("and a source do not belong together", |r| r.kind = CommitKind::Reset),
    ("and a source do not belong together", |r| r.source = Some(r.reference())),
    ("without an operation", |r| r.operations.clear()),
];

#[tokio::test]
async fn a_commit_record_keeps_every_promise() {
    let (log, base, good) = ready().await;
    commit_record(&good).unwrap();
    for (problem, change) in BROKEN {
        let mut bad = good.clone();
        change(&mut bad);
        let found = commit_record(&bad).unwrap_err();
        assert!(found.contains(problem), "wanted '{problem}', found '{found}'");
        let before = log.store().counts();
        assert_eq!(
            log.publish(&base, bad, &log.store().unsettled()).await.unwrap_err().code(),
            "OG-LOG-005",
            "{problem}"
        );
        assert_eq!((log.store().counts() - before).total(), 0, "refused before any effect");
    }
    assert_eq!(log.head(&base.branch).await.unwrap().record, base.record);
}

const MISPLACED: &[(&str, Change)] = &[
    ("its first parent is", |r| r.parents[0].commit = CommitId::mint(5, r.branch, r.parents[0].sequence)),
    ("it has no parent", |r| r.parents.clear()),
    ("generation 4 after 2", |r| r.generation += 1),
    ("generation 2 after 2", |r| r.generation = 2),
    ("sequence 3 where 2 is next", |r| r.sequence += 1),
    ("fragment blocks went backwards", |r| r.fragment_blocks = 0),
    ("a fence pins something else", |r| r.kind = CommitKind::Fence),
];

#[tokio::test]
async fn a_commit_follows_its_first_parent() {
    let (_, base, mut good) = ready().await;
    let mut parent = base.record.as_ref().clone();
    (parent.fragment_blocks, good.fragment_blocks) = (3, 3);
    follows(&good, &parent).unwrap();
    for (problem, change) in MISPLACED {
        let mut bad = good.clone();
        change(&mut bad);
        let found = follows(&bad, &parent).unwrap_err();
        assert!(found.contains(problem), "wanted '{problem}', found '{found}'");
    }
    let mut merge = good.clone();
    merge.kind = CommitKind::Merge;
    merge.parents.push(omnigraph_log::CommitRef {
        branch: stranger(),
        sequence: 9,
        commit: CommitId::mint(1, stranger(), 9),
    });
    merge.generation = 40;
    commit_record(&merge).unwrap();
    follows(&merge, &parent).unwrap();
    merge.generation = parent.generation;
    assert!(follows(&merge, &parent).is_err());
}

#[tokio::test]
async fn a_commit_stands_where_it_says() {
    let (log, base, good) = ready().await;
    commit_place(&good, base.branch.id, 2).unwrap();
    assert!(commit_place(&good, base.branch.id, 3).is_err());
    assert!(commit_place(&good, stranger(), 2).is_err());
    first_commit(&base.record, &base.branch).unwrap_err();

    let other = fork(&log, "other", base.record.reference()).await;
    head(&other, &base.record).unwrap();
    head(&base.branch, &base.record).unwrap();
    let tip = commit(&log, &base.branch).await;
    assert!(head(&other, &tip).unwrap_err().contains("neither on branch 'other'"));
    // A base that is not where the branch forked would lose what lies between.
    let wrong = Head { branch: other, record: tip };
    let record = after(log.store(), &wrong);
    assert_eq!(log.publish(&wrong, record, &log.store().unsettled()).await.unwrap_err().code(), "OG-LOG-005");
}

#[tokio::test]
async fn a_full_branch_says_so() {
    let (log, base, _) = ready().await;
    let mut last = base.record.as_ref().clone();
    last.sequence = MAX_SEQUENCE;
    let full = Head { branch: base.branch, record: last.into() };
    let record = after(log.store(), &full);
    assert_eq!(log.publish(&full, record, &log.store().unsettled()).await.unwrap_err().code(), "OG-LOG-011");
}

#[tokio::test]
async fn a_format_we_could_not_read_back_is_not_written() {
    let (log, base, mut record) = ready().await;
    record.format += 1;
    assert_eq!(log.publish(&base, record, &log.store().unsettled()).await.unwrap_err().code(), "OG-LOG-005");
}

#[tokio::test]
async fn a_branch_and_a_stamp_keep_their_promises() {
    let (log, base, _) = ready().await;
    let good = fork(&log, "b", base.record.reference()).await.as_ref().clone();
    branch_record(&good).unwrap();
    let bad = |change: fn(&mut BranchRecord)| {
        let mut record = good.clone();
        change(&mut record);
        branch_record(&record).unwrap_err()
    };
    assert!(bad(|b| b.name = "a//b".to_owned()).contains("is no branch name"));
    assert!(bad(|b| b.name = "X".repeat(81)).contains("is no branch name"));
    assert!(bad(|b| b.forked_from = None).contains("starts from no commit"));
    assert!(bad(|b| b.name = "main".to_owned()).contains("starts from no commit"));
    assert!(bad(|b| b.forked_from.as_mut().unwrap().sequence += 1).contains("does not belong"));

    let stamp = log.stamp().clone();
    graph_stamp(&stamp).unwrap();
    let bad = |change: fn(&mut BranchRecord)| {
        let mut stamp = stamp.clone();
        change(&mut stamp.main);
        graph_stamp(&stamp).unwrap_err()
    };
    assert!(bad(|main| main.format = 2).contains("has format 2"));
    assert!(bad(|main| main.name = "trunk".to_owned()).contains("its branch is 'trunk'"));
    assert!(
        bad(|main| {
            let commit = CommitId::mint(1, main.id, 0);
            main.forked_from = Some(omnigraph_log::CommitRef { branch: main.id, sequence: 0, commit });
        })
        .contains("starts from no commit")
    );
}

#[tokio::test]
async fn names_that_cannot_be_are_told_before_any_request() {
    let (log, base, _) = ready().await;
    let before = log.store().counts();
    for name in ["", "a//b", "..", " a", &"ä".repeat(50)] {
        let request = omnigraph_log::CreateBranch { name: name.to_owned(), from: base.record.reference(), actor: None };
        assert_eq!(log.create_branch(request).await.unwrap_err().code(), "OG-LOG-008", "{name:?}");
        assert_eq!(log.branch(name).await.unwrap_err().code(), "OG-LOG-008", "{name:?}");
        assert_eq!(log.delete_branch(name).await.unwrap_err().code(), "OG-LOG-008", "{name:?}");
    }
    assert_eq!((log.store().counts() - before).total(), 0);
}
